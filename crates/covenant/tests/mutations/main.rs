//! Every key and every value of every covenant in `policies/` is removed, misspelt, retyped and
//! swapped with another of its kind; every clause, prohibition and example is doubled. Each change
//! must be an error, or something that the comparison prints and that a signer reads, or something
//! that is named as being without effect. None may be silent.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod judge;
mod mutate;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use toml::Value;

use judge::{Original, Outcome};
use mutate::{Kind, Mutation};

/// Every covenant in the folder, by listing it.
fn models() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies");
    let mut models: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "toml"))
        .filter(|path| !path.to_string_lossy().ends_with(".cases.toml"))
        .collect();
    models.sort();
    models
}

fn read(path: &Path) -> Value {
    toml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// How each mutation came out, over as many threads as there are processors.
fn judged(root: &Value, mutations: &[Mutation]) -> Vec<Outcome> {
    let original = Original::of(root);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let share = mutations.len().div_ceil(threads).max(1);
    std::thread::scope(|scope| {
        let workers: Vec<_> = mutations
            .chunks(share)
            .map(|some| {
                let original = &original;
                scope.spawn(move || {
                    let judge = |m: &Mutation| original.judge(&m.apply(root), m.kind());
                    some.iter().map(judge).collect::<Vec<_>>()
                })
            })
            .collect();
        workers
            .into_iter()
            .flat_map(|w| w.join().unwrap())
            .collect()
    })
}

#[test]
fn no_mutation_of_any_covenant_is_silent() {
    let models = models();
    assert!(models.len() >= 3, "{models:?}");
    let mut all: BTreeMap<(Kind, Outcome), usize> = BTreeMap::new();
    let mut silent = Vec::new();
    let mut total = 0;
    for path in models {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let root = read(&path);
        let mutations = mutate::all(&root);
        assert!(mutations.len() > 1_000, "{name}: {}", mutations.len());
        total += mutations.len();
        for (mutation, outcome) in mutations.iter().zip(judged(&root, &mutations)) {
            *all.entry((mutation.kind(), outcome)).or_default() += 1;
            if matches!(outcome, Outcome::Silent | Outcome::Unread) {
                silent.push(format!("{name}: {mutation}: {outcome:?}"));
            }
        }
    }
    println!("{total} mutations");
    for outcome in Outcome::ALL {
        let of = |kind: Kind| all.get(&(kind, outcome)).copied().unwrap_or(0);
        let kinds: Vec<String> = Kind::ALL
            .iter()
            .map(|kind| format!("{kind:?} {}", of(*kind)))
            .collect();
        let sum: usize = Kind::ALL.iter().map(|kind| of(*kind)).sum();
        println!("{sum:6} {outcome:?} ({})", kinds.join(", "));
    }
    assert!(
        silent.is_empty(),
        "{} silent\n{}",
        silent.len(),
        silent.join("\n")
    );
    // The test is about something: every kind of mutation is tried, and every way of naming it.
    for kind in Kind::ALL {
        assert!(all.keys().any(|(k, _)| *k == kind), "{kind:?}");
    }
    for outcome in [
        Outcome::Error,
        Outcome::Cells,
        Outcome::Particulars,
        Outcome::Named,
    ] {
        assert!(all.keys().any(|(_, o)| *o == outcome), "{outcome:?}");
    }
}
