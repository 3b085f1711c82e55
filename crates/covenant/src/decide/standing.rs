//! How a covenant stands now: who signed and who refused, what suspends it, and who confirmed that
//! it still holds.

use std::collections::BTreeMap;

use model::{ClauseNo, Day, Digest, PartyId, SignalTypeId, Timestamp};

use super::then::StandingThen;
use super::weigh::sorted;
use crate::language::covenant::Covenant;
use crate::signoff::{EventKind, KeyRole, Scope, VerifiedEvent, VerifiedStatement};

/// How long a "still valid" statement lasts, in milliseconds.
const CONFIRMED_MILLIS: i64 = 24 * 3_600_000;
/// How far ahead of our clock such a statement may be, in milliseconds.
const SKEW_MILLIS: i64 = 120_000;
/// How long the whole covenant may be suspended before the version lapses, in seconds.
const LAPSE_SECONDS: i64 = 30 * 24 * 3600;

/// What was folded out of the signed events of one version of a covenant: an argument of every
/// decision. One without statements closes every cell.
///
/// The order in which things are folded makes no difference, and neither does one that is folded
/// twice; of two receipts the first counts. An event carries its signer's time, which is not to be
/// believed where it would widen: what narrows counts from the earlier of that time and its
/// receipt, what widens from the later. One exception: the 30 days after which a wholly suspended
/// version lapses are counted from receipt when an emergency key suspended, so that such a key,
/// which may not withdraw, can't end a version by a date in the past.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Standing {
    file: Digest,
    confirmed: BTreeMap<PartyId, Timestamp>,
    signatures: BTreeMap<PartyId, BTreeMap<Digest, Signature>>,
    rejections: BTreeMap<PartyId, BTreeMap<Digest, Rejection>>,
    suspensions: BTreeMap<Digest, Suspension>,
    /// By suspension: since when each party resumes.
    resumptions: BTreeMap<Digest, BTreeMap<PartyId, Timestamp>>,
    /// Who withdrew first; of two at the same moment the first by id.
    withdrawn: Option<(Timestamp, PartyId)>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Signature {
    on: Day,
    received: Option<Timestamp>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Rejection {
    at: Timestamp,
    received: Timestamp,
}

#[derive(Clone, PartialEq, Eq, Debug)]
struct Suspension {
    party: PartyId,
    scope: Scope,
    since: Timestamp,
    /// From when the days until it lapses are counted.
    counted_from: Timestamp,
}

/// A suspension that is in force.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Suspended {
    /// The id of the event, which a resumption names.
    pub id: Digest,
    /// What it touches.
    pub scope: Scope,
    /// Who suspended.
    pub by: PartyId,
    /// Since when.
    pub since: Timestamp,
    /// Who resumed already. It takes the suspender and one other.
    pub resumed_by: Vec<PartyId>,
}

impl Standing {
    /// Nothing is suspended, and nobody has confirmed anything yet.
    #[must_use]
    pub fn new(covenant: &Covenant) -> Self {
        Self {
            file: covenant.digest(),
            confirmed: BTreeMap::new(),
            signatures: BTreeMap::new(),
            rejections: BTreeMap::new(),
            suspensions: BTreeMap::new(),
            resumptions: BTreeMap::new(),
            withdrawn: None,
        }
    }

