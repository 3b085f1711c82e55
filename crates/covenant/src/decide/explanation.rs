//! A decision in words that are stable: numbers and closed words only, for the log.

use serde::Serialize;

use super::permit::{Duty, Promise, Record};
use super::then::{JudgedThen, StandingThen};
use super::{Facts, Tally};
use crate::language::clause::{Clause, LegalBasis, Output};
use crate::signoff::Scope;
use crate::vocabulary::law::Exemption;
use model::{PartyId, ProtectionStatement};

/// Why a decision fell as it did. No identifier, pseudonym or free text of a request is in it.
/// Field names and their order are stable.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Explanation {
    /// SHA-256 of the covenant's file, hexadecimal.
    pub covenant: String,
    /// Its version.
    pub version: u32,
    /// `reveal` or `withhold`.
    pub decision: &'static str,
    /// What set it in motion, as the covenant calls it.
    pub trigger: &'static str,
    /// The clause that was judged.
    pub clause: Option<String>,
    /// What it was about.
    pub cell: CellExplained,
    /// The legal bases of the flow, where a clause has one for it.
    pub basis: Option<BasisExplained>,
    /// The facts.
    pub facts: FactsExplained,
    /// How the covenant stood.
    pub standing: StandingExplained,
    /// Of an answer the rank of the advice that was told, 0 for none.
    pub told: Option<u32>,
    /// What was known of every clause, role and level that was judged.
    pub judged: Vec<JudgedExplained>,
    /// Every condition that was not met; empty when revealed.
    pub reasons: Vec<ReasonExplained>,
    /// The shape of the output.
    pub output: Vec<TermExplained>,
    /// What the broker does.
    pub duties: Vec<TermExplained>,
    /// What the recipient promised.
    pub promises: Vec<TermExplained>,
    /// What decided.
    pub engine: Engine,
}

/// The cells that were judged together.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct CellExplained {
    /// The recipient.
    pub recipient: String,
    /// Its roles.
    pub roles: Vec<String>,
    /// The purpose.
    pub purpose: String,
    /// The source; absent in an open refusal, which looks nothing up.
    pub source: Option<String>,
    /// The kinds of signal.
    pub signals: Vec<String>,
    /// The levels.
    pub shows: Vec<&'static str>,
}

/// How the covenant stood, see [`super::StandingThen`].
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct StandingExplained {
    /// The day that counted, RFC 3339.
    pub day: String,
    /// Whether the version was over, apart from its dates.
    pub over: bool,
    /// Which of recipient and source had confirmed.
    pub confirmed: Vec<String>,
    /// What was suspended: [`Scope::word`].
    pub suspended: Vec<String>,
}

/// What was known of one clause for these roles at these levels.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct JudgedExplained {
    /// The clause.
    pub clause: String,
    /// The roles.
    pub roles: Vec<String>,
    /// The levels.
    pub shows: Vec<&'static str>,
    /// The kinds of the source's signals that agree.
    pub found: Vec<String>,
    /// The kinds of those that count.
    pub counted: Vec<String>,
    /// The facts.
    pub facts: FactsExplained,
}

/// The pair of legal bases of one flow.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct BasisExplained {
    /// The source's basis.
    pub provide: GroundExplained,
    /// The recipient's basis.
    pub receive: GroundExplained,
    /// The source's exceptions.
    pub provide_exceptions: Vec<&'static str>,
    /// The recipient's exceptions.
    pub receive_exceptions: Vec<&'static str>,
    /// The mark of the decision that the basis needs.
    pub decision_ref: Option<String>,
}

/// A legal basis.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct GroundExplained {
    /// The article, for example `AVG 6.1.e`.
    pub article: &'static str,
    /// The law that gives the task, for example `Gemeentewet 172`.
    pub law: Option<String>,
}

