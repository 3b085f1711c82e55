//! Every vector is judged alike by this crate and by the program in another language.
//!
//! `COVENANT_REGENERATE_VECTORS=1 cargo test -p ledger --test vectors the_committed` writes them
//! again.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod log_builder;
mod vector_cases;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use ledger::{LogVerifier, Promise, Report, verify};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn folder() -> PathBuf {
    root().join("tests/vectors/ledger")
}

/// Name, expectation, key and export of every committed vector.
fn committed() -> Vec<(String, String, String, Vec<u8>)> {
    let mut vectors = Vec::new();
    for file in std::fs::read_dir(folder()).unwrap() {
        let path = file.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        let end = bytes.windows(2).position(|pair| pair == b"\n\n").unwrap();
        let head = std::str::from_utf8(&bytes[..end]).unwrap();
        let field = |name: &str| {
            let line = head.lines().find_map(|line| line.strip_prefix(name));
            line.unwrap_or_else(|| panic!("{} lacks {name}", path.display()))
                .to_owned()
        };
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        vectors.push((
            name,
            field("expect: "),
            field("vkey: "),
            bytes[end + 2..].to_vec(),
        ));
    }
    vectors.sort();
    vectors
}

fn found(report: &Report) -> String {
    match &report.bad {
        None => format!(
            "good records={} leaves={} opened={} erased={}",
            report.records, report.leaves, report.opened, report.erased
        ),
        Some(bad) => {
            let index = bad
                .index
                .map_or_else(|| "-".to_owned(), |index| index.to_string());
            format!(
                "bad line={} index={index} promise={}",
                bad.line,
                bad.promise.as_str()
            )
        }
    }
}

#[test]
fn the_committed_vectors_are_those_of_this_code() {
    let vectors = vector_cases::all();
    if std::env::var_os("COVENANT_REGENERATE_VECTORS").is_some() {
        let _ = std::fs::remove_dir_all(folder());
        std::fs::create_dir_all(folder()).unwrap();
        for vector in &vectors {
            std::fs::write(
                folder().join(format!("{}.txt", vector.name)),
                vector.to_bytes(),
            )
            .unwrap();
        }
    }
    let names: BTreeSet<&str> = vectors.iter().map(|v| v.name).collect();
    assert_eq!(names.len(), vectors.len(), "a name stands twice");
    let on_disk: BTreeSet<String> = committed().into_iter().map(|(name, ..)| name).collect();
    assert_eq!(on_disk, names.iter().map(|n| (*n).to_owned()).collect());
    for vector in &vectors {
        let path = folder().join(format!("{}.txt", vector.name));
        assert!(
            std::fs::read(path).unwrap() == vector.to_bytes(),
            "{} differs",
            vector.name
        );
    }
}

#[test]
fn every_vector_is_found_as_it_expects() {
    let mut promises = BTreeSet::new();
    for (name, expected, vkey, export) in committed() {
        let log = LogVerifier::parse(&vkey).unwrap();
        let report = verify(export.as_slice(), &log).unwrap();
        assert_eq!(found(&report), expected, "{name}: {:?}", report.bad);
        promises.extend(report.bad.map(|bad| bad.promise));
    }
    assert_eq!(
        promises,
        BTreeSet::from(Promise::ALL),
        "each promise is broken by some vector"
    );
}

#[test]
fn the_independent_verifier_agrees_on_every_vector() {
    let program = root().join("tests/independent/verify.py");
    let output = Command::new("python3")
        .arg(&program)
        .arg("--vectors")
        .arg(folder())
        .output();
    let output = output.unwrap_or_else(|e| panic!("python3 must be installed: {e}"));
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    for (name, expected, ..) in committed() {
        let line = format!("{name}: {expected}");
        assert!(
            said.lines().any(|said| said == line),
            "{line} is not in\n{said}"
        );
    }
}

#[test]
fn any_single_changed_byte_of_a_record_is_found_and_both_agree() {
    let log = log_builder::small_log();
    let verifier = log.signer.verifier();
    let lines = log.lines(ledger::counters::Reader::Operator, 0, |i| log.shown(i));
    let export = lines.join("\n");
    // The header's reader may be changed without a trace: nobody signs for whom an export is.
    let reader = export.find("\"reader\"").unwrap()..export.find('\n').unwrap();
    let mut missed = Vec::new();
    for at in (0..export.len()).filter(|at| !reader.contains(at)) {
        let mut changed = export.clone().into_bytes();
        changed[at] ^= 1;
        let report = verify(changed.as_slice(), verifier).unwrap();
        if report.is_good() {
            missed.push(at);
        }
    }
    assert_eq!(missed, Vec::<usize>::new());
}

