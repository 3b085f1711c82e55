//! Gapless numbers per audience: what a log alone can't show, that nothing was left out of a
//! filtered answer.
//!
//! An audience is a recipient, a source, or a purpose of one recipient, under one covenant
//! version. Purposes are numbered per recipient, so that a recipient does not read in them how
//! often others ask. Entries that name no party (only the auditor reads them) have a purpose
//! number of their own audience, so that parties see no gap where such an entry stands.

pub mod selection;

use std::collections::{BTreeMap, BTreeSet};

use model::{Digest, PartyId, PurposeId};

use crate::entry::Skeleton;
use crate::hash::sha256;
use crate::opening::Part;

/// The numbers in a leaf, from 1. A party's number is there exactly when the party is named.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Counters {
    /// This recipient's entries so far, this one included.
    pub recipient: Option<u64>,
    /// This source's.
    pub source: Option<u64>,
    /// Those of this recipient (or of no party) for this purpose (or none).
    pub purpose: u64,
}

impl Counters {
    /// Whether each party that is named has a number, nobody else has one, and none is 0.
    pub(crate) fn fit(&self, recipient: Option<&PartyId>, source: Option<&PartyId>) -> bool {
        let fits = |party: Option<&PartyId>, number: Option<u64>| match (party, number) {
            (Some(_), Some(number)) => number > 0,
            (None, None) => true,
            _ => false,
        };
        fits(recipient, self.recipient) && fits(source, self.source) && self.purpose > 0
    }
}

/// The name of an audience: a key for the store's counter of it. A hash of fixed length.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct AudienceKey([u8; 32]);

impl AudienceKey {
    /// The 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// The audiences of one entry. The store reads the counter of each, adds one, writes it in the
/// entry's own batch and passes the sums as [`Counters`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Audiences {
    /// Of the recipient that the leaf names.
    pub recipient: Option<AudienceKey>,
    /// Of the source that the leaf names.
    pub source: Option<AudienceKey>,
    /// Of the purpose.
    pub purpose: AudienceKey,
}

impl Audiences {
    /// The audiences of an entry under `covenant` that names these.
    #[must_use]
    pub fn of(
        covenant: Option<&Digest>,
        recipient: Option<&PartyId>,
        source: Option<&PartyId>,
        purpose: Option<&PurposeId>,
    ) -> Self {
        let covenant = covenant.map_or([0; 32], |digest| *digest.as_bytes());
        let key = |what: &str, name: Option<&str>, of: Option<&str>| {
            // Names have no character below 0x20, so the separators can't be part of one.
            let (name, of) = (name.unwrap_or("\u{1}"), of.unwrap_or("\u{1}"));
            let label = "covenant-log/1/audience";
            let [label, what, name, of] = [label, what, name, of].map(str::as_bytes);
            let tuple = sha256(&[label, &[0], what, &[0], name, &[0], of, &[0], &covenant]);
            AudienceKey(*tuple.as_bytes())
        };
        let party = recipient.map(PartyId::as_str);
        Self {
            recipient: party.map(|name| key("recipient", Some(name), None)),
            source: source.map(|name| key("source", Some(name.as_str()), None)),
            purpose: key("purpose", purpose.map(PurposeId::as_str), party),
        }
    }
}

/// A number that does not follow the one before it.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "the {counter} counter of this audience should be {expected} and is {found}: entries are missing or repeated"
)]
pub struct CounterGap {
    /// Which counter: `recipient`, `source` or `purpose`.
    pub counter: &'static str,
    /// The number that should follow.
    pub expected: u64,
    /// The number that stands there.
    pub found: u64,
}

/// Of which audiences a reader is owed every entry. Of all others numbers must only rise.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Reader {
    /// Who runs the log: everything.
    Operator,
    /// The auditor of these covenant versions: everything under them.
    Auditor(BTreeSet<Digest>),
    /// A party, under its name in each covenant version: what names it.
    Party(BTreeSet<(Digest, PartyId)>),
}

