//! A mistake in the file or in its TOML hides no other mistake, and brings none along.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;

use covenant::{Checked, Checking, Severity, check_as};

fn model() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies/veilig-op-bezoek.toml");
    std::fs::read_to_string(path).unwrap()
}

fn changed(changes: &[(&str, &str)]) -> String {
    changes.iter().fold(model(), |source, (from, to)| {
        assert!(source.contains(from), "{from}");
        source.replacen(from, to, 1)
    })
}

fn checked(source: &str) -> Checked {
    check_as(source, Checking::Template, None)
}

/// The errors in the order of the file, with the words that they underline.
fn errors(source: &str) -> Vec<(&'static str, &str)> {
    let found: Vec<_> = checked(source)
        .with(Severity::Error)
        .map(|d| (d.code, source.get(d.from..d.to).unwrap()))
        .collect();
    found
}

fn codes(source: &str) -> Vec<&'static str> {
    errors(source).into_iter().map(|(code, _)| code).collect()
}

/// Two mistakes of meaning, before and after most of what the tests break.
const OTHERS: [(&str, &str); 2] = [
    ("\"fraudeonderzoek\"]", "\"fraudeonderzeok\"]"),
    (
        "uitkomst = \"geweigerd: verbod\"",
        "uitkomst = \"geweigerd: verbdo\"",
    ),
];

fn with_others(change: (&str, &str)) -> String {
    changed(&[change, OTHERS[0], OTHERS[1]])
}

const TOML: &[(&str, &str)] = &[
    ("versie       = 1\n", "versie       = 1\nversie       = 2\n"),
    (
        "titel        = \"Veilig op bezoek\"",
        "titel        = \"Veilig op bezoek",
    ),
    (
        "titel        = \"Veilig op bezoek\"",
        "titel        = \"Veilig \\q bezoek\"",
    ),
    ("titel        = \"Veilig op bezoek\"", "titel        = "),
    (
        "titel        = \"Veilig op bezoek\"",
        "titel        \"Veilig op bezoek\"",
    ),
    ("geldig_van   = 2026-11-01", "geldig_van   = 2026-13-01"),
    (
        "van          = [\"gemeente\"]\n",
        "van          = [\"gemeente\"\n",
    ),
    (
        "velden  = [\"postcode\", \"huisnummer\"",
        "velden  = [\"postcode\" \"huisnummer\"",
    ),
    (
        "dpia         = { kenmerk = \"DPIA-2026-17\", datum = 2026-09-04 }",
        "dpia         = { kenmerk = \"DPIA-2026-17\", datum = 2026-09-04",
    ),
    ("[partij.gemeente]", "[partij.gemeente"),
    ("[[verbod]]", "[[verbod]"),
    (
        "uitleg    = \"een medewerker veilig",
        "uitleg    = \"\"\"een medewerker veilig",
    ),
    (
        "toont        = [\"handelingsadvies\"] ",
        "toont        \"handelingsadvies\" ",
    ),
    (
        "advies       = \"ga-met-twee\"",
        "advies       \"ga-met-twee\"",
    ),
];

#[test]
fn a_mistake_in_toml_hides_nothing_and_brings_nothing_along() {
    for change in TOML {
        let source = with_others(*change);
        let mut sorted = codes(&source);
        sorted.sort_unstable();
        let want = ["onbekend-woord", "onbekend-woord", "toml"];
        assert_eq!(sorted, want, "{}: {:?}", change.1, errors(&source));
    }
}

#[test]
fn what_is_wrong_in_toml_is_said_in_dutch() {
    let parser = [
        "expected",
        "invalid",
        "missing",
        "unexpected",
        "duplicate",
        "unclosed",
        "key",
        "string",
    ];
    for change in TOML {
        let found = checked(&changed(&[*change]));
        let told = found.diagnostics.iter().find(|d| d.code == "toml").unwrap();
        for word in parser {
            assert!(!told.message_nl.contains(word), "{}", told.message_nl);
        }
        assert!(!told.message_nl.is_empty() && !told.message_en.is_empty());
    }
}

#[test]
fn where_it_is_not_closed_is_underlined() {
    let source = changed(&[(
        "van          = [\"gemeente\"]\n",
        "van          = [\"gemeente\"\n",
    )]);
    assert_eq!(errors(&source), [("toml", "[\"gemeente\"")]);
}

