//! The log as JSON Lines: one header, then one line per leaf, in the order of the log.
//!
//! ```text
//! {"format":"covenant-log-export/1","origin":"log.example/covenant","vkey":"...",
//!  "checkpoint":"log.example/covenant\n2\n...","from":0,"prefix":[],"reader":{"as":"operator"}}
//! {"index":0,"leaf":"{\"v\":1,...}","proof":["<64 hex>"],"request":null,"answer":"erased",
//!  "outcome":{"salt":"<64 hex>","bytes":"<base64>"}}
//! {"index":1,"hash":"<64 hex>","proof":[]}
//! ```
//!
//! Each line proves itself. The header's checkpoint gives the root; the first line brings the whole
//! audit path of its leaf (left siblings stand in the header's `prefix`), and each further line only
//! the siblings that no line before it brought: one hash per leaf on average. So a reader needs
//! memory for 64 hashes, and knows at once which line was changed.

pub(crate) mod json;
pub(crate) mod written;

use model::Digest;
use serde::Serialize;

use crate::checkpoint::{CheckpointError, LogVerifier};
use crate::counters::Reader;
use crate::entry::{EntryError, Skeleton};
use crate::export::json::{DisclosedJson, Entry, Header, Object, OpenJson, ReaderJson, Text};
use crate::opening::{Opening, Part};
use crate::tree::{self, NodeId, TreeError};

/// What the header's `format` says.
pub const FORMAT: &str = "covenant-log-export/1";

/// The longest line, in bytes, its line feed not counted.
pub const MAX_LINE: usize = 512 * 1024;

/// Why something can't be exported.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ExportError {
    /// The checkpoint is not one of this log.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The stored tree lacks a node, or the index lies outside it.
    #[error(transparent)]
    Tree(#[from] TreeError),
    /// The stored leaf is none.
    #[error(transparent)]
    Leaf(#[from] EntryError),
    /// The stored opening does not open its commitment: the side record is damaged.
    #[error("the stored {} does not open its commitment: run fsck", .0.as_str())]
    Opening(Part),
}

/// One opening, as far as this reader gets it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Disclosed {
    /// Not for this reader.
    Hidden,
    /// The salt was erased, for everybody.
    Erased,
    /// Opened.
    Open(Opening),
}

/// One leaf, as far as this reader gets it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Shown {
    /// The hash only.
    Hash(Digest),
    /// The leaf, and its openings.
    Leaf {
        /// The leaf's exact bytes.
        leaf: Vec<u8>,
        /// Of the request.
        request: Disclosed,
        /// Of the answer.
        answer: Disclosed,
        /// Of the outcome.
        outcome: Disclosed,
    },
}

/// Writes the lines of one export.
#[derive(Clone, Debug)]
pub struct Exporter {
    vkey: String,
    origin: String,
    note: String,
    size: u64,
    from: u64,
    reader: Reader,
}

impl Exporter {
    /// An export for `reader` of the leaves from `from` up to the size that the signed `note` says.
    ///
    /// # Errors
    /// [`ExportError::Checkpoint`] when the note is not this log's; [`ExportError::Tree`] when
    /// `from` lies beyond it.
    pub fn new(
        log: &LogVerifier,
        note: &[u8],
        reader: Reader,
        from: u64,
    ) -> Result<Self, ExportError> {
        let checkpoint = log.verify(note)?;
        if from > checkpoint.size {
            return Err(TreeError::OutOfBounds.into());
        }
        Ok(Self {
            vkey: log.to_vkey(),
            origin: checkpoint.origin,
            note: String::from_utf8_lossy(note).into_owned(),
            size: checkpoint.size,
            from,
            reader,
        })
    }

    /// How many leaves the checkpoint covers: the export ends before this index.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The header, with its line feed.
    ///
    /// # Errors
    /// [`ExportError::Tree`] when the stored tree lacks a node.
    pub fn header(
        &self,
        mut node: impl FnMut(NodeId) -> Option<Digest>,
    ) -> Result<String, ExportError> {
        let mut prefix = Vec::new();
        for (from, to) in peaks(self.from) {
            prefix.push(tree::range(from, to, &mut node)?.to_hex());
        }
        let header = Header {
            format: FORMAT.to_owned(),
            origin: self.origin.clone(),
            vkey: self.vkey.clone(),
            checkpoint: self.note.clone(),
            from: self.from,
            prefix,
            reader: Object(ReaderJson::from(&self.reader)),
        };
        Ok(write_line(&header))
    }

