//! How a covenant stands now: what suspends it, and who confirmed that it still holds.

use std::collections::BTreeMap;

use model::{ClauseNo, Digest, PartyId, SignalTypeId, Timestamp};

use super::then::StandingThen;
use super::weigh::sorted;
use crate::language::covenant::Covenant;
use crate::signoff::{ActiveCovenant, EventKind, Scope, VerifiedEvent};

/// How long a "still valid" statement lasts, in milliseconds.
const CONFIRMED_MILLIS: i64 = 24 * 3_600_000;
/// How far ahead of our clock such a statement may be, in milliseconds.
const SKEW_MILLIS: i64 = 120_000;
/// How long the whole covenant may be suspended before the version lapses, in milliseconds.
const LAPSE_MILLIS: i64 = 30 * 24 * 3_600_000;

/// What was folded out of the signed events of one version of a covenant: an argument of every
/// decision. One without statements closes every cell.
///
/// The order in which events are folded makes no difference, and neither does one that is folded
/// twice.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Standing {
    file: Digest,
    confirmed: BTreeMap<PartyId, Timestamp>,
    suspensions: BTreeMap<Digest, Suspension>,
    /// By suspension: when each party first resumed.
    resumptions: BTreeMap<Digest, BTreeMap<PartyId, Timestamp>>,
    withdrawn: bool,
}

#[derive(Clone, PartialEq, Eq, Debug)]
struct Suspension {
    party: PartyId,
    scope: Scope,
    since: Timestamp,
}

impl Standing {
    /// Nothing is suspended, and nobody has confirmed anything yet.
    #[must_use]
    pub fn new(covenant: &Covenant) -> Self {
        Self {
            file: covenant.digest(),
            confirmed: BTreeMap::new(),
            suspensions: BTreeMap::new(),
            resumptions: BTreeMap::new(),
            withdrawn: false,
        }
    }

