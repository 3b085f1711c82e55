//! What was left out of a filtered answer, as far as its numbers can show it.
//!
//! Not every answer can show that: only one whose filter follows an audience exactly has every
//! number of it. [`By`] says which filters do.

use std::collections::{BTreeMap, BTreeSet};

use model::{Digest, PartyId, PurposeId, Timestamp};

use super::Counters;
use crate::entry::Skeleton;

/// What is known of an entry's purpose.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Purpose<'a> {
    /// The outcome was not opened.
    Unknown,
    /// The outcome names this purpose, or none.
    Known(Option<&'a PurposeId>),
}

/// What an answer was selected by, apart from a covenant and a range of time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum By {
    /// Nothing: every entry that the reader may see.
    Everything,
    /// This recipient.
    Recipient(PartyId),
    /// This source.
    Source(PartyId),
    /// This party in either role.
    Party(PartyId),
    /// This purpose, as the outcome names it.
    Purpose(PurposeId),
    /// Something else, or several of these: then no audience is followed.
    Other,
}

/// Whose numbers they are. Its order is that of covenant, then of kind, then of name.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Whose {
    /// Entries that name this recipient.
    Recipient(PartyId),
    /// Entries that name this source.
    Source(PartyId),
    /// Entries for a purpose (or none) of a recipient (or of no party).
    Purpose(Option<PartyId>, Option<PurposeId>),
}

/// An audience by name.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Audience {
    /// Under this covenant version.
    pub covenant: Digest,
    /// Whose.
    pub whose: Whose,
}

/// The last number of an audience that was seen, and where.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Reached {
    /// The number.
    pub number: u64,
    /// The place in the log, from 0, of the entry with it.
    pub seq: u64,
    /// When that entry was appended.
    pub at: Timestamp,
}

/// Numbers of an audience that should be there and are not.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Missing {
    /// Whose numbers.
    pub audience: Audience,
    /// The first number that is missing.
    pub first: u64,
    /// The last one.
    pub last: u64,
    /// Whether an entry with a higher number was shown after them; else they were seen before, and
    /// the answer ends without them.
    pub inside: bool,
}

/// Follows the entries of an answer in the order of the log.
#[derive(Debug)]
pub struct Selection {
    by: By,
    from_start: bool,
    audited: BTreeSet<Digest>,
    names: BTreeSet<(Digest, PartyId)>,
    reached: BTreeMap<Audience, Reached>,
    /// How often a purpose number of an unknown purpose stands there: it may fill a gap.
    unopened: BTreeMap<(Digest, Option<PartyId>, u64), u64>,
    missing: Vec<Missing>,
}

impl Selection {
    /// `from_start` says that nothing was left out at the beginning by a time or a place, so that
    /// each number begins at 1.
    #[must_use]
    pub const fn new(by: By, from_start: bool) -> Self {
        Self {
            by,
            from_start,
            audited: BTreeSet::new(),
            names: BTreeSet::new(),
            reached: BTreeMap::new(),
            unopened: BTreeMap::new(),
            missing: Vec::new(),
        }
    }

    /// The reader audits this covenant version, and is owed everything under it.
    pub fn audits(&mut self, covenant: Digest) {
        self.audited.insert(covenant);
    }

    /// The reader is this party of that covenant version, and is owed what names it.
    pub fn is_named(&mut self, covenant: Digest, party: PartyId) {
        self.names.insert((covenant, party));
    }

    /// Whether the answer must hold every entry of an audience.
    #[must_use]
    pub fn follows(&self, audience: &Audience) -> bool {
        let audits = self.audited.contains(&audience.covenant);
        let own =
            |party: &PartyId| audits || self.names.contains(&(audience.covenant, party.clone()));
        match (&self.by, &audience.whose) {
            (By::Everything, Whose::Recipient(party) | Whose::Source(party)) => own(party),
            (By::Everything, Whose::Purpose(party, _)) => party.as_ref().map_or(audits, own),
            (By::Recipient(wanted), Whose::Recipient(party) | Whose::Purpose(Some(party), _))
            | (By::Source(wanted), Whose::Source(party))
            | (
                By::Party(wanted),
                Whose::Recipient(party) | Whose::Source(party) | Whose::Purpose(Some(party), _),
            ) => wanted == party && own(party),
            // Who may not open every outcome gets only some of a purpose.
            (By::Purpose(wanted), Whose::Purpose(_, purpose)) => {
                audits && purpose.as_ref() == Some(wanted)
            }
            _ => false,
        }
    }

