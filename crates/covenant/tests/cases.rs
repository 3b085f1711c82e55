//! Cases beside a covenant: read with every mistake shown in its place, and tried with the reason.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::path::{Path, PathBuf};

use covenant::cases::{Case, CheckedCases, FORMAT, Tested, check_cases, try_cases, try_examples};
use covenant::{Checking, Covenant, Lang, check_as, render, to_json};

fn policies() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies")
}

/// Every model covenant by its file name without the ending, with its text.
fn models() -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = std::fs::read_dir(policies())
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter_map(|entry| {
            let name = entry.file_name().into_string().unwrap();
            let stem = name.strip_suffix(".toml")?.to_owned();
            (!stem.ends_with(".cases")).then(|| (stem, entry.path()))
        })
        .map(|(stem, path)| (stem, std::fs::read_to_string(path).unwrap()))
        .collect();
    found.sort();
    found
}

fn covenant_of(source: &str) -> Covenant {
    let checked = check_as(source, Checking::Template, None);
    let shown = render("convenant", source, &checked.diagnostics, Lang::Nl);
    checked.covenant.expect(&shown)
}

fn cases_of(name: &str) -> String {
    let path = policies().join(format!("{name}.cases.toml"));
    std::fs::read_to_string(&path).unwrap_or_else(|_| panic!("{} is missing", path.display()))
}

fn whole(source: &str, covenant: &Covenant) -> Vec<Case> {
    let checked = check_cases(source.as_bytes(), covenant);
    let shown = render("gevallen", source, &checked.diagnostics, Lang::Nl);
    assert!(checked.diagnostics.is_empty(), "{shown}");
    checked.cases.expect("there is nothing to say")
}

fn visits() -> Covenant {
    let path = policies().join("veilig-op-bezoek.toml");
    covenant_of(&std::fs::read_to_string(path).unwrap())
}

/// A file of cases for the safe visit.
fn file(cases: &str) -> String {
    format!(
        "formaat = \"{FORMAT}\"\nconvenant = \"veilig-op-bezoek-roosdonk\"\nversie = 1\n\n{cases}"
    )
}

const ASK: &str = "vraag = { rol = \"corporatie.huismeester\", doel = \"bezoekveiligheid\", \
                   van = \"gemeente\", over = \"gevaarlijk-dier\", toont = \"handelingsadvies\" }";

fn case(rest: &str) -> String {
    file(&format!("[[geval]]\nnaam = \"proef\"\n{ASK}\n{rest}\n"))
}

fn found(checked: &CheckedCases, source: &str) -> Vec<(&'static str, String)> {
    let told = checked.diagnostics.iter();
    told.map(|d| (d.code, source.get(d.from..d.to).unwrap().to_owned()))
        .collect()
}

#[test]
fn every_model_covenant_passes_its_test_to_the_last_demand() {
    for (name, source) in models() {
        let covenant = covenant_of(&source);
        let text = cases_of(&name);
        let cases = whole(&text, &covenant);
        let file = format!("{name}.cases.toml");
        let tested = Tested::new(&covenant, &name, &source, [(&*file, &*text, &*cases)]);
        assert!(tested.is_good(true), "{}", tested.text(Lang::Nl, true));
        assert!(tested.text(Lang::Nl, true).contains("In orde"));
        assert_eq!(tested.json(true)["good"], true);
    }
}

