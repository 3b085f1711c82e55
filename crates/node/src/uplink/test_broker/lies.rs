//! What the tests' broker does to its log: an honest one grows, and every other change is a lie.

use std::collections::BTreeMap;

use ledger::Kind;
use ledger::tree::{self, NodeId};
use model::Digest;

use super::{TestBroker, append};

impl TestBroker {
    /// Asks every node to cosign the newest checkpoint.
    pub(crate) fn offer(&self) {
        self.offered.send_replace(());
    }

    /// From now on consistency proofs are on their way, until they are let go.
    pub(crate) fn hold_proofs(&self, held: bool) {
        self.held.send_replace(held);
    }

    /// The same broker, which says of what it logs that it is of this version.
    pub(crate) fn under(&self, version: Digest) -> Self {
        Self {
            covenant: version,
            ..self.clone()
        }
    }

    /// So many more entries, about which nobody is told.
    pub(crate) fn grow(&self, count: u64) {
        for _ in 0..count {
            self.log(Kind::MatchDecided, "gemeente", b"", b"");
        }
    }

    /// The log as it was when it had `size` leaves: what an old backup holds.
    pub(crate) fn set_back(&self, size: u64) {
        let mut state = self.state();
        state
            .nodes
            .retain(|id, _| (id.index + 1) << id.level <= size);
        state.size = size;
    }

    /// The newest checkpoint.
    pub(crate) fn newest(&self) -> Vec<u8> {
        Self::note(&self.state())
    }

    /// The same history without the entry at `dropped`.
    pub(crate) fn drop_entry(&self, dropped: u64) {
        let mut state = self.state();
        let leaves: Vec<Digest> = (0..state.size)
            .filter(|at| *at != dropped)
            .map(|index| state.nodes[&NodeId { level: 0, index }])
            .collect();
        (state.nodes, state.size) = (BTreeMap::new(), 0);
        for leaf in leaves {
            append(&mut state, leaf);
        }
    }

    /// Another history of the same length.
    pub(crate) fn fork(&self) {
        let mut state = self.state();
        let size = state.size;
        (state.nodes, state.size) = (BTreeMap::new(), 0);
        for number in 0..size {
            let leaf = tree::leaf_hash(&number.to_be_bytes());
            append(&mut state, leaf);
        }
    }
}
