//! An evidence bundle is taken apart and changed in every way that we know: each change is found,
//! and the independent program in Python finds the same at the same place.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::panic,
    clippy::as_conversions,
    reason = "a test fails by panicking"
)]

mod bundle;
#[expect(dead_code, reason = "each test crate uses a part of it")]
#[path = "../../ledger/tests/log_builder/mod.rs"]
mod log_builder;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use bundle::{Files, NUISANCE, VISITS, bundle, judge, log, read, relist, signed, told};
use covenant::signoff::{PartyPins, Pins};
use ledger::Kind;
use ledger::counters::Reader;
use ledger::evidence::MANIFEST;
use ledger::witnessing::quorum;
use log_builder::{Log, event};
use model::Digest;

type Signed = (Vec<u8>, Vec<Vec<u8>>);

struct Fixture {
    covenants: Vec<Signed>,
    digests: [Digest; 2],
    log: Log,
    files: Files,
}

fn fixture() -> Fixture {
    let covenants = vec![signed(VISITS), signed(NUISANCE)];
    let digest = |at: usize| read(std::str::from_utf8(&covenants[at].0).unwrap()).digest();
    let digests = [digest(0), digest(1)];
    let log = log(digests[0], digests[1]);
    let reader = Reader::Auditor(BTreeSet::from(digests));
    let files = bundle(&log, &covenants, reader);
    Fixture {
        covenants,
        digests,
        log,
        files,
    }
}

/// A changed bundle, with a name for when it is missed.
struct Variant {
    name: String,
    files: Files,
}

/// Every place of a file where a change could mean something else: each punctuation mark, and the
/// middle of each run of letters and digits. Of long files the lines of one shape are
/// taken once.
fn places(path: &str, bytes: &[u8]) -> Vec<usize> {
    let mut places = BTreeSet::from([0, bytes.len() - 1]);
    let (mut start, mut line) = (0, 0);
    for (at, byte) in bytes.iter().enumerate() {
        let skipped = match path {
            "entries.jsonl" => ![0, 2].contains(&line),
            _ if path.ends_with(".toml") => line % 60 != 5,
            "README.md" | "verify.py" | "checkpoint.txt" => false,
            _ => path.ends_with("keys.json") && (10..38).contains(&line),
        };
        line += usize::from(*byte == b'\n');
        let in_word = byte.is_ascii_alphanumeric();
        if in_word && at + 1 < bytes.len() {
            continue;
        }
        if !skipped {
            places.insert(at);
            if at > start {
                places.insert(start.midpoint(at));
            }
        }
        start = at + 1;
    }
    places.into_iter().collect()
}

fn changed_bytes(files: &Files) -> Vec<Variant> {
    let mut variants = Vec::new();
    let mut signatures = 0;
    for (path, bytes) in files {
        signatures += usize::from(path.ends_with(".dsse.json"));
        if path.ends_with(".dsse.json") && signatures > 2 {
            // Of one shape.
            continue;
        }
        for at in places(path, bytes) {
            let mut changed = files.clone();
            changed.get_mut(path).unwrap()[at] ^= 1;
            let name = format!("{path} byte {at}");
            // A forger lists it again. Nobody signs what stands in the text for people.
            if path != MANIFEST && path != "README.md" && path != "verify.py" {
                let mut listed = changed.clone();
                relist(&mut listed);
                variants.push(Variant {
                    name: format!("{name}, listed"),
                    files: listed,
                });
            }
            if path == MANIFEST || at % 7 == 0 {
                variants.push(Variant {
                    name,
                    files: changed,
                });
            }
        }
    }
    variants
}

fn with(files: &Files, name: &str, change: impl FnOnce(&mut Files)) -> Variant {
    let mut files = files.clone();
    change(&mut files);
    relist(&mut files);
    Variant {
        name: name.to_owned(),
        files,
    }
}

fn lines(files: &mut Files, path: &str, change: impl FnOnce(&mut Vec<String>)) {
    let text = String::from_utf8(files[path].clone()).unwrap();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    change(&mut lines);
    files.insert(path.to_owned(), (lines.join("\n") + "\n").into_bytes());
}