#[test]
fn many_mistakes_in_toml_are_found_together() {
    let source = changed(&[TOML[0], TOML[5], TOML[6], TOML[7], TOML[9], OTHERS[1]]);
    let found = codes(&source);
    let toml = found.iter().filter(|code| **code == "toml").count();
    assert_eq!((toml, found.len()), (5, 6), "{:?}", errors(&source));
}

/// A section with one pair of brackets, or under another name, is told once.
#[test]
fn a_section_that_cannot_be_found_brings_nothing_along() {
    let single = changed(&[("[[verbod]]", "[verbod]")]);
    assert_eq!(errors(&single), [("verkeerd-soort", "[verbod]")]);
    let told = checked(&single);
    let help = &told.with(Severity::Error).next().unwrap().help_nl;
    assert_eq!(help, "Schrijf `[[verbod]]`.");
    let renamed = changed(&[("[doel.bezoekveiligheid]", "[doelen.bezoekveiligheid]")]);
    assert_eq!(errors(&renamed), [("onbekende-sleutel", "doelen")]);
    let role = changed(&[("[\"corporatie.*\"]", "[\"corporati.*\"]")]);
    assert_eq!(errors(&role), [("onbekende-verwijzing", "corporati.*")]);
    let law = changed(&[("\"Gemeentewet 172\"", "\"Gemeentewet\"")]);
    assert_eq!(errors(&law), [("ongeldige-waarde", "Gemeentewet")]);
}

#[test]
fn a_code_that_is_nearly_right_is_suggested() {
    for (written, meant) in [
        ("vera:agr.fys", "Bedoelde u `vera:AGR.FYS`?"),
        ("AGR.FYS", "Bedoelde u `vera:AGR.FYS`?"),
        ("vera:AGR.FIS", "Bedoelde u `vera:AGR.FYS`?"),
    ] {
        let source = changed(&[("vera:AGR.FYS", written)]);
        assert_eq!(errors(&source), [("onbekend-woord", written)]);
        let told = checked(&source);
        assert_eq!(told.with(Severity::Error).next().unwrap().help_nl, meant);
    }
    let source = changed(&[("eigen:DIER", "eigen:dier")]);
    assert_eq!(errors(&source), [("ongeldige-waarde", "eigen:dier")]);
}

/// What is not even close to TOML ends, and is an error.
#[test]
fn anything_at_all_is_checked() {
    for source in [
        "",
        "[",
        "]",
        "{",
        "\"\"\"",
        "\u{0}",
        "[[[[",
        "a = [[[[",
        "= = =",
        "a.b.c = {",
        "[a]\n[a\n[a",
    ] {
        assert!(checked(source).has_errors(), "{source:?}");
    }
    for hostile in [
        "a = [\n",
        "[",
        "a.",
        "x = \"\"\"\n",
        "\r",
        "e\u{301}",
        "[a\n",
    ] {
        let file = hostile.repeat(256 * 1024 / hostile.len());
        assert!(checked(&file).has_errors(), "{hostile:?}");
    }
}

#[test]
fn a_mistake_in_the_file_hides_nothing_and_places_stay_right() {
    let source = with_others((
        "titel        = \"Veilig op bezoek\"",
        "titel        = \"Veilig op bezoek één\"",
    ));
    let others = ["fraudeonderzeok", "geweigerd: verbdo"];
    let windows = source.replace('\n', "\r\n");
    let pieces = source.replace("één", "e\u{301}e\u{301}n");
    let hidden = source.replace("één", "e\u{200b}en");
    let mark = format!("\u{feff}{source}");
    for (file, code) in [
        (windows, "bestand-regeleinde"),
        (pieces, "bestand-nfc"),
        (hidden, "bestand-tekens"),
        (mark, "bestand-bom"),
    ] {
        let found = errors(&file);
        assert_eq!(found[0].0, code, "{found:?}");
        let rest: Vec<&str> = found[1..].iter().map(|(_, words)| *words).collect();
        assert_eq!(rest, others, "{code}");
    }
}

#[test]
fn a_text_between_three_quotes_is_underlined_within_them() {
    for quotes in ["\"\"\"", "'''"] {
        let word = format!("{quotes}fraudeonderzeok{quotes}]");
        let source = changed(&[("\"fraudeonderzoek\"]", &word)]);
        assert_eq!(errors(&source), [("onbekend-woord", "fraudeonderzeok")]);
    }
}
