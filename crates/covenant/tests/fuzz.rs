//! A fuzzer for the stable compiler: the corpus is replayed, then mutated, and everything that
//! reads a covenant reads it. It must end, without a panic, with one covenant or at least one
//! error, and each finding must lie within the file, between whole characters.
//!
//! The corpus is `policies/`, `policies/bad/` and `tests/corpus/covenant/`: put what once went wrong
//! in the last, under a name that says what it was. Mutations are of bytes, of the language's words
//! and tokens, and of pieces of other files; they follow from a seed, and a failure prints it. To run
//! it longer:
//!
//!     COVENANT_FUZZ_FROM=1000 COVENANT_FUZZ_RUNS=1000000 cargo test --release -p covenant --test fuzz
//!
//! It has no clock: a hang shows as a test that does not end, on the run that it printed last with
//! `-- --nocapture`. For a fuzzer that looks at coverage (`cargo fuzz`, with the nightly compiler),
//! [`everything`] is the target, and the three folders are its corpus.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, and tells how much it tried"
)]

#[path = "generator/mod.rs"]
mod generator;

use std::path::Path;

use covenant::decide::{Asking, Facts, Protections, Standing, decide};
use covenant::language::words::{Shows, Trigger};
use covenant::{Checking, Covenant, Lang, Severity, check_bytes, render, to_json};
use generator::{Dice, Generated, covenant};

/// Mutations in an ordinary run.
const RUNS: u64 = 1_500;
/// The largest file that a mutation starts from: larger ones are replayed and take long.
const LARGEST: usize = 40_000;
/// The most cells of which every one is decided.
const MOST_CELLS: usize = 3_000;

/// Everything that reads a covenant reads this one. Says how far it came.
fn everything(bytes: &[u8]) -> (Reached, Option<Covenant>) {
    let (strict, covenant) = checked(bytes, Checking::Strict);
    if strict == Reached::Covenant {
        return (strict, covenant);
    }
    (checked(bytes, Checking::Template).0, None)
}

/// How far a file came.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Reached {
    NoText,
    Errors,
    Covenant,
}

fn checked(bytes: &[u8], checking: Checking) -> (Reached, Option<Covenant>) {
    let checked = check_bytes(bytes, checking, None);
    let text = std::str::from_utf8(bytes);
    for found in &checked.diagnostics {
        assert!(
            found.from <= found.to && found.to <= bytes.len(),
            "{found:?}"
        );
        if let Ok(text) = text {
            let whole = text.is_char_boundary(found.from) && text.is_char_boundary(found.to);
            assert!(whole, "{found:?}");
        }
        assert!(
            !found.message_nl.is_empty() && !found.message_en.is_empty(),
            "{found:?}"
        );
    }
    let errors = checked.with(Severity::Error).count();
    assert_eq!(
        checked.covenant.is_some(),
        errors == 0,
        "one covenant, or an error"
    );
    let shown = String::from_utf8_lossy(bytes);
    if shown.len() <= LARGEST {
        let told = render("bestand", &shown, &checked.diagnostics, Lang::Nl);
        assert_eq!(told.is_empty(), checked.diagnostics.is_empty());
        assert!(to_json(&shown, &checked.diagnostics).starts_with('['));
    }
    let Some(covenant) = checked.covenant else {
        let reached = if text.is_ok() {
            Reached::Errors
        } else {
            Reached::NoText
        };
        return (reached, None);
    };
    if covenant::table::digest(&covenant).is_ok() {
        assert!(!covenant::matrix::matrix(&covenant).is_empty());
        let texts = covenant::cedar::export(&covenant);
        assert_eq!(texts, covenant::cedar::export(&covenant));
    }
    (Reached::Covenant, Some(covenant))
}

/// Every cell of a covenant that can be put in force has a decision. How many that were.
fn every_cell(of: &Generated) -> usize {
    // A mutation may have hit a key or the dates.
    let Ok(active) = of.put_in_force() else {
        return 0;
    };
    let covenant = active.covenant();
    let now = covenant.valid_from().start();
    let mut standing = Standing::new(covenant);
    for party in covenant.parties().keys() {
        standing.confirm(party, now);
    }
    let mut decided = 0;
    for trigger in Trigger::ALL {
        let facts = Facts::nothing_found(*trigger, Asking::NOBODY, Protections::ABSENT);
        for cell in cells(covenant).into_iter().take(MOST_CELLS) {
            assert!(
                !decide(&active, &standing, &cell, &facts, now).is_reveal(),
                "{}",
                of.name
            );
            decided += 1;
        }
    }
    decided
}

