//! The examples in a covenant (`[[voorbeeld]]`): a question with the outcome that all parties sign
//! for. Evaluated by the same demands as every decision; [`crate::signoff::verify`] refuses a
//! covenant one of whose examples fails, and a check of the text may call [`run`] to say which.

use model::{ClauseNo, ProtectionStatement};

use super::evaluate::demands;
use super::{Asking, Cell, Counters, Facts, Protections, Reason, Tally, Unmet};
use crate::language::ast::{Example, ExampleFacts, Outcome};
use crate::language::clause::{Clause, Limits};
use crate::language::covenant::Covenant;
use crate::language::words::{LoginLevel, Review, Reviewed, Shows, Trigger};
use crate::table::{Ruling, ruling};

/// How one example came out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ExampleResult {
    /// Its name.
    pub name: String,
    /// What the covenant says of it (`uitkomst`).
    pub expected: Outcome,
    /// The clause that opens the cell, if one does.
    pub clause: Option<ClauseNo>,
    /// Every reason to refuse, with fact and threshold; empty when it is revealed.
    pub unmet: Vec<Unmet>,
}

impl ExampleResult {
    /// Whether it came out as the parties expect, the named reason included.
    #[must_use]
    pub fn holds(&self) -> bool {
        match &self.expected {
            Outcome::Clause(number) => {
                self.unmet.is_empty() && self.clause.as_ref() == Some(number)
            }
            Outcome::Refused(None) => !self.unmet.is_empty(),
            Outcome::Refused(Some(word)) => {
                self.unmet.iter().any(|u| u.reason.word() == Some(*word))
            }
        }
    }
}

/// Evaluates every example, in the order of the file. They are about what the covenant says and
/// not about a moment: dates, suspensions and confirmations play no part, and what a service can't
/// do yet is taken as done.
#[must_use]
pub fn run(covenant: &Covenant) -> Vec<ExampleResult> {
    covenant
        .examples()
        .iter()
        .map(|example| evaluate(covenant, example))
        .collect()
}

/// Evaluates one example, or a case that stands beside the covenant.
pub(crate) fn evaluate(covenant: &Covenant, example: &Example) -> ExampleResult {
    let cell = cell(example);
    let refused = |reason| {
        vec![Unmet {
            reason,
            fact: 0,
            threshold: 1,
        }]
    };
    let (clause, unmet) = match ruling(covenant, &cell) {
        Ruling::Prohibited(_) => (None, refused(Reason::Prohibited)),
        Ruling::Closed => (None, refused(Reason::NotNamed)),
        Ruling::Open(place) => match covenant.clauses().get(place) {
            None => (None, refused(Reason::NotNamed)),
            Some(clause) => (
                Some(clause.number.clone()),
                judge(covenant, clause, cell.shows, &example.facts).1,
            ),
        },
    };
    ExampleResult {
        name: example.name.clone(),
        expected: example.outcome.clone(),
        clause,
        unmet,
    }
}

/// The facts that a clause is judged by, and what of its demands they do not meet.
pub(crate) fn judge(
    covenant: &Covenant,
    clause: &Clause,
    shows: Shows,
    given: &ExampleFacts,
) -> (Facts, Vec<Unmet>) {
    let facts = facts(covenant, clause, shows, given);
    let unmet = demands(clause, shows, &facts);
    (facts, unmet)
}

/// The cell that an example asks about.
pub(crate) fn cell(example: &Example) -> Cell {
    let question = &example.question;
    Cell {
        role: question.role.clone(),
        purpose: question.purpose.clone(),
        source: question.from.clone(),
        signal: question.about.clone(),
        shows: question.shows,
    }
}

/// What sets an example in motion. A question tells advice and no other level; so a clause that is
/// for both tells the rest on a match.
fn trigger(clause: &Clause, shows: Shows) -> Trigger {
    let asked = clause.is_triggered_by(Trigger::Question) && shows == Shows::Advice;
    if clause.is_triggered_by(Trigger::OnMatch) && !asked {
        return Trigger::OnMatch;
    }
    let first = if asked { None } else { clause.triggers.first() };
    first.copied().unwrap_or(Trigger::Question)
}

/// The facts of an example; one that it leaves out takes the value that meets the clause, except
/// that on a match nobody asks, waits or approves.
fn facts(covenant: &Covenant, clause: &Clause, shows: Shows, given: &ExampleFacts) -> Facts {
    let conditions = &clause.conditions;
    let parties = conditions.parties.unwrap_or(1).max(1);
    let needed = conditions.hits.unwrap_or(1).max(parties);
    let needed = needed.max(clause.output.threshold.unwrap_or(1));
    let live = Tally {
        hits: given.hits.unwrap_or(needed),
        parties: given.parties.unwrap_or(parties),
    };
    let all_if = |met: bool| if met { live } else { Tally::default() };
    let recent = match (conditions.within, given.age) {
        // As a decision reckons, of signals observed on the covenant's first day.
        (Some(within), Some(age)) => {
            let observed = covenant.valid_from();
            age.after(observed) < within.after(observed)
        }
        _ => true,
    };
    let reviewed = match (conditions.review, given.review) {
        (Some(Review::Beforehand), Some(took_place)) => took_place >= Reviewed::Beforehand,
        (Some(Review::PerCase), Some(took_place)) => took_place >= Reviewed::PerCase,
        (_, None) | (None, Some(_)) => true,
    };
    let in_area = given.in_area.unwrap_or(true);
    let trigger = trigger(clause, shows);
    let on_match = trigger == Trigger::OnMatch;
    let approvals = match &conditions.approval {
        Some(approval) if !on_match => given.approvals.unwrap_or(approval.count),
        _ => 0,
    };
    let counted = all_if(recent && reviewed && in_area);
    Facts {
        trigger,
        asking: if on_match {
            Asking::NOBODY
        } else {
            asking(clause, given)
        },
        live,
        recent: all_if(recent),
        reviewed: all_if(reviewed),
        in_area: all_if(in_area),
        counted,
        // The example's signals are those of its cell. With too few of them, or none that counts,
        // the conditions say so by name.
        of_cell: counted.hits.max(1),
        protections: Protections {
            minor: attested(given.minor),
            shielded_address: attested(given.shielded_address),
        },
        approvals,
        waited: !on_match,
        can_release: true,
        total: live.hits,
        largest_share_percent: 0,
    }
}

fn asking(clause: &Clause, given: &ExampleFacts) -> Asking {
    let Limits {
        per_employee_per_day,
        per_party_per_day,
        per_subject_per_month,
    } = clause.limits;
    let within =
        |given: Option<u32>, limit: Option<u32>| given.unwrap_or_else(|| limit.unwrap_or(1).min(1));
    Asking {
        file_number: given.file_number.unwrap_or(true),
        motivation: given.motivation.unwrap_or(true),
        login_level: given.login_level.unwrap_or(LoginLevel::High),
        counters: Counters {
            employee_today: within(given.per_employee, per_employee_per_day),
            party_today: within(given.per_party, per_party_per_day),
            subject_this_month: within(given.per_subject, per_subject_per_month),
        },
    }
}

const fn attested(given: Option<bool>) -> ProtectionStatement {
    match given {
        Some(true) => ProtectionStatement::Present,
        Some(false) | None => ProtectionStatement::Absent,
    }
}