fn moved_lines(files: &Files) -> Vec<Variant> {
    let mut variants = Vec::new();
    for (path, few) in [("entries.jsonl", 8), ("checkpoint.txt", 4)] {
        for at in 0..few {
            let mut add = |what: &str, change: &dyn Fn(&mut Vec<String>)| {
                let name = format!("{path} line {at} {what}");
                variants.push(with(files, &name, |files| lines(files, path, change)));
            };
            add("twice", &|lines| lines.insert(at, lines[at].clone()));
            add("gone", &|lines| drop(lines.remove(at)));
            add("swapped", &|lines| {
                let next = (at + 1).min(lines.len() - 1);
                lines.swap(at, next);
            });
        }
        for keep in [0, 1, 40, files[path].len() / 2, files[path].len() - 2] {
            let name = format!("{path} cut after {keep} bytes");
            variants.push(with(files, &name, |files| {
                files.get_mut(path).unwrap().truncate(keep);
            }));
        }
    }
    // The last line has no line after it to change places with.
    variants.retain(|variant| variant.files != *files);
    variants
}

fn whole_files(files: &Files, other: &Files) -> Vec<Variant> {
    let mut variants = Vec::new();
    for path in files.keys() {
        let mut gone = files.clone();
        gone.remove(path);
        variants.push(Variant {
            name: format!("{path} gone"),
            files: gone.clone(),
        });
        if !["README.md", "verify.py"].contains(&path.as_str()) && path != MANIFEST {
            relist(&mut gone);
            variants.push(Variant {
                name: format!("{path} gone and not listed"),
                files: gone,
            });
        }
        if other.get(path).is_some_and(|bytes| *bytes != files[path]) {
            let swap = |files: &mut Files| drop(files.insert(path.clone(), other[path].clone()));
            let mut swapped = files.clone();
            swap(&mut swapped);
            variants.push(Variant {
                name: format!("{path} of another bundle"),
                files: swapped,
            });
            if path != MANIFEST {
                let name = format!("{path} of another bundle, listed");
                variants.push(with(files, &name, swap));
            }
        }
    }
    for extra in ["notes.txt", "covenants/x.toml", "covenants.toml"] {
        let mut added = files.clone();
        added.insert(extra.to_owned(), b"x".to_vec());
        variants.push(Variant {
            name: format!("{extra} added"),
            files: added,
        });
    }
    variants
}

/// What a forger with some keys of its own would try.
fn forged(fixture: &Fixture) -> Vec<Variant> {
    let files = &fixture.files;
    let signatures: Vec<String> = files
        .keys()
        .filter(|path| path.ends_with(".dsse.json"))
        .cloned()
        .collect();
    let mut variants = vec![
        with(files, "a cosignature of another checkpoint", |files| {
            let mut longer = log(fixture.digests[0], fixture.digests[1]);
            longer.append(event(Kind::Padding, None));
            let other = bundle::cosigned(&longer.note(), &["CORPORATIE"]);
            let other = String::from_utf8(other).unwrap();
            let line = other.lines().last().unwrap().to_owned();
            set_note(files, |note| note[5] = line.clone());
        }),
        with(files, "a cosignature by a stranger", |files| {
            let other = bundle::cosigned(&fixture.log.note(), &["STRANGER"]);
            let other = String::from_utf8(other).unwrap();
            let line = other.lines().last().unwrap().to_owned();
            set_note(files, |note| note.push(line.clone()));
        }),
        with(files, "a cosignature twice", |files| {
            set_note(files, |note| note.push(note[5].clone()));
        }),
        with(files, "the log's signature twice", |files| {
            set_note(files, |note| note.insert(4, note[4].clone()));
        }),
        with(
            files,
            "an unlisted decision's covenant left out whole",
            |files| {
                let digest = fixture.digests[1].to_hex();
                files.retain(|path, _| !path.contains(&digest));
                files.insert(
                    "keys.json".to_owned(),
                    keys_of(&fixture.covenants[..1], fixture),
                );
            },
        ),
    ];
    for (a, b) in [(0, 1), (0, 3), (2, 5)] {
        variants.push(with(files, "signatures changed places", |files| {
            let kept = files[&signatures[a]].clone();
            let other = files.insert(signatures[b].clone(), kept).unwrap();
            files.insert(signatures[a].clone(), other);
        }));
    }
    let changed = VISITS.replace("titel        = \"Veilig op bezoek\"", "titel = \"Anders\"");
    assert_ne!(changed, VISITS);
    let (bytes, _) = signed(&changed);
    let digest = read(std::str::from_utf8(&bytes).unwrap()).digest().to_hex();
    let old = fixture.digests[0].to_hex();
    variants.push(with(
        files,
        "a changed covenant under its own digest",
        |files| {
            let paths: Vec<String> = files.keys().filter(|p| p.contains(&old)).cloned().collect();
            for path in paths {
                let kept = files.remove(&path).unwrap();
                files.insert(path.replace(&old, &digest), kept);
            }
            files.insert(format!("covenants/{digest}.toml"), bytes.clone());
            let covenants = [(bytes.clone(), Vec::new()), fixture.covenants[1].clone()];
            files.insert("keys.json".to_owned(), keys_of(&covenants, fixture));
        },
    ));
    variants
}

