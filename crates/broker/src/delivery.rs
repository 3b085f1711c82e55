//! What a recipient gets of a match, and how it waits for its node.

use model::{ClauseNo, Digest, RoleRef, Timestamp};
use serde::{Deserialize, Serialize};

use crate::versions::Versions;

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

/// The covenant version under which a notice was decided; `None` when it does not read back.
pub(crate) fn covenant_of(body: &[u8]) -> Option<Digest> {
    let body: NoticeBody = serde_json::from_slice(body).ok()?;
    Digest::from_hex(&body.covenant_digest)
}

/// Whether a notice may still be told: the covenant under which it was decided is not over and not
/// suspended for it. One that does not read back, or whose covenant is not known, may not.
pub(crate) fn may_be_told(versions: &Versions, body: &[u8], now: Timestamp) -> bool {
    let Ok(body) = serde_json::from_slice::<NoticeBody>(body) else {
        return false;
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
        let Some(version) = all.get(&digest).filter(|version| !version.is_over(now)) else {
            return false;
        };
        let standing = version.standing();
        // Which kind of signal is behind it is not in the notice: any that the clause is about.
        let clause = version.covenant().clause(&number);
        clause.is_some_and(|clause| {
            let closed =
                |signal| standing.is_suspended(Some(&clause.number), signal, &role.party(), now);
            !standing.is_rejected() && !clause.about.iter().any(closed)
        })
    })
}
