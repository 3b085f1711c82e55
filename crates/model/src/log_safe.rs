//! What may be written to an operator's log.

/// A value whose `Display` is safe for a log line: it holds no identifier, key, pseudonym or name
/// of a person. Implemented by hand, one type at a time, after reading what the type prints.
pub trait LogSafe: std::fmt::Display {}

impl LogSafe for crate::name::PartyId {}
impl LogSafe for crate::name::CovenantId {}
impl LogSafe for crate::name::ClauseNo {}
impl LogSafe for crate::name::Oin {}
impl LogSafe for crate::name::NameError {}
impl LogSafe for crate::time::Timestamp {}
impl LogSafe for crate::time::Day {}
impl LogSafe for crate::pseudonym::KeyEpoch {}
impl LogSafe for crate::field::MatchKeyId {}
