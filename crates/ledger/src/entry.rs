//! The leaf, and the sealing of a new entry.
//!
//! ```text
//! {"v":1,"seq":"00000000000000000042","at":"2026-11-23T20:15:00.000Z","class":"decision.",
//! "covenant":"<64 hex>","recipient":"corporatie......","source":"gemeente........",
//! "counters":{"recipient":"00000000000000000007","source":"00000000000000000003",
//! "purpose":"00000000000000000007"},"n":"<64 hex>","request":"<64 hex>","answer":"<64 hex>",
//! "outcome":"<64 hex>"}
//! ```
//!
//! One line (broken here to be read), ASCII, without a line feed, always [`LEAF_LEN`] bytes:
//! numbers have 20 digits, names and classes are filled up with dots (which no name contains), and
//! what is absent is dots only. Verifiers hash the bytes and never write them again.

mod fields;
mod form;

use model::{Digest, PartyId, PurposeId, Timestamp};

use crate::counters::{Audiences, Counters};
pub(crate) use crate::entry::fields::{Fields, names};
pub(crate) use crate::entry::form::leaf_in_json;
use crate::entry::form::{CLASS, END, HEX, NAME, NUMBER, TEMPLATE};
use crate::kind::Class;
use crate::opening::{MAX_CONTENT, Opening, Part, Salt};
use crate::outcome::Outcome;
use crate::tree::leaf_hash;

/// The length of every leaf in bytes.
pub const LEAF_LEN: usize = 735;

/// Why an entry can't be sealed or a leaf can't be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum EntryError {
    /// A content is longer than [`MAX_CONTENT`].
    #[error("the {} is longer than 64 KiB: commit to its digest instead", .0.as_str())]
    TooLong(Part),
    /// The instant is not in the years 1970 to 9998.
    #[error("at lies outside the years 1970 to 9998: set the clock")]
    Instant,
    /// A counter is there without its party, or missing with it, or 0.
    #[error("counters do not fit the parties named: number each named party from 1")]
    Counters,
    /// The bytes are no leaf of version 1.
    #[error("the leaf is not of version 1: {0} has another form")]
    Leaf(&'static str),
}

/// A leaf as fields: what every reader that it names may see.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Skeleton {
    /// The place in the log, from 0: the tree's leaf index.
    pub seq: u64,
    /// When the broker's single writer appended it.
    pub at: Timestamp,
    /// What it is about, coarsely.
    pub class: Class,
    /// SHA-256 of the covenant's exact bytes.
    pub covenant: Option<Digest>,
    /// The party that received, or asked. Who is named may read the leaf.
    pub recipient: Option<PartyId>,
    /// The party whose signals were in question. Who is named may read the leaf.
    pub source: Option<PartyId>,
    /// Gapless numbers.
    pub counters: Counters,
    /// 32 random bytes, so that nobody can guess a leaf from its hash.
    pub n: [u8; 32],
    /// Commitment to the request.
    pub request: Digest,
    /// Commitment to the answer.
    pub answer: Digest,
    /// Commitment to the outcome.
    pub outcome: Digest,
}

/// What a use case hands to the store to be logged.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewEntry {
    /// SHA-256 of the covenant's exact bytes.
    pub covenant: Option<Digest>,
    /// Named in the leaf, and so able to read it. `None` where parties may see a hash only, as for
    /// a withheld continuous match: the outcome then names them for the auditor.
    pub recipient: Option<PartyId>,
    /// As `recipient`.
    pub source: Option<PartyId>,
    /// Numbers the entry; the leaf does not show it.
    pub purpose: Option<PurposeId>,
    /// The exact bytes of the request, or nothing.
    pub request: Vec<u8>,
    /// The exact bytes of the answer, or nothing.
    pub answer: Vec<u8>,
    /// The side record; its kind gives the leaf its class.
    pub outcome: Outcome,
}

/// Fresh salts of one entry.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Salts {
    /// For the request.
    pub request: Salt,
    /// For the answer.
    pub answer: Salt,
    /// For the outcome.
    pub outcome: Salt,
}

