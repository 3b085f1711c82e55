//! `covenant policy diff`.

use std::path::PathBuf;
use std::process::Output;

use super::{code, complained, covenant, json, repository, said, text};

/// A model covenant, and the same with one thing replaced.
struct Pair {
    _folder: tempfile::TempDir,
    before: PathBuf,
    after: PathBuf,
}

impl Pair {
    fn replaced(from: &str, to: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let before = repository("policies/woonoverlast.toml");
        let model = std::fs::read_to_string(&before).unwrap();
        assert!(model.contains(from), "{from}");
        let after = folder.path().join("ontwerp.toml");
        std::fs::write(&after, model.replacen(from, to, 1)).unwrap();
        Self {
            _folder: folder,
            before,
            after,
        }
    }

    fn diff(&self, more: &[&str]) -> Output {
        let (before, after) = (text(&self.before), text(&self.after));
        let diff = ["policy", "diff", &before, &after];
        covenant(diff.iter().chain(more))
    }
}

#[test]
fn what_opens_is_one_sentence_in_either_language() {
    // The prohibition no longer covers contact points.
    let pair = Pair::replaced("toont  = [\"*\"]", "toont  = [\"treffer\"]");
    let dutch = pair.diff(&[]);
    assert_eq!(code(&dutch), 1, "{}", complained(&dutch));
    let sentence = "- De corporatie (leefbaarheid) mag voor woonoverlast ook contactpunt zien over intimidatie, van politie (regel 4.3). Tot nu toe hield verbod 4.9 dit dicht.";
    assert!(said(&dutch).contains(sentence), "{}", said(&dutch));
    let english = said(&pair.diff(&["--lang", "en"]));
    let sentence = "- The corporatie (leefbaarheid) may for woonoverlast also see contactpunt about intimidatie, from politie (clause 4.3).";
    assert!(english.contains(sentence), "{english}");
    let json = json(&pair.diff(&["--format", "json"]));
    assert_eq!(
        json["newly_allowed"][0]["cells"][0]["shows"][0],
        "contactpunt"
    );
}

#[test]
fn an_edit_without_effect_is_named_and_is_no_difference() {
    let pair = Pair::replaced("Gewone tekst:", "Dit is gewone tekst:");
    let output = pair.diff(&[]);
    assert_eq!(code(&output), 0, "{}", complained(&output));
    assert!(
        said(&output).starts_with("Geen verschil."),
        "{}",
        said(&output)
    );
    assert!(
        said(&output).contains("Alleen opmerkingen"),
        "{}",
        said(&output)
    );
    let same = text(&pair.before);
    let output = covenant(["policy", "diff", "--lang", "en", &same, &same]);
    assert_eq!(
        (code(&output), said(&output).as_str()),
        (0, "No difference.\n")
    );
}

#[test]
fn a_covenant_with_errors_is_named_and_not_compared() {
    let pair = Pair::replaced(
        "soort         = \"gemeente\"",
        "soort         = \"gemente\"",
    );
    let output = pair.diff(&[]);
    assert_eq!((code(&output), said(&output).as_str()), (2, ""));
    assert!(complained(&output).contains("ontwerp.toml heeft fouten; zie covenant policy check"));
    assert_eq!(
        code(&covenant([
            "policy",
            "diff",
            "bestaat-niet.toml",
            "ook-niet.toml"
        ])),
        2
    );
}

/// A draft on which somebody is still at work: the examples follow later, and the difference is
/// told all the same.
#[test]
fn examples_that_come_out_otherwise_hide_no_difference() {
    let pair = Pair::replaced(
        "voorwaarde.treffers    = 1\n",
        "voorwaarde.treffers    = 2\n",
    );
    let output = pair.diff(&[]);
    assert_eq!(code(&output), 1, "{}", complained(&output));
    assert!(said(&output).contains("treffers"), "{}", said(&output));
    let complaint = complained(&output);
    assert!(
        complaint.contains("fout[voorbeeld-klopt-niet]"),
        "{complaint}"
    );
    assert!(!complaint.contains("waarschuwing["), "{complaint}");
}