fn cells(covenant: &covenant::Covenant) -> Vec<covenant::decide::Cell> {
    let mut cells = Vec::new();
    for role in covenant.parties().values().flat_map(|p| p.roles.keys()) {
        for purpose in covenant.purposes().keys() {
            for source in covenant.parties().keys() {
                for signal in covenant.signals().keys() {
                    cells.extend(Shows::ALL.iter().map(|shows| covenant::decide::Cell {
                        role: role.clone(),
                        purpose: purpose.clone(),
                        source: source.clone(),
                        signal: signal.clone(),
                        shows: *shows,
                    }));
                }
            }
        }
    }
    cells
}

/// The files, and covenants of chance whose keys are known, so that what they mutate into can be
/// put in force.
fn corpus() -> Vec<(String, Vec<u8>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut all = Vec::new();
    for folder in [
        "../../policies",
        "../../policies/bad",
        "tests/corpus/covenant",
    ] {
        for entry in std::fs::read_dir(root.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|e| e == "toml") {
                all.push((path.display().to_string(), std::fs::read(&path).unwrap()));
            }
        }
    }
    all.sort();
    for seed in 4_000_000..4_000_030 {
        let of = covenant(seed, 6);
        assert_eq!(of.in_force().covenant().digest(), of.covenant.digest());
        all.push((of.name, of.source.into_bytes()));
    }
    all
}

/// What means something in a covenant or in TOML.
const WORDS: &[&str] = &[
    "[[regel]]\n",
    "[[verbod]]\n",
    "[[voorbeeld]]\n",
    "[partij.x]\n",
    "[signaal.x]\n",
    "[doel.x]\n",
    "[vergelijking.x]\n",
    "[logboek]\n",
    "[convenant]\n",
    "aan = ",
    "van = ",
    "over = ",
    "toont = ",
    "\"*\"",
    "\"gemeente.*\"",
    "voorwaarde.treffers = ",
    "voorwaarde.goedkeuring = ",
    "grens = {",
    "uitvoer.drempel = ",
    "belofte.bewaren = ",
    "\"aantal\"",
    "\"gegevens\"",
    "\"handelingsadvies\"",
    "\"overeenkomst\"",
    "\"scan\"",
    "\"AVG 6.1.e\"",
    "\"Wpg 20\"",
    "\"geweigerd: verbod\"",
    "true",
    "0",
    "-1",
    "4294967296",
    "9223372036854775807",
    "1e999",
    "nan",
    "2026-02-30",
    "0000-01-01",
    "9999-12-31",
    "\"120 jaar\"",
    "\"4294967295 weken\"",
    "[",
    "]",
    "{",
    "}",
    "=",
    ",",
    ".",
    "\"",
    "'''",
    "\"\"\"",
    "#",
    "\n",
    "\r\n",
    "\\u0000",
    "\\U0010ffff",
    "\u{202e}",
    "\u{feff}",
    "e\u{301}",
    "é",
    "\u{1f600}",
    "\u{0}",
    "\\\"",
    "ed25519:",
    "x25519:",
    "\"\"",
];

/// A few changes of a file.
fn mutated(dice: &mut Dice, corpus: &[(String, Vec<u8>)]) -> (String, Vec<u8>) {
    let small: Vec<&(String, Vec<u8>)> = corpus.iter().filter(|c| c.1.len() <= LARGEST).collect();
    let whole: Vec<&(String, Vec<u8>)> = small
        .iter()
        .copied()
        .filter(|c| c.0.starts_with("seed"))
        .collect();
    // Half of them begin with a covenant without errors and change little.
    let gently = dice.chance(50);
    let (name, bytes) = dice.pick(if gently { &whole } else { &small });
    let mut bytes = bytes.clone();
    let changes = if gently { 1 } else { 1 + dice.below(4) };
    for _ in 0..changes {
        change(dice, &mut bytes, &small);
    }
    (name.clone(), bytes)
}

