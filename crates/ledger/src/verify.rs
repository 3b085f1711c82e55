//! Verifying an export with a public key and nothing else.
//!
//! `tests/independent/verify.py` does the same in another language; both are held against the
//! vectors in `tests/vectors/ledger`. Verification stops at the first bad record: what stands
//! behind it can't be trusted, and is not judged.

mod line;
pub(crate) mod shape;
mod walk;

use std::io::BufRead;

use model::{Digest, Timestamp};
use sha2::{Digest as _, Sha256};

use crate::checkpoint::{Checkpoint, LogVerifier};
use crate::counters::{Counting, Reader};
use crate::entry::Skeleton;
use crate::export::json::{self, Header, Object, ReaderJson};
use crate::export::{Disclosed, FORMAT, MAX_LINE, write_line};
use crate::kind::Class;
pub(crate) use crate::verify::line::read_reader;
use crate::verify::line::{Content, Leaf, Record, State, digests};
pub use crate::verify::line::{Line, Lines};
use crate::verify::walk::Walk;

/// What an export promises, in the order in which a record is judged.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Promise {
    /// Every record can be read.
    Form,
    /// The log's own key signed the checkpoint.
    Checkpoint,
    /// Records stand in the order of the log; none is missing, repeated or moved.
    Order,
    /// Every leaf stands in the tree that the checkpoint signs.
    Tree,
    /// Time never runs back.
    Time,
    /// What was opened is what was committed to.
    Openings,
    /// What was opened as an outcome is one, and of the class that its leaf shows.
    Outcome,
    /// Nothing that this reader is owed was left out.
    Counters,
    /// The export reaches to the checkpoint's size.
    Complete,
}

impl Promise {
    /// Every promise.
    pub const ALL: [Self; 9] = [
        Self::Form,
        Self::Checkpoint,
        Self::Order,
        Self::Tree,
        Self::Time,
        Self::Openings,
        Self::Outcome,
        Self::Counters,
        Self::Complete,
    ];

    /// Its name in reports and vectors.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Form => "form",
            Self::Checkpoint => "checkpoint",
            Self::Order => "order",
            Self::Tree => "tree",
            Self::Time => "time",
            Self::Openings => "openings",
            Self::Outcome => "outcome",
            Self::Counters => "counters",
            Self::Complete => "complete",
        }
    }
}

/// The first record that breaks a promise.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Bad {
    /// The line, from 1; the header is line 1. One past the last when the export ends too early.
    pub line: u64,
    /// The place in the log that it should be, from 0; `None` for the header.
    pub index: Option<u64>,
    /// Which promise it breaks.
    pub promise: Promise,
    /// How; never a value.
    pub problem: String,
}

/// Whether a promise holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// For every record.
    Holds,
    /// For every record before the first bad one; what follows was not judged.
    HeldSoFar,
    /// Not for the first bad record.
    Broken,
    /// Nothing was read that it could be judged by.
    NotJudged,
}

/// What verification found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Report {
    /// What the log signed, once its signature was verified.
    pub checkpoint: Option<Checkpoint>,
    /// The header's signed note, once its signature was verified: the exact text.
    pub note: Option<String>,
    /// For whom the export was made, as it says itself: compare it with who you are.
    pub reader: Option<Reader>,
    /// The index that the export begins at.
    pub from: u64,
    /// How many records were read and are good.
    pub records: u64,
    /// How many of those showed their leaf.
    pub leaves: u64,
    /// How many openings were verified.
    pub opened: u64,
    /// How many openings were erased.
    pub erased: u64,
    /// SHA-256 over one byte for each good record, once all were read: 0 for a hash only; else 64,
    /// and for request, answer and outcome 1, 4 and 16 times what is shown of it, which is 0 for
    /// nothing, 1 for erased and 2 for opened. In records in the form in which they are written all
    /// else is fixed by the checkpoint: a leaf by its hash, and what is opened by its commitment.
    pub shows: Option<Digest>,
    /// The first and last instant among the leaves shown.
    pub period: Option<(Timestamp, Timestamp)>,
    /// The first bad record, if there is one.
    pub bad: Option<Bad>,
}

impl Report {
    /// Whether every promise holds.
    #[must_use]
    pub const fn is_good(&self) -> bool {
        self.bad.is_none()
    }

    /// Each promise, and whether it holds.
    #[must_use]
    pub fn promises(&self) -> [(Promise, Standing); 9] {
        Promise::ALL.map(|promise| (promise, self.standing(promise)))
    }

    /// Whether one promise holds.
    #[must_use]
    pub fn standing(&self, promise: Promise) -> Standing {
        let broken = self.bad.as_ref().map(|bad| bad.promise);
        if broken == Some(promise) {
            return Standing::Broken;
        }
        // A record is judged promise by promise, up to the one that it breaks.
        let passed = self.bad.as_ref().is_some_and(|bad| {
            bad.index.is_some() && promise < bad.promise && bad.promise != Promise::Complete
        });
        let judged = match promise {
            Promise::Form => self.checkpoint.is_some() || broken.is_some_and(|b| b > promise),
            Promise::Checkpoint => self.checkpoint.is_some(),
            Promise::Order | Promise::Tree => self.records > 0 || passed,
            Promise::Time | Promise::Openings | Promise::Outcome | Promise::Counters => {
                self.leaves > 0 || passed
            }
            Promise::Complete => broken.is_none(),
        };
        match (judged, broken) {
            (false, _) => Standing::NotJudged,
            (true, None) => Standing::Holds,
            (true, Some(_)) => Standing::HeldSoFar,
        }
    }
}

