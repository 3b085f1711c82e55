//! One line of an export, read and judged as far as that takes no other line.

use std::ops::Range;
use std::sync::Arc;

use model::{Digest, PartyId, PurposeId, Timestamp};
use serde::Deserialize;

use super::shape::{Head, Shapes};
use super::{Broken, Promise, Seen, form};
use crate::counters::{AudienceKey, Counters, Named, Reader};
use crate::entry::{self, EntryError, Fields, Skeleton};
use crate::export::json::{self, DisclosedJson, Entry, ReaderJson, Text};
use crate::export::{Disclosed, ERASED, MAX_LINE, written};
use crate::kind::{Class, Kind};
use crate::opening::{MAX_CONTENT, Opening, Part, Salt, commitment};
use crate::tree::leaf_hash;

/// A line that was read by itself, for [`super::Verifier::take`].
#[derive(Debug)]
pub struct Line(pub(super) Content);

#[derive(Debug)]
pub(super) enum Content {
    TooLong,
    /// Its reading waits, since what it takes is the log's key.
    Header(Vec<u8>),
    Record(Result<Record, Broken>),
}

/// Reads lines by themselves: nearly all the work of verifying, and none that depends on another
/// line. So lines may be read in any order and on any thread, by as many of these as there are
/// threads; only taking them goes by the order of the log.
#[derive(Debug)]
pub struct Lines {
    contents: bool,
    known: Known,
    shapes: Shapes,
    /// The leaf of the line in hand.
    leaf: String,
    /// What the openings of the line in hand hold, one behind the other.
    opened: Vec<u8>,
}

impl Lines {
    /// `contents` says whether what is opened is kept once it was held against its commitment: only
    /// then [`super::Verifier::take_seen`] gives something.
    #[must_use]
    pub fn new(contents: bool) -> Self {
        Self {
            contents,
            known: Known::default(),
            shapes: Shapes::default(),
            leaf: String::new(),
            opened: Vec::new(),
        }
    }

    /// The first line of an export, without its line feed.
    #[must_use]
    pub fn header(&self, line: &[u8]) -> Line {
        Line(if line.len() > MAX_LINE {
            Content::TooLong
        } else {
            Content::Header(line.to_vec())
        })
    }

    /// Reads any further line, without its line feed: hashes the leaf, and holds what is opened
    /// against its commitments.
    #[must_use]
    pub fn record(&mut self, line: &[u8]) -> Line {
        Line(if line.len() > MAX_LINE {
            Content::TooLong
        } else {
            Content::Record(self.read(line))
        })
    }

    fn read(&mut self, line: &[u8]) -> Result<Record, Broken> {
        // What is a record in the form in which it is written, is that record in any form.
        if let Some(record) = self.written(line) {
            return Ok(record);
        }
        let entry: Entry<'_> = json::read(line).ok_or_else(|| form("no record"))?;
        self.fields(&entry, false)
            .ok_or_else(|| form("a field of the record"))
    }

    fn written(&mut self, line: &[u8]) -> Option<Record> {
        let text = simdutf8::basic::from_utf8(line).ok()?;
        let mut leaf = std::mem::take(&mut self.leaf);
        let entry = written::read(text, &mut leaf);
        let record = entry.and_then(|entry| self.fields(&entry, true));
        self.leaf = leaf;
        record
    }

    fn fields(&mut self, entry: &Entry<'_>, written: bool) -> Option<Record> {
        self.opened.clear();
        let openings = [
            self.opening(entry.request.as_ref())?,
            self.opening(entry.answer.as_ref())?,
            self.opening(entry.outcome.as_ref())?,
        ];
        let proof = digests(entry.proof.iter().map(Text::as_str))?;
        let (hash, leaf) = match (&entry.hash, &entry.leaf) {
            (Some(hash), None) => {
                let hash = Digest::from_hex(hash.as_str())?;
                let hidden = openings.iter().all(|o| matches!(o, Shown::Hidden));
                hidden.then_some((hash, None))?
            }
            (None, Some(leaf)) => {
                let leaf = leaf.as_str();
                let hash = leaf_hash(leaf.as_bytes());
                (hash, Some(self.leaf(leaf, &openings, written)))
            }
            _ => return None,
        };
        Some(Record {
            index: entry.index,
            hash,
            proof,
            leaf,
            written,
        })
    }

