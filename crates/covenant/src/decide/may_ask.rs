//! Before anything is looked up: may this asker ask at all?

use std::sync::Arc;

use model::{ClauseNo, Digest, MatchKeyName, PartyId, Timestamp};

use super::evaluate::{asker_demands, in_force};
use super::explanation::{self, Explanation};
use super::permit::Record;
use super::weigh::Scales;
use super::{AskerFacts, Cell, Facts, Protections, Reason, Standing, Unmet};
use crate::language::clause::Clause;
use crate::language::words::{Shows, Trigger};
use crate::signoff::{ActiveCovenant, Compiled};
use crate::table::Ruling;

/// A question that may be put. It comes from [`may_ask`] alone and is used up by
/// [`super::answer`].
///
/// ```compile_fail
/// fn twice(question: covenant::decide::Question) -> (covenant::decide::Question, covenant::decide::Question) {
///     (question.clone(), question)
/// }
/// ```
#[derive(Debug)]
pub struct Question {
    pub(super) file: Digest,
    pub(super) asker: AskerFacts,
    /// The clauses that remain, by place in the file.
    pub(super) open: Vec<usize>,
    pub(super) sources: Vec<PartyId>,
    match_keys: Vec<MatchKeyName>,
    judged_by: Vec<MatchKeyName>,
}

impl Question {
    /// Every party that any clause on questions lets this role look at for this purpose, sorted;
    /// whether the asker meets the clause makes no difference. One entry is logged for each.
    #[must_use]
    pub fn sources_in_scope(&self) -> Vec<PartyId> {
        self.sources.clone()
    }

    /// By which comparisons to look up, sorted: those of every clause on questions that names this
    /// role and purpose, whether or not the asker meets it. Who leaves out a reason must not keep
    /// a signal out of sight that protects the subject (`niet_over`).
    #[must_use]
    pub fn match_keys(&self) -> Vec<MatchKeyName> {
        self.match_keys.clone()
    }

    /// By which comparisons the clauses that remain are judged, sorted: some of
    /// [`Question::match_keys`]. A subject that has none of them can't be answered about.
    #[must_use]
    pub fn judged_by(&self) -> Vec<MatchKeyName> {
        self.judged_by.clone()
    }

    /// Who asks, what for and how.
    #[must_use]
    pub const fn asker(&self) -> &AskerFacts {
        &self.asker
    }
}

/// Why a question is refused openly. Every one follows from the asker alone.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum RefusalCode {
    /// The covenant is not in force now, or suspended.
    CovenantNotActive,
    /// The asker's own party has not confirmed within 24 hours that its copy is in force.
    PartyNotConfirmed,
    /// The covenant has no such purpose.
    PurposeUnknown,
    /// No clause lets this role ask for this purpose.
    QuestionNotAllowed,
    /// A file number is asked for.
    FileNumberMissing,
    /// A reason is asked for.
    ReasonMissing,
    /// A stronger login is asked for.
    LoginLevelTooLow,
    /// The questions that are allowed are used up.
    LimitReached,
}

impl RefusalCode {
    /// Every code.
    pub const ALL: [Self; 8] = [
        Self::CovenantNotActive,
        Self::PartyNotConfirmed,
        Self::PurposeUnknown,
        Self::QuestionNotAllowed,
        Self::FileNumberMissing,
        Self::ReasonMissing,
        Self::LoginLevelTooLow,
        Self::LimitReached,
    ];

    /// The code for machines: stable.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CovenantNotActive => "COVENANT_NOT_ACTIVE",
            Self::PartyNotConfirmed => "PARTY_NOT_CONFIRMED",
            Self::PurposeUnknown => "PURPOSE_UNKNOWN",
            Self::QuestionNotAllowed => "QUESTION_NOT_ALLOWED",
            Self::FileNumberMissing => "FILE_NUMBER_MISSING",
            Self::ReasonMissing => "REASON_MISSING",
            Self::LoginLevelTooLow => "LOGIN_LEVEL_TOO_LOW",
            Self::LimitReached => "LIMIT_REACHED",
        }
    }
}

/// An open refusal, with its reason and its remedy for the person who asked.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{reason_en}; {remedy_en}")]
pub struct Refusal {
    /// The code.
    pub code: RefusalCode,
    /// The clause that comes nearest; `None` where none names the role and purpose.
    pub clause: Option<ClauseNo>,
    /// Every condition on the asker which that clause has and that is not met.
    pub unmet: Box<[Unmet]>,
    /// Why, in Dutch.
    pub reason_nl: &'static str,
    /// Why, in English.
    pub reason_en: &'static str,
    /// What the asker can do, in Dutch.
    pub remedy_nl: &'static str,
    /// What the asker can do, in English.
    pub remedy_en: &'static str,
    /// For the log: an open refusal is an entry too.
    pub explanation: Box<Explanation>,
}

