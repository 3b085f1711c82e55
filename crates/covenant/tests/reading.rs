//! What the signer reads: plain, complete, and different for every covenant that decides otherwise.
#![expect(
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    clippy::as_conversions,
    reason = "a test fails by panicking, and counts words"
)]

use std::path::{Path, PathBuf};

use covenant::plain::read;
use covenant::{Checking, Covenant, Lang, check_as};

/// No sentence is longer.
const LONGEST: usize = 20;
/// The average stays below.
const AVERAGE: f64 = 12.0;

fn models() -> Vec<(PathBuf, Covenant)> {
    let policies = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies");
    let mut files: Vec<PathBuf> = std::fs::read_dir(&policies)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "toml"))
        .filter(|path| !path.to_string_lossy().ends_with(".cases.toml"))
        .collect();
    files.sort();
    assert!(files.len() >= 3, "{files:?}");
    files
        .into_iter()
        .map(|path| {
            let source = std::fs::read_to_string(&path).unwrap();
            let checked = check_as(&source, Checking::Template, None);
            (path, checked.covenant.unwrap())
        })
        .collect()
}

/// The sentences before the list of keys, which has none.
fn sentences(reading: &str) -> Vec<String> {
    let mut all = Vec::new();
    for line in reading.lines() {
        let line = line.trim().trim_start_matches("- ");
        if line == "OM TE VERGELIJKEN" || line == "TO BE COMPARED" {
            break;
        }
        let mut rest = line;
        while let Some(at) = rest.find(". ").filter(|at| {
            let next = rest.get(at + 2..).and_then(|r| r.chars().next());
            next.is_some_and(char::is_uppercase)
        }) {
            let (one, after) = rest.split_at(at + 1);
            all.push(one.to_owned());
            rest = after.trim_start();
        }
        if !rest.is_empty() {
            all.push(rest.to_owned());
        }
    }
    all
}

#[test]
fn sentences_are_short_in_both_languages() {
    for (path, covenant) in models() {
        for lang in [Lang::Nl, Lang::En] {
            let sentences = sentences(&read(&covenant, lang));
            let lengths: Vec<usize> = sentences
                .iter()
                .map(|s| s.split_whitespace().count())
                .collect();
            for (sentence, length) in sentences.iter().zip(&lengths) {
                assert!(
                    *length <= LONGEST,
                    "{path:?} {lang:?}: {length}: {sentence}"
                );
            }
            let average = lengths.iter().sum::<usize>() as f64 / lengths.len() as f64;
            assert!(average <= AVERAGE, "{path:?} {lang:?}: {average}");
            println!(
                "{} {lang:?}: {} sentences, {average:.1} words",
                path.display(),
                lengths.len()
            );
        }
    }
}

/// Words that a person who signs need not know. The names of laws stay as they are, and what the
/// parties wrote themselves, between quotes, is theirs.
const JARGON: &[&str] = &[
    "pseudoniem",
    "pseudonym",
    "token",
    "hash",
    "hmac",
    "oprf",
    "epoch",
    "cryptogra",
    "match",
    "node",
    "server",
    "default",
    "toml",
    "parse",
    "query",
    "cel ",
    "vakje",
    "cell",
    "predica",
    "null",
    "true",
    "false",
    "algorit",
    "functionaliteit",
    "implementa",
    "conform",
    "middels",
    "teneinde",
    "alsmede",
    "inzake",
    "derhalve",
    "dienaangaande",
    "voornoemd",
    "hereby",
    "thereof",
    "pursuant",
    "notwithstanding",
    "_",
];

#[test]
fn no_jargon() {
    for (path, covenant) in models() {
        for lang in [Lang::Nl, Lang::En] {
            for sentence in sentences(&read(&covenant, lang)) {
                let own: String = sentence.split('"').step_by(2).collect();
                let own = own.to_lowercase();
                let found = JARGON.iter().find(|word| own.contains(**word));
                assert_eq!(found, None, "{path:?}: {sentence}");
            }
        }
    }
}

#[test]
fn every_clause_and_prohibition_has_its_sentence() {
    for (_, covenant) in models() {
        let reading = read(&covenant, Lang::Nl);
        for clause in covenant.clauses() {
            let head = format!("Regel {}: \"{}\".\n", clause.number, clause.title);
            let after = reading.split(&head).nth(1).unwrap();
            let sentence = after.lines().next().unwrap();
            assert!(
                sentence.contains(" weten") && !sentence.starts_with(' '),
                "{sentence}"
            );
        }
        for prohibition in covenant.prohibitions() {
            let head = format!(
                "Verbod {}: \"{}\".\n",
                prohibition.number, prohibition.title
            );
            let after = reading.split(&head).nth(1).unwrap();
            assert!(after.starts_with("Nooit "), "{after}");
        }
    }
}

/// What the advice tells without saying so, and who closes what.
#[test]
fn the_reading_warns() {
    let models = models();
    let of = |name: &str| {
        let (_, covenant) = models
            .iter()
            .find(|(path, _)| path.ends_with(format!("{name}.toml")))
            .unwrap();
        read(covenant, Lang::Nl)
    };
    let visit = of("veilig-op-bezoek");
    for text in [
        "Let op: wie dit advies krijgt, weet ook dat er een signaal is.",
        "Dat signaal gaat over agressie-tegen-medewerker of gevaarlijk-dier.",
        "Dat signaal komt van Gemeente Roosdonk.",
        "weet dat het om agressie-tegen-medewerker gaat.",
    ] {
        assert!(visit.contains(text), "{text}\n{visit}");
    }
    assert!(of("woonoverlast").contains("verbod 4.9 gaat voor"));
}

/// The reading is of the meaning: a comment and the layout play no part.
#[test]
fn comments_are_not_read() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies/woonoverlast.toml");
    let source = std::fs::read_to_string(path).unwrap();
    let said = |source: &str| {
        let checked = check_as(source, Checking::Template, None);
        read(&checked.covenant.unwrap(), Lang::Nl)
    };
    let other = format!(
        "# Dit mag allemaal niet.\n\n{}",
        source.replace("  =", "     =")
    );
    assert_eq!(said(&source), said(&other));
}
