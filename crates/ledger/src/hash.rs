//! SHA-256 over several pieces.

use model::Digest;
use sha2::{Digest as _, Sha256};

pub(crate) fn sha256(pieces: &[&[u8]]) -> Digest {
    let mut hasher = Sha256::new();
    for piece in pieces {
        hasher.update(piece);
    }
    Digest::new(hasher.finalize().into())
}
