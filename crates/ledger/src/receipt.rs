//! The receipt: what a node gets with every answer, and verifies before it shows anything.
//!
//! As bytes its length depends on the size of the log, on the number of entries and on which
//! openings come along, never on what was decided: leaves have one length, audit paths are filled
//! up to the longest path of that tree size, and openings to a multiple of 512 bytes. Numbers are
//! big-endian, filling is zero:
//!
//! ```text
//! "CLR1"  u16 length of note  note  u8 slots = ceil(log2(size))  u16 entries
//! per entry: u64 index  leaf (LEAF_LEN)  u8 hashes  slots * 32 bytes  request  answer
//! opening: 0x00, or 0x01  salt (32)  u32 length  content, filled up to a multiple of 512 bytes
//! ```

mod encoding;

use model::Digest;

use crate::checkpoint::{Checkpoint, CheckpointError, LogVerifier};
use crate::entry::{EntryError, Skeleton};
use crate::opening::{Opening, Part};
use crate::tree::{self, TreeError};

/// The most entries that one receipt proves.
pub const MAX_ENTRIES: usize = 1024;

/// Why a receipt is not accepted. Nothing may be shown then.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ReceiptError {
    /// The bytes are no receipt of version 1.
    #[error("receipt is not well formed: {0}")]
    Encoding(&'static str),
    /// It proves no entry, or more than [`MAX_ENTRIES`].
    #[error("receipt has no entries or too many: ask again")]
    Entries,
    /// Entries are not in the order of the log, or one stands twice.
    #[error("receipt's entries are not in the order of the log")]
    Order,
    /// The checkpoint.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// An entry's proof, or the proof of consistency.
    #[error(transparent)]
    Tree(#[from] TreeError),
    /// A leaf.
    #[error(transparent)]
    Leaf(#[from] EntryError),
    /// A leaf's number is not its place in the log.
    #[error("the leaf's seq is not its index")]
    Seq,
    /// An opening does not open its commitment.
    #[error("the {} does not open the leaf's commitment: it is not what was logged", .0.as_str())]
    Opening(Part),
    /// The log shrank, or shows another history than before.
    #[error("the checkpoint contradicts the one seen before: keep both and tell the auditor")]
    Fork,
}

/// One entry with its proof.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReceiptEntry {
    /// Its place in the log, from 0.
    pub index: u64,
    /// The leaf's exact bytes.
    pub leaf: Vec<u8>,
    /// RFC 6962 audit path, lowest first.
    pub proof: Vec<Digest>,
    /// Opens the request, where the reader may see it.
    pub request: Option<Opening>,
    /// Opens the answer, where the reader may see it.
    pub answer: Option<Opening>,
}

/// The proof that entries stand in the log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Receipt {
    /// At least one, in the order of the log.
    pub entries: Vec<ReceiptEntry>,
    /// The signed note under which all are proved, exact bytes.
    pub checkpoint: Vec<u8>,
}

/// A receipt that was verified.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Verified {
    /// What the log signed.
    pub checkpoint: Checkpoint,
    /// The leaves, in the receipt's order.
    pub leaves: Vec<Skeleton>,
}

impl Receipt {
    /// Verifies signature, inclusion of every entry, leaves, and the openings that it brings.
    ///
    /// # Errors
    /// [`ReceiptError`], the first that is found.
    pub fn verify(&self, log: &LogVerifier) -> Result<Verified, ReceiptError> {
        if self.entries.is_empty() || self.entries.len() > MAX_ENTRIES {
            return Err(ReceiptError::Entries);
        }
        if !self.entries.is_sorted_by(|a, b| a.index < b.index) {
            return Err(ReceiptError::Order);
        }
        let checkpoint = log.verify(&self.checkpoint)?;
        let mut leaves = Vec::with_capacity(self.entries.len());
        for entry in &self.entries {
            let hash = tree::leaf_hash(&entry.leaf);
            let Checkpoint { size, root, .. } = &checkpoint;
            tree::verify_inclusion(hash, entry.index, *size, &entry.proof, root)?;
            let leaf = Skeleton::from_leaf(&entry.leaf)?;
            if leaf.seq != entry.index {
                return Err(ReceiptError::Seq);
            }
            for (part, opening) in [
                (Part::Request, &entry.request),
                (Part::Answer, &entry.answer),
            ] {
                if opening
                    .as_ref()
                    .is_some_and(|o| !o.opens(part, leaf.commitment(part)))
                {
                    return Err(ReceiptError::Opening(part));
                }
            }
            leaves.push(leaf);
        }
        Ok(Verified { checkpoint, leaves })
    }

    /// The bytes; see the module for their length.
    ///
    /// # Errors
    /// [`ReceiptError::Encoding`] when a part is longer than the format allows.
    pub fn to_bytes(&self) -> Result<Vec<u8>, ReceiptError> {
        encoding::write(self)
    }

    /// Reads what [`Receipt::to_bytes`] writes. Nothing is verified.
    ///
    /// # Errors
    /// [`ReceiptError::Encoding`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ReceiptError> {
        encoding::read(bytes)
    }
}

/// Whether `new` only adds to `old`, both verified. `proof` is the consistency proof from `old` to
/// `new`, empty when they are equally large.
///
/// # Errors
/// [`ReceiptError::Fork`]: the log shrank or shows another history; keep both notes as evidence.
pub fn extends(old: &Checkpoint, new: &Checkpoint, proof: &[Digest]) -> Result<(), ReceiptError> {
    let same_log = old.origin == new.origin;
    let holds = tree::verify_consistency(old.size, &old.root, new.size, &new.root, proof).is_ok();
    if same_log && holds {
        Ok(())
    } else {
        Err(ReceiptError::Fork)
    }
}
