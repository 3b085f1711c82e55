//! The committed evidence bundles, `tests/vectors/bundles`: two good ones as folders, and what is done
//! to them as lines of `cases.jsonl`. Each is judged alike by this crate and by the program in Python.
//!
//! `COVENANT_REGENERATE_VECTORS=1 cargo test -p replay --test bundle_vectors the_committed` writes them
//! again.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::panic,
    clippy::as_conversions,
    reason = "a test fails by panicking"
)]

#[expect(dead_code, reason = "each test crate uses a part of it")]
mod bundle;
mod bundle_cases;
#[expect(dead_code, reason = "each test crate uses a part of it")]
#[path = "../../ledger/tests/log_builder/mod.rs"]
mod log_builder;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use bundle::{Files, judge, told};
use bundle_cases::{Case, good, tampered};
use ledger::{LogVerifier, Promise};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn folder() -> PathBuf {
    root().join("tests/vectors/bundles")
}

/// Every file below a folder, by its path in it.
fn files(folder: &Path) -> Files {
    let mut files = Files::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() {
            let inner = self::files(&path).into_iter();
            files.extend(inner.map(|(path, bytes)| (format!("{name}/{path}"), bytes)));
        } else {
            files.insert(name, std::fs::read(&path).unwrap());
        }
    }
    files
}

fn committed() -> Vec<Case> {
    let text = std::fs::read_to_string(folder().join("cases.jsonl")).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn made() -> (BTreeMap<&'static str, Files>, Vec<Case>) {
    let good = good();
    let cases = tampered(&good);
    (good, cases)
}

#[test]
fn the_committed_bundles_are_those_of_this_code() {
    let (good, cases) = made();
    let mut all = Files::new();
    for (name, files) in &good {
        let files = files.iter();
        all.extend(files.map(|(path, bytes)| (format!("{name}/{path}"), bytes.clone())));
    }
    let lines: Vec<String> = cases
        .iter()
        .map(|case| serde_json::to_string(case).unwrap() + "\n")
        .collect();
    all.insert("cases.jsonl".to_owned(), lines.concat().into_bytes());
    if std::env::var_os("COVENANT_REGENERATE_VECTORS").is_some() {
        let _ = std::fs::remove_dir_all(folder());
        for (path, bytes) in &all {
            let path = folder().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, bytes).unwrap();
        }
    }
    let on_disk = files(&folder());
    assert_eq!(
        on_disk.keys().collect::<Vec<_>>(),
        all.keys().collect::<Vec<_>>()
    );
    let differing = all.iter().filter(|(path, bytes)| on_disk[*path] != **bytes);
    let differing: Vec<&String> = differing.map(|(path, _)| path).collect();
    assert!(differing.is_empty(), "{differing:?}");
    let size: usize = all.values().map(Vec::len).sum();
    assert!(size < 400 * 1024, "{size}");
}

#[test]
fn every_bundle_is_found_as_it_expects() {
    let mut promises = BTreeSet::new();
    for case in committed() {
        let files = case.files(&files(&folder().join(&case.of)));
        let log = LogVerifier::parse(&case.vkey).unwrap();
        let report = judge(&files, Some(&log));
        assert_eq!(
            told(&report),
            case.expect,
            "{}: {:?}",
            case.name,
            report.bad
        );
        promises.extend(report.bad.map(|bad| bad.promise.as_str()));
    }
    let of_log = Promise::ALL.map(Promise::as_str);
    let of_bundle = ["files", "covenants", "keys", "signatures", "witnesses"];
    let all: BTreeSet<&str> = of_log.into_iter().chain(of_bundle).collect();
    assert_eq!(promises, all, "each promise is broken by some bundle");
}

#[test]
fn the_independent_verifier_agrees_on_every_bundle() {
    let output = Command::new("python3")
        .arg(root().join("tests/independent/verify.py"))
        .arg("--bundles")
        .arg(folder())
        .output();
    let output = output.unwrap_or_else(|e| panic!("python3 must be installed: {e}"));
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    for Case { name, expect, .. } in committed() {
        let line = format!("{name}: {expect}");
        assert!(said.lines().any(|s| s == line), "{line} is not in\n{said}");
    }
}