fn change(dice: &mut Dice, bytes: &mut Vec<u8>, others: &[&(String, Vec<u8>)]) {
    let at = dice.below(bytes.len() + 1);
    let most = if dice.chance(80) { 12 } else { 2_000 };
    let end = (at + dice.below(most)).min(bytes.len());
    match dice.below(10) {
        0 if at < bytes.len() => bytes[at] ^= 1 << dice.below(8),
        1 => drop(bytes.drain(at..end)),
        2 => {
            let again = bytes[at..end].to_vec();
            bytes.splice(at..at, again);
        }
        3 => {
            let other = &dice.pick(others).1;
            let from = dice.below(other.len() + 1);
            let until = (from + dice.below(2_000)).min(other.len());
            bytes.splice(at..end, other[from..until].iter().copied());
        }
        4 => swap_tokens(dice, bytes),
        5 | 6 => {
            // A whole line goes.
            let start = bytes[..at]
                .iter()
                .rposition(|b| *b == b'\n')
                .map_or(0, |p| p + 1);
            let end = bytes[at..]
                .iter()
                .position(|b| *b == b'\n')
                .map_or(bytes.len(), |p| at + p);
            bytes.drain(start..end);
        }
        7 => {
            let digits: Vec<usize> = (0..bytes.len())
                .filter(|p| bytes[*p].is_ascii_digit())
                .collect();
            if !digits.is_empty() {
                let digit = dice.pick(&digits);
                bytes[digit] = dice.pick(b"0123456789");
            }
        }
        _ => {
            let word = dice.pick(WORDS);
            let end = if dice.chance(50) { at } else { end };
            bytes.splice(at..end, word.bytes());
        }
    }
}

/// Puts one token where another was: what TOML reads as a word, a text or a sign.
fn swap_tokens(dice: &mut Dice, bytes: &mut Vec<u8>) {
    let mut tokens = Vec::new();
    let mut start = 0;
    for at in 1..=bytes.len() {
        let sort = |b: u8| {
            (
                b.is_ascii_alphanumeric() || b == b'-' || b >= 0x80,
                b == b' ',
            )
        };
        if at == bytes.len() || sort(bytes[at]) != sort(bytes[at - 1]) || !sort(bytes[at]).0 {
            tokens.push(start..at);
            start = at;
        }
    }
    if tokens.is_empty() {
        return;
    }
    let (one, other) = (dice.pick(&tokens), dice.pick(&tokens));
    let other = bytes[other].to_vec();
    bytes.splice(one, other);
}

fn setting(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |value| value.parse().unwrap())
}

#[test]
fn the_corpus_is_read_to_the_end() {
    let corpus = corpus();
    assert!(corpus.len() > 70, "{}", corpus.len());
    let mut reached = Vec::new();
    for (name, bytes) in &corpus {
        println!("{name}");
        reached.push(everything(bytes).0);
    }
    for all in [Reached::NoText, Reached::Errors, Reached::Covenant] {
        assert!(reached.contains(&all), "{all:?}");
    }
}

#[test]
fn mutations_are_read_to_the_end() {
    let corpus = corpus();
    let (from, runs) = (
        setting("COVENANT_FUZZ_FROM", 1),
        setting("COVENANT_FUZZ_RUNS", RUNS),
    );
    let mut reached = [0_u64; 3];
    let mut decided = 0;
    for run in from..from.saturating_add(runs) {
        let (name, bytes) = mutated(&mut Dice::new(run), &corpus);
        println!("run {run}: {name}");
        let result = std::panic::catch_unwind(|| everything(&bytes));
        let (how_far, strict) = result.unwrap_or_else(|_| {
            panic!("run {run} of {name}:\n{}", String::from_utf8_lossy(&bytes))
        });
        reached[how_far as usize] += 1;
        if let (Some(covenant), Ok(source)) = (strict, String::from_utf8(bytes)) {
            decided += every_cell(&Generated::of(
                format!("run {run} of {name}"),
                source,
                covenant,
            ));
        }
    }
    println!("{runs} runs: no text, errors, covenants {reached:?}; {decided} decisions");
    assert!(
        reached[1] > runs / 10 && reached[2] > runs / 100,
        "{reached:?}"
    );
    assert!(decided > 0);
}
