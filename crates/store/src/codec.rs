//! Records as bytes: fixed-width big-endian numbers and length-prefixed text, nothing clever.

use model::{
    CategoryCode, Certainty, CovenantId, Day, Digest, KeyEpoch, MatchKeyId, Neighbourhood, PartyId,
    PoliceArticle, ProtectionStatement, Pseudonym, PurposeId, Signal, SignalId, Subject,
    SubjectKind, Timestamp, Token,
};

use crate::error::StoreError;

/// Writes a record.
#[derive(Debug, Default, Clone)]
pub(crate) struct Put(Vec<u8>);

impl Put {
    pub(crate) fn u8(mut self, value: u8) -> Self {
        self.0.push(value);
        self
    }

    pub(crate) fn u32(self, value: u32) -> Self {
        self.raw(&value.to_be_bytes())
    }

    pub(crate) fn u64(self, value: u64) -> Self {
        self.raw(&value.to_be_bytes())
    }

    pub(crate) fn day(self, value: Day) -> Self {
        self.raw(&value.as_days().to_be_bytes())
    }

    pub(crate) fn time(self, value: Timestamp) -> Self {
        self.raw(&value.as_millis().to_be_bytes())
    }

    pub(crate) fn raw(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self
    }

    /// Bytes with their length. A record longer than 4 GiB can't be: the store refuses it first.
    pub(crate) fn bytes(self, bytes: &[u8]) -> Self {
        let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        self.u32(length).raw(bytes)
    }

    pub(crate) fn text(self, text: &str) -> Self {
        self.bytes(text.as_bytes())
    }

    pub(crate) fn optional(self, text: Option<&str>) -> Self {
        match text {
            Some(text) => self.u8(1).text(text),
            None => self.u8(0),
        }
    }

    pub(crate) fn list<T>(self, items: &[T], mut each: impl FnMut(Self, &T) -> Self) -> Self {
        let count = u32::try_from(items.len()).unwrap_or(u32::MAX);
        items.iter().fold(self.u32(count), &mut each)
    }

    pub(crate) fn done(self) -> Vec<u8> {
        self.0
    }
}

/// Reads a record; every method fails when the bytes are not what was written.
#[derive(Debug)]
pub(crate) struct Take<'a> {
    rest: &'a [u8],
    what: &'static str,
}

impl<'a> Take<'a> {
    /// Reads `bytes`, which hold a `what`.
    pub(crate) fn new(bytes: &'a [u8], what: &'static str) -> Self {
        Self { rest: bytes, what }
    }

    pub(crate) fn damaged(&self) -> StoreError {
        StoreError::Damaged { what: self.what }
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], StoreError> {
        let (head, rest) = self.rest.split_first_chunk().ok_or(self.damaged())?;
        self.rest = rest;
        Ok(*head)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, StoreError> {
        Ok(u8::from_be_bytes(self.array()?))
    }

    pub(crate) fn u32(&mut self) -> Result<u32, StoreError> {
        Ok(u32::from_be_bytes(self.array()?))
    }

    pub(crate) fn u64(&mut self) -> Result<u64, StoreError> {
        Ok(u64::from_be_bytes(self.array()?))
    }

    pub(crate) fn day(&mut self) -> Result<Day, StoreError> {
        Ok(Day::from_days(i32::from_be_bytes(self.array()?)))
    }

    pub(crate) fn time(&mut self) -> Result<Timestamp, StoreError> {
        Ok(Timestamp::from_millis(i64::from_be_bytes(self.array()?)))
    }

    pub(crate) fn digest(&mut self) -> Result<Digest, StoreError> {
        Ok(Digest::new(self.array()?))
    }

    pub(crate) fn bytes(&mut self) -> Result<&'a [u8], StoreError> {
        let length = usize::try_from(self.u32()?).map_err(|_| self.damaged())?;
        let (head, rest) = self.rest.split_at_checked(length).ok_or(self.damaged())?;
        self.rest = rest;
        Ok(head)
    }

    pub(crate) fn text(&mut self) -> Result<&'a str, StoreError> {
        let bytes = self.bytes()?;
        std::str::from_utf8(bytes).map_err(|_| self.damaged())
    }

    /// Text in one of the forms of `model`.
    pub(crate) fn name<T: std::str::FromStr>(&mut self) -> Result<T, StoreError> {
        let text = self.text()?;
        text.parse().map_err(|_| self.damaged())
    }

    pub(crate) fn optional<T: std::str::FromStr>(&mut self) -> Result<Option<T>, StoreError> {
        match self.u8()? {
            0 => Ok(None),
            _ => self.name().map(Some),
        }
    }

    pub(crate) fn list<T>(
        &mut self,
        mut each: impl FnMut(&mut Self) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        let count = self.u32()?;
        (0..count).map(|_| each(self)).collect()
    }

    /// Whether everything was read.
    pub(crate) const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(crate) fn rest(self) -> &'a [u8] {
        self.rest
    }
}