#[test]
fn both_judge_hundreds_of_random_changes_alike() {
    let folder = std::env::temp_dir().join(format!("covenant-changes-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let log = log_builder::small_log();
    let verifier = log.signer.verifier();
    let vkey = verifier.to_vkey();
    let lines = log.lines(ledger::counters::Reader::Operator, 0, |i| log.shown(i));
    let export = lines.join("\n").into_bytes();
    let mut random = Numbers(7);
    let mut bad = 0;
    for round in 0..500 {
        let mut changed = export.clone();
        for _ in 0..=random.below(2) {
            change(&mut changed, &mut random);
        }
        let report = verify(changed.as_slice(), verifier).unwrap();
        bad += usize::from(!report.is_good());
        let head = format!("expect: {}\nvkey: {vkey}\n\n", found(&report));
        let vector = [head.as_bytes(), &changed].concat();
        std::fs::write(folder.join(format!("{round:04}.txt")), vector).unwrap();
    }
    assert!(bad > 400, "{bad}");
    let program = root().join("tests/independent/verify.py");
    let output = Command::new("python3")
        .arg(program)
        .arg("--vectors")
        .arg(&folder)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        said.ends_with("500 vectors, 0 judged otherwise than expected\n"),
        "{said}"
    );
    std::fs::remove_dir_all(&folder).unwrap();
}

/// Changes an export at a random place in a random way that JSON may or may not survive.
fn change(export: &mut Vec<u8>, random: &mut Numbers) {
    const PIECES: [&str; 22] = [
        "\"",
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\\",
        "\\u0041",
        "\\ud800",
        "0",
        "1",
        "-",
        "e3",
        ".",
        " ",
        "\n",
        "\r",
        "null",
        "\u{0}",
        "\"index\":1,",
        "\u{e9}",
    ];
    let at = random.below(export.len());
    let piece = PIECES[random.below(PIECES.len())].bytes();
    match random.below(6) {
        0 => export[at] ^= 1 << random.below(8),
        1 => drop(export.splice(at..at, piece)),
        2 => drop(export.splice(at..=at, piece)),
        3 => drop(export.drain(at..(at + 1 + random.below(80)).min(export.len()))),
        4 => export.truncate(export.len() - random.below(300).min(export.len() - 1)),
        _ => {
            let mut lines: Vec<Vec<u8>> =
                export.split(|b| *b == b'\n').map(<[u8]>::to_vec).collect();
            let (a, b) = (random.below(lines.len()), random.below(lines.len()));
            match random.below(3) {
                0 => lines.swap(a, b),
                1 => drop(lines.remove(a)),
                _ => lines.insert(a, lines[b].clone()),
            }
            *export = lines.join(&b'\n');
            export.push(b' ');
        }
    }
}

/// Numbers that are the same in every run (splitmix64).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((x ^ (x >> 31)) % limit as u64).unwrap()
    }
}

#[test]
fn a_line_without_end_does_not_fill_the_memory() {
    let log = log_builder::busy_log();
    let endless = std::io::BufReader::new(std::io::repeat(b' '));
    let report = verify(endless, log.signer.verifier()).unwrap();
    let bad = report.bad.unwrap();
    assert_eq!((bad.line, bad.index, bad.promise), (1, None, Promise::Form));
}

#[test]
fn the_program_reads_a_file_and_says_which_record_is_bad() {
    let folder = std::env::temp_dir().join(format!("covenant-ledger-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let log = log_builder::busy_log();
    let vkey = log.signer.verifier().to_vkey();
    let mut lines = log.lines(ledger::counters::Reader::Operator, 0, |i| log.shown(i));
    let run = |lines: &[String], vkey: &str| {
        let path = folder.join("export.jsonl");
        std::fs::write(&path, lines.join("\n")).unwrap();
        let program = root().join("tests/independent/verify.py");
        let output = Command::new("python3")
            .arg(program)
            .arg(&path)
            .args(["--vkey", vkey])
            .output()
            .unwrap();
        (
            output.status.code(),
            String::from_utf8_lossy(&output.stdout).into_owned(),
        )
    };
    let (code, said) = run(&lines, &vkey);
    assert_eq!(code, Some(0), "{said}");
    assert!(
        said.contains("good records=11 leaves=11 opened=33 erased=0"),
        "{said}"
    );
    lines[4] = lines[4].replacen("politie.", "politia.", 1);
    let (code, said) = run(&lines, &vkey);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("bad line=5 index=3 promise=tree"), "{said}");
    let (code, _) = run(&lines, "not a key");
    assert_eq!(code, Some(2));
    std::fs::remove_dir_all(&folder).unwrap();
}