/// Verifies a whole export.
///
/// # Errors
/// Only what the reader itself reports; a bad export is a [`Report`].
pub fn verify(mut reader: impl BufRead, log: &LogVerifier) -> std::io::Result<Report> {
    let mut verifier = Verifier::new(log);
    let limit = u64::try_from(MAX_LINE).unwrap_or(u64::MAX) + 2;
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = std::io::Read::take(&mut reader, limit).read_until(b'\n', &mut line)?;
        if read == 0 {
            return Ok(verifier.finish());
        }
        if line.last() == Some(&b'\n') {
            line.pop();
        }
        if verifier.line(&line).is_err() {
            return Ok(verifier.finish());
        }
    }
}

/// Verifies line by line, as they come in, in memory for 64 hashes and the counters: the last number
/// of each audience, and the purpose numbers of leaves whose outcome is not opened.
#[derive(Debug)]
pub struct Verifier {
    log: LogVerifier,
    reading: Lines,
    lines: u64,
    walk: Option<Walk>,
    counting: Option<Counting>,
    report: Report,
    about: Option<About>,
    seen: Option<Box<Seen>>,
    /// Whether every line must stand there as it is written.
    as_written: bool,
    shows: Sha256,
}

/// What a good record's leaf is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct About {
    /// SHA-256 of the covenant's exact bytes.
    pub covenant: Option<Digest>,
    /// What it is about, coarsely.
    pub class: Class,
}

/// What a good record shows of its leaf. Every opening opens its commitment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Seen {
    /// The leaf.
    pub leaf: Skeleton,
    /// The request.
    pub request: Disclosed,
    /// The answer.
    pub answer: Disclosed,
    /// The outcome's bytes, for [`crate::Outcome::from_json`].
    pub outcome: Disclosed,
}

impl Verifier {
    /// Nothing read yet.
    #[must_use]
    pub fn new(log: &LogVerifier) -> Self {
        Self::reading(log, false)
    }

    /// The same for an export of which no byte may be other than as [`crate::export::Exporter`] writes it: for
    /// JSON there are many ways to write one line.
    #[must_use]
    pub fn as_written(log: &LogVerifier) -> Self {
        Self::reading(log, true)
    }

    fn reading(log: &LogVerifier, as_written: bool) -> Self {
        let report = Report {
            checkpoint: None,
            note: None,
            reader: None,
            from: 0,
            records: 0,
            leaves: 0,
            opened: 0,
            erased: 0,
            shows: None,
            period: None,
            bad: None,
        };
        Self {
            log: log.clone(),
            reading: Lines::new(true),
            lines: 0,
            walk: None,
            counting: None,
            report,
            about: None,
            seen: None,
            as_written,
            shows: Sha256::new(),
        }
    }

    /// What the last line showed, once: nothing of the header, of a record that is a hash only, of a
    /// bad one, and of one that was read without its contents.
    pub fn take_seen(&mut self) -> Option<Seen> {
        self.seen.take().map(|seen| *seen)
    }

    /// What the last line's leaf is about: nothing of the header, of a record that is a hash only, and
    /// of a bad one.
    #[must_use]
    pub const fn about(&self) -> Option<About> {
        self.about
    }

    /// The place in the log that the next record must have; `None` before the header.
    #[must_use]
    pub fn next_index(&self) -> Option<u64> {
        self.walk.as_ref().map(|walk| walk.next)
    }

    /// What was found so far.
    #[must_use]
    pub const fn report(&self) -> &Report {
        &self.report
    }

    /// Reads and takes one line without its line feed. Once a line was bad, every further one gets the
    /// same.
    ///
    /// # Errors
    /// The first bad record.
    pub fn line(&mut self, line: &[u8]) -> Result<(), Bad> {
        let line = if self.walk.is_none() {
            self.reading.header(line)
        } else {
            self.reading.record(line)
        };
        self.take(line)
    }

    /// Takes the next line, which was read before: the first one with [`Lines::header`].
    ///
    /// # Errors
    /// As [`Verifier::line`].
    pub fn take(&mut self, line: Line) -> Result<(), Bad> {
        if let Some(bad) = &self.report.bad {
            return Err(bad.clone());
        }
        self.lines += 1;
        (self.about, self.seen) = (None, None);
        let index = self.walk.as_ref().map(|walk| walk.next);
        let judged = match (line.0, &self.walk) {
            (Content::TooLong, _) => Err(Broken(
                Promise::Form,
                "the line is longer than 512 KiB".to_owned(),
            )),
            (Content::Header(line), None) => self.header(&line),
            (Content::Record(record), Some(_)) => record.and_then(|record| self.record(record)),
            (Content::Header(_), Some(_)) => Err(form("no record")),
            (Content::Record(_), None) => Err(form("no header")),
        };
        judged.map_err(|Broken(promise, problem)| {
            let bad = Bad {
                line: self.lines,
                index,
                promise,
                problem,
            };
            self.report.bad = Some(bad.clone());
            bad
        })
    }

