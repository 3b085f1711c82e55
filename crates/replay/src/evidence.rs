//! An evidence bundle, judged file by file and entry by entry, with nothing but what is in it.
//!
//! Whoever calls it reads the files: this module gets the bytes of all but the entries, how long those
//! are, and then their lines one by one. The promises of the log itself are judged by
//! `ledger::verify`; here stands what a bundle adds to them. `tests/independent/verify.py` does the
//! same in another language.
//!
//! Who has no pins compares the keys in the covenants with nothing: a bundle then proves that it
//! agrees with itself, and with `--vkey` that the log is the one it says.

mod agreed;
pub mod pack;

use std::collections::{BTreeMap, BTreeSet};

use covenant::signoff::Pins;
use ledger::evidence::{Item, Listed, MANIFEST, Manifest, cosigned_by, keys_file};
use ledger::verify::{About, Line, Lines, Promise as LogPromise, Seen, Verifier};
use ledger::{Class, LogVerifier};
use model::{Digest, PartyId, Timestamp};

use agreed::Agreed;

/// What a bundle promises beyond its log, and its log's own promises.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Promise {
    /// The folder holds the files of its manifest, unchanged, and nothing else.
    Files,
    /// Every covenant that an entry names is here, byte for byte.
    Covenants,
    /// The log's key is the one that the covenants name, and `keys.json` lists their keys.
    Keys,
    /// Every party signed each covenant that decided.
    Signatures,
    /// Every cosignature is by a witness that a covenant names, and holds.
    Witnesses,
    /// One of the log's own.
    Log(LogPromise),
}

impl Promise {
    /// Its name in reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Files => "files",
            Self::Covenants => "covenants",
            Self::Keys => "keys",
            Self::Signatures => "signatures",
            Self::Witnesses => "witnesses",
            Self::Log(promise) => promise.as_str(),
        }
    }
}

/// The first thing that breaks a promise.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Bad {
    /// The path in the bundle.
    pub file: String,
    /// The line of the entries, from 1; `None` for another file.
    pub line: Option<u64>,
    /// The place in the log, from 0.
    pub index: Option<u64>,
    /// Which promise.
    pub promise: Promise,
    /// How; never a value.
    pub problem: String,
}

/// One covenant of a bundle.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CovenantFound {
    /// SHA-256 of its bytes.
    pub digest: Digest,
    /// Its id.
    pub id: String,
    /// Its version.
    pub version: u32,
    /// Its title.
    pub title: String,
    /// Its parties, and whether each signed (and that signature holds).
    pub signed: BTreeMap<PartyId, bool>,
    /// The parties whose witness cosigned the checkpoint, and when (Unix seconds).
    pub cosigned: BTreeMap<PartyId, u64>,
    /// How many of its parties must have cosigned before the checkpoint counts as witnessed.
    pub quorum: usize,
}

/// What was found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Report {
    /// The log's key, as given or as the manifest says.
    pub vkey: Option<String>,
    /// What the entries showed, once they were read.
    pub log: Option<ledger::Report>,
    /// The covenants, once they were read.
    pub covenants: Vec<CovenantFound>,
    /// How many signatures under covenants hold.
    pub signatures: usize,
    /// How many cosignatures hold.
    pub cosignatures: usize,
    /// The promises that hold for all files that were judged before the first bad one.
    pub passed: Vec<Promise>,
    /// The first thing that is wrong.
    pub bad: Option<Bad>,
}

impl Report {
    /// Whether every promise holds.
    #[must_use]
    pub const fn is_good(&self) -> bool {
        self.bad.is_none()
    }
}

/// A file as it was found in the folder.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Found {
    /// What it measures, and its bytes.
    File(Listed, Vec<u8>),
    /// The entries, and their length: their lines are still to come.
    Entries(u64),
}

/// What the one who verifies brings.
#[derive(Clone, Copy, Debug)]
pub struct Given<'a> {
    /// The log's key, from somebody whom they trust.
    pub log: Option<&'a LogVerifier>,
    /// The parties' keys.
    pub pins: Option<&'a Pins>,
    /// Now: it bounds the day of a signature.
    pub now: Timestamp,
}

