//! The words that every crate shares: ids, days, pseudonyms, match keys, signals, matches, clocks.
//!
//! This crate is *not* a place for behaviour. It cannot normalise an identifier, derive a
//! pseudonym, decide, log, or do I/O. The only wall clock of the project is
//! [`clock::SystemClock`] and the only entropy [`id`] (besides key generation).

pub mod agreement;
pub mod clock;
pub mod field;
pub mod id;
pub mod log_safe;
pub mod name;
pub mod pseudonym;
pub mod secret;
pub mod signal;
pub mod time;

pub use agreement::{Candidate, Match};
pub use field::{FieldName, MatchKey, MatchKeyId, MatchKeySpec, Phonetic, Profile};
pub use id::{CaseId, NoticeId, RecallId, RequestId, SignalId};
pub use log_safe::LogSafe;
pub use name::{
    ActorId, AdviceCode, CategoryCode, ClauseNo, CovenantId, MatchKeyName, Neighbourhood, Oin,
    PartyId, PurposeId, RoleRef, SignalTypeId,
};
pub use pseudonym::{KeyEpoch, Pseudonym, Token};
pub use secret::Secret;
pub use signal::{
    Certainty, PoliceArticle, Protection, ProtectionStatement, Signal, Subject, SubjectKind,
};
pub use time::{Day, Timestamp};

/// A SHA-256 digest (32 bytes), shown as lower-case hexadecimal.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest([u8; 32]);

impl Digest {
    /// Wraps the 32 bytes of a SHA-256 digest.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Reads a digest from a slice; `None` unless it has exactly 32 bytes.
    #[must_use]
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// Reads 64 lower-case hexadecimal characters.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        let text = text.as_bytes();
        // One value is written in one way.
        let upper = |upper, byte: &u8| upper | byte.is_ascii_uppercase();
        if text.len() != 2 * bytes.len() || text.iter().fold(false, upper) {
            return None;
        }
        hex_simd::decode(text, hex_simd::AsOut::as_out(bytes.as_mut_slice())).ok()?;
        Some(Self(bytes))
    }

    /// The 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// 64 lower-case hexadecimal characters.
    #[must_use]
    pub fn to_hex(&self) -> String {
        data_encoding::HEXLOWER.encode(&self.0)
    }
}

impl std::fmt::Display for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.to_hex())
    }
}

impl std::fmt::Debug for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Digest({})", self.to_hex())
    }
}