    /// No more lines.
    #[must_use]
    pub fn finish(mut self) -> Report {
        if self.report.bad.is_none() {
            let missing = match &self.walk {
                None => Some((None, Promise::Form, "there is no header")),
                Some(walk) if walk.next < walk.size => Some((
                    Some(walk.next),
                    Promise::Complete,
                    "the export ends before the checkpoint",
                )),
                Some(_) => None,
            };
            self.report.bad = missing.map(|(index, promise, problem)| Bad {
                line: self.lines + 1,
                index,
                promise,
                problem: problem.to_owned(),
            });
        }
        if self.report.is_good() {
            self.report.shows = Some(Digest::new(self.shows.finalize().into()));
        }
        self.report
    }

    fn header(&mut self, line: &[u8]) -> Result<(), Broken> {
        let mut header: Header = json::read(line).ok_or_else(|| form("no header"))?;
        if header.format != FORMAT {
            return Err(form("another format: use the version that writes it"));
        }
        let reader = read_reader(&header.reader.0).ok_or_else(|| form("the reader"))?;
        header.reader = Object(ReaderJson::from(&reader));
        if self.as_written && write_line(&header).trim_end().as_bytes() != line {
            return Err(form(OTHER_FORM));
        }
        let prefix = digests(header.prefix.iter().map(String::as_str));
        let prefix = prefix.ok_or_else(|| form("the prefix"))?;
        let checkpoint = self
            .log
            .verify(header.checkpoint.as_bytes())
            .map_err(|e| Broken(Promise::Checkpoint, e.to_string()))?;
        if header.vkey != self.log.to_vkey() || header.origin != checkpoint.origin {
            let problem = "the header names another log or key";
            return Err(Broken(Promise::Checkpoint, problem.to_owned()));
        }
        self.report.checkpoint = Some(checkpoint.clone());
        self.report.note = Some(header.checkpoint);
        let walk = Walk::new(&checkpoint, header.from, prefix).ok_or_else(|| {
            Broken(
                Promise::Tree,
                "the prefix does not lead to the root".to_owned(),
            )
        })?;
        self.counting = Some(Counting::new(reader.clone(), header.from == 0));
        self.walk = Some(walk);
        self.report.from = header.from;
        self.report.reader = Some(reader);
        Ok(())
    }

    fn record(&mut self, record: Record) -> Result<(), Broken> {
        let Some(walk) = &mut self.walk else {
            return Err(form("no header"));
        };
        let order = |problem: &str| Err(Broken(Promise::Order, problem.to_owned()));
        if walk.next >= walk.size {
            return order("a record beyond the checkpoint's size");
        }
        if record.index != walk.next {
            return order("another index should follow here");
        }
        if !walk.accept(record.hash, &record.proof) {
            let problem = "the leaf or its proof is not what the checkpoint signs";
            return Err(Broken(Promise::Tree, problem.to_owned()));
        }
        if self.as_written && !record.written {
            return Err(form(OTHER_FORM));
        }
        if let Some(leaf) = record.leaf {
            let leaf = leaf.map_err(|e| form(&e.to_string()))?;
            if leaf.seq != record.index {
                return order("the leaf's seq is not its index");
            }
            let shows = leaf.shows();
            self.shown(leaf)?;
            self.shows.update([shows]);
        } else {
            self.shows.update([0]);
        }
        self.report.records += 1;
        Ok(())
    }

    fn shown(&mut self, leaf: Leaf) -> Result<(), Broken> {
        let at = leaf.at;
        let (first, last) = self.report.period.unwrap_or((at, at));
        if at < last {
            return Err(Broken(
                Promise::Time,
                "it is earlier than a record before it".to_owned(),
            ));
        }
        if let Some(broken) = Broken::of_openings(&leaf, self.report.reader.as_ref()) {
            return Err(broken);
        }
        let purpose = leaf
            .outcome
            .map_err(|problem| Broken(Promise::Outcome, problem.to_owned()))?;
        if let Some(counting) = &mut self.counting {
            counting
                .observe(&leaf.named, &leaf.counters, purpose)
                .map_err(|gap| Broken(Promise::Counters, gap.to_string()))?;
        }
        self.report.period = Some((first, at));
        self.report.leaves += 1;
        for state in leaf.states {
            self.report.opened += u64::from(state == State::Opens);
            self.report.erased += u64::from(state == State::Erased);
        }
        self.about = Some(About {
            covenant: leaf.named.covenant,
            class: leaf.class,
        });
        self.seen = leaf.kept;
        Ok(())
    }
}

#[derive(Debug)]
struct Broken(Promise, String);

const OTHER_FORM: &str = "written in another form than an export's: export again";

fn form(problem: &str) -> Broken {
    Broken(Promise::Form, format!("not well formed: {problem}"))
}
