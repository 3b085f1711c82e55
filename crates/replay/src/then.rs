//! What a decision rested on, read back from its side record.

use std::collections::BTreeMap;

use covenant::decide::{
    Asking, Counters, Facts, JudgedThen, Occasion, Protections, StandingThen, Tally, Then,
};
use covenant::language::words::{LoginLevel, Shows, Trigger};
use covenant::signoff::Scope;
use ledger::outcome::{Fact, Judged, Standing};
use ledger::word::Code;
use ledger::{Kind, Outcome};
use model::{ProtectionStatement, RoleRef};

use crate::outcome::TOLD;

/// Why a side record does not say what its decision rested on.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Unreadable {
    /// It was written before this was recorded.
    #[error("it was written before the facts of decisions were recorded in full")]
    Older,
    /// A field is missing.
    #[error("{0}: not there, or not as this version writes it")]
    Field(String),
}

/// Whether entries of a kind hold a decision that a covenant makes out of recorded facts.
#[must_use]
pub const fn is_decision(kind: Kind) -> bool {
    match kind {
        Kind::MatchDecided | Kind::CheckAnswered | Kind::CheckRefused => true,
        Kind::CovenantSigned
        | Kind::CovenantActivated
        | Kind::CovenantRejected
        | Kind::CovenantSuspended
        | Kind::CovenantResumed
        | Kind::CovenantWithdrawn
        | Kind::CovenantExpired
        | Kind::ReleaseRequested
        | Kind::ReleaseApproved
        | Kind::ReleaseRefused
        | Kind::ReleaseDelivered
        | Kind::ReleaseAcknowledged
        | Kind::Recall
        | Kind::Correction
        | Kind::Objection
        | Kind::Restriction
        | Kind::AccessRequestAnswered
        | Kind::SubjectLookedUp
        | Kind::Erasure
        | Kind::RequestPassedOn
        | Kind::ScanAnswered
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

/// What the decision of this side record rested on; `None` where it holds none.
///
/// # Errors
/// [`Unreadable`].
pub fn then(outcome: &Outcome) -> Result<Option<Then>, Unreadable> {
    if !is_decision(outcome.kind) {
        return Ok(None);
    }
    let standing = outcome.standing.as_ref().ok_or(Unreadable::Older)?;
    let recipient = outcome
        .recipient
        .as_ref()
        .ok_or_else(|| field("recipient"))?;
    let source = || {
        let cell = outcome.cell.as_ref().ok_or_else(|| field("cell"))?;
        Ok(cell.source.clone())
    };
    let read = Reading(&outcome.facts, None);
    let occasion = match outcome.kind {
        Kind::MatchDecided => Occasion::Match {
            clause: outcome.clause.clone().ok_or_else(|| field("clause"))?,
            source: source()?,
        },
        Kind::CheckAnswered => Occasion::Answer {
            source: source()?,
            told: read.number(TOLD)?,
        },
        _ => Occasion::Refused,
    };
    let facts = match occasion {
        Occasion::Refused => read.of_asker()?,
        Occasion::Match { .. } | Occasion::Answer { .. } => read.all()?,
    };
    let judged: Vec<JudgedThen> = outcome
        .judged
        .iter()
        .map(|one| judged(one, &outcome.facts))
        .collect::<Result<_, _>>()?;
    let mut roles: Vec<RoleRef> = judged.iter().flat_map(|j| j.roles.clone()).collect();
    if roles.is_empty() {
        roles.push(recipient.role.clone());
    }
    roles.sort_unstable();
    roles.dedup();
    Ok(Some(Then {
        occasion,
        roles,
        purpose: outcome.purpose.clone().ok_or_else(|| field("purpose"))?,
        standing: stood(standing)?,
        facts,
        judged,
    }))
}

fn field(name: &str) -> Unreadable {
    Unreadable::Field(name.to_owned())
}

fn stood(standing: &Standing) -> Result<StandingThen, Unreadable> {
    let scope =
        |word: &Code| Scope::of_word(word.as_str()).ok_or_else(|| field("standing.suspended"));
    Ok(StandingThen {
        day: standing.day,
        over: standing.over,
        confirmed: standing.confirmed.clone(),
        suspended: standing
            .suspended
            .iter()
            .map(scope)
            .collect::<Result<_, _>>()?,
    })
}

fn judged(judged: &Judged, known: &BTreeMap<Code, Fact>) -> Result<JudgedThen, Unreadable> {
    let shows = |word: &Code| Shows::parse(word.as_str()).ok_or_else(|| field("judged.shows"));
    Ok(JudgedThen {
        clause: judged.clause.clone(),
        roles: judged.roles.clone(),
        shows: judged.shows.iter().map(shows).collect::<Result<_, _>>()?,
        found: judged.found.clone(),
        counted: judged.counted.clone(),
        facts: Reading(known, Some(&judged.facts)).all()?,
    })
}

/// Facts by name: those of the judgement, or else of the outcome.
struct Reading<'a>(&'a BTreeMap<Code, Fact>, Option<&'a BTreeMap<Code, Fact>>);

impl Reading<'_> {
    fn get<T>(&self, name: &str, read: impl Fn(&Fact) -> Option<T>) -> Result<T, Unreadable> {
        let missing = || Unreadable::Field(format!("facts.{name}"));
        let code = Code::parse(name).map_err(|_| missing())?;
        let own = self.1.and_then(|own| own.get(&code));
        own.or_else(|| self.0.get(&code))
            .and_then(read)
            .ok_or_else(missing)
    }

    fn number(&self, name: &str) -> Result<u32, Unreadable> {
        self.get(name, |fact| match fact {
            Fact::Number(number) => u32::try_from(*number).ok(),
            Fact::Flag(_) | Fact::Word(_) => None,
        })
    }

    fn flag(&self, name: &str) -> Result<bool, Unreadable> {
        self.get(name, |fact| match fact {
            Fact::Flag(flag) => Some(*flag),
            Fact::Number(_) | Fact::Word(_) => None,
        })
    }

    fn word<T>(&self, name: &str, read: impl Fn(&str) -> Option<T>) -> Result<T, Unreadable> {
        self.get(name, |fact| match fact {
            Fact::Word(word) => read(word.as_str()),
            Fact::Number(_) | Fact::Flag(_) => None,
        })
    }

    fn tally(&self, name: &str) -> Result<Tally, Unreadable> {
        Ok(Tally::new(
            self.number(&format!("{name}.hits"))?,
            self.number(&format!("{name}.parties"))?,
        ))
    }

    fn of_asker(&self) -> Result<Facts, Unreadable> {
        let asking = Asking {
            file_number: self.flag("file_number")?,
            motivation: self.flag("motivation")?,
            login_level: self.word("login_level", LoginLevel::parse)?,
            counters: Counters {
                employee_today: self.number("employee_today")?,
                party_today: self.number("party_today")?,
                subject_this_month: self.number("subject_this_month")?,
            },
        };
        let trigger = self.word("trigger", Trigger::parse)?;
        Ok(Facts::nothing_found(trigger, asking, Protections::ABSENT))
    }

    fn all(&self) -> Result<Facts, Unreadable> {
        Ok(Facts {
            live: self.tally("live")?,
            recent: self.tally("recent")?,
            reviewed: self.tally("reviewed")?,
            in_area: self.tally("in_area")?,
            counted: self.tally("counted")?,
            of_cell: self.number("of_cell")?,
            protections: Protections {
                minor: self.word("minor", statement)?,
                shielded_address: self.word("shielded_address", statement)?,
            },
            approvals: self.number("approvals")?,
            waited: self.flag("waited")?,
            can_release: self.flag("can_release")?,
            total: self.number("total")?,
            largest_share_percent: self.number("largest_share_percent")?,
            ..self.of_asker()?
        })
    }
}

fn statement(word: &str) -> Option<ProtectionStatement> {
    match word {
        "absent" => Some(ProtectionStatement::Absent),
        "unknown" => Some(ProtectionStatement::Unknown),
        "present" => Some(ProtectionStatement::Present),
        _ => None,
    }
}