/// Judges the asker, before anything is looked up. Where the asker misses a condition of some
/// clauses, only those drop out; where of all, the question is refused openly.
///
/// # Errors
/// [`Refusal`] with the reason of the clause that comes nearest to allowing it.
pub fn may_ask(
    active: &ActiveCovenant,
    standing: &Standing,
    facts: &AskerFacts,
    now: Timestamp,
) -> Result<Question, Refusal> {
    let scales = Scales {
        compiled: active.compiled(),
        standing,
        now,
    };
    ask(scales, facts)
}

/// The same for a covenant that need not be in force: for what was recorded under it.
pub(super) fn ask(scales: Scales<'_>, facts: &AskerFacts) -> Result<Question, Refusal> {
    let Scales {
        compiled,
        standing,
        now,
    } = scales;
    let covenant = &compiled.covenant;
    let recipient = facts.role.party();
    let refuse = |code, clause, unmet| Err(refusal(scales, facts, code, clause, unmet));
    let one = |reason| {
        vec![Unmet {
            reason,
            fact: 0,
            threshold: 1,
        }]
    };
    if !in_force(covenant, standing, now) {
        return refuse(RefusalCode::CovenantNotActive, None, one(Reason::NotActive));
    }
    if standing.is_wholly_suspended(now) {
        return refuse(RefusalCode::CovenantNotActive, None, one(Reason::Suspended));
    }
    if !covenant.purposes().contains_key(&facts.purpose) {
        return refuse(RefusalCode::PurposeUnknown, None, one(Reason::NotNamed));
    }
    let named = named(compiled, facts);
    if named.is_empty() {
        return refuse(RefusalCode::QuestionNotAllowed, None, one(Reason::NotNamed));
    }
    if !standing.is_confirmed(&recipient, now) {
        return refuse(
            RefusalCode::PartyNotConfirmed,
            None,
            one(Reason::NotConfirmed),
        );
    }
    let mut open = Vec::new();
    let mut nearest: Option<(usize, RefusalCode, Vec<Unmet>)> = None;
    for (place, clause) in &named {
        let unmet = drops_out(compiled, standing, (*place, clause), facts, now);
        let Some(first) = unmet.first() else {
            open.push(*place);
            continue;
        };
        let nearer = nearest
            .as_ref()
            .is_none_or(|(_, _, known)| distance(&unmet) < distance(known));
        if nearer {
            nearest = Some((*place, code_of(first.reason), unmet));
        }
    }
    if let (true, Some((place, code, unmet))) = (open.is_empty(), nearest) {
        return refuse(code, Some(place), unmet);
    }
    let mut sources: Vec<PartyId> = named.iter().flat_map(|(_, c)| c.from.clone()).collect();
    sources.retain(|s| *s != recipient);
    sources.sort_unstable();
    sources.dedup();
    let remaining = named.iter().filter(|(place, _)| open.contains(place));
    let judged_by = comparisons(remaining);
    Ok(Question {
        file: covenant.digest(),
        asker: facts.clone(),
        match_keys: comparisons(named.iter()),
        judged_by,
        open,
        sources,
    })
}

fn comparisons<'a>(clauses: impl Iterator<Item = &'a (usize, &'a Clause)>) -> Vec<MatchKeyName> {
    let mut names: Vec<MatchKeyName> = clauses.flat_map(|(_, c)| c.comparisons.clone()).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// The clauses on questions that name the role and the purpose.
pub(super) fn named<'a>(compiled: &'a Compiled, facts: &AskerFacts) -> Vec<(usize, &'a Clause)> {
    let clauses = compiled.covenant.clauses().iter().enumerate();
    clauses
        .filter(|(_, clause)| {
            clause.is_triggered_by(Trigger::Question)
                && clause.purpose == facts.purpose
                && clause.to.contains(&facts.role)
        })
        .collect()
}

/// Why a clause does nothing for this asker; empty when it remains. A question tells advice and no
/// other level, so a clause none of whose cells can give the role an advice is as good as not there.
fn drops_out(
    compiled: &Compiled,
    standing: &Standing,
    (place, clause): (usize, &Clause),
    facts: &AskerFacts,
    now: Timestamp,
) -> Vec<Unmet> {
    let single = |reason| {
        vec![Unmet {
            reason,
            fact: 1,
            threshold: 0,
        }]
    };
    if standing.closes_clause(&clause.number, &facts.role.party(), now) {
        return single(Reason::Suspended);
    }
    if clause.advice.is_none() || !clause.shows.contains(&Shows::Advice) {
        return single(Reason::NotNamed);
    }
    let opens = clause.from.iter().any(|source| {
        clause.about.iter().any(|signal| {
            let cell = Cell {
                role: facts.role.clone(),
                purpose: facts.purpose.clone(),
                source: source.clone(),
                signal: signal.clone(),
                shows: Shows::Advice,
            };
            compiled.table.ruling(&cell) == Ruling::Open(place)
        })
    });
    if !opens {
        return single(Reason::Prohibited);
    }
    asker_demands(clause, &facts.asking)
}

/// How far a clause is from being met: one that the asker can do nothing about is farthest.
fn distance(unmet: &[Unmet]) -> (bool, usize) {
    let hopeless = unmet.iter().any(|u| !u.reason.is_about_asker());
    (hopeless, unmet.len())
}

