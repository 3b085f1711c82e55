//! Every rule has a page and an example that breaks it and nothing else; every model covenant
//! passes; many mistakes are found in one pass.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use covenant::lint::{all, by_code};
use covenant::{Checking, Lang, Severity, check, check_as, check_bytes, render};
use model::Day;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn names(folder: &str, ending: &str) -> BTreeSet<String> {
    std::fs::read_dir(root().join(folder))
        .expect("the folder is there")
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .filter_map(|name| name.strip_suffix(ending).map(str::to_owned))
        .collect()
}

fn today() -> Option<Day> {
    Day::from_ymd(2026, 12, 1)
}

#[test]
fn every_rule_has_a_code_a_page_and_an_example() {
    let codes: BTreeSet<String> = all().map(|lint| lint.code.to_owned()).collect();
    assert_eq!(codes.len(), all().count(), "codes are unique");
    assert_eq!(codes, names("docs/lints", ".md"));
    assert_eq!(codes, names("policies/bad", ".toml"));
    for lint in all() {
        let page = root().join("docs/lints").join(format!("{}.md", lint.code));
        let page = std::fs::read_to_string(page).unwrap();
        assert!(
            page.starts_with(&format!("# {}\n", lint.code)),
            "{}",
            lint.code
        );
        for text in [lint.title_nl, lint.title_en, lint.help_nl, lint.help_en] {
            assert!(page.contains(text), "{}: the page lacks: {text}", lint.code);
        }
        assert!(
            page.contains("**Waarom.**") && page.contains("**De wet.**"),
            "{}",
            lint.code
        );
        assert_eq!(by_code(lint.code), Some(lint));
    }
}

