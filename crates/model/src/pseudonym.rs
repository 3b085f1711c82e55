//! What the broker compares.

use std::fmt;

use crate::field::MatchKeyId;

/// The life of one covenant key, counted from 1.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct KeyEpoch(u32);

impl KeyEpoch {
    /// The first epoch.
    pub const FIRST: Self = Self(1);

    /// An epoch; `None` for 0.
    #[must_use]
    pub const fn new(epoch: u32) -> Option<Self> {
        if epoch == 0 { None } else { Some(Self(epoch)) }
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl fmt::Display for KeyEpoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// The keyed HMAC of a match key's input: 32 bytes, never truncated.
///
/// Derived only in the crate `pseudonym`, and re-read from bytes only by `wire` and `store` (a
/// test over the sources holds that). It is personal data: `Debug` hides it and there is no
/// `Display`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pseudonym([u8; 32]);

impl Pseudonym {
    /// Wraps derived or re-read bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for Pseudonym {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pseudonym(..)")
    }
}

/// A pseudonym with the match key that it is of.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Token {
    /// The match key.
    pub key: MatchKeyId,
    /// The pseudonym under that key.
    pub pseudonym: Pseudonym,
}
