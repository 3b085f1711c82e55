//! One queue of the outbox in one pass, and what may go of it.

use std::collections::BTreeSet;

use covenant::Covenant;
use model::{CovenantId, KeyEpoch, MatchKeyId, Timestamp};

use crate::covenants::{Active, Answerable};
use crate::link::{KeyStanding, Link};
use crate::refusal::Reason;
use crate::uplink::item::queue;

/// The covenant of a queue.
pub(super) enum Under<'a> {
    /// One that is carried: signals and withdrawals go.
    Carried(&'a Active),
    /// One that is over, or of which this epoch is, here or at the broker: withdrawals go, since
    /// what was told is recalled still.
    Owed(&'a Answerable),
}

impl Under<'_> {
    pub(super) fn covenant(&self) -> &Covenant {
        match self {
            Self::Carried(active) => active.covenant(),
            Self::Owed(answerable) => answerable.covenant(),
        }
    }
}

/// What may go now under an epoch of which the key is in use here.
pub(super) enum Goes {
    /// Signals and withdrawals, but no signal that needs one of these match keys.
    Everything { but: BTreeSet<MatchKeyId> },
    /// Withdrawals alone: the broker has no reference of the key, or no more, or the covenant is over
    /// for it.
    Withdrawals,
    /// The broker said nothing of it, or does not let this node take part.
    Nothing,
}

impl Goes {
    /// By what the broker said.
    pub(super) fn of(link: &Link, covenant: &CovenantId, epoch: KeyEpoch) -> Self {
        if link.refusal(covenant).is_some() {
            return if takes_withdrawals(link, covenant) {
                Self::Withdrawals
            } else {
                Self::Nothing
            };
        }
        match link.key(covenant, epoch) {
            Some(KeyStanding::Agreed) => Self::Everything {
                but: BTreeSet::new(),
            },
            Some(KeyStanding::Blocked(keys)) => Self::Everything { but: keys },
            Some(KeyStanding::Waiting) => Self::Withdrawals,
            None => Self::Nothing,
        }
    }
}

/// Whether the broker takes withdrawals of a covenant: also when it is over there already, and here
/// not yet, and when a version without this party has followed.
pub(super) fn takes_withdrawals(link: &Link, covenant: &CovenantId) -> bool {
    let over = [Reason::CovenantNotActive, Reason::NotAParty].map(Reason::as_str);
    let refusal = link.refusal(covenant);
    refusal.is_none_or(|reason| over.iter().any(|over| reason == *over))
}

/// One queue in one pass: where it stands, and when something passed over may go.
pub(super) struct Lane<'a> {
    pub(super) under: Under<'a>,
    pub(super) epoch: KeyEpoch,
    pub(super) queue: String,
    pub(super) blocked: BTreeSet<MatchKeyId>,
    pub(super) cursor: u64,
    pub(super) next_due: Option<Timestamp>,
    /// Before this moment pushes wait; withdrawals go.
    pub(super) rests_until: Option<Timestamp>,
}

impl<'a> Lane<'a> {
    /// From the beginning of the queue of a covenant and epoch.
    pub(super) fn of(under: Under<'a>, epoch: KeyEpoch, blocked: BTreeSet<MatchKeyId>) -> Self {
        Self {
            queue: queue(under.covenant().id(), epoch),
            under,
            epoch,
            blocked,
            cursor: 0,
            next_due: None,
            rests_until: None,
        }
    }
}
