//! The schema of a clause.

use model::Protection;
use serde_json::{Value, json};

use super::{
    also, by_name, clause_number, list, may, need, number, one_of, pattern, role, shared, slug,
    table, text, truth, word,
};
use crate::language::parse::demands::MOST;
use crate::language::words::{
    AreaLevel, Attribute, Batching, Frequency, LoginLevel, Period, Record, ReportForm, Review,
    Shows, Silence, Trigger,
};
use crate::vocabulary::advice::Vocabulary;
use crate::vocabulary::law::{Article, Deferral, Law};

/// `"AVG 6.1.f"`, or `{ artikel, wet }`.
pub(super) fn legal_basis() -> Value {
    let with_law = table([
        need(
            "artikel",
            word::<Article>(),
            "Het artikel van de AVG of de Wpg.",
        ),
        need(
            "wet",
            law(),
            "De wet die de taak of plicht geeft (AVG 6.3), met het artikel.",
        ),
    ]);
    json!({ "anyOf": [word::<Article>(), with_law] })
}

fn law() -> Value {
    let names: Vec<String> = Law::ALL
        .iter()
        .map(|law| law.as_str().replace('.', "\\."))
        .collect();
    pattern(&format!("^({}) [0-9][a-z0-9.:]{{0,15}}$", names.join("|")))
}

pub(super) fn clause() -> Value {
    let advices = Vocabulary::ALL.iter().flat_map(|v| v.advices());
    let keys = table([
        need(
            "nummer",
            clause_number(),
            "Het nummer, van geen andere regel of verbod.",
        ),
        need("titel", text(), "Wat de regel toestaat, in een zin."),
        need(
            "aan",
            list(&role()),
            "Wie het mag weten: <partij>.<rol>, bij naam genoemd.",
        ),
        need("doel", slug(), "Waarvoor."),
        need(
            "aanleiding",
            list(&word::<Trigger>()),
            "Wanneer: op een vraag, bij een overeenkomst, of bij een telling.",
        ),
        may("vergelijking", list(&slug()), "Waarop wordt vergeleken."),
        need("van", list(&slug()), "Van welke partijen het signaal komt."),
        need("over", list(&slug()), "Over welke signalen."),
        need(
            "toont",
            list(&word::<Shows>()),
            "Wat de ontvanger ziet, van weinig naar veel.",
        ),
        may(
            "kenmerken",
            list(&word::<Attribute>()),
            "Welke gegevens; alleen bij toont = [\"gegevens\"].",
        ),
        may(
            "advies",
            one_of(advices.map(|a| a.code)),
            "Welk handelingsadvies; alleen bij toont = [\"handelingsadvies\"].",
        ),
        need("grondslag", bases(), "Op welke grond, in beide richtingen."),
        may("voorwaarde", conditions(), "Wat vooraf wordt nagegaan."),
        may("grens", limits(), "Hoe vaak het mag."),
        need("uitvoer", output(), "Hoe het antwoord eruitziet."),
        may("plicht", duties(), "Wat de makelaar er telkens bij doet."),
        may(
            "belofte",
            promises(),
            "Wat de ontvanger belooft. Dit kan de makelaar niet afdwingen.",
        ),
    ]);
    let goes_with = |key: &str, shows: Shows| {
        json!({
            "if": { "properties": { "toont": { "contains": { "const": shows.as_str() } } } },
            "then": { "required": [key] },
            "else": { "not": { "required": [key] } },
        })
    };
    let only_scan = json!({ "items": { "const": Trigger::Scan.as_str() } });
    also(
        keys,
        vec![
            goes_with("kenmerken", Shows::Attributes),
            goes_with("advies", Shows::Advice),
            json!({
                "if": { "properties": { "aanleiding": only_scan } },
                "else": { "required": ["vergelijking"] },
            }),
        ],
    )
}

fn by_party() -> Value {
    by_name(&slug(), &shared("grondslag"))
}

fn bases() -> Value {
    // One for all parties, or one for each.
    let direction =
        || json!({ "anyOf": [shared("uitzondering"), by_name(&slug(), &shared("uitzondering"))] });
    let by_direction = table([
        may(
            "verstrekken",
            direction(),
            "De uitzondering voor wie verstrekt.",
        ),
        may(
            "ontvangen",
            direction(),
            "De uitzondering voor wie ontvangt.",
        ),
    ]);
    let report = table([
        need(
            "verstrekken",
            by_party(),
            "De grond van de ontvanger om aan de bron te melden.",
        ),
        need(
            "ontvangen",
            by_party(),
            "De grond van de bron om dat te ontvangen.",
        ),
    ]);
    table([
        need(
            "verstrekken",
            by_party(),
            "De grond van elke bron om te verstrekken.",
        ),
        need(
            "ontvangen",
            by_party(),
            "De grond van elke ontvanger om te ontvangen.",
        ),
        may(
            "uitzondering",
            json!({ "anyOf": [shared("uitzondering"), by_direction] }),
            "De uitzondering voor bijzondere of strafrechtelijke gegevens.",
        ),
        may(
            "besluit",
            shared("kenmerk"),
            "Het besluit dat Wpg 19 en 20 vragen.",
        ),
        may(
            "melden_aan_bron",
            report,
            "De gronden om de bron per geval te melden wat er is getoond.",
        ),
    ])
}