/// Judges one bundle.
#[derive(Debug)]
pub struct Judge {
    report: Report,
    manifest: Option<Manifest>,
    note: Vec<u8>,
    verifier: Option<Verifier>,
    agreed: BTreeMap<Digest, Agreed>,
    named: BTreeSet<Digest>,
    reading: Lines,
    headed: bool,
    lines: u64,
    seen: Option<Seen>,
}

struct Broken {
    file: String,
    promise: Promise,
    problem: String,
}

fn broken(item: &Item, promise: Promise, problem: impl Into<String>) -> Broken {
    Broken {
        file: item.path(),
        promise,
        problem: problem.into(),
    }
}

impl Judge {
    /// Judges every file but the entries. `files` is everything in the folder, by path, the manifest
    /// and the entries included.
    #[must_use]
    pub fn new(files: &BTreeMap<String, Found>, given: Given<'_>) -> Self {
        let mut judge = Self {
            report: Report {
                vkey: given.log.map(LogVerifier::to_vkey),
                log: None,
                covenants: Vec::new(),
                signatures: 0,
                cosignatures: 0,
                passed: Vec::new(),
                bad: None,
            },
            manifest: None,
            note: Vec::new(),
            verifier: None,
            agreed: BTreeMap::new(),
            named: BTreeSet::new(),
            reading: Lines::new(true),
            headed: false,
            lines: 0,
            seen: None,
        };
        if let Err(Broken {
            file,
            promise,
            problem,
        }) = judge.files(files, given)
        {
            judge.report.bad = Some(Bad {
                file,
                line: None,
                index: None,
                promise,
                problem,
            });
        }
        judge
    }

    /// Whether the entries are still worth reading.
    #[must_use]
    pub const fn is_good(&self) -> bool {
        self.report.bad.is_none()
    }

    fn files(&mut self, files: &BTreeMap<String, Found>, given: Given<'_>) -> Result<(), Broken> {
        let manifest = listed(files)?;
        self.report.passed.push(Promise::Files);
        let log = self.checkpoint(&manifest, files, given)?;
        self.report
            .passed
            .push(Promise::Log(LogPromise::Checkpoint));
        for digest in &manifest.covenants {
            let item = Item::Covenant(*digest);
            let agreed = Agreed::read(bytes(files, &item), *digest);
            let agreed = agreed.map_err(|why| broken(&item, Promise::Covenants, why))?;
            self.agreed.insert(*digest, agreed);
        }
        self.report.passed.push(Promise::Covenants);
        let mut keys = BTreeSet::new();
        for (digest, agreed) in &self.agreed {
            if agreed.log_key() != Some(log.public_key()) {
                let why = "its [logboek] sleutel is another key than the one that signed the log";
                return Err(broken(&Item::Covenant(*digest), Promise::Keys, why));
            }
            keys.extend(agreed.keys());
        }
        if keys_file(&log, &keys) != bytes(files, &Item::Keys) {
            let why = "it does not list exactly the keys that log and covenants name";
            return Err(broken(&Item::Keys, Promise::Keys, why));
        }
        self.report.passed.push(Promise::Keys);
        self.signatures(&manifest, files, given)?;
        self.report.passed.push(Promise::Signatures);
        let witnesses = keys.iter().filter_map(|keys| keys.witness).collect();
        let cosigned = cosigned_by(&self.note, &log, &witnesses)
            .map_err(|e| broken(&Item::Checkpoint, Promise::Witnesses, e.to_string()))?;
        self.report.passed.push(Promise::Witnesses);
        self.report.cosignatures = cosigned.len();
        self.report.covenants = self
            .agreed
            .values()
            .map(|agreed| agreed.found(&cosigned))
            .collect();
        self.verifier = Some(Verifier::as_written(&log));
        self.manifest = Some(manifest);
        Ok(())
    }

