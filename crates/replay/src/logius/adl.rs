//! The Authorization Decision Log: one record per decision, of level 4 where the outcome is opened:
//! request and response (AuthZEN), policies, information and configuration, with which the decision
//! can be made again.
//!
//! Source: Logius-standaarden, authorization-decision-log, `sections/specifications.md`. Each part
//! stands in `body` as it is or in `attributes` as a reference, never in both. What is left out is
//! named in `covenant.omitted`. Nothing here is about a person: neither the subject of the signals
//! nor the employee who asked.

use ledger::outcome::{Basis, Fact};
use ledger::{Decided, Kind, Outcome};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{Entry, Opened, derived, to_hex};
use crate::words;

/// One record. Its JSON is one line of the log.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Record {
    /// 32 hexadecimal digits: the W3C trace that the decision was made in.
    pub trace_id: String,
    /// 16 hexadecimal digits, always the same for the same entry: the key of idempotent ingestion.
    pub span_id: String,
    /// Always `adl.access_evaluation`.
    pub event_name: &'static str,
    /// Milliseconds since 1970: when the decision became durable.
    pub timestamp: u64,
    /// Always `Unset`: a refusal is a decision, not an error.
    pub status: &'static str,
    /// References, and attributes of our own (`covenant.`).
    pub attributes: Map<String, Value>,
    /// The log that it comes from.
    pub resource: Map<String, Value>,
    /// What stands in the record itself.
    pub body: Map<String, Value>,
}

/// The part names that the standard knows.
const PARTS: [&str; 5] = [
    "adl.core.request",
    "adl.core.response",
    "adl.core.policies",
    "adl.core.information",
    "adl.core.configuration",
];

/// Whether an entry of a kind is a decision about access.
const fn decides(kind: Kind) -> bool {
    match kind {
        Kind::MatchDecided
        | Kind::CheckAnswered
        | Kind::CheckRefused
        | Kind::ReleaseApproved
        | Kind::ReleaseRefused
        | Kind::ScanAnswered => true,
        // What follows from a decision, or is none.
        Kind::ReleaseRequested
        | Kind::ReleaseDelivered
        | Kind::ReleaseAcknowledged
        | Kind::CovenantSigned
        | Kind::CovenantActivated
        | Kind::CovenantRejected
        | Kind::CovenantSuspended
        | Kind::CovenantResumed
        | Kind::CovenantWithdrawn
        | Kind::CovenantExpired
        | Kind::Recall
        | Kind::Correction
        | Kind::Objection
        | Kind::Restriction
        | Kind::AccessRequestAnswered
        | Kind::SubjectLookedUp
        | Kind::Erasure
        | Kind::RequestPassedOn
        | Kind::EpochStarted
        | Kind::EpochPurged
        | Kind::RetentionPurged
        | Kind::QuotaExceeded
        | Kind::CanaryTouched
        | Kind::WitnessRefused
        | Kind::NodeJoined
        | Kind::KeyChanged
        | Kind::Padding => false,
    }
}

/// The record of an entry; `None` where it is no decision about access.
#[must_use]
pub fn record(entry: &Entry) -> Option<Record> {
    let (attributes, body) = match &entry.outcome {
        Opened::Outcome(outcome) if decides(outcome.kind) => parts(entry, outcome),
        Opened::Outcome(_) => return None,
        Opened::Hidden | Opened::Erased if entry.leaf.class == ledger::Class::Decision => {
            unopened(entry)
        }
        Opened::Hidden | Opened::Erased => return None,
    };
    Some(Record {
        trace_id: to_hex(&entry.trace_id()),
        span_id: to_hex(&derived::<8>("covenant-log/1/span/adl", &entry.leaf_hash)),
        event_name: "adl.access_evaluation",
        timestamp: entry.millis(),
        status: "Unset",
        attributes,
        resource: object(json!({
            "service.name": "covenant-broker",
            "covenant.log.origin": entry.origin,
        })),
        body,
    })
}