const fn code_of(reason: Reason) -> RefusalCode {
    match reason {
        Reason::FileNumber => RefusalCode::FileNumberMissing,
        Reason::Motivation => RefusalCode::ReasonMissing,
        Reason::LoginLevel => RefusalCode::LoginLevelTooLow,
        Reason::PerEmployee | Reason::PerParty | Reason::PerSubject => RefusalCode::LimitReached,
        Reason::Suspended | Reason::NotActive => RefusalCode::CovenantNotActive,
        _ => RefusalCode::QuestionNotAllowed,
    }
}

fn refusal(
    scales: Scales<'_>,
    facts: &AskerFacts,
    code: RefusalCode,
    clause: Option<usize>,
    unmet: Vec<Unmet>,
) -> Refusal {
    let recipient = facts.role.party();
    let record = Record {
        compiled: Arc::clone(scales.compiled),
        clause,
        roles: vec![facts.role.clone()],
        purpose: facts.purpose.clone(),
        source: None,
        signals: Vec::new(),
        shows: vec![Shows::Advice],
        facts: Facts::nothing_found(Trigger::Question, facts.asking, Protections::ABSENT),
        unmet: unmet.clone(),
        standing: scales.then(&[&recipient]),
        recipient,
        told: None,
        judged: Vec::new(),
    };
    let [reason_nl, reason_en, remedy_nl, remedy_en] = texts(code, unmet.first().copied());
    Refusal {
        code,
        clause: record.clause().map(|c| c.number.clone()),
        explanation: Box::new(explanation::explain(&record, false)),
        unmet: unmet.into_boxed_slice(),
        reason_nl,
        reason_en,
        remedy_nl,
        remedy_en,
    }
}

/// Reason and remedy: Dutch (B1), English, Dutch, English.
const fn texts(code: RefusalCode, unmet: Option<Unmet>) -> [&'static str; 4] {
    match code {
        RefusalCode::CovenantNotActive => [
            "U mag dit nu niet opvragen: het convenant geldt nu niet",
            "You may not ask this now: the covenant is not in force",
            "vraag uw privacyfunctionaris naar de datums, handtekeningen en schorsingen",
            "ask your privacy officer about its dates, signatures and suspensions",
        ],
        RefusalCode::PartyNotConfirmed => [
            "U mag dit nu niet opvragen: uw organisatie heeft het convenant vandaag niet bevestigd",
            "You may not ask this now: your organisation has not confirmed the covenant today",
            "vraag uw beheerder of het knooppunt verbinding heeft",
            "ask your operator whether the node is connected",
        ],
        RefusalCode::PurposeUnknown => [
            "U mag dit niet opvragen: het convenant kent dit doel niet",
            "You may not ask this: the covenant has no such purpose",
            "kies een doel dat in het convenant staat",
            "choose a purpose that the covenant names",
        ],
        RefusalCode::QuestionNotAllowed => [
            "U mag dit niet opvragen: uw rol mag dit voor dit doel niet vragen",
            "You may not ask this: no clause lets your role ask for this purpose",
            "vraag het een collega met een rol die dit wel mag",
            "ask a colleague whose role may",
        ],
        RefusalCode::FileNumberMissing => [
            "U mag dit niet opvragen zonder dossiernummer",
            "You may not ask this without a file number",
            "vul het nummer van de afspraak of het dossier in",
            "give the number of the appointment or file",
        ],
        RefusalCode::ReasonMissing => [
            "U mag dit niet opvragen zonder reden",
            "You may not ask this without a reason",
            "schrijf op waarom u het vraagt",
            "write down why you ask",
        ],
        RefusalCode::LoginLevelTooLow => [
            "U mag dit niet opvragen met deze manier van inloggen",
            "You may not ask this with this kind of login",
            "log opnieuw in op het niveau dat het convenant vraagt",
            "log in again at the level that the covenant asks for",
        ],
        RefusalCode::LimitReached => limit_texts(unmet),
    }
}

const fn limit_texts(unmet: Option<Unmet>) -> [&'static str; 4] {
    match unmet {
        Some(Unmet {
            reason: Reason::PerEmployee,
            ..
        }) => [
            "U mag dit niet opvragen: u hebt vandaag het hoogste aantal vragen gesteld",
            "You may not ask this: you have asked the most questions that you may today",
            "vraag het morgen opnieuw, of vraag het een collega",
            "ask again tomorrow, or ask a colleague",
        ],
        Some(Unmet {
            reason: Reason::PerParty,
            ..
        }) => [
            "U mag dit niet opvragen: uw organisatie heeft vandaag het hoogste aantal vragen gesteld",
            "You may not ask this: your organisation has asked the most questions that it may today",
            "vraag het morgen opnieuw",
            "ask again tomorrow",
        ],
        _ => [
            "U mag dit niet opvragen: uw organisatie vroeg dit deze maand al zo vaak als mag",
            "You may not ask this: your organisation asked this as often this month as it may",
            "vraag het volgende maand opnieuw",
            "ask again next month",
        ],
    }
}
