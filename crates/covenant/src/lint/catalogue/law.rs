//! Rules that the law asks for. They are engineering input and no legal advice.

lints! {
    BASIS_MISSING = "grondslag-ontbreekt", Error,
        "Elke stroom heeft een grondslag in beide richtingen", "Every flow has a basis in both directions",
        "Zet grondslag.verstrekken voor elke bron en grondslag.ontvangen voor elke ontvanger.",
        "Set grondslag.verstrekken for each source and grondslag.ontvangen for each recipient.";
    BASIS_UNUSED = "grondslag-overbodig", Error,
        "Een grondslag hoort bij een stroom van de regel", "A basis belongs to a flow of the clause",
        "Haal de partij weg, of voeg haar toe aan van of aan.", "Remove the party, or add it to van or aan.";
    BASIS_DIRECTION = "grondslag-richting", Error,
        "Een grondslag past bij de partij en de richting", "A basis fits the party and the direction",
        "Politie verstrekt op Wpg 16 tot en met 20 en ontvangt op Wpg 8 tot en met 13; anderen gebruiken de AVG.",
        "Police supply under Wpg 16 to 20 and receive under Wpg 8 to 13; others use the AVG.";
    PUBLIC_INTEREST = "overheid-6-1-f", Error,
        "Een overheid beroept zich niet op een eigen belang", "A public body does not rely on legitimate interests",
        "Gebruik AVG 6.1.e of 6.1.c met de wet die de taak geeft.", "Use AVG 6.1.e or 6.1.c with the law that gives the task.";
    DECISION = "wpg-zonder-besluit", Error,
        "Verstrekken op Wpg 19 of 20 heeft een besluit", "Supplying under Wpg 19 or 20 has a decision",
        "Zet grondslag.besluit met kenmerk en datum.", "Set grondslag.besluit with kenmerk and datum.";
    CRIMINAL = "strafrechtelijk-zonder-uavg", Error,
        "Strafrechtelijke gegevens hebben een artikel van de UAVG", "Criminal data has an article of the UAVG",
        "Zet grondslag.uitzondering, UAVG 32 of 33.", "Set grondslag.uitzondering, UAVG 32 or 33.";
    SPECIAL = "bijzonder-zonder-uitzondering", Error,
        "Bijzondere gegevens hebben een uitzondering van AVG 9 met een artikel van de UAVG",
        "Special categories have an exception of AVG 9 with an article of the UAVG",
        "Zet grondslag.uitzondering met een artikel van AVG 9.2 en een van UAVG 22 tot en met 30.",
        "Set grondslag.uitzondering with an article of AVG 9.2 and one of UAVG 22 to 30.";
    BIBOB = "bibob-ontvanger", Error,
        "Bibob-advies gaat niet naar wie de wet niet noemt", "Bibob advice does not go to whom the law does not name",
        "Haal de ontvanger uit deze regel (Wet Bibob 28).", "Remove the recipient from this clause (Wet Bibob 28).";
    BSN = "bsn-niet-toegestaan", Error,
        "Het BSN is alleen voor wie het hiervoor mag gebruiken", "The BSN is only for those who may use it for this",
        "Vergelijk op andere velden, of maak een apart convenant tussen overheden.",
        "Compare other fields, or make a separate covenant between public bodies.";
    REPORT_BASIS = "melden-aan-bron-zonder-grondslag", Error,
        "Melden aan de bron is zelf een verstrekking", "Telling the source is a disclosure of its own",
        "Zet grondslag.melden_aan_bron in beide richtingen, of vorm = \"aantallen\".",
        "Set grondslag.melden_aan_bron in both directions, or vorm = \"aantallen\".";
    LOG_RETENTION = "logboek-te-kort", Error,
        "Met politiegegevens blijft het logboek minstens vier jaar", "With police data the log is kept at least four years",
        "Maak logboek.bewaren_logboek minstens \"4 jaar\" (Wpg 25).", "Make logboek.bewaren_logboek at least \"4 jaar\" (Wpg 25).";
    LOG_KEEP_MISSING = "geen-bewaren-logboek", Error,
        "Het convenant zegt hoe lang het logboek blijft", "The covenant says how long the log is kept",
        "Zet [logboek] bewaren_logboek = \"5 jaar\".", "Set [logboek] bewaren_logboek = \"5 jaar\".";
    POLICE_RETENTION = "politiesignaal-te-lang", Error,
        "Een politiesignaal vervalt binnen vijf jaar", "A police signal lapses within five years",
        "Maak vervalt_na hooguit \"5 jaar\" (Wpg 8).", "Make vervalt_na at most \"5 jaar\" (Wpg 8).";
    DECREE = "wpg-18-ontvanger", Error,
        "Verstrekken op Wpg 18 gaat alleen naar wie het besluit noemt", "Supply under Wpg 18 goes only to whom the decree names",
        "Verstrek op Wpg 20 met een besluit, of haal de ontvanger uit deze regel.",
        "Supply under Wpg 20 with a decision, or remove the recipient from this clause.";
    SINGLE_CASE = "wpg-19-per-geval", Error,
        "Verstrekken op Wpg 19 gaat per geval", "Supply under Wpg 19 goes case by case",
        "Zet voorwaarde.goedkeuring met uitvoer.antwoord_na, of verstrek op Wpg 20.",
        "Set voorwaarde.goedkeuring with uitvoer.antwoord_na, or supply under Wpg 20.";
}
