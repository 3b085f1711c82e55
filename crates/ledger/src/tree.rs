//! The Merkle tree of RFC 6962 section 2 (RFC 9162 section 2.1) over stored hashes.
//!
//! A node is stored once, when its subtree is complete, and never changes. Every function is total:
//! a size, an index or a proof that cannot be is an error, never a panic.

use model::Digest;

use crate::hash::sha256;

/// A complete subtree: it covers the leaves `index << level` up to `(index + 1) << level`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct NodeId {
    /// Its height; 0 is a leaf hash.
    pub level: u8,
    /// Its place among the nodes of that height, from 0.
    pub index: u64,
}

/// Why a tree operation cannot be done, or a proof does not hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum TreeError {
    /// The reader has no hash for a node that is complete at this size.
    #[error("the stored tree lacks node {} of level {}: run fsck", .0.index, .0.level)]
    Missing(NodeId),
    /// Index or size lies outside the tree.
    #[error("index or size lies outside the tree: ask for one below the checkpoint's size")]
    OutOfBounds,
    /// The proof does not lead to the root.
    #[error("the proof does not lead to the root: the log or the proof was changed")]
    Mismatch,
}

/// `SHA-256(0x00 || leaf)`. The leaf is its exact bytes without a line feed.
#[must_use]
pub fn leaf_hash(leaf: &[u8]) -> Digest {
    sha256(&[&[0], leaf])
}

/// `SHA-256(0x01 || left || right)`.
#[must_use]
pub fn node_hash(left: &Digest, right: &Digest) -> Digest {
    sha256(&[&[1], left.as_bytes(), right.as_bytes()])
}

/// Appends one leaf hash to a tree of `size` leaves: the nodes that are complete now and were not
/// before, the leaf's own first. Between 1 and 64 nodes; `read` is asked for their left siblings.
///
/// # Errors
/// [`TreeError::Missing`] when `read` lacks a sibling; [`TreeError::OutOfBounds`] for a full tree.
pub fn append(
    size: u64,
    leaf_hash: Digest,
    mut read: impl FnMut(NodeId) -> Option<Digest>,
) -> Result<Vec<(NodeId, Digest)>, TreeError> {
    if size == u64::MAX {
        return Err(TreeError::OutOfBounds);
    }
    let (mut node, mut hash) = (
        NodeId {
            level: 0,
            index: size,
        },
        leaf_hash,
    );
    let mut made = vec![(node, hash)];
    while node.index & 1 == 1 {
        let sibling = NodeId {
            level: node.level,
            index: node.index - 1,
        };
        let left = read(sibling).ok_or(TreeError::Missing(sibling))?;
        hash = node_hash(&left, &hash);
        node = NodeId {
            level: node.level + 1,
            index: node.index >> 1,
        };
        made.push((node, hash));
    }
    Ok(made)
}

/// Appends several leaf hashes, so that `read` need not know the nodes of the same batch.
///
/// # Errors
/// As [`append`].
pub fn append_all(
    size: u64,
    leaf_hashes: &[Digest],
    mut read: impl FnMut(NodeId) -> Option<Digest>,
) -> Result<Vec<(NodeId, Digest)>, TreeError> {
    let mut made = std::collections::BTreeMap::new();
    for (at, leaf_hash) in (size..).zip(leaf_hashes) {
        let more = append(at, *leaf_hash, |id| {
            made.get(&id).copied().or_else(|| read(id))
        })?;
        made.extend(more);
    }
    Ok(made.into_iter().collect())
}

/// The root of the tree's first `size` leaves; of an empty tree `SHA-256("")`.
///
/// # Errors
/// [`TreeError::Missing`].
pub fn root(
    size: u64,
    mut read: impl FnMut(NodeId) -> Option<Digest>,
) -> Result<Digest, TreeError> {
    range(0, size, &mut read)
}

/// The root over the leaves `from` up to `to`, as it stands inside a tree: `from` must be a
/// multiple of the smallest power of two that is at least `to - from`.
pub(crate) fn range(
    from: u64,
    to: u64,
    read: &mut impl FnMut(NodeId) -> Option<Digest>,
) -> Result<Digest, TreeError> {
    let count = to.checked_sub(from).ok_or(TreeError::OutOfBounds)?;
    if count == 0 {
        return Ok(sha256(&[]));
    }
    if count.is_power_of_two() {
        let level = count.ilog2();
        let id = NodeId {
            level: u8::try_from(level).unwrap_or(u8::MAX),
            index: from >> level,
        };
        return read(id).ok_or(TreeError::Missing(id));
    }
    let middle = from + split(count);
    Ok(node_hash(
        &range(from, middle, read)?,
        &range(middle, to, read)?,
    ))
}

