//! The words of cases and recalls: a code for programs, Dutch and English for people.

use serde::{Serialize, Serializer};
use wire::node_v1::{CaseKind, CaseState, ItemRole};
use wire::type_v1::{RecallOutcome, RecallReason};

use crate::answer::Language;

/// A word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Word {
    code: &'static str,
    nl: &'static str,
    en: &'static str,
}

impl Word {
    const fn new(code: &'static str, nl: &'static str, en: &'static str) -> Self {
        Self { code, nl, en }
    }

    /// The word for people.
    pub(super) const fn pick(self, lang: Language) -> &'static str {
        lang.pick(self.nl, self.en)
    }
}

impl Serialize for Word {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code)
    }
}

const UNKNOWN: Word = Word::new("unknown", "onbekend", "unknown");

/// Which right.
pub(super) const fn kind(kind: CaseKind) -> Word {
    match kind {
        CaseKind::Unspecified => UNKNOWN,
        CaseKind::Access => Word::new("access", "inzage", "access"),
        CaseKind::Correction => Word::new("correction", "correctie", "correction"),
        CaseKind::Objection => Word::new("objection", "bezwaar", "objection"),
        CaseKind::Restriction => Word::new("restriction", "beperking", "restriction"),
        CaseKind::Erasure => Word::new("erasure", "wissing", "erasure"),
    }
}

/// How a case stands.
pub(super) const fn state(state: CaseState) -> Word {
    match state {
        CaseState::Unspecified => UNKNOWN,
        CaseState::Open => Word::new("open", "ingenomen", "taken in"),
        CaseState::Confirmed => Word::new("confirmed", "bevestigd", "confirmed"),
        CaseState::Answered => Word::new("answered", "beantwoord", "answered"),
    }
}

/// How the party stands to an item.
pub(super) const fn role(role: ItemRole) -> Word {
    match role {
        ItemRole::Unspecified => UNKNOWN,
        ItemRole::Asked => Word::new("asked", "vroeg", "asked"),
        ItemRole::Told => Word::new("told", "kreeg te horen", "was told"),
        ItemRole::Provided => Word::new("provided", "liet weten", "provided"),
    }
}

/// How a signal stands; the node's own word where it is a new one.
pub(super) fn signal_state(state: &str, lang: Language) -> String {
    let (nl, en) = match state {
        "queued" => ("in de wachtrij", "queued"),
        "delivered" => ("bezorgd", "delivered"),
        "refused" => ("geweigerd", "refused"),
        "withdrawn" => ("ingetrokken", "withdrawn"),
        "expired" => ("verlopen", "expired"),
        "restricted" => ("beperkt", "restricted"),
        other => (other, other),
    };
    lang.pick(nl, en).to_owned()
}

/// Why something is recalled.
pub(super) const fn reason(reason: RecallReason) -> Word {
    match reason {
        RecallReason::Unspecified => UNKNOWN,
        RecallReason::EnteredInError => Word::new(
            "entered_in_error",
            "ten onrechte ingevoerd",
            "entered in error",
        ),
        RecallReason::NoLongerApplies => {
            Word::new("no_longer_applies", "geldt niet meer", "no longer applies")
        }
        RecallReason::Objection => Word::new("objection", "bezwaar", "objection"),
        RecallReason::Restriction => Word::new("restriction", "beperking", "restriction"),
        RecallReason::Erasure => Word::new("erasure", "wissing", "erasure"),
        RecallReason::Correction => Word::new("correction", "correctie", "correction"),
        RecallReason::Expired => Word::new("expired", "termijn voorbij", "time is over"),
    }
}

/// What was done about a recall.
pub(super) const fn outcome(outcome: RecallOutcome) -> Word {
    match outcome {
        RecallOutcome::Unspecified => UNKNOWN,
        RecallOutcome::Deleted => Word::new("deleted", "verwijderd", "deleted"),
        RecallOutcome::Corrected => Word::new("corrected", "verbeterd", "corrected"),
        RecallOutcome::Restricted => Word::new("restricted", "apart gezet", "set apart"),
        RecallOutcome::NothingLeft => {
            Word::new("nothing_left", "er was niets meer", "nothing was left")
        }
        RecallOutcome::KeptByLaw => Word::new(
            "kept_by_law",
            "bewaard omdat de wet dat eist",
            "kept by law",
        ),
    }
}
