//! What the node keeps of a case, sealed: who works on it, what was found, what was decided.

use data_encoding::BASE64;
use model::{CaseId, CovenantId, Day, SignalId, Timestamp};
use serde::{Deserialize, Serialize};
use store::{NodeTx, NodeView};
use wire::word::{self, IdentityCheck, RightsKind};

use crate::refusal::{Reason, Refused};
use crate::vault::Vault;

/// How a case stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Stage {
    /// Taken in.
    Open,
    /// Confirmed by a second employee, and looked up.
    Confirmed,
    /// Answered.
    Answered,
}

/// How this party stands to an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Role {
    /// It asked a question.
    Asked,
    /// It was told something.
    Told,
    /// It let another party know something.
    Provided,
}

/// Who asks.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Applicant {
    pub(crate) name: String,
    pub(crate) address_lines: Vec<String>,
}

/// One thing that happened, with what this party may know of it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Item {
    /// Its place in the log: the first one, where a question left one entry per source in scope.
    pub(crate) index: u64,
    /// All its places.
    pub(crate) indices: Vec<u64>,
    pub(crate) role: Role,
    pub(crate) at: i64,
    pub(crate) other_party: String,
    pub(crate) purpose: String,
    pub(crate) clause: String,
    pub(crate) shown: Vec<String>,
    pub(crate) advice: String,
    pub(crate) kinds: Vec<String>,
    pub(crate) provided_on: String,
    pub(crate) received_on: String,
    pub(crate) held: Option<Held>,
    pub(crate) recalled_on: Option<i32>,
    pub(crate) recall_acknowledged_on: Option<i32>,
    pub(crate) subjects: Vec<u32>,
    /// Whether the link to the data subject was erased.
    pub(crate) unlinked: bool,
}

/// Why an item is held back.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Held {
    pub(crate) ground: String,
    pub(crate) reason: String,
    pub(crate) review_on: i32,
    pub(crate) told: bool,
    pub(crate) actor: String,
}

/// A key epoch that could not be looked up, since this node has no key of it any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Unknown {
    pub(crate) epoch: u32,
    /// The last day on which anything about the subjects can have come under it.
    pub(crate) until: i32,
}

/// A signal of this party about a subject of the case.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OwnFound {
    pub(crate) id: [u8; 16],
    pub(crate) category: String,
    pub(crate) observed_on: i32,
    pub(crate) expires_on: i32,
}

/// What was done to a signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum What {
    /// Withdrawn after an objection.
    Withdrawn,
    /// Erased.
    Erased,
    /// Restricted.
    Restricted,
    /// A restriction was lifted.
    Lifted,
    /// Another signal took its place.
    Corrected,
}

/// The last thing that was done to a signal in this case.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Done {
    pub(crate) id: [u8; 16],
    pub(crate) what: What,
}

/// An answer as it is given out.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Answer {
    pub(crate) json: String,
    pub(crate) letter_nl: String,
    pub(crate) letter_en: String,
    /// The day that stands in it.
    pub(crate) day: i32,
}

/// A request that is being passed on: what was sealed is sent again as it was.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Passing {
    pub(crate) request: [u8; 16],
    pub(crate) actor: String,
    /// Party and what is sealed for it, Base64.
    pub(crate) sealed: Vec<(String, String)>,
}

/// A case.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Record {
    pub(crate) covenant: String,
    kind: i32,
    identity: i32,
    pub(crate) stage: Stage,
    pub(crate) opened_by: String,
    pub(crate) opened_at: i64,
    pub(crate) confirmed_by: String,
    pub(crate) confirmed_at: Option<i64>,
    pub(crate) answered_by: String,
    pub(crate) answered_at: Option<i64>,
    pub(crate) received_on: i32,
    pub(crate) due_on: i32,
    pub(crate) reference: String,
    pub(crate) applicant: Applicant,
    /// The request as it came in, Base64.
    content: String,
    pub(crate) passed_on_by: String,
    pub(crate) items: Vec<Item>,
    /// What could not be looked up: of this nothing is known, which is not the same as nothing.
    #[serde(default)]
    pub(crate) unknown: Vec<Unknown>,
    pub(crate) signals: Vec<OwnFound>,
    pub(crate) done: Vec<Done>,
    pub(crate) passed_to: Vec<String>,
    pub(crate) passing: Option<Passing>,
    pub(crate) answer: Option<Answer>,
    /// The first day on which nothing of it is kept.
    pub(crate) ends: i32,
}

/// What a case begins with.
pub(crate) struct Beginning {
    pub(crate) covenant: CovenantId,
    pub(crate) kind: RightsKind,
    pub(crate) identity: IdentityCheck,
    pub(crate) opened_by: String,
    pub(crate) now: Timestamp,
    pub(crate) received_on: Day,
    pub(crate) due_on: Day,
    pub(crate) reference: String,
    pub(crate) applicant: Applicant,
    pub(crate) content: Vec<u8>,
    pub(crate) passed_on_by: String,
    pub(crate) kept_days: i32,
}