#[test]
fn a_flipped_outcome_never_passes() {
    use covenant::language::ast::Outcome;
    let mut flipped = 0;
    for (name, source) in models() {
        let covenant = covenant_of(&source);
        let numbers = covenant.clauses().iter().map(|c| c.number.clone());
        let numbers: Vec<_> = numbers.collect();
        let mut tried = try_examples(&covenant, &source);
        tried.extend(try_cases(&covenant, &whole(&cases_of(&name), &covenant)));
        for case in tried.into_iter().map(|t| t.case) {
            let mut others: Vec<Outcome> = numbers.iter().cloned().map(Outcome::Clause).collect();
            let reasons = covenant::language::words::Reason::ALL.iter();
            let refused = |outcome: &Outcome| matches!(outcome, Outcome::Refused(_));
            if !refused(&case.example.outcome) {
                others.push(Outcome::Refused(None));
                others.extend(reasons.map(|reason| Outcome::Refused(Some(*reason))));
            }
            others.retain(|other| *other != case.example.outcome);
            for outcome in others {
                let mut other = case.clone();
                other.example.outcome = outcome;
                assert!(
                    !try_cases(&covenant, &[other.clone()])[0].holds(),
                    "{other:?}"
                );
                flipped += 1;
            }
        }
    }
    assert!(flipped > 500, "{flipped}");
}

#[test]
fn the_reasons_are_all_named_or_it_does_not_hold() {
    let covenant = visits();
    let holds = |rest: &str| try_cases(&covenant, &whole(&case(rest), &covenant))[0].holds();
    let facts = "feiten = { dossier = false, treffers = 0 }\n";
    for (right, rest) in [
        (true, "uitkomst = \"geweigerd\""),
        (true, "uitkomst = \"geweigerd: dossier\""),
        (true, "uitkomst = \"geweigerd: treffers\""),
        (false, "uitkomst = \"geweigerd: motivering\""),
        (false, "uitkomst = \"3.1\""),
        (
            true,
            "uitkomst = \"geweigerd\"\nredenen = [\"treffers\", \"dossier\"]",
        ),
        (
            true,
            "uitkomst = \"geweigerd: dossier\"\nredenen = [\"dossier\", \"treffers\"]",
        ),
        (false, "uitkomst = \"geweigerd\"\nredenen = [\"dossier\"]"),
        (
            false,
            "uitkomst = \"geweigerd\"\nredenen = [\"dossier\", \"treffers\", \"beoordeling\"]",
        ),
        (true, "uitkomst = \"geweigerd: dossier\"\nregel = \"3.1\""),
        (false, "uitkomst = \"geweigerd: dossier\"\nregel = \"3.2\""),
        (false, "uitkomst = \"geweigerd\"\nverbod = \"3.9\""),
    ] {
        assert_eq!(holds(&format!("{facts}{rest}")), right, "{rest}");
    }
    let banned = ASK.replace("\"handelingsadvies\"", "\"categorie\"");
    let banned = |rest| {
        let source = case(rest).replace(ASK, &banned);
        try_cases(&covenant, &whole(&source, &covenant))[0].holds()
    };
    assert!(banned("uitkomst = \"geweigerd: verbod\"\nverbod = \"3.9\""));
    assert!(!banned("uitkomst = \"geweigerd\"\nregel = \"3.1\""));
    assert!(!banned("uitkomst = \"geweigerd: niet-genoemd\""));
}

#[test]
fn a_series_has_a_case_in_each_row() {
    let covenant = visits();
    let source = file(&format!(
        "[[reeks]]\nnaam = \"hoe vaak\"\n{ASK}\nfeiten = {{ treffers = 1, dossier = true }}\nrijen = [\n  \
         {{ per_medewerker_per_dag = 12, uitkomst = \"3.1\" }},\n  \
         {{ per_medewerker_per_dag = 13, uitkomst = \"geweigerd\", redenen = [\"per_medewerker_per_dag\"] }},\n  \
         {{ dossier = false, rol = \"corporatie.teamleider\", uitkomst = \"geweigerd: dossier\", regel = \"3.1\" }},\n]\n"
    ));
    let tried = try_cases(&covenant, &whole(&source, &covenant));
    assert!(tried.iter().all(|t| t.holds()), "{tried:#?}");
    let names: Vec<&str> = tried.iter().map(|t| t.name()).collect();
    assert_eq!(names, ["hoe vaak (1)", "hoe vaak (2)", "hoe vaak (3)"]);
    let last = &tried[2].case.example;
    assert_eq!(last.question.role.as_str(), "corporatie.teamleider");
    assert_eq!(
        (last.facts.file_number, last.facts.hits),
        (Some(false), Some(1))
    );
    for t in &tried {
        assert!(
            source
                .get(t.at())
                .is_some_and(|w| w == "3.1" || w.starts_with("geweigerd"))
        );
    }
}

