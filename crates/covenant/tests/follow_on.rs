//! One mistake is one error: what follows from it alone is not reported as well.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;

use covenant::check;

/// A covenant without errors but for the changes: their codes and the words that they underline.
fn found(changes: &[(&str, &str)]) -> Vec<(&'static str, String)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies/bad/wet-ontbreekt.toml");
    let mut source = std::fs::read_to_string(path).unwrap();
    for (from, to) in changes {
        assert!(source.contains(from), "{from}");
        source = source.replacen(from, to, 1);
    }
    let checked = check(&source);
    let errors = checked.with(covenant::Severity::Error);
    errors
        .map(|d| (d.code, source.get(d.from..d.to).unwrap().to_owned()))
        .collect()
}

#[test]
fn a_party_that_does_not_read_leaves_no_basis_over() {
    let aan = "[\"corporatie.huismeester\"]";
    let van = "[\"gemeente\"]\nover";
    for (from, to, code, words) in [
        (aan, "[\"*\"]", "jokerteken", "*"),
        (aan, "[\"corporatie.*\"]", "jokerteken", "corporatie.*"),
        (
            aan,
            "[\"corporatie.huismeestr\"]",
            "onbekende-verwijzing",
            "corporatie.huismeestr",
        ),
        (van, "[\"*\"]\nover", "jokerteken", "*"),
        (
            van,
            "[\"gemente\"]\nover",
            "onbekende-verwijzing",
            "gemente",
        ),
    ] {
        assert_eq!(found(&[(from, to)]), [(code, words.to_owned())], "{to}");
    }
    // A party that is in no flow of a clause that reads well is still too many.
    let more = (
        "grondslag.verstrekken = { gemeente",
        "grondslag.verstrekken = { corporatie = \"AVG 6.1.f\", gemeente",
    );
    assert_eq!(
        found(&[more]),
        [("grondslag-overbodig", "corporatie".to_owned())]
    );
}

#[test]
fn a_misspelt_key_or_section_does_not_make_the_examples_wrong() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies/veilig-op-bezoek.toml");
    let model = std::fs::read_to_string(path).unwrap();
    for (from, to, code, words) in [
        ("[[regel]]", "[[reegl]]", "onbekende-sleutel", "reegl"),
        ("[[verbod]]", "[[verobd]]", "onbekende-sleutel", "verobd"),
        (
            "nummer       = \"3.1\"",
            "numemr = \"3.1\"",
            "onbekende-sleutel",
            "numemr",
        ),
        ("doel         = ", "dole = ", "onbekende-sleutel", "dole"),
        (
            "aanleiding   = ",
            "aanlediing = ",
            "onbekende-sleutel",
            "aanlediing",
        ),
        ("over         = ", "ovre = ", "onbekende-sleutel", "ovre"),
        ("toont        = ", "tonot = ", "onbekende-sleutel", "tonot"),
        (
            "advies       = ",
            "adveis = ",
            "onbekende-sleutel",
            "adveis",
        ),
        (
            "toont        = [\"handelingsadvies\"]",
            "toont = [\"handelinsgadvies\"]",
            "onbekend-woord",
            "handelinsgadvies",
        ),
    ] {
        assert!(model.contains(from), "{from}");
        let source = model.replacen(from, to, 1);
        let checked = covenant::check_as(&source, covenant::Checking::Template, None);
        let errors = checked.with(covenant::Severity::Error);
        let found: Vec<_> = errors
            .map(|d| (d.code, source.get(d.from..d.to).unwrap()))
            .collect();
        assert_eq!(found, [(code, words)], "{to}");
    }
}

#[test]
fn a_table_that_is_there_twice_is_one_error() {
    let again = "[doel.bezoek]\nuitleg = \"nog een keer\"\nniet_voor = [\"opsporing\"]\n\n";
    let header = "[vergelijking.adres]";
    let both = format!("{again}{header}");
    let found = found(&[(header, &both)]);
    let words: Vec<&str> = found.iter().map(|(_, words)| words.as_str()).collect();
    assert_eq!(words, ["bezoek"], "{found:?}");
}