    /// The standing after these events.
    pub fn fold<'a>(
        active: &ActiveCovenant,
        events: impl IntoIterator<Item = &'a VerifiedEvent>,
    ) -> Self {
        let mut standing = Self::new(active.covenant());
        for event in events {
            standing.apply(event);
        }
        standing
    }

    /// The standing that a decision saw: good for that decision, on its day, and no other.
    pub(super) fn of_then(covenant: &Covenant, then: &StandingThen) -> Self {
        let now = then.day.start();
        let mut standing = Self::new(covenant);
        standing.withdrawn = then.over;
        for party in &then.confirmed {
            standing.confirm(party, now);
        }
        // Whoever suspended plays no part as long as nobody resumes.
        let suspender = covenant.parties().keys().next();
        for (number, scope) in (0_u8..).zip(&then.suspended) {
            let suspension = suspender.map(|party| Suspension {
                party: party.clone(),
                scope: scope.clone(),
                since: now,
            });
            let id = Digest::new([number; 32]);
            standing.suspensions.extend(suspension.map(|s| (id, s)));
        }
        standing
    }

    /// What a decision about these parties sees now.
    pub(super) fn then(
        &self,
        covenant: &Covenant,
        parties: &[&PartyId],
        now: Timestamp,
    ) -> StandingThen {
        let confirmed = parties.iter().filter(|party| self.is_confirmed(party, now));
        StandingThen {
            day: now.day(),
            over: self.file != covenant.digest() || self.is_over(now),
            confirmed: sorted(confirmed.map(|&party| party.clone()).collect()),
            suspended: sorted(self.in_force(now).cloned().collect()),
        }
    }

    /// Adds one event. One of another version changes nothing.
    pub fn apply(&mut self, verified: &VerifiedEvent) {
        let event = verified.event();
        if event.file != self.file {
            return;
        }
        match &event.kind {
            EventKind::StillValid => self.confirm(&event.party, event.signed_at),
            EventKind::Withdraw => self.withdrawn = true,
            EventKind::Suspend(scope) => {
                let suspension = Suspension {
                    party: event.party.clone(),
                    scope: scope.clone(),
                    since: event.signed_at,
                };
                self.suspensions.insert(verified.id(), suspension);
            }
            EventKind::Resume(suspension) => {
                let resumed = self.resumptions.entry(*suspension).or_default();
                let first = resumed
                    .entry(event.party.clone())
                    .or_insert(event.signed_at);
                *first = (*first).min(event.signed_at);
            }
        }
    }

    /// Records that a party's node stated, at `at`, that its own copy of **this version** is in
    /// force. Call it only with a statement whose signature by the node's pinned key, covenant
    /// digest and version were verified; one made by [`crate::signoff::sign_event`] goes through
    /// [`Standing::apply`]. An older statement never replaces a newer one.
    pub fn confirm(&mut self, party: &PartyId, at: Timestamp) {
        let latest = self.confirmed.entry(party.clone()).or_insert(at);
        *latest = (*latest).max(at);
    }

    /// Of which version this is: SHA-256 of the exact bytes of the file.
    #[must_use]
    pub const fn file(&self) -> Digest {
        self.file
    }

    /// When a party last confirmed.
    #[must_use]
    pub fn confirmed_at(&self, party: &PartyId) -> Option<Timestamp> {
        self.confirmed.get(party).copied()
    }

    /// Whether a party's last statement is younger than 24 hours.
    #[must_use]
    pub fn is_confirmed(&self, party: &PartyId, now: Timestamp) -> bool {
        self.confirmed.get(party).is_some_and(|at| {
            let age = now.millis_since(*at);
            (-SKEW_MILLIS..CONFIRMED_MILLIS).contains(&age)
        })
    }

    /// Whether the version is over for good: withdrawn, or wholly suspended for 30 days.
    #[must_use]
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.withdrawn
            || self.suspensions.iter().any(|(id, suspension)| {
                let end = self.lifted_at(id, suspension).map_or(now, |at| at.min(now));
                suspension.scope == Scope::Whole
                    && end.millis_since(suspension.since) >= LAPSE_MILLIS
            })
    }

    /// Whether a suspension of the whole is in force.
    #[must_use]
    pub fn is_wholly_suspended(&self, now: Timestamp) -> bool {
        self.in_force(now).any(|scope| *scope == Scope::Whole)
    }

    /// Whether a suspension touches this flow.
    #[must_use]
    pub fn is_suspended(
        &self,
        clause: Option<&ClauseNo>,
        signal: &SignalTypeId,
        recipient: &PartyId,
        now: Timestamp,
    ) -> bool {
        self.in_force(now).any(|scope| match scope {
            Scope::Whole => true,
            Scope::Clause(number) => clause == Some(number),
            Scope::Signal(id) => id == signal,
            Scope::Recipient(party) => party == recipient,
        })
    }

    /// Whether a suspension closes a clause for a recipient, whatever the signal.
    pub(super) fn closes_clause(
        &self,
        clause: &ClauseNo,
        recipient: &PartyId,
        now: Timestamp,
    ) -> bool {
        self.in_force(now).any(|scope| match scope {
            Scope::Whole => true,
            Scope::Clause(number) => clause == number,
            Scope::Signal(_) => false,
            Scope::Recipient(party) => party == recipient,
        })
    }

    fn in_force(&self, now: Timestamp) -> impl Iterator<Item = &Scope> {
        self.suspensions
            .iter()
            .filter(move |(id, suspension)| {
                self.lifted_at(id, suspension).is_none_or(|at| at > now)
            })
            .map(|(_, suspension)| &suspension.scope)
    }

    /// When a suspension was lifted: as soon as the suspender and one other party had both said
    /// so.
    fn lifted_at(&self, id: &Digest, suspension: &Suspension) -> Option<Timestamp> {
        let resumed = self.resumptions.get(id)?;
        let own = resumed.get(&suspension.party)?;
        let other = resumed
            .iter()
            .filter(|(party, _)| **party != suspension.party)
            .map(|(_, at)| at)
            .min()?;
        Some(*own.max(other))
    }
}
