//! What a decision leaves in the disclosure log.

use std::collections::BTreeMap;

use covenant::Covenant;
use covenant::decide::{BasisExplained, Explanation, FactsExplained, GroundExplained, Reason};
use ledger::outcome::{Basis, Cell, Engine, Exception, Fact, Hex, Recipient};
use ledger::word::{Code, Reference, TraceId, TransactionId};
use ledger::{Decided, Kind, NewEntry, Outcome};
use model::{ActorId, ClauseNo, Digest, PartyId, PurposeId, RoleRef, SignalTypeId};
use store::ProbeAlarm;

/// What an entry says beside the decision itself.
#[derive(Debug, Clone)]
pub(crate) struct About {
    /// What happened.
    pub(crate) kind: Kind,
    /// The request's or match's id.
    pub(crate) transaction: String,
    /// The trace that it happened in.
    pub(crate) trace: Option<String>,
    /// The employee, as the party's own pseudonym.
    pub(crate) actor: Option<ActorId>,
    /// What was decided.
    pub(crate) decided: Decided,
    /// The pseudonym's salted commitment, where there is one subject.
    pub(crate) subject: Option<Digest>,
    /// The source's commitment to the content.
    pub(crate) content: Option<Digest>,
}

/// The side record of a decision: exactly what the explanation says, in the log's words.
pub(crate) fn outcome(covenant: &Covenant, about: &About, said: &Explanation) -> Outcome {
    let role = said
        .cell
        .roles
        .first()
        .and_then(|role| RoleRef::parse(role).ok());
    let purpose = PurposeId::parse(&said.cell.purpose).ok();
    let source = said
        .cell
        .source
        .as_ref()
        .and_then(|source| PartyId::parse(source).ok());
    let clause = said
        .clause
        .as_ref()
        .and_then(|number| ClauseNo::parse(number).ok());
    let signal = match said.cell.signals.as_slice() {
        [one] => SignalTypeId::parse(one).ok(),
        _ => None,
    };
    let cell = match (&role, &purpose, source) {
        (Some(role), Some(purpose), Some(source)) => Some(Cell {
            role: role.clone(),
            purpose: purpose.clone(),
            source,
            signal,
            shows: said.cell.shows.last().and_then(|shows| code(shows)),
        }),
        _ => None,
    };
    // Where nothing was shown, there is no kind of output and no duty.
    let shown = about.decided == Decided::Revealed;
    let engine = Engine {
        name: code(said.engine.name).unwrap_or_else(unknown),
        version: code(said.engine.version).unwrap_or_else(unknown),
        table_digest: Digest::from_hex(&said.engine.table_digest).map(Hex),
    };
    Outcome {
        transaction_id: TransactionId::parse(&about.transaction).ok(),
        trace_id: about
            .trace
            .as_deref()
            .and_then(|id| TraceId::parse(id).ok()),
        cell,
        recipient: role.map(|role| Recipient {
            role,
            actor: about.actor.clone(),
        }),
        purpose,
        basis: said.basis.as_ref().and_then(basis),
        facts: facts(&said.facts),
        decision: Some(about.decided),
        reasons: reasons(covenant, clause.as_ref(), said),
        output_kind: shown.then(|| code(said.cell.shows.last()?)).flatten(),
        duties: said
            .duties
            .iter()
            .filter(|_| shown)
            .filter_map(|term| code(term.code))
            .collect(),
        subject_commitment: about.subject.map(Hex),
        content_commitment: about.content.map(Hex),
        clause,
        ..Outcome::of(about.kind, engine)
    }
}

/// A leaf that looks like any other and stands for nothing.
pub(crate) fn padding() -> NewEntry {
    NewEntry {
        covenant: None,
        recipient: None,
        source: None,
        purpose: None,
        request: Vec::new(),
        answer: Vec::new(),
        outcome: Outcome::of(Kind::Padding, own_engine()),
    }
}

/// That a party withdrew a signal soon after it matched. It names the party to the auditor alone:
/// the leaf names nobody.
pub(crate) fn probe_alarm(alarm: &ProbeAlarm) -> NewEntry {
    let mut outcome = Outcome::of(Kind::QuotaExceeded, own_engine());
    let party = code(alarm.party.as_str());
    outcome.facts.extend(
        code("party")
            .zip(party)
            .map(|(name, party)| (name, Fact::Word(party))),
    );
    outcome
        .reasons
        .extend(
            code("withdrawn_soon_after_match").map(|code| ledger::outcome::Reason {
                code,
                clause: None,
                fact: Some(Fact::Number(i64::from(alarm.minutes))),
                threshold: None,
            }),
        );
    NewEntry {
        covenant: Some(alarm.covenant),
        recipient: None,
        source: None,
        purpose: None,
        request: Vec::new(),
        answer: Vec::new(),
        outcome,
    }
}