    fn opening(&mut self, json: Option<&DisclosedJson<'_>>) -> Option<Shown> {
        match json {
            None => Some(Shown::Hidden),
            Some(DisclosedJson::Word(word)) => (word == ERASED).then_some(Shown::Erased),
            Some(DisclosedJson::Open(open)) => {
                let salt = Digest::from_hex(open.salt.as_str())?;
                let start = self.opened.len();
                // In one form only: a character too many, or a bit, and it is none.
                let bytes = base64_simd::STANDARD
                    .decode_append(open.bytes.as_str().as_bytes(), &mut self.opened);
                bytes.ok()?;
                let bytes = start..self.opened.len();
                (bytes.len() <= MAX_CONTENT)
                    .then(|| Shown::Open(Salt::new(*salt.as_bytes()), bytes))
            }
        }
    }

    /// `has_form` says that the text is known to have the form of a leaf.
    fn leaf(
        &mut self,
        leaf: &str,
        openings: &[Shown; 3],
        has_form: bool,
    ) -> Result<Leaf, EntryError> {
        // Why it is none, that its fields are read one by one for.
        let other = || Skeleton::from_leaf(leaf.as_bytes()).err();
        let other = || other().unwrap_or(EntryError::Leaf("line"));
        let fields = if has_form {
            Fields::of_form(leaf)
        } else {
            Fields::read(leaf)
        };
        let fields = fields.ok_or_else(other)?;
        let place = self.known.place(fields.names).ok_or_else(other)?;
        let named = self.known.named(place).ok_or_else(other)?;
        let (recipient, source) = (named.recipient.as_ref(), named.source.as_ref());
        if !fields.counters.fit(recipient, source) {
            return Err(EntryError::Counters);
        }
        let kept = self.contents.then(|| self.contents(leaf, openings));
        let outcome = match openings {
            [_, _, Shown::Open(_, bytes)] => self.outcome(bytes.clone(), fields.class, place),
            _ => Ok(None),
        };
        Ok(Leaf {
            seq: fields.seq,
            at: fields.at,
            class: fields.class,
            counters: fields.counters,
            states: self.states(&fields.commitments, openings),
            kept: kept.transpose()?,
            outcome,
            named,
        })
    }

    fn states(&self, commitments: &[Digest; 3], openings: &[Shown; 3]) -> [State; 3] {
        let mut states = [State::Hidden; 3];
        let parts = Part::ALL.into_iter().zip(commitments).zip(openings);
        for (((part, committed), opening), state) in parts.zip(&mut states) {
            *state = match opening {
                Shown::Hidden => State::Hidden,
                Shown::Erased => State::Erased,
                Shown::Open(salt, bytes) => {
                    let bytes = self.opened.get(bytes.clone()).unwrap_or_default();
                    if commitment(part, salt, bytes) == *committed {
                        State::Opens
                    } else {
                        State::Amiss
                    }
                }
            };
        }
        states
    }

    fn contents(&self, leaf: &str, openings: &[Shown; 3]) -> Result<Box<Seen>, EntryError> {
        let [request, answer, outcome] = openings.each_ref().map(|opening| match opening {
            Shown::Hidden => Disclosed::Hidden,
            Shown::Erased => Disclosed::Erased,
            Shown::Open(salt, bytes) => Disclosed::Open(Opening {
                salt: salt.clone(),
                bytes: self.opened.get(bytes.clone()).unwrap_or_default().to_vec(),
            }),
        });
        Ok(Box::new(Seen {
            leaf: Skeleton::from_leaf(leaf.as_bytes())?,
            request,
            answer,
            outcome,
        }))
    }

    /// The audience of the purpose that an opened outcome names, or what is wrong with the outcome.
    fn outcome(
        &mut self,
        bytes: Range<usize>,
        class: Class,
        place: usize,
    ) -> Result<Option<AudienceKey>, &'static str> {
        let bytes = self.opened.get(bytes).unwrap_or_default();
        let alike = self.shapes.of(bytes);
        if let Some((_, purpose)) = alike.filter(|(kind, _)| kind.class() == class) {
            return Ok(self.known.purpose(place, purpose.as_ref()));
        }
        let head = read_outcome(bytes, class)?;
        self.shapes.remember(bytes, &head);
        Ok(self.known.purpose(place, head.1.as_ref()))
    }
}

/// How many are remembered: more than there are in most logs, few enough to look through.
const REMEMBERED: usize = 32;

/// Whom leaves before named, and for what purposes.
#[derive(Debug, Default)]
struct Known {
    names: Vec<Names>,
    next: usize,
}

#[derive(Debug)]
struct Names {
    /// As they stand in a leaf.
    written: Box<str>,
    named: Arc<Named>,
    purposes: Vec<(Option<PurposeId>, AudienceKey)>,
}

