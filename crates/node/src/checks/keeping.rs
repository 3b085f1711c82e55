//! How long what was answered is kept.

use model::{Day, PurposeId, RoleRef, Timestamp};

use super::Checks;
use crate::covenants::Active;

impl Checks {
    /// The first day on which the receipt of an answer goes: after the setting, or after the shortest
    /// time that a clause for this role and purpose promises (`bewaren`).
    pub(super) fn receipt_ends(
        &self,
        active: &Active,
        role: &RoleRef,
        purpose: &PurposeId,
        now: Timestamp,
    ) -> Day {
        let today = now.day();
        let promised = active
            .covenant()
            .clauses()
            .iter()
            .filter(|clause| clause.to.contains(role) && clause.purpose == *purpose)
            .filter_map(|clause| Some(clause.promises.retain?.after(today)))
            .min();
        let kept = today.plus_days(self.receipt_days);
        promised.map_or(kept, |day| day.min(kept))
    }
}