/// This program, where no covenant decided.
pub(crate) fn own_engine() -> Engine {
    Engine {
        name: code(env!("CARGO_PKG_NAME")).unwrap_or_else(unknown),
        version: code(env!("CARGO_PKG_VERSION")).unwrap_or_else(unknown),
        table_digest: None,
    }
}

/// Every unmet condition; a prohibition is named by its own number.
fn reasons(
    covenant: &Covenant,
    clause: Option<&ClauseNo>,
    said: &Explanation,
) -> Vec<ledger::outcome::Reason> {
    said.reasons
        .iter()
        .filter_map(|reason| {
            let prohibition = (reason.code == Reason::Prohibited.code())
                .then(|| usize::try_from(reason.fact).ok()?.checked_sub(1))
                .flatten()
                .and_then(|place| covenant.prohibitions().get(place))
                .map(|prohibition| prohibition.number.clone());
            Some(ledger::outcome::Reason {
                code: code(&reason.code.to_ascii_lowercase())?,
                clause: prohibition.or_else(|| clause.cloned()),
                fact: Some(Fact::Number(i64::from(reason.fact))),
                threshold: Some(Fact::Number(i64::from(reason.threshold))),
            })
        })
        .collect()
}

fn basis(said: &BasisExplained) -> Option<Basis> {
    let references = |list: &[&'static str]| {
        list.iter()
            .filter_map(|text| Reference::parse(text).ok())
            .collect()
    };
    Some(Basis {
        provide: Reference::parse(&ground(&said.provide)).ok()?,
        receive: Reference::parse(&ground(&said.receive)).ok()?,
        exception: Exception {
            provide: references(&said.provide_exceptions),
            receive: references(&said.receive_exceptions),
        },
        decision_ref: said
            .decision_ref
            .as_deref()
            .and_then(|mark| Reference::parse(mark).ok()),
    })
}

/// A legal ground in the covenant's words.
pub(crate) fn ground(said: &GroundExplained) -> String {
    match &said.law {
        None => said.article.to_owned(),
        Some(law) => format!("{} ({law})", said.article),
    }
}

fn facts(said: &FactsExplained) -> BTreeMap<Code, Fact> {
    let number = |n: u32| Fact::Number(i64::from(n));
    let word = |w: &str| code(w).map_or(Fact::Flag(false), Fact::Word);
    let all = [
        ("live.hits", number(said.live.hits)),
        ("live.parties", number(said.live.parties)),
        ("recent.hits", number(said.recent.hits)),
        ("recent.parties", number(said.recent.parties)),
        ("reviewed.hits", number(said.reviewed.hits)),
        ("reviewed.parties", number(said.reviewed.parties)),
        ("in_area.hits", number(said.in_area.hits)),
        ("in_area.parties", number(said.in_area.parties)),
        ("counted.hits", number(said.counted.hits)),
        ("counted.parties", number(said.counted.parties)),
        ("of_cell", number(said.of_cell)),
        ("file_number", Fact::Flag(said.file_number)),
        ("motivation", Fact::Flag(said.motivation)),
        ("login_level", word(said.login_level)),
        ("employee_today", number(said.employee_today)),
        ("party_today", number(said.party_today)),
        ("subject_this_month", number(said.subject_this_month)),
        ("minor", word(said.minor)),
        ("shielded_address", word(said.shielded_address)),
        ("approvals", number(said.approvals)),
        ("waited", Fact::Flag(said.waited)),
        ("total", number(said.total)),
        ("largest_share_percent", number(said.largest_share_percent)),
    ];
    all.into_iter()
        .filter_map(|(name, fact)| Some((code(name)?, fact)))
        .collect()
}

fn code(text: &str) -> Option<Code> {
    Code::parse(text).ok()
}

/// The word where a name of our own would not be one; tests hold that this never happens.
#[expect(clippy::expect_used, reason = "a constant of the right form")]
fn unknown() -> Code {
    Code::parse("unknown").expect("a constant of the right form")
}