impl Reader {
    /// Whether this reader is owed the opening of a part of a leaf: the operator and the auditor all
    /// of them, a recipient its own request and answer. Where a source is owed the outcome depends
    /// on what is in it.
    #[must_use]
    pub(crate) fn is_owed_opening(&self, named: &Named, part: Part) -> bool {
        let (covenant, recipient) = (named.covenant.as_ref(), named.recipient.as_ref());
        match self {
            Self::Operator | Self::Auditor(_) => self.is_owed(covenant, None),
            Self::Party(_) => part != Part::Outcome && self.is_owed(covenant, recipient),
        }
    }

    fn is_owed(&self, covenant: Option<&Digest>, party: Option<&PartyId>) -> bool {
        match self {
            Self::Operator => true,
            Self::Auditor(covenants) => covenant.is_some_and(|c| covenants.contains(c)),
            Self::Party(names) => match (covenant, party) {
                // A party has few names, and a look-up would take a copy of this one.
                (Some(covenant), Some(party)) => names
                    .iter()
                    .any(|(of, name)| of == covenant && name == party),
                _ => false,
            },
        }
    }
}

/// Whom a leaf names under which covenant, and whose numbers it has for that.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Named {
    /// SHA-256 of the covenant's exact bytes.
    pub covenant: Option<Digest>,
    /// The party that received, or asked.
    pub recipient: Option<PartyId>,
    /// The party whose signals were in question.
    pub source: Option<PartyId>,
    audiences: Audiences,
}

impl Named {
    /// Names these.
    #[must_use]
    pub fn new(
        covenant: Option<Digest>,
        recipient: Option<PartyId>,
        source: Option<PartyId>,
    ) -> Self {
        let (to, of) = (recipient.as_ref(), source.as_ref());
        let audiences = Audiences::of(covenant.as_ref(), to, of, None);
        Self {
            covenant,
            recipient,
            source,
            audiences,
        }
    }

    /// The audience of a purpose, or of none.
    #[must_use]
    pub fn purpose(&self, purpose: Option<&PurposeId>) -> AudienceKey {
        let (recipient, source) = (self.recipient.as_ref(), self.source.as_ref());
        Audiences::of(self.covenant.as_ref(), recipient, source, purpose).purpose
    }
}

/// By the covenant, and by the recipient's audience in place of its name.
type Group = (Option<Digest>, Option<AudienceKey>);

/// How many numbers are counted side by side: those of one group nearly all follow each other.
const PAGE: u64 = 64;

/// How often each number stands there.
#[derive(Debug, Default)]
struct Numbers(BTreeMap<u64, [u32; 64]>);

impl Numbers {
    fn add(&mut self, number: u64) {
        let page = self.0.entry(number / PAGE).or_insert([0; 64]);
        let at = usize::try_from(number % PAGE).ok();
        if let Some(count) = at.and_then(|at| page.get_mut(at)) {
            *count = count.saturating_add(1);
        }
    }

    /// Uses one up, if there is one.
    fn take(&mut self, number: u64) -> bool {
        let page = self.0.get_mut(&(number / PAGE));
        let at = usize::try_from(number % PAGE).ok();
        let count = page.zip(at).and_then(|(page, at)| page.get_mut(at));
        count.is_some_and(|count| {
            let stands = *count > 0;
            *count = count.saturating_sub(1);
            stands
        })
    }
}

/// Follows the numbers of a filtered list in the order of the log.
#[derive(Debug)]
pub struct Counting {
    reader: Reader,
    from_start: bool,
    last: BTreeMap<AudienceKey, u64>,
    /// Purpose numbers of leaves whose purpose is not known, by covenant and recipient: they may
    /// stand in a gap.
    unopened: BTreeMap<Group, Numbers>,
}

impl Counting {
    /// `from_start` says that the list begins where the log begins, so that each number begins at 1.
    #[must_use]
    pub fn new(reader: Reader, from_start: bool) -> Self {
        Self {
            reader,
            from_start,
            last: BTreeMap::new(),
            unopened: BTreeMap::new(),
        }
    }

