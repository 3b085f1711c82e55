//! What the broker sends down by itself. It counts only as the log entries that it stands on.

use covenant::Covenant;
use ledger::Skeleton;
use model::{CovenantId, Timestamp};
use wire::notice::Receipt;

use super::Log;
use crate::covenants::Covenants;
use crate::refusal::{Reason, Refused};

impl Log {
    /// Whether the receipt of a notice holds, which came down under a covenant that is not over:
    /// every entry is of a version of the covenant that it names, which this node verified, and is
    /// what `is_it` looks for; and it is witnessed as that covenant wants. A digest that is only said
    /// to be the covenant's would let the broker put what was decided under one covenant before the
    /// people of another.
    ///
    /// # Errors
    /// `RECEIPT_INVALID`.
    pub(crate) fn bears_out(
        &self,
        receipt: &Receipt,
        (covenants, id): (&Covenants, &CovenantId),
        now: Timestamp,
        is_it: impl Fn(&Skeleton) -> bool,
    ) -> Result<(), Refused> {
        let active = covenants.carried(id, now);
        let covenant = active.as_ref().map(|active| active.covenant());
        self.holds_under(receipt, (covenants, id), covenant, is_it)
    }

    /// The same of what is owed to a data subject whatever became of the covenant: a recall, or a
    /// request that is passed on.
    ///
    /// # Errors
    /// `RECEIPT_INVALID`.
    pub(crate) fn bears_out_owed(
        &self,
        receipt: &Receipt,
        (covenants, id): (&Covenants, &CovenantId),
        now: Timestamp,
        is_it: impl Fn(&Skeleton) -> bool,
    ) -> Result<(), Refused> {
        let answerable = covenants.answerable(id, now);
        let covenant = answerable.as_ref().map(|answerable| answerable.covenant());
        self.holds_under(receipt, (covenants, id), covenant, is_it)
    }

    fn holds_under(
        &self,
        receipt: &Receipt,
        (covenants, id): (&Covenants, &CovenantId),
        covenant: Option<&Covenant>,
        is_it: impl Fn(&Skeleton) -> bool,
    ) -> Result<(), Refused> {
        let verified = self.verify(receipt)?;
        let versions = covenants.digests(id);
        let holds = verified.leaves.iter().all(|leaf| {
            leaf.covenant
                .is_some_and(|digest| versions.contains(&digest))
                && is_it(leaf)
        });
        if holds && let Some(covenant) = covenant {
            self.sufficiently_witnessed(covenant, &receipt.checkpoint)
        } else {
            tracing::error!("what the broker sent is not what its log entry is of; it is not kept");
            Err(Reason::ReceiptInvalid.into())
        }
    }
}