    /// The log's key, when it signed the checkpoint.
    fn checkpoint(
        &mut self,
        manifest: &Manifest,
        files: &BTreeMap<String, Found>,
        given: Given<'_>,
    ) -> Result<LogVerifier, Broken> {
        let promise = Promise::Log(LogPromise::Checkpoint);
        let in_manifest = |why: &str| Broken {
            file: MANIFEST.to_owned(),
            promise,
            problem: why.to_owned(),
        };
        let log = match given.log {
            Some(log) => log.clone(),
            None => LogVerifier::parse(&manifest.vkey).map_err(|e| in_manifest(&e.to_string()))?,
        };
        self.report.vkey = Some(log.to_vkey());
        if manifest.vkey != log.to_vkey() || manifest.origin != log.name() {
            return Err(in_manifest("it names another log or key"));
        }
        self.note = bytes(files, &Item::Checkpoint).to_vec();
        let item = &Item::Checkpoint;
        log.verify(&self.note)
            .map_err(|e| broken(item, promise, e.to_string()))?;
        Ok(log)
    }

    fn signatures(
        &mut self,
        manifest: &Manifest,
        files: &BTreeMap<String, Found>,
        given: Given<'_>,
    ) -> Result<(), Broken> {
        for path in manifest.files.keys() {
            let Some(item @ Item::Signature(..)) = Item::parse(path) else {
                continue;
            };
            let Item::Signature(digest, party) = &item else {
                continue;
            };
            let failed = |why: String| broken(&item, Promise::Signatures, why);
            let agreed = self.agreed.get_mut(digest);
            let agreed =
                agreed.ok_or_else(|| failed("its covenant is not in the bundle".to_owned()))?;
            agreed
                .take(party, bytes(files, &item), given)
                .map_err(failed)?;
            self.report.signatures += 1;
        }
        Ok(())
    }

    /// Reads and takes one line of the entries without its line feed, and says whether to go on.
    pub fn line(&mut self, line: &[u8]) -> bool {
        let line = if self.headed {
            self.reading.record(line)
        } else {
            self.reading.header(line)
        };
        self.take(line)
    }

    /// Takes the next line, which was read before: the first one with [`Lines::header`]. Says whether
    /// to go on.
    pub fn take(&mut self, line: Line) -> bool {
        self.lines += 1;
        self.seen = None;
        let Some(verifier) = &mut self.verifier else {
            return false;
        };
        let index = verifier.next_index();
        if let Err(bad) = verifier.take(line) {
            self.spoil(Promise::Log(bad.promise), bad.line, bad.index, &bad.problem);
            return false;
        }
        let judged = match verifier.about() {
            Some(About {
                covenant: Some(covenant),
                class,
            }) => self.entry(covenant, class),
            _ if self.headed => Ok(()),
            _ => self.header(),
        };
        self.headed = true;
        match judged {
            Ok(()) => self.seen = self.verifier.as_mut().and_then(Verifier::take_seen),
            Err((promise, problem)) => self.spoil(promise, self.lines, index, problem),
        }
        self.is_good()
    }

    /// What the last line showed, once: nothing of the header, of a hash only, of a bad line, and of one
    /// that was read without its contents.
    pub const fn take_seen(&mut self) -> Option<Seen> {
        self.seen.take()
    }

    fn header(&self) -> Result<(), (Promise, &'static str)> {
        let (Some(verifier), Some(manifest)) = (&self.verifier, &self.manifest) else {
            return Ok(());
        };
        let report = verifier.report();
        let note = report.note.as_ref().map(String::as_bytes);
        if note != Some(self.note.as_slice()) {
            let why = "its checkpoint is not the one in checkpoint.txt";
            return Err((Promise::Log(LogPromise::Checkpoint), why));
        }
        if report.reader.as_ref() != Some(&manifest.reader) {
            let why = "its reader is not the one in the manifest";
            return Err((Promise::Log(LogPromise::Form), why));
        }
        Ok(())
    }

