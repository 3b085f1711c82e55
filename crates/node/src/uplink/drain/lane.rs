//! One queue of the outbox in one pass, and what may go of it.

use std::collections::BTreeSet;

use covenant::Covenant;
use model::{KeyEpoch, MatchKeyId, Timestamp};

use crate::covenants::{Active, Answerable};
use crate::uplink::item::queue;

/// The covenant of a queue.
pub(super) enum Under<'a> {
    /// One that is carried: signals and withdrawals go.
    Carried(&'a Active),
    /// One that is over, or of which this epoch is: withdrawals go, since what was told is recalled
    /// still.
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