/// The position of `value` in `all`, as one byte: how closed lists are stored.
fn place<T: PartialEq>(all: &[T], value: &T) -> u8 {
    all.iter()
        .position(|v| v == value)
        .and_then(|i| u8::try_from(i).ok())
        .unwrap_or(u8::MAX)
}

const KINDS: [SubjectKind; 6] = SubjectKind::ALL;
const CERTAINTIES: [Certainty; 2] = [Certainty::Reported, Certainty::Confirmed];
const STATEMENTS: [ProtectionStatement; 3] = [
    ProtectionStatement::Unknown,
    ProtectionStatement::Absent,
    ProtectionStatement::Present,
];
const ARTICLES: [Option<PoliceArticle>; 5] = [
    None,
    Some(PoliceArticle::Art8),
    Some(PoliceArticle::Art9),
    Some(PoliceArticle::Art10),
    Some(PoliceArticle::Art13),
];

/// A signal as bytes. Match keys are named once, tokens by their place in that list.
pub(crate) fn put_signal(out: Put, signal: &Signal) -> Put {
    let mut keys: Vec<&MatchKeyId> = signal
        .subjects
        .iter()
        .flat_map(|s| s.tokens.iter().map(|t| &t.key))
        .collect();
    keys.sort();
    keys.dedup();
    let out = out
        .raw(signal.id.as_bytes())
        .text(signal.party.as_str())
        .text(signal.covenant.as_str())
        .u32(signal.epoch.get())
        .text(signal.category.as_str())
        .list(&signal.purposes, |out, p| out.text(p.as_str()))
        .day(signal.day)
        .optional(signal.neighbourhood.as_ref().map(Neighbourhood::as_str))
        .u8(place(&CERTAINTIES, &signal.certainty))
        .u8(u8::from(signal.reviewed_by_person))
        .u8(place(&ARTICLES, &signal.police_article))
        .day(signal.expires_on)
        .raw(signal.content_commitment.as_bytes())
        .list(&keys, |out, key| out.text(key.as_str()));
    out.list(&signal.subjects, |out, subject| {
        out.u8(place(&KINDS, &subject.kind))
            .u8(place(&STATEMENTS, &subject.minor))
            .u8(place(&STATEMENTS, &subject.shielded_address))
            .list(&subject.tokens, |out, token| {
                let key = keys.binary_search(&&token.key).unwrap_or(usize::MAX);
                out.u32(u32::try_from(key).unwrap_or(u32::MAX))
                    .raw(token.pseudonym.as_bytes())
            })
    })
}

/// Reads what [`put_signal`] wrote.
pub(crate) fn take_signal(take: &mut Take<'_>) -> Result<Signal, StoreError> {
    let id = SignalId::from_slice(&take.array::<16>()?).ok_or(take.damaged())?;
    let party: PartyId = take.name()?;
    let covenant: CovenantId = take.name()?;
    let epoch = KeyEpoch::new(take.u32()?).ok_or(take.damaged())?;
    let category: CategoryCode = take.name()?;
    let purposes: Vec<PurposeId> = take.list(Take::name)?;
    let day = take.day()?;
    let neighbourhood = take.optional()?;
    let certainty = take_one(take, &CERTAINTIES)?;
    let reviewed_by_person = take.u8()? == 1;
    let police_article = take_one(take, &ARTICLES)?;
    let expires_on = take.day()?;
    let content_commitment = take.digest()?;
    let keys = take.list(|take| MatchKeyId::parse(take.text()?).map_err(|_| take.damaged()))?;
    let subjects = take.list(|take| {
        Ok(Subject {
            kind: take_one(take, &KINDS)?,
            minor: take_one(take, &STATEMENTS)?,
            shielded_address: take_one(take, &STATEMENTS)?,
            tokens: take.list(|take| {
                let key = usize::try_from(take.u32()?).map_err(|_| take.damaged())?;
                Ok(Token {
                    key: keys.get(key).cloned().ok_or(take.damaged())?,
                    pseudonym: Pseudonym::from_bytes(take.array()?),
                })
            })?,
        })
    })?;
    Ok(Signal {
        id,
        party,
        covenant,
        epoch,
        category,
        purposes,
        day,
        neighbourhood,
        certainty,
        reviewed_by_person,
        police_article,
        expires_on,
        subjects,
        content_commitment,
    })
}

fn take_one<T: Copy>(take: &mut Take<'_>, all: &[T]) -> Result<T, StoreError> {
    let place = take.u8()?;
    all.get(usize::from(place)).copied().ok_or(take.damaged())
}