/// What the single writer gives an entry.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Placement {
    /// The size of the tree before this entry.
    pub seq: u64,
    /// Now; never before the entry before it.
    pub at: Timestamp,
    /// The next number of each of [`NewEntry::audiences`].
    pub counters: Counters,
    /// 32 fresh random bytes.
    pub nonce: [u8; 32],
    /// Three fresh salts.
    pub salts: Salts,
}

/// A sealed entry: the leaf for the tree, and what opens it, kept beside.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sealed {
    /// The leaf as fields.
    pub skeleton: Skeleton,
    /// The leaf's exact bytes, [`LEAF_LEN`] of them.
    pub leaf: Vec<u8>,
    /// `SHA-256(0x00 || leaf)`.
    pub leaf_hash: Digest,
    /// Opens `skeleton.request`.
    pub request: Opening,
    /// Opens `skeleton.answer`.
    pub answer: Opening,
    /// Opens `skeleton.outcome`: the outcome's JSON.
    pub outcome: Opening,
}

impl NewEntry {
    /// An event that names nobody in its leaf, and answers nothing.
    #[must_use]
    pub const fn unnamed(covenant: Option<Digest>, outcome: Outcome) -> Self {
        Self {
            covenant,
            recipient: None,
            source: None,
            purpose: None,
            request: Vec::new(),
            answer: Vec::new(),
            outcome,
        }
    }

    /// The audiences that number it.
    #[must_use]
    pub fn audiences(&self) -> Audiences {
        Audiences::of(
            self.covenant.as_ref(),
            self.recipient.as_ref(),
            self.source.as_ref(),
            self.purpose.as_ref(),
        )
    }

    /// Commits to the contents and writes the leaf.
    ///
    /// # Errors
    /// [`EntryError`] when a content is too long, or instant or counters can't be.
    pub fn seal(self, placement: Placement) -> Result<Sealed, EntryError> {
        let Placement {
            seq,
            at,
            counters,
            nonce,
            salts,
        } = placement;
        let class = self.outcome.kind.class();
        let request = Opening {
            salt: salts.request,
            bytes: self.request,
        };
        let answer = Opening {
            salt: salts.answer,
            bytes: self.answer,
        };
        let outcome = Opening {
            salt: salts.outcome,
            bytes: self.outcome.to_json(),
        };
        for (part, opening) in [
            (Part::Request, &request),
            (Part::Answer, &answer),
            (Part::Outcome, &outcome),
        ] {
            if opening.bytes.len() > MAX_CONTENT {
                return Err(EntryError::TooLong(part));
            }
        }
        let skeleton = Skeleton {
            seq,
            at,
            class,
            covenant: self.covenant,
            recipient: self.recipient,
            source: self.source,
            counters,
            n: nonce,
            request: request.commitment(Part::Request),
            answer: answer.commitment(Part::Answer),
            outcome: outcome.commitment(Part::Outcome),
        };
        let leaf = skeleton.to_leaf()?;
        let leaf_hash = leaf_hash(&leaf);
        Ok(Sealed {
            skeleton,
            leaf,
            leaf_hash,
            request,
            answer,
            outcome,
        })
    }
}

impl Skeleton {
    /// The commitment to `part`.
    #[must_use]
    pub const fn commitment(&self, part: Part) -> &Digest {
        match part {
            Part::Request => &self.request,
            Part::Answer => &self.answer,
            Part::Outcome => &self.outcome,
        }
    }

    /// Whether the leaf names `party`, which may then read it.
    #[must_use]
    pub fn names(&self, party: &PartyId) -> bool {
        self.recipient.as_ref() == Some(party) || self.source.as_ref() == Some(party)
    }

