//! The tree, from left to right, in memory for 64 hashes.

use model::Digest;

use crate::checkpoint::Checkpoint;
use crate::export::peaks;
use crate::hash::sha256;
use crate::tree::{node_hash, split};

/// Walks the tree from left to right, from hashes that are known to lead to the root.
#[derive(Debug)]
pub(super) struct Walk {
    pub(super) next: u64,
    pub(super) size: u64,
    prefix: Vec<Digest>,
    /// Known subtrees that were not entered yet, the next one last: first leaf, end, hash.
    known: Vec<(u64, u64, Digest)>,
}

impl Walk {
    /// `None` when the prefix can't be that of `from`.
    pub(super) fn new(checkpoint: &Checkpoint, from: u64, prefix: Vec<Digest>) -> Option<Self> {
        let size = checkpoint.size;
        if from > size || prefix.len() != peaks(from).len() {
            return None;
        }
        if from == size {
            let fold = prefix
                .iter()
                .copied()
                .reduce(|right, left| node_hash(&left, &right));
            if fold.unwrap_or_else(|| sha256(&[])) != checkpoint.root {
                return None;
            }
        }
        Some(Self {
            next: from,
            size,
            prefix,
            known: vec![(0, size, checkpoint.root)],
        })
    }

    /// Whether the next leaf has this hash; learns its siblings if so.
    pub(super) fn accept(&mut self, leaf: Digest, proof: &[Digest]) -> bool {
        let Some((mut from, mut to, root)) = self.known.pop() else {
            return false;
        };
        let mut steps = Vec::new();
        while to - from > 1 {
            let middle = from + split(to - from);
            if self.next < middle {
                steps.push(Some((middle, to)));
                to = middle;
            } else {
                steps.push(None);
                from = middle;
            }
        }
        let (mut rights, mut lefts) = (proof.iter(), self.prefix.drain(..));
        let (mut hash, mut learnt) = (leaf, Vec::new());
        for step in steps.into_iter().rev() {
            if let Some((middle, to)) = step {
                let Some(right) = rights.next() else {
                    return false;
                };
                hash = node_hash(&hash, right);
                learnt.push((middle, to, *right));
            } else {
                let Some(left) = lefts.next() else {
                    return false;
                };
                hash = node_hash(&left, &hash);
            }
        }
        if hash != root || rights.next().is_some() || lefts.next().is_some() {
            return false;
        }
        drop(lefts);
        self.known.extend(learnt.into_iter().rev());
        self.next += 1;
        true
    }
}
