//! Demands that are always met, and what the law asks of single words: each with the words that
//! are underlined, and nothing else told.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;

use covenant::{check, to_json};

fn bad(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies/bad");
    std::fs::read_to_string(folder.join(format!("{name}.toml"))).unwrap()
}

/// What is told besides notes, with the words underlined.
fn told(source: &str) -> Vec<(&'static str, String)> {
    let found = check(source).diagnostics.into_iter();
    found
        .filter(|d| {
            !matches!(
                d.code,
                "altijd-waar" | "rol-zonder-taak" | "geen-sleutelhouder"
            )
        })
        .map(|d| (d.code, source.get(d.from..d.to).unwrap().to_owned()))
        .collect()
}

fn replaced(source: &str, from: &str, to: &str) -> String {
    assert!(source.contains(from), "{from}");
    source.replacen(from, to, 1)
}

/// A small covenant on which there is nothing to remark: a question (1.1) and a match (1.2).
fn plain() -> String {
    let source = replaced(&bad("zonder-gevolg"), "voorwaarde.dossier    = false\n", "");
    assert_eq!(told(&source), []);
    source
}

/// The same with a line more in the clause on questions.
fn with(line: &str) -> String {
    let source = plain();
    let key = line.split(' ').next().unwrap();
    let kept: Vec<&str> = source
        .lines()
        .filter(|known| known.split(' ').next() != Some(key))
        .collect();
    let source = kept.join("\n") + "\n";
    let at = "uitvoer.bij_niets     = \"geen-uitspraak\"";
    replaced(&source, at, &format!("{line}\n{at}"))
}

#[test]
fn what_is_always_met_is_named() {
    let cases = [
        ("voorwaarde.partijen = 1", "partijen"),
        ("voorwaarde.inlogniveau = \"laag\"", "inlogniveau"),
        ("voorwaarde.binnen = \"12 maanden\"", "binnen"),
        ("voorwaarde.binnen = \"2 jaar\"", "binnen"),
        (
            "voorwaarde.gebied = [\"GM0855\", \"BU08550101\"]",
            "BU08550101",
        ),
        (
            "grens.per_medewerker_per_dag = 9\ngrens.per_partij_per_dag = 9",
            "per_medewerker_per_dag",
        ),
        (
            "grens.per_partij_per_dag = 2\ngrens.per_betrokkene_per_maand = 62",
            "per_betrokkene_per_maand",
        ),
        (
            "grondslag.besluit = { kenmerk = \"B-1\", datum = 2089-11-01 }",
            "besluit",
        ),
        ("grondslag.uitzondering = \"UAVG 33.2.b\"", "UAVG 33.2.b"),
        (
            "grondslag.uitzondering = [\"AVG 9.2.g\", \"UAVG 23.a\"]",
            "AVG 9.2.g",
        ),
        (
            "grondslag.uitzondering.ontvangen = { corporatie = \"UAVG 32.e\" }",
            "UAVG 32.e",
        ),
    ];
    for (line, word) in cases {
        let source = with(line);
        let found = told(&source);
        let expected = ("zonder-gevolg", word.to_owned());
        assert!(found.contains(&expected), "{line}: {found:?}");
        let own = found.iter().all(|(code, _)| *code == "zonder-gevolg");
        assert!(own, "{line}: {found:?}");
    }
}

#[test]
fn what_can_fail_is_left_alone() {
    for line in [
        "voorwaarde.treffers = 2",
        "voorwaarde.inlogniveau = \"substantieel\"",
        "voorwaarde.binnen = \"11 maanden\"",
        "voorwaarde.gebied = [\"GM0855\", \"BU08560101\"]",
        "grens.per_medewerker_per_dag = 8\ngrens.per_partij_per_dag = 9",
        "grens.per_partij_per_dag = 2\ngrens.per_betrokkene_per_maand = 61",
        "plicht.betrokkene_informeren = { door = \"corporatie\", binnen = \"31 dagen\" }",
        "plicht.betrokkene_informeren = { door = \"gemeente\", binnen = \"3 maanden\", uitstel = \"UAVG 41.1.i\" }",
        "belofte.datalek_melden = \"3 dagen\"",
    ] {
        let source = with(line).replace("{ treffers = 1 }", "{ treffers = 2 }");
        assert_eq!(told(&source), [], "{line}");
    }
}

