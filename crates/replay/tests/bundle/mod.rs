//! Evidence bundles in memory: of a small log under two covenants that all parties signed.

use std::collections::{BTreeMap, BTreeSet};

use covenant::signoff::{Statement, public_key, sign};
use covenant::{Checking, Covenant, check_bytes};
use ledger::cosignature::Cosigner;
use ledger::counters::Reader;
use ledger::evidence::{Item, Listed, MANIFEST, Manifest};
use ledger::verify::Verifier;
use ledger::{Kind, LogVerifier, NewEntry};
use model::{Day, Digest, Secret, Timestamp};
use replay::evidence::pack::pack;
use replay::evidence::{Found, Given, Judge, Report};
use sha2::{Digest as _, Sha256};

use crate::log_builder::{Log, ORIGIN, check, event, matched};

pub(crate) const VISITS: &str = include_str!("../../../../policies/veilig-op-bezoek.toml");
pub(crate) const NUISANCE: &str = include_str!("../../../../policies/woonoverlast.toml");

pub(crate) type Files = BTreeMap<String, Vec<u8>>;

fn sha256(bytes: &[u8]) -> Digest {
    Digest::new(Sha256::digest(bytes).into())
}

pub(crate) fn seed(name: &str) -> Secret {
    if name == "MAKELAAR-LOGBOEK" {
        return Secret::new([42; 32]);
    }
    Secret::new(*sha256(name.as_bytes()).as_bytes())
}

/// A model text with keys in place of its place-holders.
pub(crate) fn with_keys(model: &str) -> String {
    let mut text = String::new();
    let mut rest = model;
    while let Some(at) = rest.find("25519:") {
        let (head, tail) = rest.split_at(at + "25519:".len());
        let end = tail.find('"').unwrap();
        text.push_str(head);
        let name = &tail[..end];
        let key = public_key(&seed(name));
        text.push_str(&data_encoding::HEXLOWER.encode(&key));
        rest = &tail[end..];
    }
    text + rest
}

pub(crate) fn read(text: &str) -> Covenant {
    let checked = check_bytes(text.as_bytes(), Checking::Strict, None);
    checked
        .covenant
        .unwrap_or_else(|| panic!("{:?}", checked.diagnostics))
}

/// The name of the signer's key in the model.
fn signer(text: &str, party: &str) -> String {
    let section = text.split_once(&format!("[partij.{party}]")).unwrap().1;
    let line = section
        .lines()
        .find(|l| l.starts_with("ondertekenaar"))
        .unwrap();
    let key = line.split_once("ed25519:").unwrap().1;
    key.split_once('"').unwrap().0.to_owned()
}

/// A covenant's bytes, and an envelope of every party.
pub(crate) fn signed(model: &str) -> (Vec<u8>, Vec<Vec<u8>>) {
    let text = with_keys(model);
    let covenant = read(&text);
    let day = Day::parse("2026-11-02").unwrap();
    let envelopes = covenant.parties().keys().map(|party| {
        let statement = Statement::new(&covenant, party, day, b"reading", "test").unwrap();
        let seed = seed(&signer(model, party.as_str()));
        sign(&covenant, &statement, &seed)
            .unwrap()
            .to_json()
            .into_bytes()
    });
    let envelopes = envelopes.collect();
    (text.into_bytes(), envelopes)
}

/// A log with decisions under two covenants.
pub(crate) fn log(visits: Digest, nuisance: Digest) -> Log {
    let mut log = Log::new();
    let under = |covenant, entry: NewEntry| NewEntry {
        covenant: Some(covenant),
        ..entry
    };
    log.append(event(Kind::CovenantActivated, Some(visits)));
    log.append(under(visits, check("politie", true)));
    log.append(under(nuisance, matched(false)));
    log.append(under(visits, check("gemeente", false)));
    log.append(event(Kind::Padding, None));
    log.append(under(nuisance, matched(true)));
    log.append(under(visits, check("politie", false)));
    log
}

/// The checkpoint of a log, cosigned by these nodes.
pub(crate) fn cosigned(note: &[u8], witnesses: &[&str]) -> Vec<u8> {
    let mut note = note.to_vec();
    for (place, name) in witnesses.iter().enumerate() {
        let key = seed(&format!("{name}-GETUIGE"));
        let cosigner = Cosigner::from_seed(&format!("witness.{place}.example"), &key).unwrap();
        let line = cosigner.cosign(&note, 1_790_000_000).unwrap();
        let mut parsed = ledger::checkpoint::Note::parse(&note).unwrap();
        parsed.signatures.push(line);
        note = parsed.to_bytes();
    }
    note
}

/// A whole bundle of a log: what the command line writes.
pub(crate) fn bundle(log: &Log, covenants: &[(Vec<u8>, Vec<Vec<u8>>)], reader: Reader) -> Files {
    let note = cosigned(&log.note(), &["CORPORATIE", "POLITIE"]);
    let lines = log.lines(reader.clone(), 0, |i| log.shown(i));
    of_lines(log.signer.verifier(), lines, &note, covenants, reader)
}

