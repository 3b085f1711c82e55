//! Warnings: the covenant can be used, but a person should look at it.

lints! {
    TRAFFIC_LIGHT = "verkeerslicht", Warning,
        "Een kale treffer van de politie voor een corporatie", "A bare police hit for a housing corporation",
        "Toon liever een handelingsadvies, met beoordeling vooraf, in een eigen regel voor de politie.",
        "Prefer an advice, with review beforehand, in a police clause of its own.";
    ADVICE_IS_CATEGORY = "advies-is-categorie", Warning,
        "Een advies uit een enkele bron of een enkel signaal verraadt het signaal", "An advice from one source or one signal gives the signal away",
        "Neem meer bronnen en signalen in een regel, of behandel dit als categorie.",
        "Take more sources and signals into one clause, or treat this as a category.";
    ROLES_DIFFER = "rollen-verschillen-per-bron", Warning,
        "Rollen van een partij die samen de bron kunnen afleiden", "Roles of one party that can infer the source together",
        "Geef de rollen dezelfde bronnen, of aanvaard dit in de DPIA.", "Give the roles the same sources, or accept this in the DPIA.";
    LOW_THRESHOLD = "lage-drempel", Warning,
        "De drempel is lager dan 10", "The threshold is under 10",
        "Kies 10 of hoger.", "Choose 10 or more.";
    RETAIN_TOO_LONG = "belofte-langer-dan-signaal", Warning,
        "De ontvanger bewaart langer dan het signaal leeft", "The recipient keeps it longer than the signal lives",
        "Verkort belofte.bewaren.", "Shorten belofte.bewaren.";
    NO_EXAMPLE = "regel-zonder-voorbeeld", Warning,
        "Een regel zonder voorbeeld", "A clause without an example",
        "Voeg een [[voorbeeld]] toe waarvan de uitkomst deze regel is.", "Add a [[voorbeeld]] whose outcome is this clause.";
    DEAD_CLAUSE = "dode-regel", Warning,
        "Een regel die niets opent", "A clause that opens nothing",
        "Haal de regel weg, of verbeter bronnen, signalen of verboden.", "Remove the clause, or correct sources, signals or prohibitions.";
    DEAD_PROHIBITION = "dood-verbod", Warning,
        "Een verbod dat niets sluit", "A prohibition that closes nothing",
        "Laat het staan als bescherming voor later, of haal het weg.", "Leave it as a safeguard for later, or remove it.";
    NO_ADVICE = "vraag-zonder-advies", Warning,
        "Een regel voor vragen die nooit een advies geeft", "A clause for questions that never gives an advice",
        "Zet handelingsadvies in toont met advies, of gebruik overeenkomst.", "Put handelingsadvies in toont with advies, or use overeenkomst.";
    NO_EFFECT = "zonder-gevolg", Warning,
        "Iets wat geen gevolg heeft", "Something that has no effect",
        "Haal het weg, of schrijf wat u bedoelt.", "Remove it, or write what you mean.";
    UNUSED = "ongebruikt", Warning,
        "Iets wat nergens wordt gebruikt", "Something that is used nowhere",
        "Haal het weg, of gebruik het.", "Remove it, or use it.";
    SIGNAL_WITHOUT_CODE = "signaal-zonder-code", Warning,
        "Een signaal zonder codes kan niet worden ingestuurd", "A signal without codes cannot be pushed",
        "Zet codes, bijvoorbeeld codes = [\"vera:AGR.FYS\"].", "Set codes, for example codes = [\"vera:AGR.FYS\"].";
    PERSON_HMAC = "persoon-hmac", Warning,
        "Personen met het lichte profiel", "Persons under the light profile",
        "Aanvaard dit in de DPIA, tot er een sleutelhouder is.", "Accept this in the DPIA, until there is a key holder.";
    LAW_MISSING = "wet-ontbreekt", Warning,
        "AVG 6.1.c en 6.1.e noemen de wet", "AVG 6.1.c and 6.1.e name the law",
        "Schrijf { artikel = \"AVG 6.1.e\", wet = \"Gemeentewet 172\" }.", "Write { artikel = \"AVG 6.1.e\", wet = \"Gemeentewet 172\" }.";
    CONSENT = "toestemming", Warning,
        "Toestemming is hier zelden vrij", "Consent is seldom free here",
        "Kies een andere grondslag.", "Choose another basis.";
    NOT_PUBLIC = "samenwerking-niet-publiek", Warning,
        "UAVG 33.1.b met een private partij", "UAVG 33.1.b with a private party",
        "Kies een ander artikel, of leg vast waarom dit past.", "Choose another article, or record why this fits.";
    NOT_FROM_POLICE = "uavg-33-1-a", Warning,
        "UAVG 33.1.a zonder gegevens van politie of justitie", "UAVG 33.1.a without data of police or prosecution",
        "Kies een ander artikel, of ontvang alleen van politie of justitie.", "Choose another article, or receive from police or prosecution only.";
    NO_HUMAN = "mens-beslist-ontbreekt", Warning,
        "Niet beloofd dat een mens beslist", "No promise that a person decides",
        "Zet belofte.mens_beslist = true (AVG 22).", "Set belofte.mens_beslist = true (AVG 22).";
    APPROVER_SAME_PARTY = "goedkeurder-zelfde-partij", Warning,
        "Een goedkeurder van de partij die vraagt", "An approver of the party that asks",
        "Laat de bron goedkeuren.", "Let the source approve.";
    APPROVER_OUTSIDE = "goedkeurder-buiten-regel", Warning,
        "Een goedkeurder die niets geeft", "An approver that gives nothing",
        "Laat een bron van de regel goedkeuren.", "Let a source of the clause approve.";
    NO_KEY_HOLDER = "geen-sleutelhouder", Warning,
        "Het zware profiel kan nog niet worden geladen", "The hardened profile cannot be loaded yet",
        "Er is nog geen sleutelhouder: knooppunt en makelaar weigeren dit convenant. Kies profiel = \"hmac\" en aanvaard dat in de DPIA, of wacht.",
        "There is no key holder yet: node and broker refuse this covenant. Choose profiel = \"hmac\" and accept that in the DPIA, or wait.";
    NATURE_MISFIT = "aard-past-niet", Warning,
        "Een zwaar gegeven met de aard gewoon", "Heavy data with the nature gewoon",
        "Zet aard = \"strafrechtelijk\" of \"bijzonder\", of haal de code weg.", "Set aard = \"strafrechtelijk\" or \"bijzonder\", or remove the code.";
    LAW_MISFIT = "wet-past-niet", Warning,
        "Een wet die deze partij geen taak geeft", "A law that gives this party no task",
        "Noem de wet die deze partij zelf de taak of plicht geeft.", "Name the law that gives this party itself the task or duty.";
    EXEMPTION_MISFIT = "uitzondering-past-niet", Warning,
        "Een uitzondering die meer vraagt dan hier staat", "An exception that asks more than is here",
        "Kies een ander artikel, of leg in de DPIA vast waarom dit past.", "Choose another article, or record in the DPIA why this fits.";
    OWN_INTEREST = "uavg-33-2-b", Warning,
        "UAVG 33.2.b voor gegevens van de politie", "UAVG 33.2.b for data of the police",
        "Noem voor wat van de politie komt UAVG 33.1.a erbij.", "Add UAVG 33.1.a for what comes from the police.";
    POLICE_SAFEGUARDS = "politie-zonder-waarborg", Warning,
        "Politiegegevens zonder geheimhouding, vastlegging of correctie", "Police data without secrecy, record or correction",
        "Zet belofte.niet_doorgeven = true, plicht.vastleggen en plicht.corrigeren = true.",
        "Set belofte.niet_doorgeven = true, plicht.vastleggen and plicht.corrigeren = true.";
    RULED_OUT = "doel-sluit-uit", Warning,
        "De politie ontvangt voor wat het doel uitsluit", "Police receive for what the purpose rules out",
        "Laat de politie op Wpg 8 ontvangen, of haal opsporing uit niet_voor.", "Let police receive under Wpg 8, or remove opsporing from niet_voor.";
    DATED_LATER = "datum-na-aanvang", Warning,
        "Een besluit of DPIA van na het begin", "A decision or assessment of after the beginning",
        "Laat het convenant later beginnen, of noem het stuk dat er eerder was.", "Let the covenant begin later, or name the document that was there before.";
    ASSESSMENT_OLD = "dpia-te-oud", Warning,
        "Een DPIA van meer dan drie jaar oud", "An assessment of more than three years old",
        "Beoordeel opnieuw en noem de nieuwe DPIA.", "Assess again and name the new assessment.";
    INFORM = "informeren-past-niet", Warning,
        "Informeren door de goede partij, op tijd, met de goede grond voor uitstel", "Informing by the right party, in time, with the right ground to put it off",
        "Laat een partij van de regel binnen een maand informeren; de politie stelt uit op Wpg 27, anderen op UAVG 41.",
        "Let a party of the clause inform within a month; police put it off under Wpg 27, others under UAVG 41.";
    BREACH_LATE = "datalek-te-laat", Warning,
        "Een datalek komt te laat bij de bron", "A breach is reported to the source too late",
        "Maak belofte.datalek_melden hooguit \"72 uur\".", "Make belofte.datalek_melden at most \"72 uur\".";
}
