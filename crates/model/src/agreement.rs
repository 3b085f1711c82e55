//! What a look-up found: other signals, and the keys that agreed.

use crate::field::MatchKeyId;
use crate::signal::{Signal, Subject};

/// A stored signal one of whose subjects agrees with the subject in question.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Candidate {
    /// The other signal.
    pub signal: Signal,
    /// Which of its subjects agreed: an index into `signal.subjects`.
    pub subject: usize,
    /// Every distinct match key that agreed within this one pair of subjects, sorted.
    pub agreed: Vec<MatchKeyId>,
}

/// A subject with everything that agrees with it. Raw material for a decision's facts: by itself
/// it entitles nobody to anything.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Match {
    /// The signal that was pushed; `None` when a question was asked.
    pub trigger: Option<Signal>,
    /// The subject that was looked up.
    pub subject: Subject,
    /// What agrees with it, other parties' and own signals alike, sorted by signal id.
    pub candidates: Vec<Candidate>,
}
