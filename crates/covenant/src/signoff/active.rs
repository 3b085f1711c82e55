//! A covenant in force.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::{Digest, PartyId};

use super::keys::PartyKeys;
use crate::language::covenant::Covenant;
use crate::table::Table;

/// A covenant with its cell table.
#[derive(Debug)]
pub(crate) struct Compiled {
    pub(crate) covenant: Covenant,
    pub(crate) table: Table,
}

/// A covenant that every party signed with the key that this process pins. It comes from
/// [`super::verify`] alone; cloning it is cheap.
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
#[derive(Clone, Debug)]
pub struct ActiveCovenant {
    compiled: Arc<Compiled>,
    keys: Arc<BTreeMap<PartyId, PartyKeys>>,
}

impl ActiveCovenant {
    pub(super) fn new(
        covenant: Covenant,
        table: Table,
        keys: BTreeMap<PartyId, PartyKeys>,
    ) -> Self {
        Self {
            compiled: Arc::new(Compiled { covenant, table }),
            keys: Arc::new(keys),
        }
    }

    /// The covenant.
    #[must_use]
    pub fn covenant(&self) -> &Covenant {
        &self.compiled.covenant
    }

    /// The digest of its compiled cell table, which every party signed for.
    #[must_use]
    pub fn table_digest(&self) -> Digest {
        self.compiled.table.digest()
    }

    pub(crate) const fn compiled(&self) -> &Arc<Compiled> {
        &self.compiled
    }

    pub(super) fn keys(&self, party: &PartyId) -> Option<&PartyKeys> {
        self.keys.get(party)
    }
}

#[cfg(test)]
impl ActiveCovenant {
    /// For the tests of this crate, which change a covenant without its text.
    pub(crate) fn unsigned(covenant: Covenant) -> Self {
        let table = Table::compile(&covenant).unwrap();
        Self::new(covenant, table, BTreeMap::new())
    }
}
