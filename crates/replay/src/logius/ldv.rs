//! Logboek Dataverwerkingen: one line per data subject, for the log of processing of an
//! organisation.
//!
//! Source: Logius-standaarden, logboek-dataverwerkingen, `sections/specificaties.md`. Attributes of
//! our own stand under `covenant.`. A line names no employee, and never the pseudonym by which
//! parties match: its subject is the outcome's own commitment, with a fresh salt each time, or else
//! the entry itself. Fixed facts (legal bases, retention) are in the register that the processing
//! activity refers to.

use std::collections::BTreeMap;

use ledger::{Class, Kind, Outcome};
use model::PurposeId;
use serde::{Serialize, Serializer};

use super::{Entry, Opened, derived, to_hex};
use crate::words;

/// Where the register describes each purpose's processing.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Register {
    /// The address under which every purpose has its own, as `<base>/<purpose>`, and what has no purpose `<base>/<kind>`.
    pub base: Option<String>,
    /// Purposes (of what has none: kinds) whose description stands elsewhere: so too the confidential variant of an activity,
    /// since confidentiality is set per activity and never per line.
    pub activities: BTreeMap<String, String>,
}

/// One line. Its JSON has the standard's field names.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Line {
    /// The W3C trace that it happened in.
    #[serde(serialize_with = "hex")]
    pub trace_id: [u8; 16],
    /// Always the same for the same entry: who gets it twice can tell.
    #[serde(serialize_with = "hex")]
    pub span_id: [u8; 8],
    /// Always `Unset`: a refusal is no error.
    pub status: &'static str,
    /// What happened, for people, in Dutch.
    pub name: String,
    /// Milliseconds since 1970.
    pub start_time: u64,
    /// Milliseconds since 1970: when it became durable. The log knows this moment only.
    pub end_time: u64,
    /// What wrote it.
    pub resource: Resource,
    /// What it is about.
    pub attributes: BTreeMap<&'static str, Attribute>,
    /// The entry's place in the log; in the attributes too.
    #[serde(skip)]
    pub index: u64,
}

/// What wrote a line.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Resource {
    /// Names and values.
    pub attributes: BTreeMap<&'static str, Attribute>,
}

/// A value.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(untagged)]
pub enum Attribute {
    /// A text.
    Text(String),
    /// A whole number, 0 or more.
    Number(i64),
}

/// Why an entry has no line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Left {
    /// It is about no person: the covenant itself, or the broker's operation.
    NoPerson,
    /// Its outcome is not opened, so what was done is not known.
    Unopened,
    /// The register has no address for this purpose, or kind where there is no purpose.
    Activity(String),
}

/// The subject's `_type` where the outcome commits to one: SHA-256 of a fresh salt and a pseudonym.
pub const BY_COMMITMENT: &str = "covenant.subject_commitment";
/// The subject's `_type` where it does not: an id of this entry alone.
pub const BY_ENTRY: &str = "covenant.log_entry";

/// The line of an entry.
///
/// # Errors
/// [`Left`]: it has none.
pub fn line(entry: &Entry, register: &Register) -> Result<Line, Left> {
    match entry.leaf.class {
        Class::Decision | Class::Rights => {}
        Class::Covenant | Class::Operation => return Err(Left::NoPerson),
    }
    let outcome = match &entry.outcome {
        Opened::Outcome(outcome) => outcome,
        Opened::Hidden | Opened::Erased => return Err(Left::Unopened),
    };
    let attributes = attributes(entry, outcome, register)?;
    let text = |value: &dyn ToString| Attribute::Text(value.to_string());
    let (name, _) = words::of_kind(outcome.kind);
    let decided = outcome.decision.map(|d| words::of_decision(d).0);
    Ok(Line {
        trace_id: entry.trace_id(),
        span_id: derived("covenant-log/1/span/ldv", &entry.leaf_hash),
        status: "Unset",
        name: decided.map_or_else(|| name.to_owned(), |decided| format!("{name}: {decided}")),
        start_time: entry.millis(),
        end_time: entry.millis(),
        resource: Resource {
            attributes: BTreeMap::from([
                ("service.name", text(&"covenant-broker")),
                ("covenant.log.origin", text(&entry.origin)),
            ]),
        },
        attributes,
        index: entry.leaf.seq,
    })
}