    /// The leaf's exact bytes.
    ///
    /// # Errors
    /// [`EntryError::Instant`], [`EntryError::Counters`].
    pub fn to_leaf(&self) -> Result<Vec<u8>, EntryError> {
        let at = self.at.to_rfc3339();
        if !may_be_written(self.at) {
            return Err(EntryError::Instant);
        }
        self.check_counters()?;
        let hex = |bytes: &[u8]| data_encoding::HEXLOWER.encode(bytes);
        let digest = |d: Option<&Digest>| d.map_or_else(|| fill("", HEX), Digest::to_hex);
        let name = |p: Option<&PartyId>| fill(p.map_or("", PartyId::as_str), NAME);
        let number = |n: Option<u64>| n.map_or_else(|| fill("", NUMBER), |n| format!("{n:020}"));
        let values = [
            number(Some(self.seq)),
            at,
            fill(self.class.as_str(), CLASS),
            digest(self.covenant.as_ref()),
            name(self.recipient.as_ref()),
            name(self.source.as_ref()),
            number(self.counters.recipient),
            number(self.counters.source),
            number(Some(self.counters.purpose)),
            hex(&self.n),
            self.request.to_hex(),
            self.answer.to_hex(),
            self.outcome.to_hex(),
        ];
        let mut leaf = String::with_capacity(LEAF_LEN);
        for ((before, _, _), value) in TEMPLATE.iter().zip(values) {
            leaf.push_str(before);
            leaf.push_str(&value);
        }
        leaf.push_str(END);
        Ok(leaf.into_bytes())
    }

    /// Reads a leaf's exact bytes. Only what [`Skeleton::to_leaf`] writes is a leaf.
    ///
    /// # Errors
    /// [`EntryError::Leaf`] with the first field that has another form; [`EntryError::Counters`].
    pub fn from_leaf(leaf: &[u8]) -> Result<Self, EntryError> {
        let text = simdutf8::basic::from_utf8(leaf).map_err(|_| EntryError::Leaf("encoding"))?;
        let mut rest = text;
        let mut values = TEMPLATE.iter().map(|(before, field, length)| {
            let error = EntryError::Leaf(field);
            let after = rest.strip_prefix(before).ok_or(error)?;
            let (value, after) = after.split_at_checked(*length).ok_or(error)?;
            rest = after;
            Ok((*field, value))
        });
        let mut next = || values.next().unwrap_or(Err(EntryError::Leaf("line")));
        let seq = number(next()?)?.ok_or(EntryError::Leaf("seq"))?;
        let at = instant(next()?)?;
        let class = class(next()?)?;
        let covenant = digest(next()?)?;
        let recipient = party(next()?)?;
        let source = party(next()?)?;
        let counters = Counters {
            recipient: number(next()?)?,
            source: number(next()?)?,
            purpose: number(next()?)?.ok_or(EntryError::Leaf("counters.purpose"))?,
        };
        let mut required = || digest(next()?)?.ok_or(EntryError::Leaf("commitment"));
        let n = *required()?.as_bytes();
        let (request, answer, outcome) = (required()?, required()?, required()?);
        drop(values);
        if rest != END {
            return Err(EntryError::Leaf("end"));
        }
        let skeleton = Self {
            seq,
            at,
            class,
            covenant,
            recipient,
            source,
            counters,
            n,
            request,
            answer,
            outcome,
        };
        skeleton.check_counters()?;
        Ok(skeleton)
    }

    fn check_counters(&self) -> Result<(), EntryError> {
        if self
            .counters
            .fit(self.recipient.as_ref(), self.source.as_ref())
        {
            Ok(())
        } else {
            Err(EntryError::Counters)
        }
    }
}

fn fill(text: &str, length: usize) -> String {
    format!("{text:.<length$}")
}

type Value<'a> = (&'static str, &'a str);

/// From 1970 and before 9999-01-01T00:00:00Z: those have one length and read back.
fn may_be_written(at: Timestamp) -> bool {
    (0..253_370_764_800_000).contains(&at.as_millis())
}

fn absent(value: &str) -> bool {
    value.bytes().all(|b| b == b'.')
}

