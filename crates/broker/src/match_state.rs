//! What continuous matching remembers between its batches.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use covenant::decide::Explanation;
use model::{CovenantId, Digest, PartyId};

use crate::Broker;
use crate::refusal::Refused;

/// How many parked signals go back in one unit of work.
const UNPARK: usize = 1_000;

/// Who stood by each covenant when its parked signals were last put back, and whether matching
/// works. After a restart nothing is remembered, so everything is tried anew.
#[derive(Debug, Default)]
pub(crate) struct MatchState {
    confirmed: Mutex<BTreeMap<CovenantId, Stood>>,
    failing: AtomicBool,
}

/// What could have made a decision come out otherwise.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Stood {
    confirmed: BTreeSet<PartyId>,
    suspensions: BTreeSet<Digest>,
    version: Option<Digest>,
}

impl Stood {
    /// Whether something that was closed may be open now.
    fn is_wider_than(&self, before: &Self) -> bool {
        !self.confirmed.is_subset(&before.confirmed)
            || !before.suspensions.is_subset(&self.suspensions)
            || self.version != before.version
    }
}

impl MatchState {
    /// Whether the last batch could not be matched.
    pub(crate) fn is_failing(&self) -> bool {
        self.failing.load(Ordering::Relaxed)
    }

    /// Takes note of what became of a batch.
    pub(crate) fn went(&self, well: bool) {
        self.failing.store(!well, Ordering::Relaxed);
    }

    fn with<T>(&self, f: impl FnOnce(&mut BTreeMap<CovenantId, Stood>) -> T) -> T {
        f(&mut self
            .confirmed
            .lock()
            .unwrap_or_else(PoisonError::into_inner))
    }
}

/// Whether a decision may be another one as soon as a party confirms or a suspension is lifted.
pub(crate) fn depends_on_standing(said: &Explanation) -> bool {
    use covenant::decide::Reason;
    let those = [Reason::NotConfirmed.code(), Reason::Suspended.code()];
    said.reasons
        .iter()
        .any(|reason| those.contains(&reason.code))
}

impl Broker {
    /// Puts back what waited for a party that confirms its covenant now and did not before, or for a
    /// suspension that is lifted.
    ///
    /// # Errors
    /// [`Refused`] when the store fails.
    pub(crate) async fn put_back_parked(&self) -> Result<(), Refused> {
        let now = self.clock().now();
        for active in self.members().covenants() {
            let covenant = active.covenant();
            let standing = self.versions().standing(covenant);
            let stands = Stood {
                confirmed: covenant
                    .parties()
                    .keys()
                    .filter(|party| standing.is_confirmed(party, now))
                    .cloned()
                    .collect(),
                suspensions: standing.suspensions(now).iter().map(|s| s.id).collect(),
                version: Some(covenant.digest()),
            };
            let before = self.matching().with(|all| all.get(covenant.id()).cloned());
            let over = standing.is_over(now) || now.day() >= covenant.valid_until();
            if !over
                && before
                    .as_ref()
                    .is_none_or(|before| stands.is_wider_than(before))
            {
                let mut left = true;
                while left {
                    let id = covenant.id().clone();
                    let count = self.store().write(move |tx| tx.unpark(&id, UNPARK)).await?;
                    left = count == UNPARK;
                }
            }
            self.matching()
                .with(|all| all.insert(covenant.id().clone(), stands));
        }
        Ok(())
    }
}
