//! What a recipient gets of a match, and how it waits for its node.

use std::collections::BTreeMap;

use model::{ClauseNo, CovenantId, Digest, RoleRef, Timestamp};
use serde::{Deserialize, Serialize};

use crate::versions::{Version, Versions};

/// A notice as it lies in the store until its node has acknowledged it. Fields that the clause does
/// not reveal are not in it: it is made of a `covenant::Disclosure` alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NoticeBody {
    /// The covenant's id.
    pub(crate) covenant: String,
    /// SHA-256 of its file, hexadecimal.
    pub(crate) covenant_digest: String,
    /// The clause that reveals it.
    pub(crate) clause: String,
    /// The purpose for which it may be used.
    pub(crate) purpose: String,
    /// The roles that may read it.
    pub(crate) roles: Vec<String>,
    /// The match, the same for each of its recipients.
    pub(crate) match_id: String,
    /// What is shown, in the covenant's words, lowest first.
    pub(crate) shows: Vec<String>,
    /// The day of the decision, days since 1970-01-01.
    pub(crate) day: i32,
    /// The recipient's own signals in it: the id under which each was pushed, and how many keys
    /// agreed.
    pub(crate) own_signals: Vec<(String, u32)>,
    /// The other party, from a hit on.
    pub(crate) source: Option<String>,
    /// How many signals, with a count.
    pub(crate) count: Option<u32>,
    /// The advice, with one.
    pub(crate) advice: Option<String>,
    /// Whom to call, with a contact point.
    pub(crate) contact: Option<String>,
    /// What was reported, with categories.
    pub(crate) categories: Vec<String>,
    /// The ground to provide and the ground to receive, exceptions and decision, as in the clause.
    pub(crate) basis: BasisBody,
    /// What the broker does about it: code and extent.
    pub(crate) duties: Vec<(String, String)>,
    /// What the recipient promised: code and extent.
    pub(crate) promises: Vec<(String, String)>,
}

/// A recall as it lies in the store until its node has acknowledged it, and as it stands in the log:
/// what the recipient was told already, and that it is taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RecallBody {
    /// The recall's id.
    pub(crate) recall_id: String,
    /// The covenant's id.
    pub(crate) covenant: String,
    /// SHA-256 of its file, hexadecimal.
    pub(crate) covenant_digest: String,
    /// Why.
    pub(crate) reason: String,
    /// The notice that is recalled.
    pub(crate) notice: Option<String>,
    /// The question whose answer is recalled.
    pub(crate) check: Option<String>,
    /// The roles that were told.
    pub(crate) roles: Vec<String>,
    /// The day on which it was told, days since 1970-01-01.
    pub(crate) told_on: i32,
    /// The day of this delivery, likewise.
    pub(crate) day: i32,
    /// How often it was repeated, this time included.
    pub(crate) reminder: u32,
    /// The first day on which the promised time to keep it is over, likewise.
    pub(crate) kept_until: Option<i32>,
}

/// A request of a data subject on its way to another party. The broker can't read it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PassedBody {
    /// The covenant's id.
    pub(crate) covenant: String,
    /// SHA-256 of its file, hexadecimal.
    pub(crate) covenant_digest: String,
    /// Who passes it on.
    pub(crate) from: String,
    /// The request, sealed to the receiving party's key; Base64.
    pub(crate) sealed: String,
}

/// Everything that waits for a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Body {
    /// What a match lets it know.
    Notice(Box<NoticeBody>),
    /// What it was told is taken back.
    Recall(Box<RecallBody>),
    /// Another party's desk passes a request on.
    Passed(PassedBody),
}

impl Body {
    /// Reads what lies in the store. The three have no form in common.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let notice = || serde_json::from_slice(bytes).ok().map(Self::Notice);
        let recall = || serde_json::from_slice(bytes).ok().map(Self::Recall);
        let passed = || serde_json::from_slice(bytes).ok().map(Self::Passed);
        notice().or_else(recall).or_else(passed)
    }

    /// The bytes that [`Body::read`] reads.
    pub(crate) fn to_bytes(&self) -> Option<Vec<u8>> {
        match self {
            Self::Notice(body) => serde_json::to_vec(body),
            Self::Recall(body) => serde_json::to_vec(body),
            Self::Passed(body) => serde_json::to_vec(body),
        }
        .ok()
    }

    fn covenant_digest(&self) -> &str {
        match self {
            Self::Notice(body) => &body.covenant_digest,
            Self::Recall(body) => &body.covenant_digest,
            Self::Passed(body) => &body.covenant_digest,
        }
    }
}

/// The pair of legal bases of one flow.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BasisBody {
    /// The source's.
    pub(crate) provide: String,
    /// The recipient's.
    pub(crate) receive: String,
    /// The exception that lifts a prohibition to provide.
    pub(crate) provide_exception: String,
    /// The exception that lifts a prohibition to receive.
    pub(crate) receive_exception: String,
    /// The decision that the law asks for.
    pub(crate) decision_reference: String,
}

/// The covenant version under which something waits; `None` when it does not read back.
pub(crate) fn covenant_of(body: &[u8]) -> Option<Digest> {
    Digest::from_hex(Body::read(body)?.covenant_digest())
}

/// Whether a notice may still be told: the covenant under which it was decided is not over and not
/// suspended for it. Where another version took its place, that one counts as well: the clause must
/// stand in it unchanged, and be as open. One that does not read back, or whose covenant is not
/// known, may not. A recall and a request that is passed on are always told: they are owed to the
/// data subject, whatever became of the covenant.
pub(crate) fn may_be_told(versions: &Versions, body: &[u8], now: Timestamp) -> bool {
    is_open(versions, body, None, now)
}

/// As [`may_be_told`], once this version is in force.
pub(crate) fn may_be_told_under(
    next: &Version,
    versions: &Versions,
    body: &[u8],
    now: Timestamp,
) -> bool {
    is_open(versions, body, Some(next), now)
}

fn is_open(versions: &Versions, body: &[u8], next: Option<&Version>, now: Timestamp) -> bool {
    let body = match Body::read(body) {
        Some(Body::Notice(body)) => body,
        Some(Body::Recall(_) | Body::Passed(_)) => return true,
        None => return false,
    };
    let role = body
        .roles
        .first()
        .and_then(|role| RoleRef::parse(role).ok());
    let (Some(digest), Ok(number), Some(role)) = (
        Digest::from_hex(&body.covenant_digest),
        ClauseNo::parse(&body.clause),
        role,
    ) else {
        return false;
    };
    versions.read(|all| {
        let Some(decided) = all.get(&digest) else {
            return false;
        };
        let id = &decided.kept().covenant;
        let in_force = next
            .filter(|next| next.kept().covenant == *id)
            .or_else(|| in_force(all, id));
        let opens = |version: &Version| version.opens(&number, &role.party(), now);
        opens(decided)
            && in_force.is_none_or(|other| {
                other.kept().digest == digest
                    || (opens(other) && is_same_clause(decided, other, &number))
            })
    })
}

/// The version of a covenant that is in force, or was the last to be.
fn in_force<'a>(all: &'a BTreeMap<Digest, Version>, id: &CovenantId) -> Option<&'a Version> {
    all.values()
        .filter(|version| version.kept().covenant == *id && version.was_active())
        .max_by_key(|version| version.kept().number)
}

fn is_same_clause(one: &Version, other: &Version, number: &ClauseNo) -> bool {
    let (one, other) = (one.covenant(), other.covenant());
    one.clause(number) == other.clause(number) && one.prohibitions() == other.prohibitions()
}