fn number((field, value): Value<'_>) -> Result<Option<u64>, EntryError> {
    if absent(value) {
        return Ok(None);
    }
    let digits = value.bytes().all(|b| b.is_ascii_digit());
    // Fewer digits than can be too many are read faster.
    let value = value.strip_prefix("00000000").unwrap_or(value);
    let number = if digits { value.parse().ok() } else { None };
    number.map(Some).ok_or(EntryError::Leaf(field))
}

/// Only what [`Timestamp::to_rfc3339`] writes: `2026-11-23T20:15:00.000Z`.
fn instant((field, value): Value<'_>) -> Result<Timestamp, EntryError> {
    read_instant(value)
        .filter(|at| may_be_written(*at))
        .ok_or(EntryError::Leaf(field))
}

fn read_instant(value: &str) -> Option<Timestamp> {
    let mut rest = value;
    let mut digits = |count: usize, behind: &str| {
        let (digits, after) = rest.split_at_checked(count)?;
        rest = after.strip_prefix(behind)?;
        let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
        plain.then(|| digits.parse::<i64>().ok()).flatten()
    };
    let (year, month, day) = (digits(4, "-")?, digits(2, "-")?, digits(2, "T")?);
    let (hour, minute) = (digits(2, ":")?, digits(2, ":")?);
    let (second, milli) = (digits(2, ".")?, digits(3, "Z")?);
    let leap = year % 4 == 0 && year % 100 != 0 || year % 400 == 0;
    let days = match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    let exists = (1..=days).contains(&day) && hour < 24 && minute < 60 && second < 60;
    if !exists || !rest.is_empty() {
        return None;
    }
    // Years from March on, so that a leap day is the last of its year; its months are as many days
    // before as 153 in every five make.
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let before = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5;
    let days = before + day - 1 - 719_468;
    let seconds = ((days * 24 + hour) * 60 + minute) * 60 + second;
    Some(Timestamp::from_millis(seconds * 1_000 + milli))
}

fn class((field, value): Value<'_>) -> Result<Class, EntryError> {
    Class::ALL
        .into_iter()
        .find(|class| class.as_str() == value.trim_end_matches('.'))
        .ok_or(EntryError::Leaf(field))
}

fn digest((field, value): Value<'_>) -> Result<Option<Digest>, EntryError> {
    if absent(value) {
        return Ok(None);
    }
    Digest::from_hex(value)
        .map(Some)
        .ok_or(EntryError::Leaf(field))
}

fn party((field, value): Value<'_>) -> Result<Option<PartyId>, EntryError> {
    if absent(value) {
        return Ok(None);
    }
    let name = value.trim_end_matches('.');
    PartyId::parse(name)
        .map(Some)
        .map_err(|_| EntryError::Leaf(field))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_instant_that_is_written_is_read_and_nothing_else() {
        for day in 0..2_932_000_i64 {
            // Every day to the year 9997, at another time each.
            let at = Timestamp::from_millis(day * 86_400_000 + day * 7_919 % 86_400_000);
            assert_eq!(read_instant(&at.to_rfc3339()), Some(at), "{at}");
        }
        let good = "2026-11-23T20:15:00.000Z";
        for at in 0..good.len() {
            for byte in ' '..='~' {
                let mut text: Vec<char> = good.chars().collect();
                text[at] = byte;
                let text: String = text.into_iter().collect();
                let other = Timestamp::from_rfc3339(&text).filter(|at| at.to_rfc3339() == text);
                assert_eq!(read_instant(&text), other, "{text}");
            }
        }
        for text in [
            "2026-02-29T00:00:00.000Z",
            "2024-02-29T00:00:00.000Z",
            "2100-02-29T00:00:00.000Z",
            "2000-02-29T23:59:59.999Z",
            "2026-04-31T00:00:00.000Z",
            "2026-12-31T23:59:60.000Z",
            "2026-12-00T23:59:00.000Z",
            "1969-12-31T23:59:59.999Z",
        ] {
            let other = Timestamp::from_rfc3339(text).filter(|at| at.to_rfc3339() == text);
            assert_eq!(read_instant(text), other, "{text}");
        }
    }
}
