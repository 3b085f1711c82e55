//! What a clause on matches may want and show.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;

use covenant::{Checked, Severity, check};

/// A covenant whose clause 1.2 is on matches, changed.
fn changed(name: &str, changes: &[(&str, &str)]) -> (String, Checked) {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../policies/bad/{name}.toml"));
    let mut source = std::fs::read_to_string(path).unwrap();
    for (from, to) in changes {
        assert!(source.contains(from), "{from}");
        source = source.replace(from, to);
    }
    let checked = check(&source);
    (source, checked)
}

/// The codes, besides notes, with the words that they underline.
fn found(name: &str, changes: &[(&str, &str)]) -> Vec<(&'static str, String)> {
    let (source, checked) = changed(name, changes);
    let words = checked
        .diagnostics
        .iter()
        .filter(|d| d.severity != Severity::Info)
        .map(|d| (d.code, source.get(d.from..d.to).unwrap().to_owned()));
    words.collect()
}

const ASKED: &str = "voorwaarde.motivering = true\n";
const REFUSED: &str = "uitkomst = \"geweigerd: motivering\"";

#[test]
fn a_clause_on_matches_wants_nothing_of_an_asker() {
    let code = "vrager-bij-overeenkomst";
    for (demand, words) in [
        ("voorwaarde.dossier = true\n", "dossier"),
        ("voorwaarde.inlogniveau = \"substantieel\"\n", "inlogniveau"),
        ("uitvoer.antwoord_na = \"4 uur\"\n", "antwoord_na"),
        (
            "voorwaarde.goedkeuring = { aantal = 1, door = [\"corporatie.huismeester\"], binnen = \"4 uur\" }\n",
            "goedkeuring",
        ),
    ] {
        for triggers in ["[\"overeenkomst\"]", "[\"bevraging\", \"overeenkomst\"]"] {
            let changes = [
                (ASKED, demand),
                (REFUSED, "uitkomst = \"geweigerd\""),
                ("[\"overeenkomst\"]", triggers),
            ];
            assert_eq!(
                found(code, &changes),
                [(code, words.to_owned())],
                "{demand}"
            );
        }
    }
}

#[test]
fn what_everybody_meets_has_no_effect_there() {
    let low = "voorwaarde.inlogniveau = \"laag\"\n";
    let changes = [(ASKED, low), (REFUSED, "uitkomst = \"1.2\"")];
    let found = found("vrager-bij-overeenkomst", &changes);
    assert_eq!(found, [("zonder-gevolg", "inlogniveau".to_owned())]);
}

/// A prohibition on the hit leaves a notice with advice only, whose arrival is a hit.
#[test]
fn a_prohibition_leaves_no_notice_below_a_hit() {
    let name = "melding-onder-treffer";
    let both = (
        "[\"handelingsadvies\"]\nadvies       = \"overleg-eerst\"",
        "[\"treffer\", \"handelingsadvies\"]\nadvies       = \"overleg-eerst\"",
    );
    assert_eq!(found(name, &[both]), []);
    let with = |prohibition: &str| {
        let (source, _) = changed(name, &[both]);
        let source =
            format!("{source}\n[[verbod]]\nnummer = \"9.1\"\ntitel = \"t\"\n{prohibition}\n");
        let checked = check(&source);
        checked
            .diagnostics
            .iter()
            .filter(|d| d.severity != Severity::Info)
            .map(|d| d.code)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        with("aan = [\"gemeente.*\"]\ntoont = [\"treffer\"]"),
        [name]
    );
    let all = with("aan = [\"gemeente.*\"]\ntoont = [\"*\"]");
    assert!(!all.contains(&name), "nothing is left to send: {all:?}");
}