/// Where the entry stands: the reference to what is not in the record.
fn place(entry: &Entry) -> Value {
    json!({
        "origin": entry.origin,
        "index": entry.leaf.seq,
        "leaf_hash": format!("sha256:{}", entry.leaf_hash.to_hex()),
    })
}

fn policies(entry: &Entry) -> Option<Value> {
    let digest = entry.leaf.covenant?;
    Some(json!({ "covenant": format!("sha256:{}", digest.to_hex()) }))
}

/// A decision whose outcome this reader does not get: who may can look it up in the log.
fn unopened(entry: &Entry) -> (Map<String, Value>, Map<String, Value>) {
    let mut attributes = Map::new();
    for part in PARTS {
        attributes.insert(part.to_owned(), json!({ "covenant.log": place(entry) }));
    }
    if let Some(policies) = policies(entry) {
        attributes.insert("adl.core.policies".to_owned(), policies);
    }
    let why = match entry.outcome {
        Opened::Erased => "erased",
        Opened::Hidden | Opened::Outcome(_) => "not-for-this-reader",
    };
    let omitted: Map<String, Value> = PARTS
        .into_iter()
        .filter(|part| *part != "adl.core.policies" || entry.leaf.covenant.is_none())
        .map(|part| (part.to_owned(), why.into()))
        .collect();
    own(&mut attributes, entry, omitted, 0);
    (attributes, Map::new())
}

fn own(attributes: &mut Map<String, Value>, entry: &Entry, omitted: Map<String, Value>, level: u8) {
    attributes.insert("covenant.log".to_owned(), place(entry));
    attributes.insert("covenant.adl_level".to_owned(), level.into());
    attributes.insert("covenant.omitted".to_owned(), omitted.into());
}

fn parts(entry: &Entry, outcome: &Outcome) -> (Map<String, Value>, Map<String, Value>) {
    let mut attributes = Map::new();
    let mut omitted = Map::new();
    // Who is asked about stays out always; the employee's monthly pseudonym too.
    let mut omit = |part: &str, why: &str| omitted.insert(part.to_owned(), why.into());
    omit("adl.core.request.subject.properties.employee", "minimised");
    omit(
        "adl.core.request.resource.properties.data_subject",
        "minimised",
    );
    let mut level = 1;
    let mut next = |there: bool, number: u8| {
        if there && level == number - 1 {
            level = number;
        }
    };
    let policies = policies(entry);
    next(policies.is_some(), 2);
    next(outcome.standing.is_some(), 3);
    next(outcome.engine.table_digest.is_some(), 4);
    match policies {
        Some(policies) => {
            attributes.insert("adl.core.policies".to_owned(), policies);
        }
        None => {
            omit("adl.core.policies", "not-recorded");
        }
    }
    if outcome.standing.is_none() {
        omit("adl.core.information.standing", "not-recorded");
    }
    if outcome.engine.table_digest.is_none() {
        omit("adl.core.configuration.table", "not-recorded");
    }
    let engine = &outcome.engine;
    let mut configuration = object(json!({
        "engine": format!("{}@{}", engine.name, engine.version),
    }));
    if let Some(table) = engine.table_digest {
        configuration.insert("table".to_owned(), format!("sha256:{table}").into());
    }
    attributes.insert("adl.core.configuration".to_owned(), configuration.into());
    attributes.insert("covenant.kind".to_owned(), outcome.kind.as_str().into());
    if let Some(id) = &outcome.transaction_id {
        attributes.insert("covenant.transaction_id".to_owned(), id.as_str().into());
    }
    own(&mut attributes, entry, omitted, level);
    let mut body = Map::new();
    body.insert("adl.core.request".to_owned(), request(entry, outcome));
    body.insert("adl.core.response".to_owned(), response(outcome));
    body.insert("adl.core.information".to_owned(), information(outcome));
    (attributes, body)
}