    /// Takes the next entry of the list, which these number. `purpose` is the audience of its purpose,
    /// which is known only when its outcome was opened.
    ///
    /// # Errors
    /// [`CounterGap`] when one of its numbers does not follow.
    pub fn observe(
        &mut self,
        named: &Named,
        numbers: &Counters,
        purpose: Option<AudienceKey>,
    ) -> Result<(), CounterGap> {
        let covenant = named.covenant.as_ref();
        let (recipient, source) = (named.recipient.as_ref(), named.source.as_ref());
        let of = &named.audiences;
        for (counter, key, found, party) in [
            ("recipient", of.recipient, numbers.recipient, recipient),
            ("source", of.source, numbers.source, source),
        ] {
            if let (Some(key), Some(found)) = (key, found) {
                let owed = self.reader.is_owed(covenant, party);
                self.follow(counter, key, found, owed, None)?;
            }
        }
        let group = (named.covenant, of.recipient);
        let Some(purpose) = purpose else {
            let waiting = self.unopened.entry(group).or_default();
            waiting.add(numbers.purpose);
            return Ok(());
        };
        let owed = self.reader.is_owed(covenant, recipient);
        self.follow("purpose", purpose, numbers.purpose, owed, Some(group))
    }

    fn follow(
        &mut self,
        counter: &'static str,
        key: AudienceKey,
        found: u64,
        owed: bool,
        fill: Option<Group>,
    ) -> Result<(), CounterGap> {
        let last = self.last.insert(key, found);
        let expected = match last {
            Some(last) => last.saturating_add(1),
            None if self.from_start && owed => 1,
            None => return Ok(()),
        };
        let gap = CounterGap {
            counter,
            expected,
            found,
        };
        if found < expected {
            return Err(gap);
        }
        if !owed || found == expected {
            return Ok(());
        }
        let mut unopened = fill.and_then(|group| self.unopened.get_mut(&group));
        for missing in expected..found {
            let waiting = unopened.as_mut();
            if !waiting.is_some_and(|numbers| numbers.take(missing)) {
                return Err(gap);
            }
        }
        Ok(())
    }
}

/// How many numbers of one audience are remembered.
const REMEMBERED: usize = 4_096;

/// Follows the numbers of single entries that come in any order, as receipts do. What is missing
/// between two of them may still come, or was never for this reader to get; but a number stands at
/// one place only, numbers rise with places, and there are no more of them than places.
#[derive(Debug, Default)]
pub struct Placing {
    places: BTreeMap<AudienceKey, BTreeMap<u64, u64>>,
}

impl Placing {
    /// Takes a leaf whose place in the log was verified.
    ///
    /// # Errors
    /// [`CounterGap`] when a number of its recipient or source can't stand there.
    pub fn observe(&mut self, leaf: &Skeleton) -> Result<(), CounterGap> {
        let (recipient, source) = (leaf.recipient.as_ref(), leaf.source.as_ref());
        let keys = Audiences::of(leaf.covenant.as_ref(), recipient, source, None);
        self.place(
            "recipient",
            keys.recipient.zip(leaf.counters.recipient),
            leaf.seq,
        )?;
        self.place("source", keys.source.zip(leaf.counters.source), leaf.seq)
    }

    fn place(
        &mut self,
        counter: &'static str,
        numbered: Option<(AudienceKey, u64)>,
        place: u64,
    ) -> Result<(), CounterGap> {
        let Some((key, number)) = numbered else {
            return Ok(());
        };
        let known = self.places.entry(key).or_default();
        let (before, same) = (
            known.range(..number).next_back(),
            known.get(&number).copied(),
        );
        // Before the first entry stands number 0, one place before the log.
        let (low, from) = before.map_or((0, 0), |(low, from)| (*low, from.saturating_add(1)));
        let above = place.checked_sub(from);
        let fits_below = above.is_some_and(|places| number - low <= places.saturating_add(1));
        let after = number
            .checked_add(1)
            .and_then(|next| known.range(next..).next());
        let fits_above = after.is_none_or(|(high, at)| {
            let places = at.checked_sub(place);
            places.is_some_and(|places| high - number <= places)
        });
        if !fits_below || !fits_above || same.is_some_and(|same| same != place) {
            return Err(CounterGap {
                counter,
                expected: low.saturating_add(1),
                found: number,
            });
        }
        known.insert(number, place);
        if known.len() > REMEMBERED {
            known.pop_first();
        }
        Ok(())
    }
}