fn attributes(
    entry: &Entry,
    outcome: &Outcome,
    register: &Register,
) -> Result<BTreeMap<&'static str, Attribute>, Left> {
    let text = |value: &dyn ToString| Attribute::Text(value.to_string());
    let mut attributes = BTreeMap::new();
    let purpose = outcome.purpose.as_ref().map(PurposeId::as_str);
    attributes.insert(
        "dpl.core.processing_activity_id",
        Attribute::Text(register.activity(purpose.unwrap_or(outcome.kind.as_str()))?),
    );
    // Counts over areas are about nobody in particular.
    if outcome.kind != Kind::ScanAnswered {
        let (id, id_type) = match &outcome.subject_commitment {
            Some(commitment) => (commitment.to_string(), BY_COMMITMENT),
            None => (
                to_hex(&derived::<32>("covenant-log/1/subject", &entry.leaf_hash)),
                BY_ENTRY,
            ),
        };
        attributes.insert("dpl.core.data_subject_id", Attribute::Text(id));
        attributes.insert("dpl.core.data_subject_id_type", text(&id_type));
    }
    let cell = outcome.cell.as_ref();
    let recipient = entry.leaf.recipient.clone();
    let recipient = recipient.or_else(|| outcome.recipient.as_ref().map(|r| r.role.party()));
    let source = entry.leaf.source.clone();
    let source = source.or_else(|| cell.map(|c| c.source.clone()));
    let own: [(&'static str, Option<String>); 9] = [
        ("covenant.kind", Some(outcome.kind.to_string())),
        ("covenant.purpose", purpose.map(str::to_owned)),
        (
            "covenant.decision",
            outcome.decision.map(|d| decision(d).to_owned()),
        ),
        ("covenant.recipient", recipient.map(|p| p.to_string())),
        ("covenant.source", source.map(|p| p.to_string())),
        (
            "covenant.clause",
            outcome.clause.as_ref().map(ToString::to_string),
        ),
        (
            "covenant.digest",
            entry
                .leaf
                .covenant
                .map(|d| format!("sha256:{}", d.to_hex())),
        ),
        (
            "covenant.transaction_id",
            outcome.transaction_id.as_ref().map(ToString::to_string),
        ),
        (
            "covenant.log.leaf_hash",
            Some(format!("sha256:{}", entry.leaf_hash.to_hex())),
        ),
    ];
    for (name, value) in own {
        attributes.extend(value.map(|value| (name, Attribute::Text(value))));
    }
    let place = i64::try_from(entry.leaf.seq).unwrap_or(i64::MAX);
    attributes.insert("covenant.log.index", Attribute::Number(place));
    Ok(attributes)
}

const fn decision(decided: ledger::Decided) -> &'static str {
    match decided {
        ledger::Decided::Revealed => "revealed",
        ledger::Decided::Withheld => "withheld",
        ledger::Decided::Refused => "refused",
    }
}

impl Register {
    fn activity(&self, purpose: &str) -> Result<String, Left> {
        if let Some(address) = self.activities.get(purpose) {
            return Ok(address.clone());
        }
        let base = self
            .base
            .as_ref()
            .ok_or_else(|| Left::Activity(purpose.to_owned()))?;
        Ok(format!("{}/{purpose}", base.trim_end_matches('/')))
    }
}

fn hex<S: Serializer, const N: usize>(bytes: &[u8; N], s: S) -> Result<S::Ok, S::Error> {
    s.serialize_str(&to_hex(bytes))
}