/// The facts, as numbers and closed words.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct FactsExplained {
    /// What set it in motion, as the covenant calls it.
    pub trigger: &'static str,
    /// Signals that agree.
    pub live: TallyExplained,
    /// Those that are recent.
    pub recent: TallyExplained,
    /// Those that were reviewed.
    pub reviewed: TallyExplained,
    /// Those in the area.
    pub in_area: TallyExplained,
    /// Those that count.
    pub counted: TallyExplained,
    /// Those that count and are of these cells.
    pub of_cell: u32,
    /// Whether a file number was given.
    pub file_number: bool,
    /// Whether a reason was given.
    pub motivation: bool,
    /// How surely the asker was logged in.
    pub login_level: &'static str,
    /// Questions of this employee today.
    pub employee_today: u32,
    /// Questions of this party today.
    pub party_today: u32,
    /// Questions of this party about this subject this month.
    pub subject_this_month: u32,
    /// `absent`, `unknown` or `present`.
    pub minor: &'static str,
    /// `absent`, `unknown` or `present`.
    pub shielded_address: &'static str,
    /// Approvals.
    pub approvals: u32,
    /// Whether the answer was held back.
    pub waited: bool,
    /// Whether sealed attributes could be released.
    pub can_release: bool,
    /// A scan: subjects in the cell.
    pub total: u32,
    /// A scan: percentage of the largest contributor.
    pub largest_share_percent: u32,
}

/// A tally.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct TallyExplained {
    /// Signals.
    pub hits: u32,
    /// Parties.
    pub parties: u32,
}

/// One condition that was not met.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct ReasonExplained {
    /// The code of a [`super::Reason`].
    pub code: &'static str,
    /// What was the case.
    pub fact: u32,
    /// What the clause asks.
    pub threshold: u32,
}

/// A word of the covenant with its extent.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct TermExplained {
    /// The word.
    pub code: &'static str,
    /// To what extent; `ja` where it only says that it holds.
    pub value: String,
}

/// What decided, so that it can be replayed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Engine {
    /// This crate.
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
    /// The digest of the compiled cell table, hexadecimal.
    pub table_digest: String,
}

pub(super) fn explain(record: &Record, reveal: bool) -> Explanation {
    let covenant = &record.compiled.covenant;
    let clause = record.clause();
    Explanation {
        covenant: covenant.digest().to_hex(),
        version: covenant.version(),
        decision: if reveal { "reveal" } else { "withhold" },
        trigger: record.facts.trigger.as_str(),
        clause: clause.map(|c| c.number.to_string()),
        cell: CellExplained {
            recipient: record.recipient.to_string(),
            roles: texts(&record.roles),
            purpose: record.purpose.to_string(),
            source: record.source.as_ref().map(ToString::to_string),
            signals: texts(&record.signals),
            shows: record.shows.iter().map(|s| s.as_str()).collect(),
        },
        basis: clause.and_then(|c| basis(c, record)),
        facts: facts(&record.facts),
        standing: standing(&record.standing),
        told: record.told,
        judged: record.judged.iter().map(judged).collect(),
        reasons: record
            .unmet
            .iter()
            .map(|u| ReasonExplained {
                code: u.reason.code(),
                fact: u.fact,
                threshold: u.threshold,
            })
            .collect(),
        output: clause.map_or_else(Vec::new, |c| output(&c.output)),
        duties: clause.map_or_else(Vec::new, |c| {
            let duties = Duty::of(&c.duties).into_iter();
            duties.map(|d| term(d.word(), d.value())).collect()
        }),
        promises: clause.map_or_else(Vec::new, |c| {
            let promises = Promise::of(&c.promises).into_iter();
            promises.map(|p| term(p.word(), p.value())).collect()
        }),
        engine: Engine {
            name: env!("CARGO_PKG_NAME"),
            version: env!("CARGO_PKG_VERSION"),
            table_digest: record.compiled.table.digest().to_hex(),
        },
    }
}

/// The basis pair of a record's flow.
pub(super) fn basis(clause: &Clause, record: &Record) -> Option<BasisExplained> {
    basis_of(clause, record.source.as_ref()?, &record.recipient)
}

