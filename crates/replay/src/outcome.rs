//! What a decision leaves in the disclosure log: one form, for whoever makes it and for whoever makes
//! it again.

use std::collections::BTreeMap;

use covenant::Covenant;
use covenant::decide::{
    BasisExplained, Explanation, FactsExplained, GroundExplained, JudgedExplained, Reason,
    StandingExplained,
};
use ledger::outcome::{Basis, Cell, Engine, Exception, Fact, Hex, Judged, Recipient, Standing};
use ledger::word::{Code, Reference, TraceId, TransactionId};
use ledger::{Decided, Kind, Outcome};
use model::{ActorId, ClauseNo, Day, Digest, PartyId, PurposeId, RoleRef, SignalTypeId};

/// What an entry says beside the decision itself.
#[derive(Debug, Clone)]
pub struct About {
    /// What happened.
    pub kind: Kind,
    /// The request's or match's id.
    pub transaction: String,
    /// The trace that it happened in.
    pub trace: Option<String>,
    /// The employee, as the party's own pseudonym.
    pub actor: Option<ActorId>,
    /// What was decided.
    pub decided: Decided,
    /// The pseudonym's salted commitment, where there is one subject.
    pub subject: Option<Digest>,
    /// The source's commitment to the content.
    pub content: Option<Digest>,
}

/// The side record of a decision: exactly what the explanation says, in the log's words.
#[must_use]
pub fn outcome(covenant: &Covenant, about: &About, said: &Explanation) -> Outcome {
    let role = said
        .cell
        .roles
        .first()
        .and_then(|role| RoleRef::parse(role).ok());
    let purpose = PurposeId::parse(&said.cell.purpose).ok();
    let clause = said
        .clause
        .as_ref()
        .and_then(|number| ClauseNo::parse(number).ok());
    // Where nothing was shown, there is no kind of output and no duty.
    let shown = about.decided == Decided::Revealed;
    let of_asker_only = said.cell.source.is_none();
    let known = facts(&said.facts, of_asker_only);
    Outcome {
        transaction_id: TransactionId::parse(&about.transaction).ok(),
        trace_id: about
            .trace
            .as_deref()
            .and_then(|id| TraceId::parse(id).ok()),
        cell: cell(said),
        recipient: role.map(|role| Recipient {
            role,
            actor: about.actor.clone(),
        }),
        purpose,
        basis: said.basis.as_ref().and_then(basis),
        standing: standing(&said.standing),
        judged: said
            .judged
            .iter()
            .filter_map(|j| judged(j, &known))
            .collect(),
        facts: with_told(known, said.told),
        decision: Some(about.decided),
        reasons: reasons(covenant, clause.as_ref(), said),
        output_kind: shown.then(|| code(said.cell.shows.last()?)).flatten(),
        shown: said
            .cell
            .shows
            .iter()
            .filter(|_| shown)
            .filter_map(|shows| code(shows))
            .collect(),
        duties: said
            .duties
            .iter()
            .filter(|_| shown)
            .filter_map(|term| code(term.code))
            .collect(),
        subject_commitment: about.subject.map(Hex),
        content_commitment: about.content.map(Hex),
        clause,
        ..Outcome::of(about.kind, engine(said))
    }
}

/// What was decided about; nothing before anything was looked up.
fn cell(said: &Explanation) -> Option<Cell> {
    let signal = match said.cell.signals.as_slice() {
        [one] => SignalTypeId::parse(one).ok(),
        _ => None,
    };
    Some(Cell {
        role: RoleRef::parse(said.cell.roles.first()?).ok()?,
        purpose: PurposeId::parse(&said.cell.purpose).ok()?,
        source: PartyId::parse(said.cell.source.as_ref()?).ok()?,
        signal,
        shows: said.cell.shows.last().and_then(|shows| code(shows)),
    })
}

fn engine(said: &Explanation) -> Engine {
    Engine {
        name: code(said.engine.name).unwrap_or_else(unknown),
        version: code(said.engine.version).unwrap_or_else(unknown),
        table_digest: Digest::from_hex(&said.engine.table_digest).map(Hex),
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
#[must_use]
pub fn ground(said: &GroundExplained) -> String {
    match &said.law {
        None => said.article.to_owned(),
        Some(law) => format!("{} ({law})", said.article),
    }
}

/// How the covenant stood.
fn standing(said: &StandingExplained) -> Option<Standing> {
    Some(Standing {
        day: Day::parse(&said.day)?,
        over: said.over,
        confirmed: names(&said.confirmed, PartyId::parse),
        suspended: said.suspended.iter().filter_map(|w| code(w)).collect(),
    })
}

/// A judgement, with those of its facts that are not known already.
fn judged(said: &JudgedExplained, known: &BTreeMap<Code, Fact>) -> Option<Judged> {
    let mut own = facts(&said.facts, false);
    own.retain(|name, fact| known.get(name) != Some(fact));
    Some(Judged {
        clause: ClauseNo::parse(&said.clause).ok()?,
        roles: names(&said.roles, RoleRef::parse),
        shows: said.shows.iter().filter_map(|shows| code(shows)).collect(),
        found: names(&said.found, SignalTypeId::parse),
        counted: names(&said.counted, SignalTypeId::parse),
        facts: own,
    })
}

fn names<T, E>(texts: &[String], parse: impl Fn(&str) -> Result<T, E>) -> Vec<T> {
    texts.iter().filter_map(|text| parse(text).ok()).collect()
}

/// Of an answer also the rank of the advice that was told.
fn with_told(mut facts: BTreeMap<Code, Fact>, told: Option<u32>) -> BTreeMap<Code, Fact> {
    let told = told.map(|rank| Fact::Number(i64::from(rank)));
    facts.extend(code(TOLD).zip(told));
    facts
}

/// The fact of an answer that says what was told in the end.
pub(crate) const TOLD: &str = "told";

/// The facts; before anything is looked up only those of the asker.
fn facts(said: &FactsExplained, of_asker_only: bool) -> BTreeMap<Code, Fact> {
    let number = |n: u32| Fact::Number(i64::from(n));
    let word = |w: &str| code(w).map_or(Fact::Flag(false), Fact::Word);
    let of_asker = vec![
        ("trigger", word(said.trigger)),
        ("file_number", Fact::Flag(said.file_number)),
        ("motivation", Fact::Flag(said.motivation)),
        ("login_level", word(said.login_level)),
        ("employee_today", number(said.employee_today)),
        ("party_today", number(said.party_today)),
        ("subject_this_month", number(said.subject_this_month)),
    ];
    let looked_up = vec![
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
        ("minor", word(said.minor)),
        ("shielded_address", word(said.shielded_address)),
        ("approvals", number(said.approvals)),
        ("waited", Fact::Flag(said.waited)),
        ("can_release", Fact::Flag(said.can_release)),
        ("total", number(said.total)),
        ("largest_share_percent", number(said.largest_share_percent)),
    ];
    let looked_up = looked_up.into_iter().filter(|_| !of_asker_only);
    of_asker
        .into_iter()
        .chain(looked_up)
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