impl Known {
    /// Where names are remembered; `None` if they are none.
    fn place(&mut self, written: &str) -> Option<usize> {
        let known = self
            .names
            .iter()
            .position(|names| *names.written == *written);
        if known.is_some() {
            return known;
        }
        let names = Names {
            written: written.into(),
            named: Arc::new(entry::names(written)?),
            purposes: Vec::new(),
        };
        let place = self.next;
        match self.names.get_mut(place) {
            Some(oldest) => *oldest = names,
            None => self.names.push(names),
        }
        self.next = (place + 1) % REMEMBERED;
        Some(place)
    }

    fn named(&self, place: usize) -> Option<Arc<Named>> {
        self.names.get(place).map(|names| Arc::clone(&names.named))
    }

    fn purpose(&mut self, place: usize, purpose: Option<&PurposeId>) -> Option<AudienceKey> {
        let names = self.names.get_mut(place)?;
        let known = names.purposes.iter().find(|(of, _)| of.as_ref() == purpose);
        if let Some((_, key)) = known {
            return Some(*key);
        }
        let key = names.named.purpose(purpose);
        if names.purposes.len() < REMEMBERED {
            names.purposes.push((purpose.cloned(), key));
        }
        Some(key)
    }
}

/// A record, in the order of the log not yet judged.
#[derive(PartialEq, Eq, Debug)]
pub(super) struct Record {
    pub(super) index: u64,
    pub(super) hash: Digest,
    pub(super) proof: Vec<Digest>,
    /// The leaf; `None` where only its hash is shown.
    pub(super) leaf: Option<Result<Leaf, EntryError>>,
    /// Whether it stands there byte for byte as [`crate::export::Exporter`] writes it.
    pub(super) written: bool,
}

/// A leaf that is shown, and what its openings are in the order of [`Part::ALL`].
#[derive(PartialEq, Eq, Debug)]
pub(super) struct Leaf {
    pub(super) seq: u64,
    pub(super) at: Timestamp,
    pub(super) class: Class,
    pub(super) named: Arc<Named>,
    pub(super) counters: Counters,
    pub(super) states: [State; 3],
    /// The audience of the purpose, where the outcome is opened, or what is wrong with that.
    pub(super) outcome: Result<Option<AudienceKey>, &'static str>,
    /// All that is shown, where it is asked for.
    pub(super) kept: Option<Box<Seen>>,
}

/// What a line shows of one part.
enum Shown {
    Hidden,
    Erased,
    /// Its salt, and where in [`Lines::opened`] its bytes are.
    Open(Salt, Range<usize>),
}

impl Leaf {
    /// Its byte in [`super::Report::shows`].
    pub(super) fn shows(&self) -> u8 {
        let states = self.states.iter().rev();
        states.fold(1, |byte, state| byte << 2 | state.code())
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum State {
    Hidden,
    Erased,
    Opens,
    /// Opened, and not what was committed to.
    Amiss,
}

impl State {
    /// What it is in [`super::Report::shows`].
    pub(super) const fn code(self) -> u8 {
        match self {
            Self::Hidden => 0,
            Self::Erased => 1,
            // What does not open its commitment is never counted.
            Self::Opens | Self::Amiss => 2,
        }
    }
}

pub(super) fn digests<'a, T: FromIterator<Digest>>(
    texts: impl IntoIterator<Item = &'a str>,
) -> Option<T> {
    texts.into_iter().map(Digest::from_hex).collect()
}

pub(crate) fn read_reader(json: &ReaderJson) -> Option<Reader> {
    Some(match json {
        ReaderJson::Operator {} => Reader::Operator,
        ReaderJson::Auditor { covenants } => {
            Reader::Auditor(digests(covenants.iter().map(String::as_str))?)
        }
        ReaderJson::Party { names } => Reader::Party(
            names
                .iter()
                .map(|n| {
                    Some((
                        Digest::from_hex(&n.0.covenant)?,
                        PartyId::parse(&n.0.party).ok()?,
                    ))
                })
                .collect::<Option<_>>()?,
        ),
    })
}

/// What a verifier needs of an outcome, or what is wrong with it. Only those fields are read, so that
/// an older verifier can read a newer outcome.
fn read_outcome(bytes: &[u8], class: Class) -> Result<Head, &'static str> {
    #[derive(Deserialize)]
    struct Fields<'a> {
        #[serde(borrow)]
        kind: Text<'a>,
        #[serde(borrow)]
        purpose: Option<Text<'a>>,
    }
    let fields: Fields<'_> = json::read(bytes).ok_or("it is not an outcome")?;
    let kind = Kind::parse(fields.kind.as_str()).ok_or("its kind is not in the catalogue")?;
    if kind.class() != class {
        return Err("its kind is not of the leaf's class");
    }
    let purpose = fields.purpose.map(|p| PurposeId::parse(p.as_str()));
    let purpose = purpose.transpose();
    let purpose = purpose.map_err(|_| "its purpose is not well formed")?;
    Ok((kind, purpose))
}