pub(crate) fn of_lines(
    verifier: &LogVerifier,
    mut lines: Vec<String>,
    note: &[u8],
    covenants: &[(Vec<u8>, Vec<Vec<u8>>)],
    reader: Reader,
) -> Files {
    let mut wanted = BTreeSet::new();
    let mut reading = Verifier::new(verifier);
    for line in &lines {
        // A log that lies has a bundle too.
        if reading.line(line.as_bytes()).is_ok() {
            wanted.extend(reading.about().and_then(|leaf| leaf.covenant));
        }
    }
    let mut files = pack(verifier, &wanted, covenants, note, &[]).unwrap();
    let note = String::from_utf8(files[&Item::Checkpoint.path()].clone()).unwrap();
    let header = ledger::export::with_note(lines[0].as_bytes(), &note).unwrap();
    lines[0] = header.trim_end().to_owned();
    let entries = lines.join("\n") + "\n";
    files.insert(Item::Entries.path(), entries.into_bytes());
    files.insert(Item::Readme.path(), b"# Bewijs\n".to_vec());
    files.insert(Item::Program.path(), b"print('verify')\n".to_vec());
    let manifest = Manifest {
        origin: ORIGIN.to_owned(),
        vkey: verifier.to_vkey(),
        reader,
        covenants: wanted,
        files: BTreeMap::new(),
    };
    files.insert(MANIFEST.to_owned(), manifest.to_bytes());
    relist_as(&mut files, manifest);
    files
}

/// Writes the manifest again for the files as they are now, as a forger would.
pub(crate) fn relist(files: &mut Files) {
    if let Some(manifest) = Manifest::parse(&files[MANIFEST]) {
        relist_as(files, manifest);
    }
}

fn relist_as(files: &mut Files, mut manifest: Manifest) {
    manifest.files = files
        .iter()
        .filter(|(path, _)| path.as_str() != MANIFEST)
        .map(|(path, bytes)| (path.clone(), listed(path, bytes, &manifest.vkey)))
        .collect();
    let covenants = files.keys().filter_map(|path| match Item::parse(path) {
        Some(Item::Covenant(digest)) => Some(digest),
        _ => None,
    });
    manifest.covenants = covenants.collect();
    files.insert(MANIFEST.to_owned(), manifest.to_bytes());
}

fn listed(path: &str, bytes: &[u8], vkey: &str) -> Listed {
    let digest = if path == Item::Entries.path() {
        shows(bytes, vkey)
    } else {
        sha256(bytes)
    };
    Listed {
        length: bytes.len() as u64,
        digest,
    }
}

/// What a forger says that entries show: where they don't hold it does not matter.
fn shows(entries: &[u8], vkey: &str) -> Digest {
    let log = LogVerifier::parse(vkey).unwrap();
    let report = ledger::verify::verify(entries, &log).unwrap();
    report.shows.unwrap_or(Digest::new([0; 32]))
}

pub(crate) fn judge(files: &Files, log: Option<&LogVerifier>) -> Report {
    let given = Given {
        log,
        pins: None,
        now: Timestamp::from_rfc3339("2026-11-24T12:00:00.000Z").unwrap(),
    };
    judge_with(files, given)
}

pub(crate) fn judge_with(files: &Files, given: Given<'_>) -> Report {
    let found: BTreeMap<String, Found> = files
        .iter()
        .map(|(path, bytes)| {
            let length = bytes.len() as u64;
            let found = if *path == Item::Entries.path() {
                Found::Entries(length)
            } else {
                let digest = sha256(bytes);
                Found::File(Listed { length, digest }, bytes.clone())
            };
            (path.clone(), found)
        })
        .collect();
    let mut judge = Judge::new(&found, given);
    let entries = files.get("entries.jsonl").map_or(&[][..], Vec::as_slice);
    let mut lines: Vec<&[u8]> = entries.split(|byte| *byte == b'\n').collect();
    if lines.last().is_some_and(|last| last.is_empty()) {
        lines.pop();
    }
    for line in lines {
        if !judge.is_good() || !judge.line(line) {
            break;
        }
    }
    judge.finish()
}

/// In the words of the independent program.
pub(crate) fn told(report: &Report) -> String {
    if let Some(bad) = &report.bad {
        let at = bad.line.map_or_else(String::new, |line| {
            let index = bad.index.map_or_else(|| "-".to_owned(), |i| i.to_string());
            format!(" line={line} index={index}")
        });
        return format!("bad file={}{at} promise={}", bad.file, bad.promise.as_str());
    }
    let log = report.log.as_ref().unwrap();
    format!(
        "good records={} leaves={} opened={} erased={} covenants={} signatures={} cosignatures={}",
        log.records,
        log.leaves,
        log.opened,
        log.erased,
        report.covenants.len(),
        report.signatures,
        report.cosignatures
    )
}
