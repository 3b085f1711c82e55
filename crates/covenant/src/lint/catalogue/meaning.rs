//! Rules of the meaning: validity, comparisons, cells, output.

lints! {
    NO_END = "geen-einddatum", Error,
        "Een convenant heeft een einddatum", "A covenant has an end date",
        "Zet geldig_tot, hooguit 24 maanden na geldig_van.", "Set geldig_tot, at most 24 months after geldig_van.";
    VALIDITY = "looptijd", Error,
        "Een convenant loopt hooguit 24 maanden", "A covenant holds at most 24 months",
        "Kies geldig_tot na geldig_van en hooguit 24 maanden later; een nieuwe versie verlengt.",
        "Choose geldig_tot after geldig_van and at most 24 months later; a new version prolongs.";
    EXPIRED = "verlopen", Error,
        "De einddatum ligt in de toekomst", "The end date lies in the future",
        "Maak een nieuwe versie met een nieuwe looptijd.", "Make a new version with a new validity.";
    EVALUATION = "evaluatie", Error,
        "De evaluatie valt binnen de looptijd", "The evaluation falls within the validity",
        "Kies een dag tussen geldig_van en geldig_tot.", "Choose a day between geldig_van and geldig_tot.";
    REPLACES = "vervangt", Error,
        "Een latere versie noemt de versie die zij vervangt", "A later version names the one that it replaces",
        "Zet vervangt vanaf versie 2, en laat het weg in versie 1.", "Set vervangt from version 2 on, and leave it out in version 1.";
    TOO_FEW_PARTIES = "te-weinig-partijen", Error,
        "Een convenant heeft minstens twee partijen", "A covenant has at least two parties",
        "Voeg de andere partij toe.", "Add the other party.";
    FIELD_MISFIT = "veld-past-niet", Error,
        "Elk veld past bij wat wordt vergeleken", "Every field fits what is compared",
        "Kies een veld van deze soort, of een andere soort.", "Choose a field of this kind, or another kind.";
    SINGLE_FIELD = "enkel-veld-persoon", Error,
        "Een persoon wordt nooit op een enkel veld herkend", "A person is never recognised by a single field",
        "Neem minstens drie velden, of het BSN waar dat mag.", "Take at least three fields, or the BSN where that is allowed.";
    FEW_FIELDS = "te-weinig-velden", Error,
        "Een sleutel heeft genoeg velden voor die ene persoon of dat ene adres", "A key has enough fields for the one person or the one address",
        "Persoon: minstens drie kenmerken (voornaam en voornaam-klank tellen als een). Adres: een BAG-nummer, postcode met huisnummer, of straat met huisnummer en plaats.", "Person: at least three attributes (voornaam and voornaam-klank count as one). Address: a BAG number, postcode with huisnummer, or straat with huisnummer and plaats.";
    HOUSEMATE = "huisgenoot", Error,
        "Een persoonssleutel heeft een voornaam of de volledige geboortedatum", "A person key has a given name or the full birth date",
        "Voeg een voornaam of de volledige geboortedatum toe; voorletters, geboortemaand en geboortejaar zijn niet genoeg.", "Add a given name or the full birth date; initials, birth month and birth year are not enough.";
    HOUSEMATE_LEFT_OUT = "huisgenoot-weggelaten", Info,
        "Combinaties zonder voornaam of geboortedatum vervallen", "Combinations without given name or birth date are dropped",
        "U hoeft niets te doen.", "Nothing needs to be done.";
    TOO_MANY_NEEDED = "nodig-te-hoog", Error,
        "Er zijn niet meer sleutels nodig dan er zijn", "No more keys are needed than there are",
        "Verlaag nodig.", "Lower nodig.";
    TOO_MANY_KEYS = "te-veel-sleutels", Error,
        "Een familie heeft hooguit 120 sleutels", "A family has at most 120 keys",
        "Noem minder velden in van.", "Name fewer fields in van.";
    WILDCARD = "jokerteken", Error,
        "Een regel noemt alles bij naam", "A clause names everything",
        "Noem elke rol, partij of elk signaal; alleen een verbod mag \"*\" gebruiken.",
        "Name every role, party or signal; only a prohibition may use \"*\".";
    OVERLAP = "overlap", Error,
        "Hooguit een regel opent een vakje", "At most one clause opens a cell",
        "Haal de gedeelde rol, bron, het signaal of het toont-woord uit een van beide regels.",
        "Remove the shared role, source, signal or toont word from one of the two clauses.";
    TOO_MANY_CELLS = "te-veel-vakjes", Error,
        "Een convenant heeft hooguit 1.000.000 vakjes, waarvan 200.000 open", "A covenant has at most 1,000,000 cells, 200,000 of them open",
        "Noem minder rollen, doelen, partijen of signalen, in een regel of in het hele convenant, of maak twee convenanten.",
        "Name fewer roles, purposes, parties or signals, in a clause or in the whole covenant, or make two covenants.";
    ATTRIBUTES = "kenmerken", Error,
        "Gegevens worden bij naam genoemd", "Attributes are named",
        "Zet kenmerken bij toont = [\"gegevens\"], en alleen daar.", "Set kenmerken with toont = [\"gegevens\"], and only there.";
    ADVICE = "advies", Error,
        "Een regel die een handelingsadvies toont noemt welk", "A clause that shows an advice names which",
        "Zet advies bij toont = [\"handelingsadvies\"], en alleen daar.", "Set advies with toont = [\"handelingsadvies\"], and only there.";
    SCAN_SHOWS = "scan-toont", Error,
        "Een scan geeft aantallen of een contactpunt", "A scan gives counts or a contact point",
        "Laat alleen aantal of contactpunt staan; een scan noemt nooit een persoon of adres.",
        "Leave only aantal or contactpunt; a scan never names a person or address.";
    COUNT_WITHOUT_SCAN = "aantal-zonder-scan", Error,
        "Aantallen komen alleen uit een scan", "Counts come from a scan only",
        "Gebruik aanleiding = [\"scan\"], of toon iets anders.", "Use aanleiding = [\"scan\"], or show something else.";
    COUNT_WITHOUT_THRESHOLD = "aantal-zonder-drempel", Error,
        "Aantallen hebben een drempel", "Counts have a threshold",
        "Zet uitvoer.drempel, liefst 10 of hoger.", "Set uitvoer.drempel, preferably 10 or more.";
    SILENCE_DIFFERS = "bij-niets-verschilt", Error,
        "Niets gevonden en geweigerd zien er gelijk uit", "Nothing found and refused look the same",
        "Geef bij_niets en bij_weigering hetzelfde woord.", "Give bij_niets and bij_weigering the same word.";
    APPROVAL_WITHOUT_WAIT = "goedkeuring-zonder-antwoord-na", Error,
        "Wie op goedkeuring wacht, wacht altijd even lang", "Who waits for approval always waits equally long",
        "Zet uitvoer.antwoord_na.", "Set uitvoer.antwoord_na.";
    WAIT_TOO_SHORT = "antwoord-na-te-kort", Error,
        "Het antwoord komt niet voor de goedkeuring kan", "The answer does not come before the approval can",
        "Maak uitvoer.antwoord_na minstens zo lang als voorwaarde.goedkeuring.binnen.",
        "Make uitvoer.antwoord_na at least as long as voorwaarde.goedkeuring.binnen.";
    APPROVER_IS_ASKER = "goedkeurder-is-vrager", Error,
        "Niemand keurt zijn eigen vraag goed", "Nobody approves their own question",
        "Laat een rol goedkeuren die niet in aan staat.", "Let a role approve that is not in aan.";
    TOO_FEW_APPROVERS = "te-weinig-goedkeurders", Error,
        "Er zijn niet meer goedkeuringen nodig dan er rollen zijn", "No more approvals are needed than there are roles",
        "Verlaag aantal, of noem meer rollen in door.", "Lower aantal, or name more roles in door.";
    NOTICE_BELOW_HIT = "melding-onder-treffer", Error,
        "Een melding is altijd minstens een treffer", "A notice is always at least a hit",
        "Zet treffer, contactpunt, categorie of gegevens in toont zonder dat een verbod ze sluit, of gebruik bevraging.",
        "Put treffer, contactpunt, categorie or gegevens in toont without a prohibition that closes them, or use bevraging.";
    NOTICE_UNBATCHED = "melding-zonder-bundel", Error,
        "Meldingen gaan gebundeld op vaste tijden uit", "Notices go out in batches at fixed times",
        "Zet uitvoer.bundelen, bijvoorbeeld \"vaste-tijden\".", "Set uitvoer.bundelen, for example \"vaste-tijden\".";
    ASKED_ON_NOTICE = "vrager-bij-overeenkomst", Error,
        "Een regel met overeenkomst vraagt niets van wie een vraag stelt", "A clause with overeenkomst wants nothing of whoever asks",
        "Haal deze eis weg, of splits de regel: een voor bevraging met de eis, en een voor overeenkomst zonder.",
        "Remove this demand, or split the clause: one for bevraging with the demand, and one for overeenkomst without.";
    TWO_STEPS = "twee-stappen", Error,
        "Wat in een stap dicht is, gaat niet in twee stappen open", "What is closed in one step does not open in two",
        "Laat de tussenpartij het signaal niet doorgeven, of toon haar geen categorie of gegevens, en niets over een enkel signaal.",
        "Do not let the party in between pass the signal on, or show it no category or attributes, and nothing about one signal alone.";
    EXAMPLE_FAILS = "voorbeeld-klopt-niet", Error,
        "Elk voorbeeld komt uit", "Every example holds",
        "Verbeter het voorbeeld of de regel.", "Correct the example or the clause.";
    SCAN_WITHOUT_AREA = "scan-zonder-gebied", Error,
        "Een scan zegt hoe groot een gebied is", "A scan says how large an area is",
        "Zet uitvoer.gebied: buurt, wijk of gemeente.", "Set uitvoer.gebied: buurt, wijk or gemeente.";
    ALWAYS_TRUE = "altijd-waar", Info,
        "Een voorwaarde die altijd waar is", "A condition that is always true",
        "U mag dit laten staan voor wie het leest.", "You may leave this for whoever reads it.";
    IDLE_ROLE = "rol-zonder-taak", Info,
        "Een rol die niets vraagt, ontvangt of goedkeurt", "A role that asks, receives and approves nothing",
        "Kijk of de naam goed gespeld is; een partij die alleen geeft mag een rol hebben.",
        "See whether the name is spelt well; a party that only supplies may have a role.";
}