fn conditions() -> Value {
    let approval = table([
        need("aantal", number(1, 20), "Hoeveel mensen moeten goedkeuren."),
        need(
            "door",
            list(&role()),
            "Welke rollen goedkeuren; nooit wie zelf vraagt.",
        ),
        need(
            "binnen",
            shared("tijdsduur"),
            "Hoe lang zij daarvoor hebben.",
        ),
    ]);
    let area = pattern("^(GM[0-9]{4}|WK[0-9]{4}[0-9A-Z]{2}|BU[0-9]{4}[0-9A-Z]{4})$");
    table([
        may(
            "treffers",
            number(1, MOST),
            "Minstens zoveel verschillende signalen.",
        ),
        may(
            "partijen",
            number(1, 1_000),
            "Van minstens zoveel verschillende partijen.",
        ),
        may(
            "binnen",
            shared("tijdsduur"),
            "Niet langer geleden waargenomen dan dit.",
        ),
        may("dossier", truth(), "De vrager geeft een dossiernummer."),
        may("motivering", truth(), "De vrager geeft een reden."),
        may(
            "beoordeling",
            word::<Review>(),
            "Wanneer een mens bij de bron het beoordeelt.",
        ),
        may("goedkeuring", approval, "Wie het moet goedkeuren."),
        may(
            "inlogniveau",
            word::<LoginLevel>(),
            "Hoe zeker de vrager minstens is ingelogd.",
        ),
        may(
            "niet_over",
            list(&word::<Protection>()),
            "Over wie niets wordt getoond.",
        ),
        may(
            "gebied",
            list(&area),
            "Alleen signalen in deze gebieden (CBS-code).",
        ),
    ])
}

fn limits() -> Value {
    table([
        may(
            "per_medewerker_per_dag",
            number(1, MOST),
            "Hooguit zoveel vragen per medewerker per dag.",
        ),
        may(
            "per_partij_per_dag",
            number(1, MOST),
            "Hooguit zoveel vragen per partij per dag.",
        ),
        may(
            "per_betrokkene_per_maand",
            number(1, MOST),
            "Hooguit zoveel vragen van een partij over een betrokkene per maand.",
        ),
    ])
}

fn output() -> Value {
    table([
        may("drempel", number(1, MOST), "Geen aantal onder dit getal."),
        may(
            "afronden_op",
            number(2, 1_000),
            "Aantallen worden afgerond op een veelvoud hiervan.",
        ),
        may(
            "overheersing",
            number(1, 99),
            "Geen partij of adres is meer dan dit percentage van een aantal.",
        ),
        may(
            "nevenonderdrukking",
            truth(),
            "Wat is weggelaten, is niet terug te rekenen.",
        ),
        may(
            "gebied",
            word::<AreaLevel>(),
            "Hoe groot het gebied van een aantal is.",
        ),
        may(
            "tijdvak",
            word::<Period>(),
            "Over hoe lang een aantal gaat.",
        ),
        may(
            "embargo",
            shared("tijdsduur"),
            "Wat jonger is dan dit, telt nog niet mee.",
        ),
        may(
            "antwoord_na",
            shared("tijdsduur"),
            "Het antwoord komt altijd na deze tijd.",
        ),
        may("bundelen", word::<Batching>(), "Wanneer meldingen uitgaan."),
        need(
            "bij_niets",
            word::<Silence>(),
            "Wat er wordt gezegd als er niets is.",
        ),
        need(
            "bij_weigering",
            word::<Silence>(),
            "Hetzelfde als bij_niets: het verschil zou iets verraden.",
        ),
    ])
}

fn duties() -> Value {
    let report = table([
        need("wanneer", word::<Frequency>(), "Hoe vaak."),
        need(
            "vorm",
            word::<ReportForm>(),
            "Per geval, of alleen aantallen.",
        ),
    ]);
    let inform = table([
        need("door", slug(), "De partij die de betrokkene informeert."),
        need("binnen", shared("tijdsduur"), "Binnen welke tijd."),
        may(
            "uitstel",
            word::<Deferral>(),
            "De grond om het uit te stellen (UAVG 41, Wpg 27).",
        ),
    ]);
    table([
        may(
            "vastleggen",
            word::<Record>(),
            "Wie de regel in het logboek krijgt.",
        ),
        may(
            "melden_aan_bron",
            json!({ "anyOf": [word::<Frequency>(), report] }),
            "Wanneer en hoe de bron hoort wat er is getoond.",
        ),
        may(
            "betrokkene_informeren",
            inform,
            "Wie de betrokkene informeert (AVG 14).",
        ),
        may(
            "corrigeren",
            truth(),
            "Wie het zag, hoort het als het signaal vervalt of verandert.",
        ),
        may(
            "steekproef",
            number(1, 100),
            "Dit percentage gaat naar de auditor.",
        ),
        may(
            "rapporteren",
            word::<Frequency>(),
            "Hoe vaak alle partijen cijfers krijgen.",
        ),
    ])
}

fn promises() -> Value {
    table([
        may(
            "bewaren",
            shared("tijdsduur"),
            "Niet langer bewaard dan dit.",
        ),
        may("niet_doorgeven", truth(), "Niet doorgegeven."),
        may("mens_beslist", truth(), "Een mens beslist (AVG 22)."),
        may(
            "terugkoppelen",
            shared("tijdsduur"),
            "De bron hoort binnen deze tijd wat ermee is gedaan.",
        ),
        may(
            "datalek_melden",
            shared("tijdsduur"),
            "Een datalek wordt binnen deze tijd aan de bron gemeld.",
        ),
    ])
}