/// Changes the checkpoint, here and in the entries' header, as a forger would.
fn set_note(files: &mut Files, change: impl FnOnce(&mut Vec<String>)) {
    lines(files, "checkpoint.txt", change);
    let note = String::from_utf8(files["checkpoint.txt"].clone()).unwrap();
    lines(files, "entries.jsonl", |lines| {
        let header = ledger::export::with_note(lines[0].as_bytes(), &note).unwrap();
        lines[0] = header.trim_end().to_owned();
    });
}

fn keys_of(covenants: &[Signed], fixture: &Fixture) -> Vec<u8> {
    let wanted = covenants
        .iter()
        .map(|(bytes, _)| read(std::str::from_utf8(bytes).unwrap()).digest())
        .collect();
    let verifier = fixture.log.signer.verifier();
    let note = fixture.log.note();
    let packed = replay::evidence::pack::pack(verifier, &wanted, covenants, &note, &[]);
    packed.unwrap().remove("keys.json").unwrap()
}

/// What the independent program says of folders with these files.
fn independently(all: &[Variant], vkey: &str) -> Vec<String> {
    let root = std::env::temp_dir().join(format!("covenant-evidence-{}", std::process::id()));
    for (at, variant) in all.iter().enumerate() {
        let folder = root.join(format!("{at:05}"));
        std::fs::create_dir_all(folder.join("covenants")).unwrap();
        for (path, bytes) in &variant.files {
            std::fs::write(folder.join(path), bytes).unwrap();
        }
    }
    let mut said = Vec::new();
    for from in (0..all.len()).step_by(500) {
        let folders: Vec<PathBuf> = (from..all.len().min(from + 500).max(from + 2))
            .map(|at| root.join(format!("{:05}", at.min(all.len() - 1))))
            .collect();
        let output = Command::new("python3")
            .arg(program())
            .args(&folders)
            .args(["--vkey", vkey])
            .output();
        let output = output.unwrap_or_else(|e| panic!("python3 must be installed: {e}"));
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(
            text.lines().count(),
            folders.len(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        said.extend(
            text.lines()
                .map(|line| line.split_once(": ").unwrap().1.to_owned()),
        );
    }
    said.truncate(all.len());
    std::fs::remove_dir_all(&root).unwrap();
    said
}

fn program() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/independent/verify.py")
}

#[test]
fn a_bundle_is_good_and_both_say_so() {
    let fixture = fixture();
    let report = judge(&fixture.files, None);
    let expected =
        "good records=7 leaves=7 opened=21 erased=0 covenants=2 signatures=7 cosignatures=2";
    assert_eq!(told(&report), expected, "{:?}", report.bad);
    let again = Variant {
        name: String::new(),
        files: fixture.files,
    };
    let vkey = fixture.log.signer.verifier().to_vkey();
    assert_eq!(independently(&[again], &vkey), [expected]);
    let first = &report.covenants[0];
    assert_eq!((first.cosigned.len(), first.quorum), (2, 3));
}

#[test]
fn every_change_is_found_and_both_name_the_same_promise() {
    let fixture = fixture();
    let other = {
        let mut longer = log(fixture.digests[0], fixture.digests[1]);
        longer.append(event(Kind::Padding, None));
        let reader = Reader::Auditor(BTreeSet::from(fixture.digests));
        bundle(&longer, &fixture.covenants, reader)
    };
    let mut all = changed_bytes(&fixture.files);
    all.extend(moved_lines(&fixture.files));
    all.extend(whole_files(&fixture.files, &other));
    all.extend(forged(&fixture));
    let verifier = fixture.log.signer.verifier();
    let mut promises: BTreeMap<&str, usize> = BTreeMap::new();
    let mut said = Vec::new();
    for variant in &all {
        let report = judge(&variant.files, Some(verifier));
        let bad = report.bad.as_ref();
        let bad = bad.unwrap_or_else(|| panic!("{} was not found", variant.name));
        *promises.entry(bad.promise.as_str()).or_default() += 1;
        said.push(told(&report));
    }
    let differing: Vec<String> = independently(&all, &verifier.to_vkey())
        .iter()
        .zip(&said)
        .zip(&all)
        .filter(|((python, ours), _)| python != ours)
        .map(|((python, ours), variant)| format!("{}: {python}, {ours}", variant.name))
        .collect();
    assert!(
        differing.is_empty(),
        "{} of {}: {differing:#?}",
        differing.len(),
        all.len()
    );
    let expected = [
        "checkpoint",
        "complete",
        "covenants",
        "files",
        "form",
        "keys",
        "openings",
        "order",
        "signatures",
        "tree",
        "witnesses",
    ];
    assert_eq!(promises.keys().copied().collect::<Vec<_>>(), expected);
    assert!(all.len() > 1_000, "{promises:?}");
    println!("{} changed bundles: {promises:?}", all.len());
}

#[test]
fn a_key_of_ones_own_decides_and_so_do_pins() {
    let fixture = fixture();
    let stranger = ledger::LogSigner::from_seed(log_builder::ORIGIN, &model::Secret::new([1; 32]));
    let report = judge(&fixture.files, Some(stranger.unwrap().verifier()));
    assert_eq!(told(&report), "bad file=manifest.json promise=checkpoint");
    let covenant = read(std::str::from_utf8(&fixture.covenants[0].0).unwrap());
    let mut log = Log::new();
    log.append(fixture.log_entry());
    let files = bundle(&log, &fixture.covenants[..1], Reader::Operator);
    let good = Pins::named_by(&covenant);
    let with = |pins: &Pins| {
        let given = replay::evidence::Given {
            log: None,
            pins: Some(pins),
            now: model::Timestamp::from_rfc3339("2026-11-24T12:00:00.000Z").unwrap(),
        };
        told(&bundle::judge_with(&files, given))
    };
    assert!(with(&good).starts_with("good"), "{}", with(&good));
    let mut other = good.clone();
    let party = covenant.parties().keys().next().unwrap().clone();
    let keys = PartyPins {
        signer: covenant::signoff::public_key(&bundle::seed("SOMEBODY")),
        ..PartyPins::default()
    };
    other.insert(party, keys);
    assert!(
        with(&other).ends_with("promise=signatures"),
        "{}",
        with(&other)
    );
}

#[test]
fn a_covenant_that_decided_nothing_needs_no_signatures() {
    let fixture = fixture();
    let mut log = Log::new();
    log.append(event(Kind::CovenantSigned, Some(fixture.digests[0])));
    let (bytes, mut envelopes) = fixture.covenants[0].clone();
    envelopes.truncate(1);
    let proposed = [(bytes, envelopes.clone())];
    let files = bundle(&log, &proposed, Reader::Operator);
    assert!(told(&judge(&files, None)).contains("signatures=1"));
    log.append(fixture.log_entry());
    let files = bundle(&log, &proposed, Reader::Operator);
    let told = told(&judge(&files, None));
    assert_eq!(
        told,
        "bad file=entries.jsonl line=3 index=1 promise=signatures"
    );
}

impl Fixture {
    fn log_entry(&self) -> ledger::NewEntry {
        ledger::NewEntry {
            covenant: Some(self.digests[0]),
            ..log_builder::check("politie", true)
        }
    }
}

#[test]
fn the_quorum_is_that_of_the_design() {
    let numbers: Vec<usize> = (1..=10).map(quorum).collect();
    assert_eq!(numbers, [1, 2, 3, 3, 4, 4, 5, 6, 6, 7]);
}