/// In the words of the AuthZEN Authorization API: a role of a party asks to receive, for a purpose,
/// what a source's signals say.
fn request(entry: &Entry, outcome: &Outcome) -> Value {
    let cell = outcome.cell.as_ref();
    let role = outcome
        .recipient
        .as_ref()
        .map(|r| &r.role)
        .or_else(|| cell.map(|c| &c.role));
    let (subject, party) = role.map_or((None, None), |role| {
        (Some(role.to_string()), Some(role.party().to_string()))
    });
    let party = party.or_else(|| entry.leaf.recipient.as_ref().map(ToString::to_string));
    let source = cell
        .map(|c| c.source.to_string())
        .or_else(|| entry.leaf.source.as_ref().map(ToString::to_string));
    let covenant = entry.leaf.covenant.map(|digest| digest.to_hex());
    let resource = source.map_or_else(
        // Refused before any source was looked at.
        || json!({ "type": "covenant", "id": covenant }),
        |source| {
            json!({
                "type": "signals-of-party",
                "id": source,
                "properties": { "signal": cell.and_then(|c| c.signal.as_ref()).map(ToString::to_string) },
            })
        },
    );
    json!({
        "subject": {
            "type": "role",
            "id": subject.or_else(|| party.clone()),
            "properties": { "party": party },
        },
        "action": {
            "name": "receive",
            "properties": {
                "purpose": outcome.purpose.as_ref().map(ToString::to_string),
                "shows": cell.and_then(|c| c.shows.as_ref()).map(|code| code.as_str()),
            },
        },
        "resource": resource,
        "context": { "time": entry.leaf.at.to_rfc3339() },
    })
}

fn response(outcome: &Outcome) -> Value {
    let reasons: Vec<Value> = outcome
        .reasons
        .iter()
        .map(|reason| {
            json!({
                "code": reason.code.as_str(),
                "clause": reason.clause.as_ref().map(ToString::to_string),
                "fact": reason.fact.as_ref().map(fact),
                "threshold": reason.threshold.as_ref().map(fact),
                "text": words::of_reason(reason.code.as_str()).map(|(nl, en)| json!({ "nl": nl, "en": en })),
            })
        })
        .collect();
    let decision = outcome.decision.map(|decided| match decided {
        Decided::Revealed => "revealed",
        Decided::Withheld => "withheld",
        Decided::Refused => "refused",
    });
    let codes = |list: &[ledger::word::Code]| -> Vec<String> {
        list.iter().map(ToString::to_string).collect()
    };
    json!({
        "decision": outcome.decision == Some(Decided::Revealed),
        "context": {
            "outcome": decision,
            "clause": outcome.clause.as_ref().map(ToString::to_string),
            "reasons": reasons,
            "shown": codes(&outcome.shown),
            "duties": codes(&outcome.duties),
            "basis": outcome.basis.as_ref().map(basis),
        },
    })
}

fn basis(basis: &Basis) -> Value {
    let texts = |list: &[ledger::word::Reference]| -> Vec<String> {
        list.iter().map(ToString::to_string).collect()
    };
    json!({
        "provide": basis.provide.as_str(),
        "receive": basis.receive.as_str(),
        "exception_provide": texts(&basis.exception.provide),
        "exception_receive": texts(&basis.exception.receive),
        "decision_ref": basis.decision_ref.as_ref().map(|mark| mark.as_str()),
    })
}

/// Everything that the decision rested on, as the outcome writes it: `covenant audit replay` reads
/// the same.
fn information(outcome: &Outcome) -> Value {
    let written: Value = serde_json::from_slice(&outcome.to_json()).unwrap_or_default();
    let part = |name: &str| written.get(name).cloned().unwrap_or_default();
    json!({
        "facts": part("facts"),
        "standing": part("standing"),
        "judged": part("judged"),
    })
}

fn fact(fact: &Fact) -> Value {
    match fact {
        Fact::Number(number) => (*number).into(),
        Fact::Flag(flag) => (*flag).into(),
        Fact::Word(word) => word.as_str().into(),
    }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}