impl Broken {
    /// What an opening breaks: it does not open its commitment, or is owed and not shown.
    pub(super) fn of_openings(leaf: &Leaf, reader: Option<&Reader>) -> Option<Self> {
        let owed = |part| reader.is_some_and(|reader| reader.is_owed_opening(&leaf.named, part));
        for (part, state) in Part::ALL.into_iter().zip(leaf.states) {
            let problem = match state {
                State::Amiss => "does not open its commitment",
                State::Hidden if owed(part) => "is not shown to its reader",
                _ => continue,
            };
            let problem = format!("the {} {problem}", part.as_str());
            return Some(Self(Promise::Openings, problem));
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::json::OpenJson;

    /// Every line behind the header of every committed vector.
    fn records() -> Vec<String> {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors/ledger");
        let mut records = Vec::new();
        for file in std::fs::read_dir(folder).unwrap() {
            let bytes = std::fs::read(file.unwrap().path()).unwrap();
            let text = String::from_utf8_lossy(&bytes).into_owned();
            let (_, export) = text.split_once("\n\n").unwrap();
            records.extend(export.lines().skip(1).map(str::to_owned));
        }
        records
    }

    /// The record as it is written, and as JSON says it.
    fn both(line: &str) -> (Option<Record>, Option<Record>) {
        let mut lines = Lines::new(true);
        let mut leaf = String::new();
        let entry = written::read(line, &mut leaf);
        let written = entry.and_then(|entry| lines.fields(&entry, true));
        let entry = json::read(line.as_bytes());
        let read = entry.and_then(|entry| lines.fields(&entry, false));
        let read = read.map(|read| Record {
            written: written.is_some(),
            ..read
        });
        (written, read)
    }

    #[test]
    fn what_is_opened_is_written_in_one_way() {
        let mut lines = Lines::new(true);
        let alphabet = b"AQgw/+-_=\n z";
        let (mut taken, mut tried) = (0, 0);
        for length in 0..=4_u32 {
            for number in 0..alphabet.len().pow(length) {
                let places = (0..length).map(|at| number / alphabet.len().pow(at));
                let text = places.map(|place| char::from(alphabet[place % alphabet.len()]));
                let text: String = text.collect();
                let open = OpenJson {
                    salt: "00".repeat(32).into(),
                    bytes: text.clone().into(),
                };
                lines.opened.clear();
                let read = lines.opening(Some(&DisclosedJson::Open(open)));
                let other = data_encoding::BASE64.decode(text.as_bytes()).ok();
                assert_eq!(read.map(|_| lines.opened.clone()), other, "{text}");
                (taken, tried) = (taken + usize::from(other.is_some()), tried + 1);
            }
        }
        assert!(taken > 1_000 && tried > 20_000, "{taken} of {tried}");
    }

    #[test]
    fn what_is_written_is_what_json_says() {
        let (mut same, mut other) = (0, 0);
        for line in records() {
            let (written, read) = both(&line);
            assert!(written.is_none() || written == read, "{line}");
            same += usize::from(written.is_some());
            other += usize::from(written.is_none() && read.is_some());
        }
        assert!(same > 10 * other && other > 0, "{same} {other}");
    }

    #[test]
    fn no_change_makes_it_another_record_than_json_says() {
        let pieces = [
            "", "\"", "\\", "\\\"", "\\u0030", "0", "00", "9", "-", ".", "e1", " ", "\t", "{", "}",
            "[", "]", ",", ":", "null", "\u{e9}", "\u{1}", "x",
        ];
        let all = records();
        let (mut taken, mut tried) = (0, 0);
        for line in all.iter().step_by(all.len() / 8) {
            let places = (0..line.len()).filter(|at| at % 3 == 0 || *at < 40);
            for at in places.filter(|at| line.is_char_boundary(*at)) {
                for (number, piece) in pieces.iter().enumerate() {
                    // In the place of a byte, and before it.
                    let end = (at + (at + number) % 2).min(line.len());
                    let (Some(head), Some(tail)) = (line.get(..at), line.get(end..)) else {
                        continue;
                    };
                    let changed = format!("{head}{piece}{tail}");
                    let (written, read) = both(&changed);
                    assert!(written.is_none() || written == read, "{changed}");
                    taken += usize::from(written.is_some());
                    tried += 1;
                }
            }
        }
        assert!(taken > 100 && tried > 50 * 1_000, "{taken} of {tried}");
    }
}