#[test]
fn each_bad_example_breaks_exactly_its_rule() {
    let mut wrong = Vec::new();
    for lint in all() {
        let file = format!("{}.toml", lint.code);
        let bytes = std::fs::read(root().join("policies/bad").join(&file)).unwrap();
        let checked = check_bytes(&bytes, Checking::Strict, today());
        let of = |severity| -> BTreeSet<&str> { checked.with(severity).map(|d| d.code).collect() };
        let (errors, warnings, notes) = (
            of(Severity::Error),
            of(Severity::Warning),
            of(Severity::Info),
        );
        let own = BTreeSet::from([lint.code]);
        let none = BTreeSet::new();
        // Every comparison of persons has a warning about its profile.
        let profile = BTreeSet::from(["geen-sleutelhouder"]);
        let exact = match lint.severity {
            Severity::Error => errors == own && warnings.is_subset(&profile) && notes == none,
            Severity::Warning => errors == none && warnings == own && notes == none,
            Severity::Info => errors == none && warnings.is_subset(&profile) && notes == own,
        };
        let consistent = checked.has_errors() == (lint.severity == Severity::Error);
        if !exact || !consistent {
            let source = String::from_utf8_lossy(&bytes);
            wrong.push(render(&file, &source, &checked.diagnostics, Lang::Nl));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} files:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn the_underlined_words_are_the_ones_meant() {
    let cases = [
        ("onbekend-woord", "opsporign"),
        ("onbekende-sleutel", "evalueren_op"),
        ("onbekende-verwijzing", "gemente"),
        ("verkeerd-soort", "1"),
        ("jokerteken", "*"),
        ("ongeldige-waarde", "12 manen"),
        ("sleutel-plaatshouder", "ed25519:GEMEENTE-FG"),
        ("scan-toont", "categorie"),
        ("verkeerslicht", "treffer"),
        ("overheid-6-1-f", "AVG 6.1.f"),
        ("strafrechtelijk-zonder-uavg", "gemeente"),
        ("bsn-niet-toegestaan", "bsn"),
        ("goedkeurder-is-vrager", "corporatie.huismeester"),
        ("ongebruikt", "onderhoud"),
    ];
    for (code, words) in cases {
        let source =
            std::fs::read_to_string(root().join(format!("policies/bad/{code}.toml"))).unwrap();
        let checked = check(&source);
        let found = checked.diagnostics.iter().find(|d| d.code == code).unwrap();
        assert_eq!(source.get(found.from..found.to), Some(words), "{code}");
    }
}

#[test]
fn the_models_pass_as_templates_and_only_place_holders_stop_them() {
    let models = names("policies", ".toml").into_iter();
    let mut count = 0;
    for name in models.filter(|name| !name.ends_with(".cases")) {
        count += 1;
        let source = std::fs::read_to_string(root().join(format!("policies/{name}.toml"))).unwrap();
        let checked = check_as(&source, Checking::Template, today());
        let shown = render(&name, &source, &checked.diagnostics, Lang::Nl);
        let covenant = checked.covenant.expect(&shown);
        assert!(covenant.is_template());
        assert!(!covenant.needs_key_holder(), "{name}");
        let strict = check(&source);
        assert!(strict.covenant.is_none());
        let codes: BTreeSet<&str> = strict.with(Severity::Error).map(|d| d.code).collect();
        assert_eq!(codes, BTreeSet::from(["sleutel-plaatshouder"]), "{name}");
    }
    assert!(count >= 5, "{count}");
}

#[test]
#[expect(clippy::too_many_lines, reason = "one file with a dozen mistakes")]
fn all_mistakes_are_found_in_one_pass() {
    let path = root().join("policies/veilig-op-bezoek.toml");
    let mut source = std::fs::read_to_string(path).unwrap();
    let mistakes = [
        (
            "taal    = \"nl\"",
            "taal    = \"ln\"",
            "onbekend-woord",
            "ln",
        ),
        ("evaluatie ", "evaluate ", "onbekende-sleutel", "evaluate"),
        (
            "contactpunt  = \"gemeente\"",
            "contactpunt  = \"gemente\"",
            "onbekende-verwijzing",
            "gemente",
        ),
        (
            "oin           = \"00000099000000001000\"",
            "oin           = \"123\"",
            "ongeldige-waarde",
            "123",
        ),
        (
            "\"fraudeonderzoek\"]",
            "\"fraudeonderzeok\"]",
            "onbekend-woord",
            "fraudeonderzeok",
        ),
        (
            "profiel = \"hmac\" ",
            "profiel = \"hamc\" ",
            "onbekend-woord",
            "hamc",
        ),
        (
            "voorwaarde.dossier     = true",
            "voorwaarde.dossier     = \"ja\"",
            "verkeerd-soort",
            "ja",
        ),
        (
            "belofte.mens_beslist   = true\nbelofte.datalek",
            "belofte.mens_beslis   = true\nbelofte.datalek",
            "onbekende-sleutel",
            "mens_beslis",
        ),
        (
            "corporatie = { artikel = \"AVG 6.1.c\"",
            "corporatie = { artikel = \"AVG 6.1.x\"",
            "onbekend-woord",
            "AVG 6.1.x",
        ),
        (
            "advies       = \"overleg-eerst\"",
            "advies       = \"overleg-eerts\"",
            "onbekend-woord",
            "overleg-eerts",
        ),
        (
            "door = [\"politie.infodesk\"]",
            "door = [\"politie.infodsek\"]",
            "onbekende-verwijzing",
            "politie.infodsek",
        ),
        (
            "uitkomst = \"geweigerd: verbod\"",
            "uitkomst = \"geweigerd: verbdo\"",
            "onbekend-woord",
            "geweigerd: verbdo",
        ),
    ];
    for (right, wrong, ..) in mistakes {
        assert!(source.contains(right), "{right}");
        source = source.replacen(right, wrong, 1);
    }
    let checked = check_as(&source, Checking::Template, None);
    let found: Vec<(&str, &str)> = checked
        .with(Severity::Error)
        .map(|d| (d.code, source.get(d.from..d.to).unwrap()))
        .collect();
    for (_, _, code, words) in mistakes {
        assert!(
            found.contains(&(code, words)),
            "{code} {words} not in {found:?}"
        );
    }
    assert_eq!(
        found.len(),
        mistakes.len(),
        "no follow-up errors: {found:#?}"
    );
    let meant = |words: &str| {
        let d = checked
            .diagnostics
            .iter()
            .find(|d| source.get(d.from..d.to) == Some(words));
        d.map(|d| d.help_nl.clone()).unwrap_or_default()
    };
    assert_eq!(meant("fraudeonderzeok"), "Bedoelde u `fraudeonderzoek`?");
    assert_eq!(meant("evaluate"), "Bedoelde u `evaluatie`?");
    assert_eq!(meant("politie.infodsek"), "Bedoelde u `politie.infodesk`?");
}

#[test]
fn accents_before_a_mistake_do_not_shift_it() {
    let source = std::fs::read_to_string(root().join("policies/bad/onbekend-woord.toml")).unwrap();
    let source = source.replace(
        "[\"opsporign\"]",
        "[\"huurbeëindiging één\", \"opsporign\"]",
    );
    let checked = check(&source);
    let words: Vec<&str> = checked
        .with(Severity::Error)
        .map(|d| source.get(d.from..d.to).unwrap())
        .collect();
    assert_eq!(words, ["huurbeëindiging één", "opsporign"]);
    let shown = render("proef.toml", &source, &checked.diagnostics, Lang::Nl);
    let lines: Vec<&str> = shown.lines().collect();
    let marks: Vec<usize> = lines
        .iter()
        .enumerate()
        .filter(|(_, l)| l.contains('^'))
        .map(|(at, _)| at)
        .collect();
    for (at, word) in marks.into_iter().zip(["huurbeëindiging één", "opsporign"]) {
        let (code, mark) = (lines.get(at - 1).unwrap(), lines.get(at).unwrap());
        let before = code.split(word).next().unwrap().chars().count();
        assert_eq!(mark.find('^').unwrap(), before, "\n{shown}");
        assert_eq!(mark.matches('^').count(), word.chars().count(), "\n{shown}");
    }
}