    fn entry(&mut self, digest: Digest, class: Class) -> Result<(), (Promise, &'static str)> {
        let Some(agreed) = self.agreed.get(&digest) else {
            return Err((Promise::Covenants, "its covenant is not in the bundle"));
        };
        self.named.insert(digest);
        if class == Class::Decision && !agreed.is_signed_by_all() {
            let why = "a decision under a covenant that not every party signed";
            return Err((Promise::Signatures, why));
        }
        Ok(())
    }

    fn spoil(&mut self, promise: Promise, line: u64, index: Option<u64>, problem: &str) {
        if self.report.bad.is_none() {
            self.report.bad = Some(Bad {
                file: Item::Entries.path(),
                line: Some(line),
                index,
                promise,
                problem: problem.to_owned(),
            });
        }
    }

    /// No more lines.
    #[must_use]
    pub fn finish(mut self) -> Report {
        let Some(verifier) = self.verifier.take() else {
            return self.report;
        };
        let log = verifier.finish();
        if let Some(bad) = &log.bad {
            self.spoil(Promise::Log(bad.promise), bad.line, bad.index, &bad.problem);
        }
        let shows = log.shows;
        self.report.log = Some(log);
        if let Some(manifest) = self.manifest.take() {
            let entries = Item::Entries.path();
            let listed = manifest.files.get(&entries).map(|listed| listed.digest);
            if self.report.bad.is_none() && shows != listed {
                self.report.bad = Some(Bad {
                    file: entries,
                    line: None,
                    index: None,
                    promise: Promise::Files,
                    problem: "its entries show other parts than the manifest says".to_owned(),
                });
            }
            let of_reader = match &manifest.reader {
                ledger::counters::Reader::Operator => BTreeSet::new(),
                ledger::counters::Reader::Auditor(covenants) => covenants.clone(),
                ledger::counters::Reader::Party(names) => {
                    names.iter().map(|(covenant, _)| *covenant).collect()
                }
            };
            let idle = manifest
                .covenants
                .iter()
                .find(|digest| !self.named.contains(*digest) && !of_reader.contains(*digest));
            if let (Some(digest), None) = (idle, &self.report.bad) {
                self.report.bad = Some(Bad {
                    file: Item::Covenant(*digest).path(),
                    line: None,
                    index: None,
                    promise: Promise::Covenants,
                    problem: "no entry and no reader names this covenant".to_owned(),
                });
            }
        }
        self.report
    }
}

/// The manifest, when the folder holds exactly what it lists.
fn listed(files: &BTreeMap<String, Found>) -> Result<Manifest, Broken> {
    let failed = |file: &str, why: &str| {
        Err(Broken {
            file: file.to_owned(),
            promise: Promise::Files,
            problem: why.to_owned(),
        })
    };
    let Some(found) = files.get(MANIFEST) else {
        return failed(MANIFEST, "it is missing");
    };
    let manifest = match found {
        Found::File(_, bytes) => Manifest::parse(bytes),
        Found::Entries(_) => None,
    };
    let Some(manifest) = manifest else {
        return failed(MANIFEST, "it is not a manifest, byte for byte");
    };
    let paths: BTreeSet<&String> = files.keys().chain(manifest.files.keys()).collect();
    for path in paths {
        if path == MANIFEST {
            continue;
        }
        match (files.get(path), manifest.files.get(path)) {
            (Some(_), None) => return failed(path, "the manifest does not list it"),
            (None, _) => return failed(path, "it is missing"),
            (Some(Found::File(measured, _)), Some(listed)) if measured != listed => {
                return failed(path, "it was changed: length or SHA-256 differ");
            }
            (Some(Found::Entries(length)), Some(listed)) if *length != listed.length => {
                return failed(path, "it was changed: its length differs");
            }
            (Some(_), Some(_)) => {}
        }
    }
    Ok(manifest)
}

fn bytes<'a>(files: &'a BTreeMap<String, Found>, item: &Item) -> &'a [u8] {
    match files.get(&item.path()) {
        Some(Found::File(_, bytes)) => bytes,
        _ => &[],
    }
}