impl Record {
    pub(crate) fn new(beginning: Beginning) -> Self {
        let Beginning {
            covenant,
            kind,
            identity,
            opened_by,
            now,
            received_on,
            due_on,
            reference,
            applicant,
            content,
            passed_on_by,
            kept_days,
        } = beginning;
        Self {
            covenant: covenant.to_string(),
            kind: word::rights_kind_number(kind),
            identity: word::identity_check_number(identity),
            stage: Stage::Open,
            opened_by,
            opened_at: now.as_millis(),
            confirmed_by: String::new(),
            confirmed_at: None,
            answered_by: String::new(),
            answered_at: None,
            received_on: received_on.as_days(),
            due_on: due_on.as_days(),
            reference,
            applicant,
            content: BASE64.encode(&content),
            passed_on_by,
            items: Vec::new(),
            unknown: Vec::new(),
            signals: Vec::new(),
            done: Vec::new(),
            passed_to: Vec::new(),
            passing: None,
            answer: None,
            ends: now.day().plus_days(kept_days).as_days(),
        }
    }

    pub(crate) fn covenant(&self) -> Result<CovenantId, Refused> {
        CovenantId::parse(&self.covenant).map_err(|_| damaged())
    }

    pub(crate) fn kind(&self) -> Result<RightsKind, Refused> {
        word::rights_kind(self.kind, "kind").map_err(|_| damaged())
    }

    pub(crate) fn identity(&self) -> Result<IdentityCheck, Refused> {
        word::identity_check(self.identity, "identity").map_err(|_| damaged())
    }

    pub(crate) fn content(&self) -> Result<Vec<u8>, Refused> {
        BASE64
            .decode(self.content.as_bytes())
            .map_err(|_| damaged())
    }

    /// Whether it was confirmed, answered or not.
    ///
    /// # Errors
    /// `CASE_NOT_READY`.
    pub(crate) fn confirmed(&self) -> Result<(), Refused> {
        match self.stage {
            Stage::Open => Err(Reason::CaseNotReady.into()),
            Stage::Confirmed | Stage::Answered => Ok(()),
        }
    }

    /// Whether it was confirmed and is not answered yet.
    ///
    /// # Errors
    /// `CASE_NOT_READY`.
    pub(crate) fn under_way(&self) -> Result<(), Refused> {
        match self.stage {
            Stage::Confirmed => Ok(()),
            Stage::Open | Stage::Answered => Err(Reason::CaseNotReady.into()),
        }
    }

    /// The other employee of the two who work on it, beside `actor`.
    pub(crate) fn other_than(&self, actor: &str) -> &str {
        if same_person(actor, &self.confirmed_by) {
            &self.opened_by
        } else {
            &self.confirmed_by
        }
    }

    /// A signal that the case names.
    pub(crate) fn signal(&self, id: SignalId) -> Option<&OwnFound> {
        self.signals.iter().find(|own| own.id == *id.as_bytes())
    }

    /// Notes what was done to a signal, in place of what was done before.
    pub(crate) fn note_done(&mut self, id: [u8; 16], what: What) {
        self.done.retain(|done| done.id != id);
        self.done.push(Done { id, what });
    }
}

/// Whether two pseudonyms are of one employee. Capitals make no other person.
pub(crate) fn same_person(one: &str, two: &str) -> bool {
    one.eq_ignore_ascii_case(two)
}

/// Reads a case.
///
/// # Errors
/// `NOT_FOUND`, or when the store or the vault fails.
pub(crate) fn load(view: &NodeView, vault: &Vault, id: CaseId) -> Result<Record, Refused> {
    let stored = view.case(id)?.ok_or(Reason::NotFound)?;
    read(vault, id, &stored.body)
}

/// Opens a case as it is stored.
///
/// # Errors
/// When it does not open or read back.
pub(crate) fn read(vault: &Vault, id: CaseId, sealed: &[u8]) -> Result<Record, Refused> {
    let plain = vault.open(&case_name(id), sealed)?;
    serde_json::from_slice(&plain).map_err(|_| damaged())
}

/// Stores a case within a unit of work.
///
/// # Errors
/// When the store or the vault fails.
pub(crate) fn save(
    tx: &mut NodeTx,
    vault: &Vault,
    id: CaseId,
    record: &Record,
) -> Result<(), Refused> {
    let plain = serde_json::to_vec(record).map_err(|_| Refused::failed())?;
    let sealed = vault.seal(&case_name(id), &plain)?;
    tx.put_case(id, &sealed, Day::from_days(record.ends))?;
    Ok(())
}

fn case_name(id: CaseId) -> Vec<u8> {
    [b"case/", id.as_bytes().as_slice()].concat()
}

pub(super) fn damaged() -> Refused {
    tracing::error!("a stored case does not read back: restore a backup");
    Refused::failed()
}