#[test]
fn a_wrong_outcome_is_underlined_with_what_was_expected_and_what_came() {
    let covenant = visits();
    let source = case("feiten = { per_medewerker_per_dag = 13 }\nuitkomst = \"3.1\"");
    let cases = whole(&source, &covenant);
    let tested = Tested::new(
        &covenant,
        "c.toml",
        "",
        [("c.cases.toml", &*source, &*cases)],
    );
    assert!(!tested.holds() && !tested.is_good(false));
    let shown = tested.text(Lang::Nl, false);
    for words in [
        "verwacht: getoond door regel 3.1",
        "gekregen: geweigerd door regel 3.1, om per_medewerker_per_dag (13, hooguit 12)",
        "--> c.cases.toml:9:13",
        "1 geval, 1 klopt niet",
        "Niet in orde:",
        "1 uitkomst klopt niet",
    ] {
        assert!(shown.contains(words), "{words}\n{shown}");
    }
    let english = tested.text(Lang::En, false);
    assert!(english.contains("got: refused by clause 3.1"), "{english}");
    assert_eq!(tested.json(false)["files"][1]["cases"][0]["line"], 9);
}

#[test]
#[expect(clippy::too_many_lines, reason = "two dozen mistakes")]
fn each_mistake_is_underlined_with_a_suggestion() {
    let covenant = visits();
    let yes = "uitkomst = \"3.1\"";
    let series = |rows: &str| {
        file(&format!(
            "[[reeks]]\nnaam = \"n\"\n{ASK}\nrijen = [{rows}]\n"
        ))
    };
    let cases = [
        (
            case("uitkomts = \"3.1\""),
            "onbekende-sleutel",
            "uitkomts",
            "Bedoelde u `uitkomst`?",
        ),
        (
            case("uitkomst = \"3.3\""),
            "onbekende-verwijzing",
            "3.3",
            "Bedoelde u `3.1`?",
        ),
        (
            case("uitkomst = \"geweigerd: treffer\""),
            "onbekend-woord",
            "geweigerd: treffer",
            "Bedoelde u `treffers`?",
        ),
        (
            case("uitkomst = \"geweigerd\"\nredenen = [\"dosier\"]"),
            "onbekend-woord",
            "dosier",
            "Bedoelde u `dossier`?",
        ),
        (
            case("uitkomst = \"geweigerd\"\nverbod = \"3.8\""),
            "onbekende-verwijzing",
            "3.8",
            "Bedoelde u `3.9`?",
        ),
        (
            case("feiten = { treffers = \"1\" }\nuitkomst = \"3.1\""),
            "verkeerd-soort",
            "1",
            "vorm",
        ),
        (
            case("uitkomst = \"3.1\"\nredenen = [\"dossier\"]"),
            "ongeldige-waarde",
            "[\"dossier\"]",
            "vorm",
        ),
        (
            case("uitkomst = \"3.1\"\nregel = \"3.1\""),
            "ongeldige-waarde",
            "regel",
            "vorm",
        ),
        (
            case("uitkomst = \"geweigerd: dossier\"\nredenen = [\"treffers\"]"),
            "ongeldige-waarde",
            "[\"treffers\"]",
            "vorm",
        ),
        (
            case("uitkomst = \"geweigerd: dossier\"\nverbod = \"3.9\""),
            "ongeldige-waarde",
            "verbod",
            "vorm",
        ),
        (
            case("uitkomst = \"geweigerd\"\nredenen = []"),
            "leeg",
            "[]",
            "Vul",
        ),
        (
            case(yes).replace("-roosdonk\"", "-rosdonk\""),
            "onbekende-verwijzing",
            "veilig-op-bezoek-rosdonk",
            "veilig-op-bezoek-roosdonk",
        ),
        (
            case(yes).replace("versie = 1", "versie = 2"),
            "onbekende-verwijzing",
            "2",
            "versie = 1",
        ),
        (
            case(yes).replace("gevallen/1", "gevallen/9"),
            "formaat",
            "convenant-gevallen/9",
            FORMAT,
        ),
        (
            case(yes).replace("versie = 1\n", ""),
            "ontbreekt",
            "",
            "Voeg",
        ),
        (
            case(yes).replace("\"gevaarlijk-dier\"", "\"gevaarlijk-dir\""),
            "onbekende-verwijzing",
            "gevaarlijk-dir",
            "Bedoelde u `gevaarlijk-dier`?",
        ),
        (file(""), "leeg", "", "Vul"),
        (series(""), "leeg", "[]", "Vul"),
        (
            series("{ trefers = 1, uitkomst = \"3.1\" }"),
            "onbekende-sleutel",
            "trefers",
            "Bedoelde u `treffers`?",
        ),
        (
            series("{ treffers = -1, uitkomst = \"3.1\" }"),
            "ongeldige-waarde",
            "-1",
            "vorm",
        ),
        (
            series("{ van = \"gemente\", uitkomst = \"3.1\" }"),
            "onbekende-verwijzing",
            "gemente",
            "Bedoelde u `gemeente`?",
        ),
        (
            series("{ treffers = 1 }"),
            "ontbreekt",
            "{ treffers = 1 }",
            "Voeg",
        ),
        (
            series("{ uitkomst = \"3.1\" }, { uitkomst = \"3.1\" }").replace("over =", "ovr ="),
            "onbekende-sleutel",
            "ovr",
            "Bedoelde u `over`?",
        ),
        (
            series("{ uitkomst = \"3.1\" }, { uitkomst = \"3.1\" }").replace("naam =", "nam ="),
            "onbekende-sleutel",
            "nam",
            "Bedoelde u `naam`?",
        ),
        (case("uitkomst = 3.1"), "verkeerd-soort", "3.1", "vorm"),
        (
            case(yes).replace('\n', "\r\n"),
            "bestand-regeleinde",
            "\r",
            "Unix",
        ),
    ];
    for (source, code, words, help) in cases {
        let checked = check_cases(source.as_bytes(), &covenant);
        let told = found(&checked, &source);
        assert!(checked.cases.is_none(), "{code} {words}");
        assert_eq!(told, [(code, words.to_owned())], "{source}");
        assert!(
            checked.diagnostics[0].help_nl.contains(help),
            "{:?}",
            checked.diagnostics
        );
        assert!(!checked.diagnostics[0].message_en.is_empty());
        assert!(to_json(&source, &checked.diagnostics).contains(code));
    }
}

#[test]
fn any_bytes_are_answered_without_a_panic() {
    let covenant = visits();
    let source = cases_of("veilig-op-bezoek");
    for cut in (0..source.len())
        .step_by(97)
        .filter(|at| source.is_char_boundary(*at))
    {
        let (head, tail) = source.split_at(cut);
        for text in [head.to_owned(), tail.to_owned(), format!("{head}[{tail}")] {
            let checked = check_cases(text.as_bytes(), &covenant);
            assert!(checked.diagnostics.iter().all(|d| d.to <= text.len()));
        }
    }
    for bytes in [
        &b"\xff"[..],
        b"",
        b"geval = 1",
        b"[[reeks]]",
        b"reeks = [1]",
    ] {
        assert!(check_cases(bytes, &covenant).cases.is_none());
    }
    let large = vec![b'#'; 300_000];
    assert_eq!(
        check_cases(&large, &covenant).diagnostics[0].code,
        "bestand-te-groot"
    );
}
