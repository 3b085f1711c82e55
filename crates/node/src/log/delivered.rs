//! What the broker sends down by itself. It counts only as the log entries that it stands on.

use ledger::Skeleton;
use model::{CovenantId, Timestamp};
use wire::notice::Receipt;

use super::Log;
use crate::covenants::Covenants;
use crate::refusal::{Reason, Refused};

impl Log {
    /// Whether the receipt of what came down under a covenant holds: every entry is of a version of
    /// the covenant that it names, which this node verified, and is what `is_it` looks for; and it
    /// is witnessed as that covenant wants. A digest that is only said to be the covenant's would
    /// let the broker put what was decided under one covenant before the people of another.
    ///
    /// # Errors
    /// `RECEIPT_INVALID`.
    pub(crate) fn bears_out(
        &self,
        receipt: &Receipt,
        (covenants, covenant): (&Covenants, &CovenantId),
        now: Timestamp,
        is_it: impl Fn(&Skeleton) -> bool,
    ) -> Result<(), Refused> {
        let verified = self.verify(receipt)?;
        let versions = covenants.digests(covenant);
        let holds = verified.leaves.iter().all(|leaf| {
            leaf.covenant
                .is_some_and(|digest| versions.contains(&digest))
                && is_it(leaf)
        });
        if holds && let Some(active) = covenants.carried(covenant, now) {
            self.sufficiently_witnessed(active.covenant(), &receipt.checkpoint)
        } else {
            tracing::error!("what the broker sent is not what its log entry is of; it is not kept");
            Err(Reason::ReceiptInvalid.into())
        }
    }
}
