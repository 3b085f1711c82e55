//! The examples that all parties sign for: each must come out as it says.

use std::collections::BTreeSet;

use crate::language::ast::{Example, ExampleFacts, Outcome};
use crate::language::clause::Clause;
use crate::language::places::steps;
use crate::language::words::{Reason, Review, Reviewed, Shows};
use crate::lint::cells::Cell;
use crate::lint::{Rules, meaning};

pub(super) fn run(rules: &Rules<'_>) {
    // A clause or prohibition that does not read could be the one that an example is about.
    let clean = rules.draft.clauses.iter().all(|c| c.cell_clean && c.demands_clean)
        && rules.draft.prohibitions.iter().all(|p| p.clean);
    if !clean {
        return;
    }
    for example in rules.draft.examples.iter().filter(|e| e.clean) {
        let (opened, reasons) = judge(rules, &example.value);
        let holds = match &example.value.outcome {
            Outcome::Clause(number) => {
                reasons.is_empty() && opened.is_some_and(|c| c.number == *number)
            }
            Outcome::Refused(None) => !reasons.is_empty(),
            Outcome::Refused(Some(reason)) => reasons.contains(reason),
        };
        if !holds {
            let list: Vec<&str> = reasons.iter().map(|r| r.as_str()).collect();
            let (nl, en) = match opened {
                Some(clause) if reasons.is_empty() => (
                    format!("dit voorbeeld komt uit op regel {}", clause.number),
                    format!("this example comes out at clause {}", clause.number),
                ),
                _ => (
                    format!("dit voorbeeld wordt geweigerd: {}", list.join(", ")),
                    format!("this example is refused: {}", list.join(", ")),
                ),
            };
            rules.at(
                meaning::EXAMPLE_FAILS,
                steps!["voorbeeld", example.index, "uitkomst"],
                nl,
                en,
            );
        }
    }
}

/// The clause that opens the example's cell, and every reason to refuse.
fn judge<'a>(rules: &'a Rules<'_>, example: &'a Example) -> (Option<&'a Clause>, BTreeSet<Reason>) {
    let question = &example.question;
    let cell = Cell {
        role: &question.role,
        purpose: &question.purpose,
        source: &question.from,
        signal: &question.about,
        shows: question.shows,
    };
    if rules.is_prohibited(&cell) {
        return (None, BTreeSet::from([Reason::Prohibited]));
    }
    let clause = rules.draft.clauses.iter().map(|c| &c.clause).find(|c| {
        c.opens(cell.role, cell.purpose, cell.source, cell.signal, cell.shows)
    });
    let Some(clause) = clause else {
        return (None, BTreeSet::from([Reason::NotNamed]));
    };
    (Some(clause), unmet(clause, &example.facts, cell.shows))
}

/// Every demand that a fact does not meet; a fact that is left out meets them.
fn unmet(clause: &Clause, facts: &ExampleFacts, shows: Shows) -> BTreeSet<Reason> {
    let c = &clause.conditions;
    let below = |fact: Option<u32>, least: Option<u32>| matches!((fact, least), (Some(f), Some(l)) if f < l);
    let above = |fact: Option<u32>, most: Option<u32>| matches!((fact, most), (Some(f), Some(m)) if f > m);
    let needed_review = |fact| match c.review {
        None => false,
        Some(Review::Beforehand) => fact == Reviewed::Nothing,
        Some(Review::PerCase) => fact != Reviewed::PerCase,
    };
    let protected = [
        (facts.minor, model::Protection::Minor),
        (facts.shielded_address, model::Protection::ShieldedAddress),
    ];
    let found = [
        (Reason::Hits, below(facts.hits, c.hits) || facts.hits == Some(0)),
        (Reason::Parties, below(facts.parties, c.parties)),
        (
            Reason::Within,
            matches!((facts.age, c.within), (Some(age), Some(within)) if age.about_hours() > within.about_hours()),
        ),
        (Reason::FileNumber, c.file_number && facts.file_number == Some(false)),
        (Reason::Motivation, c.motivation && facts.motivation == Some(false)),
        (Reason::Review, facts.review.is_some_and(needed_review)),
        (Reason::Approval, below(facts.approvals, c.approval.as_ref().map(|a| a.count))),
        (
            Reason::LoginLevel,
            matches!((facts.login_level, c.login_level), (Some(fact), Some(least)) if fact < least),
        ),
        (
            Reason::NotAbout,
            protected.iter().any(|(fact, p)| *fact == Some(true) && c.not_about.contains(p)),
        ),
        (Reason::Area, !c.areas.is_empty() && facts.in_area == Some(false)),
        (Reason::PerEmployee, above(facts.per_employee, clause.limits.per_employee_per_day)),
        (Reason::PerParty, above(facts.per_party, clause.limits.per_party_per_day)),
        (Reason::PerSubject, above(facts.per_subject, clause.limits.per_subject_per_month)),
        (Reason::Threshold, shows == Shows::Count && below(facts.hits, clause.output.threshold)),
    ];
    found.into_iter().filter(|(_, unmet)| *unmet).map(|(reason, _)| reason).collect()
}
