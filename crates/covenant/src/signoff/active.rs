//! A covenant in force.

use std::sync::Arc;

use model::Digest;

use super::Proposal;
use crate::language::covenant::Covenant;
use crate::table::{Encoding, Table};

/// A covenant with its cell table.
#[derive(Debug)]
pub(crate) struct Compiled {
    pub(crate) covenant: Covenant,
    pub(crate) table: Table,
}

/// A covenant that every party signed with the key that this process pins. It comes from
/// [`super::verify`] and [`Proposal::activate`] alone; cloning it is cheap.
///
/// Signatures are checked once; the validity and what suspends it are looked at again in every
/// decision.
///
/// An unsigned covenant cannot be made into one:
/// ```compile_fail
/// fn forge(covenant: covenant::Covenant) -> covenant::signoff::ActiveCovenant {
///     covenant::signoff::ActiveCovenant { compiled: covenant }
/// }
/// ```
///
/// And neither can a proposal:
/// ```compile_fail
/// fn forge(proposal: covenant::signoff::Proposal) -> covenant::signoff::ActiveCovenant {
///     covenant::signoff::ActiveCovenant(proposal)
/// }
/// ```
#[derive(Clone, Debug)]
pub struct ActiveCovenant(Proposal);

impl ActiveCovenant {
    /// Every signature of the proposal was verified, and today lies in its validity.
    pub(super) const fn new(signed: Proposal) -> Self {
        Self(signed)
    }

    /// The covenant.
    #[must_use]
    pub fn covenant(&self) -> &Covenant {
        self.0.covenant()
    }

    /// The version as it was proposed: events are verified with it.
    #[must_use]
    pub const fn proposal(&self) -> &Proposal {
        &self.0
    }

    /// The digest of its compiled cell table in the newest encoding.
    #[must_use]
    pub fn table_digest(&self) -> Digest {
        self.0.table_digest(Encoding::NEWEST)
    }

    pub(crate) const fn compiled(&self) -> &Arc<Compiled> {
        self.0.compiled()
    }
}

#[cfg(test)]
impl ActiveCovenant {
    /// For the tests of this crate, which change a covenant without its text.
    pub(crate) fn unsigned(covenant: Covenant) -> Self {
        Self::new(Proposal::of(covenant, std::collections::BTreeMap::new()).unwrap())
    }
}