    /// The standing after these sign-offs and events, each with when it was received; see
    /// [`Standing::sign`] and [`Standing::apply`].
    pub fn fold<'a>(
        covenant: &Covenant,
        signatures: impl IntoIterator<Item = (&'a VerifiedStatement, Option<Timestamp>)>,
        events: impl IntoIterator<Item = (&'a VerifiedEvent, Timestamp)>,
    ) -> Self {
        let mut standing = Self::new(covenant);
        for (statement, received) in signatures {
            standing.sign(statement, received);
        }
        for (event, received) in events {
            standing.apply(event, received);
        }
        standing
    }

    /// The standing that a decision saw: good for that decision, on its day, and no other.
    pub(super) fn of_then(covenant: &Covenant, then: &StandingThen) -> Self {
        let now = then.day.start();
        let mut standing = Self::new(covenant);
        // Who ended it, and who suspended as long as nobody resumes, play no part.
        let anyone = covenant.parties().keys().next();
        if then.over {
            standing.withdrawn = anyone.map(|party| (now, party.clone()));
        }
        for party in &then.confirmed {
            standing.confirm(party, now);
        }
        for (number, scope) in (0_u8..).zip(&then.suspended) {
            let suspension = anyone.map(|party| Suspension {
                party: party.clone(),
                scope: scope.clone(),
                since: now,
                counted_from: now,
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
            over: self.file != covenant.digest() || self.is_rejected() || self.is_over(now),
            confirmed: sorted(confirmed.map(|&party| party.clone()).collect()),
            suspended: sorted(self.in_force(now).map(|(_, s)| s.scope.clone()).collect()),
        }
    }

    /// As [`Standing::fold`], of what there was at a moment: later sign-offs and events are left
    /// out. For looking back; a decision takes the standing of now.
    pub fn fold_until<'a>(
        covenant: &Covenant,
        signatures: impl IntoIterator<Item = (&'a VerifiedStatement, Option<Timestamp>)>,
        events: impl IntoIterator<Item = (&'a VerifiedEvent, Timestamp)>,
        at: Timestamp,
    ) -> Self {
        let signatures = signatures.into_iter().filter(|(statement, received)| {
            statement.statement().signed_on <= at.day() && received.is_none_or(|r| r <= at)
        });
        let events = events
            .into_iter()
            .filter(|(event, received)| event.event().signed_at.min(*received) <= at);
        Self::fold(covenant, signatures, events)
    }

    /// Adds a party's sign-off, and when it was received, if that is known. One of another version
    /// changes nothing.
    ///
    /// A sign-off overrules a rejection by the same party when it is of a later day, or of the same
    /// day and known to be received after it. A sign-off of the day after may be dated ahead: it
    /// does not count when it is known to be received first. So of both the later counts, and in
    /// doubt the rejection.
    pub fn sign(&mut self, verified: &VerifiedStatement, received: Option<Timestamp>) {
        let statement = verified.statement();
        if statement.file != self.file {
            return;
        }
        let signature = Signature {
            on: statement.signed_on,
            received,
        };
        let all = self.signatures.entry(statement.party.clone()).or_default();
        let first = all.entry(verified.id()).or_insert(signature);
        // A receipt that is not known may have been the first of all.
        first.received = match (first.received, received) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (None, _) | (_, None) => None,
        };
    }

    /// Adds one event, and when it was received. One of another version changes nothing.
    pub fn apply(&mut self, verified: &VerifiedEvent, received: Timestamp) {
        let event = verified.event();
        if event.file != self.file {
            return;
        }
        let earlier = event.signed_at.min(received);
        match &event.kind {
            EventKind::StillValid => self.confirm(&event.party, earlier),
            EventKind::Withdraw => {
                let this = (earlier, event.party.clone());
                self.withdrawn = Some(self.withdrawn.take().map_or(this.clone(), |w| w.min(this)));
            }
            EventKind::Reject => {
                let all = self.rejections.entry(event.party.clone()).or_default();
                let rejection = Rejection {
                    at: event.signed_at,
                    received,
                };
                let first = all.entry(verified.id()).or_insert(rejection);
                first.received = first.received.min(received);
            }
            EventKind::Suspend(scope) => {
                let counted_from = match event.key_role {
                    KeyRole::Signer => earlier,
                    KeyRole::Emergency | KeyRole::Node => received,
                };
                let suspension = Suspension {
                    party: event.party.clone(),
                    scope: scope.clone(),
                    since: earlier,
                    counted_from,
                };
                let first = self.suspensions.entry(verified.id()).or_insert(suspension);
                first.since = first.since.min(earlier);
                first.counted_from = first.counted_from.min(counted_from);
            }
            EventKind::Resume(suspension) => {
                let later = event.signed_at.max(received);
                let resumed = self.resumptions.entry(*suspension).or_default();
                let first = resumed.entry(event.party.clone()).or_insert(later);
                *first = (*first).min(later);
            }
        }
    }

    /// Records that a party's node stated that its own copy of **this version** is in force. `at`
    /// is the earlier of what the statement says and its receipt. Call it only with a statement
    /// whose signature by the node's pinned key, covenant digest and version were verified; one
    /// made by [`crate::signoff::sign_event`] goes through [`Standing::apply`]. An older statement
    /// never replaces a newer one.
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

    /// The day of a party's latest sign-off.
    #[must_use]
    pub fn signed_on(&self, party: &PartyId) -> Option<Day> {
        let all = self.signatures.get(party)?;
        all.values().map(|signature| signature.on).max()
    }

    /// When a party rejected this version, unless it signed later; see [`Standing::sign`].
    #[must_use]
    pub fn rejected_at(&self, party: &PartyId) -> Option<Timestamp> {
        let rejections = self.rejections.get(party)?.values();
        rejections
            .filter(|rejection| !self.is_overruled(party, **rejection))
            .map(|rejection| rejection.at)
            .max()
    }

    fn is_overruled(&self, party: &PartyId, rejection: Rejection) -> bool {
        let signatures = self.signatures.get(party).into_iter();
        signatures.flat_map(BTreeMap::values).any(|signature| {
            let day = rejection.at.day();
            let after = signature.received.map(|r| r > rejection.received);
            if signature.on > day.plus_days(1) {
                true
            } else if signature.on > day {
                // The signer's calendar may have been ahead: dated tomorrow, and signed before.
                after != Some(false)
            } else {
                signature.on == day && after == Some(true)
            }
        })
    }

    /// Whether any party's last word on this version is a rejection. Such a version decides
    /// nothing, also when every party signed it before.
    #[must_use]
    pub fn is_rejected(&self) -> bool {
        self.rejections
            .keys()
            .any(|party| self.rejected_at(party).is_some())
    }

    /// When this version was first withdrawn, and by whom.
    #[must_use]
    pub fn withdrawn(&self) -> Option<(Timestamp, &PartyId)> {
        self.withdrawn.as_ref().map(|(at, party)| (*at, party))
    }

    /// Whether the version is over for good: withdrawn, or wholly suspended for 30 days.
    #[must_use]
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.withdrawn.is_some() || self.lapsed_at(now).is_some()
    }

    /// Since when the version is over because it was wholly suspended for 30 days on end; resuming
    /// later does not bring it back.
    #[must_use]
    pub fn lapsed_at(&self, now: Timestamp) -> Option<Timestamp> {
        let lapses = self.stretches().into_iter().filter_map(|(from, until)| {
            let lapse = from.plus_seconds(LAPSE_SECONDS);
            (lapse <= until.unwrap_or(now).min(now)).then_some(lapse)
        });
        lapses.min()
    }

    /// When the version will lapse if nobody resumes it; `None` when it is not wholly suspended.
    #[must_use]
    pub fn lapses_at(&self, now: Timestamp) -> Option<Timestamp> {
        let current = self
            .stretches()
            .into_iter()
            .filter(|(_, until)| until.is_none_or(|until| until > now));
        current
            .map(|(from, _)| from.plus_seconds(LAPSE_SECONDS))
            .min()
    }

    /// From when until when the whole was suspended on end. Suspensions that overlap or touch are
    /// one stretch, so that taking turns does not put off the end.
    fn stretches(&self) -> Vec<(Timestamp, Option<Timestamp>)> {
        let whole = |suspension: &Suspension| suspension.scope == Scope::Whole;
        let mut all: Vec<(Timestamp, Option<Timestamp>)> = self
            .suspensions
            .iter()
            .filter(|(_, suspension)| whole(suspension))
            .map(|(id, suspension)| (suspension.counted_from, self.lifted_at(id, suspension)))
            .collect();
        all.sort_unstable();
        let mut stretches: Vec<(Timestamp, Option<Timestamp>)> = Vec::new();
        for (from, until) in all {
            match stretches.last_mut() {
                Some((_, last)) if last.is_none_or(|last| from <= last) => {
                    *last = match (*last, until) {
                        (Some(one), Some(other)) => Some(one.max(other)),
                        (None, _) | (_, None) => None,
                    };
                }
                Some(_) | None => stretches.push((from, until)),
            }
        }
        stretches
    }

    /// Every suspension that is in force, the oldest first.
    #[must_use]
    pub fn suspensions(&self, now: Timestamp) -> Vec<Suspended> {
        let mut all: Vec<Suspended> = self
            .in_force(now)
            .map(|(id, suspension)| Suspended {
                id: *id,
                scope: suspension.scope.clone(),
                by: suspension.party.clone(),
                since: suspension.since,
                resumed_by: self
                    .resumptions
                    .get(id)
                    .into_iter()
                    .flatten()
                    .filter(|(_, at)| **at <= now)
                    .map(|(party, _)| party.clone())
                    .collect(),
            })
            .collect();
        all.sort_by_key(|one| (one.since, one.id));
        all
    }

    /// Whether a suspension of the whole is in force.
    #[must_use]
    pub fn is_wholly_suspended(&self, now: Timestamp) -> bool {
        self.in_force(now).any(|(_, s)| s.scope == Scope::Whole)
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
        self.in_force(now).any(|(_, s)| match &s.scope {
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
        self.in_force(now).any(|(_, s)| match &s.scope {
            Scope::Whole => true,
            Scope::Clause(number) => clause == number,
            Scope::Signal(_) => false,
            Scope::Recipient(party) => party == recipient,
        })
    }

    /// One that is known is in force whatever its date: a clock that was put back opens nothing.
    fn in_force(&self, now: Timestamp) -> impl Iterator<Item = (&Digest, &Suspension)> {
        self.suspensions.iter().filter(move |(id, suspension)| {
            self.lifted_at(id, suspension).is_none_or(|at| at > now)
        })
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
