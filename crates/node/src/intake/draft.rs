//! A signal as a partner system sent it, before any check.

use model::{Certainty, PoliceArticle, Protection, ProtectionStatement, Timestamp};
use pseudonym::RawSubject;

/// A choice from a closed list, as it came over the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice<T> {
    /// Left out.
    Unspecified,
    /// A number that the list does not have: made by a newer or a faulty client.
    Unknown,
    /// One of the list.
    Is(T),
}

/// Where a signal comes from (`herkomst`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Provenance {
    /// The party saw it itself (`eigen-waarneming`): the only kind that may be pushed.
    OwnObservation,
    /// The party has it from another: it is not passed on.
    Received,
}

/// A signal as it was sent. `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Draft {
    /// `signal.id`.
    pub id: String,
    /// `signal.covenant`.
    pub covenant: String,
    /// `signal.purposes`.
    pub purposes: Vec<String>,
    /// `signal.category`: scheme and code.
    pub category: Option<(String, String)>,
    /// `signal.subjects`.
    pub subjects: Vec<SubjectDraft>,
    /// `signal.observed_at`; `Err` when it is no instant.
    pub observed_at: Option<Result<Timestamp, ()>>,
    /// `signal.neighbourhood`; empty when not given.
    pub neighbourhood: String,
    /// `signal.certainty`.
    pub certainty: Choice<Certainty>,
    /// `signal.reviewed_by_person`.
    pub reviewed_by_person: bool,
    /// `signal.provenance`.
    pub provenance: Choice<Provenance>,
    /// `signal.attributes`: name and text.
    pub attributes: Vec<(String, String)>,
    /// `signal.police_article`.
    pub police_article: Choice<PoliceArticle>,
    /// `signal.source_reference`; empty when not given.
    pub source_reference: String,
}

/// One subject of a draft, or of a question.
#[derive(Clone, PartialEq, Eq)]
pub struct SubjectDraft {
    /// The identifiers; `None` when no kind of subject was filled in.
    pub raw: Option<RawSubject>,
    /// What the sender attests about its protections, in the order given.
    pub protections: Vec<(Choice<Protection>, Choice<ProtectionStatement>)>,
}

impl std::fmt::Debug for Draft {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Draft(..)")
    }
}

impl std::fmt::Debug for SubjectDraft {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SubjectDraft(..)")
    }
}
