//! Ids that are digests of what they name.

use model::Digest;
use sha2::{Digest as _, Sha256};

/// SHA-256 over parts that are each preceded by their length (`u32`, big-endian).
pub(super) struct Hash(Sha256);

impl Hash {
    pub(super) fn new(label: &str) -> Self {
        let mut hash = Self(Sha256::new());
        hash.part(label.as_bytes());
        hash
    }

    pub(super) fn length(&mut self, length: usize) {
        let length = u32::try_from(length).unwrap_or(u32::MAX);
        self.0.update(length.to_be_bytes());
    }

    pub(super) fn part(&mut self, bytes: &[u8]) {
        self.length(bytes.len());
        self.0.update(bytes);
    }

    pub(super) fn list<'b>(&mut self, parts: impl ExactSizeIterator<Item = &'b [u8]>) {
        self.length(parts.len());
        for part in parts {
            self.part(part);
        }
    }

    pub(super) fn finish(self) -> Digest {
        Digest::new(self.0.finalize().into())
    }
}
