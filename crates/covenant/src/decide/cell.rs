//! The cell: the smallest thing that a covenant opens or leaves closed.

use model::{PartyId, PurposeId, RoleRef, SignalTypeId};

use crate::language::words::Shows;

/// Recipient role x purpose x source x signal x shows. Finite: every cell of a covenant can be
/// enumerated.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Cell {
    /// Who receives.
    pub role: RoleRef,
    /// What for.
    pub purpose: PurposeId,
    /// Whose signal it is.
    pub source: PartyId,
    /// What kind of signal.
    pub signal: SignalTypeId,
    /// How much is shown.
    pub shows: Shows,
}

impl Cell {
    /// The party that receives.
    #[must_use]
    pub fn recipient(&self) -> PartyId {
        self.role.party()
    }
}