/// The audit path of leaf `index` in the tree of `size` leaves, lowest sibling first (RFC 6962
/// section 2.1.1). At most 64 hashes.
///
/// # Errors
/// [`TreeError::OutOfBounds`] unless `index < size`; [`TreeError::Missing`].
pub fn inclusion_proof(
    index: u64,
    size: u64,
    mut read: impl FnMut(NodeId) -> Option<Digest>,
) -> Result<Vec<Digest>, TreeError> {
    if index >= size {
        return Err(TreeError::OutOfBounds);
    }
    let (mut from, mut to, mut path) = (0, size, Vec::new());
    while to - from > 1 {
        let middle = from + split(to - from);
        if index < middle {
            path.push(range(middle, to, &mut read)?);
            to = middle;
        } else {
            path.push(range(from, middle, &mut read)?);
            from = middle;
        }
    }
    path.reverse();
    Ok(path)
}

/// Proves that the tree of `to` leaves only added to that of `from` leaves (RFC 6962 section
/// 2.1.2). Empty when both are equal or `from` is 0.
///
/// # Errors
/// [`TreeError::OutOfBounds`] unless `from <= to`; [`TreeError::Missing`].
pub fn consistency_proof(
    from: u64,
    to: u64,
    mut read: impl FnMut(NodeId) -> Option<Digest>,
) -> Result<Vec<Digest>, TreeError> {
    if from > to {
        return Err(TreeError::OutOfBounds);
    }
    if from == 0 || from == to {
        return Ok(Vec::new());
    }
    let (mut low, mut high, mut proof) = (0, to, Vec::new());
    while high != from {
        let middle = low + split(high - low);
        if from <= middle {
            proof.push(range(middle, high, &mut read)?);
            high = middle;
        } else {
            proof.push(range(low, middle, &mut read)?);
            low = middle;
        }
    }
    if low > 0 {
        proof.push(range(low, high, &mut read)?);
    }
    proof.reverse();
    Ok(proof)
}

/// Verifies an audit path (RFC 9162 section 2.1.3.2).
///
/// # Errors
/// [`TreeError::OutOfBounds`], [`TreeError::Mismatch`].
pub fn verify_inclusion(
    leaf_hash: Digest,
    index: u64,
    size: u64,
    proof: &[Digest],
    root: &Digest,
) -> Result<(), TreeError> {
    if index >= size {
        return Err(TreeError::OutOfBounds);
    }
    let (mut node, mut last, mut hash) = (index, size - 1, leaf_hash);
    for sibling in proof {
        if last == 0 {
            return Err(TreeError::Mismatch);
        }
        if node & 1 == 1 || node == last {
            hash = node_hash(sibling, &hash);
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            hash = node_hash(&hash, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    if last == 0 && hash == *root {
        Ok(())
    } else {
        Err(TreeError::Mismatch)
    }
}

/// Verifies that the tree of `to` leaves with `to_root` only added to that of `from` leaves with
/// `from_root` (RFC 9162 section 2.1.4.2). Everything is consistent with an empty tree.
///
/// # Errors
/// [`TreeError::OutOfBounds`], [`TreeError::Mismatch`].
pub fn verify_consistency(
    from: u64,
    from_root: &Digest,
    to: u64,
    to_root: &Digest,
    proof: &[Digest],
) -> Result<(), TreeError> {
    if from > to {
        return Err(TreeError::OutOfBounds);
    }
    if from == 0 || from == to {
        let same = from == to && from_root == to_root || from == 0 && *from_root == sha256(&[]);
        let holds = proof.is_empty() && same;
        return if holds {
            Ok(())
        } else {
            Err(TreeError::Mismatch)
        };
    }
    let shift = from.trailing_zeros();
    let (mut node, mut last) = ((from - 1) >> shift, (to - 1) >> shift);
    // A power of two is a node of the larger tree itself: the proof leaves it out.
    let whole = from.is_power_of_two().then_some(*from_root);
    let mut hashes = whole.iter().chain(proof);
    let seed = *hashes.next().ok_or(TreeError::Mismatch)?;
    let (mut old, mut new) = (seed, seed);
    for sibling in hashes {
        if last == 0 {
            return Err(TreeError::Mismatch);
        }
        if node & 1 == 1 || node == last {
            old = node_hash(sibling, &old);
            new = node_hash(sibling, &new);
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            new = node_hash(&new, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    let holds = last == 0 && old == *from_root && new == *to_root;
    if holds {
        Ok(())
    } else {
        Err(TreeError::Mismatch)
    }
}

/// The largest power of two below `count`, which is at least 2.
pub(crate) fn split(count: u64) -> u64 {
    1 << (count - 1).ilog2()
}
