//! Salted commitments, and what opens them.
//!
//! A leaf holds only `SHA-256(label || 0x00 || salt || bytes)`. Whoever has salt and bytes can show
//! what was committed to; once the salt is erased nobody can, and no proof breaks.

use std::collections::BTreeSet;

use model::{Digest, Pseudonym};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::hash::sha256;

/// The longest content that a commitment is made to, in bytes.
pub const MAX_CONTENT: usize = 64 * 1024;

/// 32 random bytes, fresh for every commitment. Whoever has a salt can test guesses against its
/// commitment, so `Debug` hides it.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct Salt([u8; 32]);

impl Salt {
    /// Wraps fresh random bytes (`model::id::random_32`) or stored ones.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Reads a salt from a slice; `None` unless it has exactly 32 bytes.
    #[must_use]
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// The bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl std::fmt::Debug for Salt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Salt(..)")
    }
}

/// Which of a leaf's three commitments.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Part {
    /// What was asked. Opened to the asker and the auditor.
    Request,
    /// What was answered. Opened to the asker and the auditor.
    Answer,
    /// What was decided and why. Opened to the auditor, and to the source that revealed.
    Outcome,
}

impl Part {
    /// Every part, in the order of the leaf.
    pub const ALL: [Self; 3] = [Self::Request, Self::Answer, Self::Outcome];

    /// Its name in leaf and export.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Answer => "answer",
            Self::Outcome => "outcome",
        }
    }

    /// The label that keeps a commitment of one part from passing for that of another.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Request => "covenant-log/1/request",
            Self::Answer => "covenant-log/1/answer",
            Self::Outcome => "covenant-log/1/outcome",
        }
    }
}

/// What opens a commitment: the salt and the exact bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct Opening {
    /// The salt.
    pub salt: Salt,
    /// The exact bytes, at most [`MAX_CONTENT`].
    pub bytes: Vec<u8>,
}

impl Opening {
    /// The commitment that this opens, as `part`.
    #[must_use]
    pub fn commitment(&self, part: Part) -> Digest {
        commitment(part, &self.salt, &self.bytes)
    }

    /// Whether this opens `commitment`, as `part`.
    #[must_use]
    pub fn opens(&self, part: Part, commitment: &Digest) -> bool {
        self.commitment(part) == *commitment
    }
}

impl std::fmt::Debug for Opening {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Opening({} bytes)", self.bytes.len())
    }
}

/// The commitment that a salt and these bytes open, as `part`.
pub(crate) fn commitment(part: Part, salt: &Salt, bytes: &[u8]) -> Digest {
    sha256(&[part.label().as_bytes(), &[0], salt.as_bytes(), bytes])
}

/// `SHA-256(salt || pseudonyms)`, the distinct pseudonyms in order of their bytes: ties an entry to
/// a data subject for who has the salt and the pseudonyms, and for nobody once they are erased.
#[must_use]
pub fn subject_commitment<'a>(
    salt: &Salt,
    pseudonyms: impl IntoIterator<Item = &'a Pseudonym>,
) -> Digest {
    let distinct: BTreeSet<&[u8; 32]> = pseudonyms.into_iter().map(Pseudonym::as_bytes).collect();
    let mut parts: Vec<&[u8]> = vec![salt.as_bytes()];
    parts.extend(distinct.into_iter().map(<[u8; 32]>::as_slice));
    sha256(&parts)
}

/// `SHA-256(salt || content)`: made by a source over raw content, whose salt never leaves it.
#[must_use]
pub fn content_commitment(salt: &Salt, content: &[u8]) -> Digest {
    sha256(&[salt.as_bytes(), content])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_opening_opens_its_own_part_only() {
        let opening = Opening {
            salt: Salt::new([7; 32]),
            bytes: b"vraag".to_vec(),
        };
        let commitment = opening.commitment(Part::Request);
        assert!(opening.opens(Part::Request, &commitment));
        assert!(!opening.opens(Part::Answer, &commitment));
        let other = Opening {
            salt: Salt::new([8; 32]),
            ..opening.clone()
        };
        assert!(!other.opens(Part::Request, &commitment));
        let other = Opening {
            bytes: b"vraaq".to_vec(),
            ..opening
        };
        assert!(!other.opens(Part::Request, &commitment));
    }

    #[test]
    fn the_commitment_is_the_documented_hash() {
        let salt = Salt::new([1; 32]);
        let mut input = b"covenant-log/1/answer\0".to_vec();
        input.extend([1; 32]);
        input.extend(b"x");
        let opening = Opening {
            salt,
            bytes: b"x".to_vec(),
        };
        assert_eq!(opening.commitment(Part::Answer), sha256(&[&input]));
    }

    #[test]
    fn debug_shows_neither_salt_nor_content() {
        let opening = Opening {
            salt: Salt::new([0xAB; 32]),
            bytes: b"geheim".to_vec(),
        };
        let shown = format!("{opening:?} {:?}", opening.salt);
        assert_eq!(shown, "Opening(6 bytes) Salt(..)");
    }
}
