//! Every demand of a clause beside its fact.

use std::fmt::Display;

use model::{Protection, ProtectionStatement};

use super::Demand;
use crate::decide::{Facts, Reason, Unmet};
use crate::language::ast::ExampleFacts;
use crate::language::clause::{Clause, Conditions, Limits};
use crate::language::words::{Shows, Trigger};

/// The rows, in the order of the language. Whatever is unmet has a row.
pub(super) fn rows(
    clause: &Clause,
    shows: Shows,
    facts: &Facts,
    given: &ExampleFacts,
    unmet: &[Unmet],
) -> Vec<Demand> {
    let mut rows = Rows {
        unmet,
        told: Vec::new(),
        rows: Vec::new(),
    };
    signals(&mut rows, &clause.conditions, facts, given);
    people(&mut rows, clause, facts);
    limits(&mut rows, &clause.limits, facts);
    if shows == Shows::Count {
        let output = &clause.output;
        let least = output.threshold.unwrap_or(1);
        rows.add(
            "uitvoer.drempel",
            &[Reason::Threshold],
            &least,
            &facts.total,
        );
        if let Some(percent) = output.dominance_percent {
            let share = facts.largest_share_percent;
            rows.add(
                "uitvoer.overheersing",
                &[Reason::Dominance],
                &percent,
                &share,
            );
        }
    }
    rows.finish()
}

/// How many signals, and of what quality.
fn signals(rows: &mut Rows<'_>, conditions: &Conditions, facts: &Facts, given: &ExampleFacts) {
    let hits = conditions.hits.unwrap_or(1).max(1);
    rows.add(
        "voorwaarde.treffers",
        &[Reason::Hits],
        &hits,
        &facts.live.hits,
    );
    if let Some(parties) = conditions.parties {
        let fact = facts.live.parties;
        rows.add("voorwaarde.partijen", &[Reason::Parties], &parties, &fact);
    }
    if let Some(within) = conditions.within {
        let age = given.age.unwrap_or(within);
        let age = match given.age {
            None => format!("< {age}"),
            Some(_) => age.to_string(),
        };
        rows.add("voorwaarde.binnen", &[Reason::Within], &within, &age);
    }
    if let Some(review) = conditions.review {
        let fact = given.review.map_or(review.as_str(), |r| r.as_str());
        rows.add("voorwaarde.beoordeling", &[Reason::Review], &review, &fact);
    }
    if !conditions.areas.is_empty() {
        let areas: Vec<String> = conditions.areas.iter().map(ToString::to_string).collect();
        let inside = yes(facts.in_area.hits > 0);
        rows.add(
            "voorwaarde.gebied",
            &[Reason::Area],
            &areas.join(", "),
            &inside,
        );
    }
}

/// What the asker, the source and the subject must be like.
fn people(rows: &mut Rows<'_>, clause: &Clause, facts: &Facts) {
    let (conditions, asking) = (&clause.conditions, &facts.asking);
    if conditions.file_number {
        let fact = yes(asking.file_number);
        rows.add(
            "voorwaarde.dossier",
            &[Reason::FileNumber],
            &yes(true),
            &fact,
        );
    }
    if conditions.motivation {
        let fact = yes(asking.motivation);
        rows.add(
            "voorwaarde.motivering",
            &[Reason::Motivation],
            &yes(true),
            &fact,
        );
    }
    if let Some(approval) = &conditions.approval {
        let (asked, fact) = (approval.count, facts.approvals);
        rows.add("voorwaarde.goedkeuring", &[Reason::Approval], &asked, &fact);
    }
    if let Some(level) = conditions.login_level {
        let fact = asking.login_level;
        rows.add(
            "voorwaarde.inlogniveau",
            &[Reason::LoginLevel],
            &level,
            &fact,
        );
    }
    for protection in &conditions.not_about {
        let reason = match protection {
            Protection::Minor => Reason::Minor,
            Protection::ShieldedAddress => Reason::ShieldedAddress,
        };
        let fact = match facts.protections.of(*protection) {
            ProtectionStatement::Absent => "nee",
            ProtectionStatement::Unknown => "onbekend",
            ProtectionStatement::Present => "ja",
        };
        let code = match protection {
            Protection::Minor => "voorwaarde.niet_over minderjarige",
            Protection::ShieldedAddress => "voorwaarde.niet_over afgeschermd-adres",
        };
        rows.add(code, &[reason], &yes(false), &fact);
    }
    if let Some(wait) = clause.output.answer_after {
        let fact = if facts.waited {
            wait.to_string()
        } else {
            yes(false).to_owned()
        };
        rows.add("uitvoer.antwoord_na", &[Reason::AnswerAfter], &wait, &fact);
    }
}

fn limits(rows: &mut Rows<'_>, limits: &Limits, facts: &Facts) {
    let counters = &facts.asking.counters;
    let all = [
        (
            "grens.per_medewerker_per_dag",
            Reason::PerEmployee,
            limits.per_employee_per_day,
            counters.employee_today,
        ),
        (
            "grens.per_partij_per_dag",
            Reason::PerParty,
            limits.per_party_per_day,
            counters.party_today,
        ),
        (
            "grens.per_betrokkene_per_maand",
            Reason::PerSubject,
            limits.per_subject_per_month,
            counters.subject_this_month,
        ),
    ];
    // Nobody asks on a match, so nothing is counted.
    let asked = facts.trigger != Trigger::OnMatch;
    for (code, reason, most, fact) in all {
        if let Some(most) = most.filter(|_| asked) {
            rows.add(code, &[reason], &most, &fact);
        }
    }
}

const fn yes(is: bool) -> &'static str {
    if is { "ja" } else { "nee" }
}

struct Rows<'u> {
    unmet: &'u [Unmet],
    told: Vec<Reason>,
    rows: Vec<Demand>,
}

impl Rows<'_> {
    fn add(
        &mut self,
        code: &'static str,
        reasons: &[Reason],
        asked: &dyn Display,
        fact: &dyn Display,
    ) {
        self.told.extend(reasons);
        self.rows.push(Demand {
            code,
            asked: asked.to_string(),
            fact: fact.to_string(),
            met: !self.unmet.iter().any(|u| reasons.contains(&u.reason)),
        });
    }

    fn finish(mut self) -> Vec<Demand> {
        for other in self.unmet.iter().filter(|u| !self.told.contains(&u.reason)) {
            self.rows.push(Demand {
                code: other.reason.code(),
                asked: other.threshold.to_string(),
                fact: other.fact.to_string(),
                met: false,
            });
        }
        self.rows
    }
}