/// The basis pair of a clause's flow.
pub(crate) fn basis_of(
    clause: &Clause,
    source: &PartyId,
    recipient: &PartyId,
) -> Option<BasisExplained> {
    let pair = clause.basis_pair(source, recipient)?;
    let words = |items: &[Exemption]| items.iter().map(|e| e.as_str()).collect();
    Some(BasisExplained {
        provide: ground(pair.supply),
        receive: ground(pair.receive),
        provide_exceptions: words(pair.supply_exemptions),
        receive_exceptions: words(pair.receive_exemptions),
        decision_ref: pair.decision.map(|d| d.mark.clone()),
    })
}

fn ground(basis: &LegalBasis) -> GroundExplained {
    GroundExplained {
        article: basis.article.as_str(),
        law: basis
            .law
            .as_ref()
            .map(|l| format!("{} {}", l.law, l.article)),
    }
}

fn standing(then: &StandingThen) -> StandingExplained {
    StandingExplained {
        day: then.day.to_string(),
        over: then.over,
        confirmed: texts(&then.confirmed),
        suspended: then.suspended.iter().map(Scope::word).collect(),
    }
}

fn judged(then: &JudgedThen) -> JudgedExplained {
    JudgedExplained {
        clause: then.clause.to_string(),
        roles: texts(&then.roles),
        shows: then.shows.iter().map(|s| s.as_str()).collect(),
        found: texts(&then.found),
        counted: texts(&then.counted),
        facts: facts(&then.facts),
    }
}

fn facts(facts: &Facts) -> FactsExplained {
    let asking = &facts.asking;
    FactsExplained {
        trigger: facts.trigger.as_str(),
        live: tally(facts.live),
        recent: tally(facts.recent),
        reviewed: tally(facts.reviewed),
        in_area: tally(facts.in_area),
        counted: tally(facts.counted),
        of_cell: facts.of_cell,
        file_number: asking.file_number,
        motivation: asking.motivation,
        login_level: asking.login_level.as_str(),
        employee_today: asking.counters.employee_today,
        party_today: asking.counters.party_today,
        subject_this_month: asking.counters.subject_this_month,
        minor: statement(facts.protections.minor),
        shielded_address: statement(facts.protections.shielded_address),
        approvals: facts.approvals,
        waited: facts.waited,
        can_release: facts.can_release,
        total: facts.total,
        largest_share_percent: facts.largest_share_percent,
    }
}

const fn tally(tally: Tally) -> TallyExplained {
    TallyExplained {
        hits: tally.hits,
        parties: tally.parties,
    }
}

const fn statement(statement: ProtectionStatement) -> &'static str {
    match statement {
        ProtectionStatement::Absent => "absent",
        ProtectionStatement::Unknown => "unknown",
        ProtectionStatement::Present => "present",
    }
}

/// The shape of the output. A field that is added doesn't compile here before it is named.
pub(crate) fn output(output: &Output) -> Vec<TermExplained> {
    let Output {
        threshold,
        round_to,
        dominance_percent,
        complementary_suppression,
        area,
        period,
        embargo,
        answer_after,
        batching,
        silence,
    } = output;
    let mut terms = Vec::new();
    let mut add = |code, value: Option<String>| {
        terms.extend(value.map(|value| term(code, value)));
    };
    add("drempel", threshold.map(|n| n.to_string()));
    add("afronden_op", round_to.map(|n| n.to_string()));
    add("overheersing", dominance_percent.map(|n| n.to_string()));
    add(
        "nevenonderdrukking",
        complementary_suppression.then(|| "ja".to_owned()),
    );
    add("gebied", area.map(|w| w.to_string()));
    add("tijdvak", period.map(|w| w.to_string()));
    add("embargo", embargo.map(|s| s.to_string()));
    add("antwoord_na", answer_after.map(|s| s.to_string()));
    add("bundelen", batching.map(|w| w.to_string()));
    add("bij_niets", Some(silence.to_string()));
    terms
}

const fn term(code: &'static str, value: String) -> TermExplained {
    TermExplained { code, value }
}

fn texts<T: ToString>(items: &[T]) -> Vec<String> {
    items.iter().map(ToString::to_string).collect()
}