    /// The line of leaf `index`, with its line feed. After a broken stream, go on with the index
    /// that comes next: lines do not depend on when they are written.
    ///
    /// # Errors
    /// [`ExportError`]: the index lies outside the export, a node is missing, or leaf or opening
    /// are not what the tree holds (nothing damaged is handed out).
    pub fn line(
        &self,
        index: u64,
        shown: &Shown,
        mut node: impl FnMut(NodeId) -> Option<Digest>,
    ) -> Result<String, ExportError> {
        if index < self.from || index >= self.size {
            return Err(TreeError::OutOfBounds.into());
        }
        let mut proof = Vec::new();
        for (from, to) in new_siblings(index, self.size, index == self.from) {
            proof.push(tree::range(from, to, &mut node)?.to_hex().into());
        }
        let stored = NodeId { level: 0, index };
        let stored = node(stored).ok_or(TreeError::Missing(stored))?;
        let mut entry = Entry {
            index,
            proof,
            ..Entry::default()
        };
        match shown {
            Shown::Hash(hash) => {
                if *hash != stored {
                    return Err(TreeError::Mismatch.into());
                }
                entry.hash = Some(hash.to_hex().into());
            }
            Shown::Leaf {
                leaf,
                request,
                answer,
                outcome,
            } => {
                if tree::leaf_hash(leaf) != stored {
                    return Err(TreeError::Mismatch.into());
                }
                let skeleton = Skeleton::from_leaf(leaf)?;
                entry.leaf = Some(Text(String::from_utf8_lossy(leaf)));
                entry.request = disclosed(Part::Request, request, &skeleton)?;
                entry.answer = disclosed(Part::Answer, answer, &skeleton)?;
                entry.outcome = disclosed(Part::Outcome, outcome, &skeleton)?;
            }
        }
        Ok(write_line(&entry))
    }
}

/// The first line of an export, with its line feed, with another signed note of the same checkpoint:
/// one with more cosignatures, or fewer. `None` when it is no header.
#[must_use]
pub fn with_note(header: &[u8], note: &str) -> Option<String> {
    let mut header: Header = json::read(header)?;
    note.clone_into(&mut header.checkpoint);
    Some(write_line(&header))
}

/// What stands for an erased opening.
pub(crate) const ERASED: &str = "erased";

/// The complete subtrees that the leaves before `from` consist of, lowest first: the left siblings
/// on the path of leaf `from`.
pub(crate) fn peaks(from: u64) -> Vec<(u64, u64)> {
    let mut peaks = Vec::new();
    let mut end = from;
    while end > 0 {
        let start = end & (end - 1);
        peaks.push((start, end));
        end = start;
    }
    peaks
}

/// The right siblings on the path of leaf `index` that no line before it brought, lowest first.
fn new_siblings(index: u64, size: u64, first: bool) -> Vec<(u64, u64)> {
    let (mut from, mut to, mut siblings) = (0, size, Vec::new());
    while to - from > 1 {
        let middle = from + tree::split(to - from);
        if index < middle {
            siblings.push((middle, to));
            to = middle;
        } else {
            if !first {
                // Everything above was known when this right half was.
                siblings.clear();
            }
            from = middle;
        }
    }
    siblings.reverse();
    siblings
}

fn disclosed(
    part: Part,
    opening: &Disclosed,
    leaf: &Skeleton,
) -> Result<Option<DisclosedJson<'static>>, ExportError> {
    match opening {
        Disclosed::Hidden => Ok(None),
        Disclosed::Erased => Ok(Some(DisclosedJson::Word(ERASED.to_owned()))),
        Disclosed::Open(opening) if opening.opens(part, leaf.commitment(part)) => {
            Ok(Some(DisclosedJson::Open(OpenJson {
                salt: data_encoding::HEXLOWER
                    .encode(opening.salt.as_bytes())
                    .into(),
                bytes: data_encoding::BASE64.encode(&opening.bytes).into(),
            })))
        }
        Disclosed::Open(_) => Err(ExportError::Opening(part)),
    }
}

pub(crate) fn write_line<T: Serialize>(value: &T) -> String {
    // Serialising strings and numbers to memory cannot fail.
    let mut line = serde_json::to_string(value).unwrap_or_default();
    line.push('\n');
    line
}