#[test]
fn the_law_of_single_words() {
    let cases = [
        (
            "plicht.betrokkene_informeren = { door = \"gemeente\", binnen = \"2 maanden\" }",
            "informeren-past-niet",
            "2 maanden",
        ),
        (
            "plicht.betrokkene_informeren = { door = \"gemeente\", binnen = \"1 maand\", uitstel = \"Wpg 27.1\" }",
            "informeren-past-niet",
            "Wpg 27.1",
        ),
        (
            "belofte.datalek_melden = \"73 uur\"",
            "datalek-te-laat",
            "73 uur",
        ),
        (
            "grondslag.ontvangen = { corporatie = { artikel = \"AVG 6.1.c\", wet = \"WGS 1.1\" } }",
            "wet-past-niet",
            "WGS 1.1",
        ),
        (
            "grondslag.ontvangen = { corporatie = { artikel = \"AVG 6.1.c\", wet = \"Politiewet 2012 3\" } }",
            "wet-past-niet",
            "Politiewet 2012 3",
        ),
    ];
    for (line, code, word) in cases {
        let source = plain();
        let line_key = line.split(' ').next().unwrap();
        let source = if source.contains(line_key) {
            let old = "grondslag.ontvangen   = { corporatie = { artikel = \"AVG 6.1.c\", wet = \"Arbeidsomstandighedenwet 3\" } }";
            replaced(&source, old, line)
        } else {
            with(line)
        };
        assert_eq!(told(&source), [(code, word.to_owned())], "{line}");
    }
    for code in [
        "vera:AGR.BRA",
        "vera:WAN.SEU",
        "vera:ONE.HEN",
        "vera:ONB.AMB",
    ] {
        let source = replaced(&plain(), "eigen:DIER", code);
        assert_eq!(told(&source), [("aard-past-niet", code.to_owned())]);
    }
}

#[test]
fn what_police_supply_has_its_own_rules() {
    let source = bad("wpg-19-per-geval");
    assert_eq!(
        told(&source),
        [("wpg-19-per-geval", "overeenkomst".to_owned())]
    );
    let source = bad("wpg-18-ontvanger");
    assert_eq!(told(&source), [("wpg-18-ontvanger", "Wpg 18".to_owned())]);
    let source = bad("uavg-33-2-b");
    assert_eq!(told(&source), [("uavg-33-2-b", "UAVG 33.2.b".to_owned())]);
    let both = replaced(
        &source,
        "\"UAVG 33.2.b\"",
        "[\"UAVG 33.2.b\", \"UAVG 33.1.a\"]",
    );
    assert_eq!(told(&both), []);
    let source = bad("doel-sluit-uit");
    assert_eq!(told(&source), [("doel-sluit-uit", "Wpg 9".to_owned())]);
    let source = replaced(
        &bad("uavg-33-1-a"),
        "\"UAVG 33.1.a\"",
        "{ verstrekken = \"UAVG 33.1.a\", ontvangen = \"UAVG 33.2.b\" }",
    );
    assert_eq!(
        told(&source),
        [("uavg-33-1-a", "UAVG 33.1.a".to_owned())],
        "supplied by a municipality"
    );
}

#[test]
fn json_counts_in_units_that_it_names() {
    let source = replaced(
        &plain(),
        "niet_voor = [\"opsporing\"]",
        "niet_voor = [\"huurbeëindiging één\", \"opsporign\"]",
    );
    let checked = check(&source);
    let json: serde_json::Value =
        serde_json::from_str(&to_json(&source, &checked.diagnostics)).unwrap();
    let found = json.as_array().unwrap();
    let second = found
        .iter()
        .find(|d| d["message_nl"] == "onbekend woord `opsporign`")
        .unwrap();
    let number = |key: &str| usize::try_from(second[key].as_u64().unwrap()).unwrap();
    assert_eq!(source.get(number("from")..number("to")), Some("opsporign"));
    let line = source.lines().nth(number("line") - 1).unwrap();
    let (from, to) = (number("column") - 1, number("end_column") - 1);
    let word: String = line.chars().skip(from).take(to - from).collect();
    assert_eq!(word, "opsporign", "columns count characters");
    assert_eq!(number("line"), number("end_line"));
    assert_eq!(second["help"], second["help_nl"]);
    assert_eq!(second["severity"], "error");
    for key in ["code", "message_en", "help_en"] {
        assert!(!second[key].as_str().unwrap().is_empty(), "{key}");
    }
}