    /// Takes the next entry.
    pub fn observe(&mut self, leaf: &Skeleton, purpose: Purpose<'_>) {
        let Some(covenant) = leaf.covenant else {
            return;
        };
        let reached = |number| Reached {
            number,
            seq: leaf.seq,
            at: leaf.at,
        };
        let Counters {
            recipient,
            source,
            purpose: number,
        } = leaf.counters;
        let named = [
            leaf.recipient.clone().map(Whose::Recipient).zip(recipient),
            leaf.source.clone().map(Whose::Source).zip(source),
        ];
        for (whose, number) in named.into_iter().flatten() {
            self.follow(Audience { covenant, whose }, reached(number));
        }
        match purpose {
            Purpose::Unknown => {
                let key = (covenant, leaf.recipient.clone(), number);
                *self.unopened.entry(key).or_default() += 1;
            }
            Purpose::Known(purpose) => {
                let whose = Whose::Purpose(leaf.recipient.clone(), purpose.cloned());
                self.follow(Audience { covenant, whose }, reached(number));
            }
        }
    }

    fn follow(&mut self, audience: Audience, now: Reached) {
        if !self.follows(&audience) {
            return;
        }
        let before = self.reached.insert(audience.clone(), now);
        let expected = match before {
            Some(before) => before.number.saturating_add(1),
            None if self.from_start => 1,
            None => return,
        };
        if now.number < expected {
            // It runs back: what should have stood here is not there.
            self.miss(audience, expected, expected, true);
            return;
        }
        let mut first = expected;
        // Numbers come from a signed leaf, but from whoever signs: no loop goes on for ever.
        while first < now.number {
            if self.fills(&audience, first) {
                first += 1;
                continue;
            }
            let last = self.end_of_gap(&audience, first, now.number);
            self.miss(audience.clone(), first, last, true);
            first = last.saturating_add(1);
        }
    }

    /// Whether an entry of unknown purpose has this number; it is used up.
    fn fills(&mut self, audience: &Audience, number: u64) -> bool {
        let Whose::Purpose(party, _) = &audience.whose else {
            return false;
        };
        let key = (audience.covenant, party.clone(), number);
        match self.unopened.get_mut(&key) {
            Some(count) if *count > 0 => {
                *count -= 1;
                true
            }
            _ => false,
        }
    }

    fn end_of_gap(&self, audience: &Audience, first: u64, found: u64) -> u64 {
        let end = found.saturating_sub(1);
        let Whose::Purpose(party, _) = &audience.whose else {
            return end;
        };
        let key = |number| (audience.covenant, party.clone(), number);
        let mut waiting = self.unopened.range(key(first)..key(found));
        let next = waiting.find(|(_, count)| **count > 0);
        next.map_or(end, |((_, _, number), _)| number.saturating_sub(1))
    }

    fn miss(&mut self, audience: Audience, first: u64, last: u64, inside: bool) {
        self.missing.push(Missing {
            audience,
            first,
            last,
            inside,
        });
    }

    /// Lays what was seen of an audience before beside what was shown now. Call it when the answer
    /// is complete and its range of time holds `seen`.
    pub fn reached_before(&mut self, audience: &Audience, seen: Reached) {
        if !self.follows(audience) {
            return;
        }
        let now = self.reached.get(audience).map_or(0, |now| now.number);
        if now < seen.number {
            // Where nothing was shown of it, all that is known to be missing is what was seen.
            let first = if now == 0 && !self.from_start {
                seen.number
            } else {
                now + 1
            };
            self.miss(audience.clone(), first, seen.number, false);
        }
    }

    /// The last number of every audience that is followed.
    pub fn reached(&self) -> impl Iterator<Item = (&Audience, Reached)> {
        self.reached.iter().map(|(audience, at)| (audience, *at))
    }

    /// What is missing, in the order in which it was found.
    #[must_use]
    pub fn missing(&self) -> &[Missing] {
        &self.missing
    }
}
