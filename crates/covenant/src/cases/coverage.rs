//! What the examples and cases show: for each clause a yes and a no, for each demand of a clause a
//! no that rests on it, for each prohibition one that hits it.

use model::{ClauseNo, Protection};

use super::Tried;
use crate::decide::Reason;
use crate::language::clause::{Clause, Conditions, Limits, Output};
use crate::language::covenant::Covenant;
use crate::language::words::{LoginLevel, Shows, Trigger};

/// What is shown of a whole covenant.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Coverage {
    /// Of each clause, in the file's order.
    pub clauses: Vec<ClauseCoverage>,
    /// Of each prohibition, in the file's order.
    pub prohibitions: Vec<ProhibitionCoverage>,
}

/// What is shown of a clause.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ClauseCoverage {
    /// `nummer`.
    pub number: ClauseNo,
    /// `titel`.
    pub title: String,
    /// How many it reveals.
    pub yes: usize,
    /// How many it refuses.
    pub no: usize,
    /// Each of its conditions and limits that a case can fail to meet.
    pub demands: Vec<DemandCoverage>,
    /// Its demands of which no case can tell, since they rest on what a case does not know.
    pub untold: Vec<&'static str>,
}

/// What is shown of one condition or limit.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DemandCoverage {
    /// As a covenant writes it, such as `voorwaarde.treffers`.
    pub key: &'static str,
    /// Why a case that fails it is refused.
    pub reason: Reason,
    /// How many are refused for it, alone or beside other reasons.
    pub no: usize,
}

/// What is shown of a prohibition.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ProhibitionCoverage {
    /// `nummer`.
    pub number: ClauseNo,
    /// `titel`.
    pub title: String,
    /// How many it refuses.
    pub hits: usize,
}

impl Coverage {
    /// Of a covenant by what was tried. What did not come out as it says shows nothing.
    #[must_use]
    pub fn of(covenant: &Covenant, tried: &[&Tried]) -> Self {
        let held: Vec<&Tried> = tried.iter().copied().filter(|t| t.holds()).collect();
        let clauses = covenant.clauses().iter();
        let prohibitions = covenant.prohibitions().iter();
        Self {
            clauses: clauses.map(|clause| of_clause(clause, &held)).collect(),
            prohibitions: prohibitions
                .map(|p| ProhibitionCoverage {
                    number: p.number.clone(),
                    title: p.title.clone(),
                    hits: count(&held, |t| {
                        t.is_prohibited() && t.prohibitions.contains(&p.number)
                    }),
                })
                .collect(),
        }
    }

    /// Whether each clause has a yes and a no, and each prohibition one that hits it.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.clauses.iter().all(|c| c.yes > 0 && c.no > 0)
            && self.prohibitions.iter().all(|p| p.hits > 0)
    }

    /// Whether beside that each demand has a no that rests on it.
    #[must_use]
    pub fn is_whole_by_demand(&self) -> bool {
        let mut demands = self.clauses.iter().flat_map(|c| &c.demands);
        self.is_whole() && demands.all(|d| d.no > 0)
    }
}

fn count(held: &[&Tried], counts: impl Fn(&Tried) -> bool) -> usize {
    held.iter().filter(|t| counts(t)).count()
}

fn of_clause(clause: &Clause, held: &[&Tried]) -> ClauseCoverage {
    let (told, untold) = demands(clause);
    let refuses = |t: &Tried| t.no() == Some(&clause.number);
    ClauseCoverage {
        number: clause.number.clone(),
        title: clause.title.clone(),
        yes: count(held, |t| t.yes() == Some(&clause.number)),
        no: count(held, refuses),
        demands: told
            .into_iter()
            .map(|(key, reason)| DemandCoverage {
                key,
                reason,
                no: count(held, |t| refuses(t) && t.why().any(|why| why == reason)),
            })
            .collect(),
        untold,
    }
}

/// A demand with why a case that fails it is refused, and whether the clause has it.
type Demand = (&'static str, Reason, bool);

/// The conditions and limits of a clause: those that a case can fail, and those of which none can
/// tell.
fn demands(clause: &Clause) -> (Vec<(&'static str, Reason)>, Vec<&'static str>) {
    // On a match nobody asks, so nothing is wanted of whoever asks.
    let asked = clause.triggers.iter().any(|t| *t != Trigger::OnMatch);
    let counts = clause.shows.contains(&Shows::Count);
    let (output, untold) = output(&clause.output, counts, asked);
    let told = conditions(&clause.conditions, asked)
        .into_iter()
        .chain(limits(&clause.limits, asked))
        .chain([output]);
    let there = told.filter_map(|(key, reason, there)| there.then_some((key, reason)));
    let untold = untold.into_iter();
    let untold = untold.filter_map(|(key, there)| there.then_some(key));
    (there.collect(), untold.collect())
}

// A new demand must find its place in one of these.

fn conditions(conditions: &Conditions, asked: bool) -> [Demand; 11] {
    let Conditions {
        hits,
        parties,
        within,
        file_number,
        motivation,
        review,
        approval,
        login_level,
        not_about,
        areas,
    } = conditions;
    let login = login_level.is_some_and(|level| level != LoginLevel::Low);
    let minor = not_about.contains(&Protection::Minor);
    let shielded = not_about.contains(&Protection::ShieldedAddress);
    let shielded_key = "voorwaarde.niet_over afgeschermd-adres";
    let approved = asked && approval.is_some();
    let motivated = asked && *motivation;
    let filed = asked && *file_number;
    [
        ("voorwaarde.treffers", Reason::Hits, hits.is_some()),
        ("voorwaarde.partijen", Reason::Parties, parties.is_some()),
        ("voorwaarde.binnen", Reason::Within, within.is_some()),
        ("voorwaarde.dossier", Reason::FileNumber, filed),
        ("voorwaarde.motivering", Reason::Motivation, motivated),
        ("voorwaarde.beoordeling", Reason::Review, review.is_some()),
        ("voorwaarde.goedkeuring", Reason::Approval, approved),
        ("voorwaarde.inlogniveau", Reason::LoginLevel, asked && login),
        ("voorwaarde.niet_over minderjarige", Reason::Minor, minor),
        (shielded_key, Reason::ShieldedAddress, shielded),
        ("voorwaarde.gebied", Reason::Area, !areas.is_empty()),
    ]
}

fn limits(limits: &Limits, asked: bool) -> [Demand; 3] {
    let Limits {
        per_employee_per_day,
        per_party_per_day,
        per_subject_per_month,
    } = limits;
    let limited = |limit: &Option<u32>| asked && limit.is_some();
    [
        (
            "grens.per_medewerker_per_dag",
            Reason::PerEmployee,
            limited(per_employee_per_day),
        ),
        (
            "grens.per_partij_per_dag",
            Reason::PerParty,
            limited(per_party_per_day),
        ),
        (
            "grens.per_betrokkene_per_maand",
            Reason::PerSubject,
            limited(per_subject_per_month),
        ),
    ]
}

fn output(output: &Output, counts: bool, asked: bool) -> (Demand, [(&'static str, bool); 3]) {
    let Output {
        threshold,
        round_to: _,
        dominance_percent,
        complementary_suppression: _,
        area: _,
        period: _,
        embargo,
        answer_after,
        batching: _,
        silence: _,
    } = output;
    let threshold = counts && threshold.is_some();
    (
        ("uitvoer.drempel", Reason::Threshold, threshold),
        [
            (
                "uitvoer.overheersing",
                counts && dominance_percent.is_some(),
            ),
            ("uitvoer.embargo", counts && embargo.is_some()),
            ("uitvoer.antwoord_na", asked && answer_after.is_some()),
        ],
    )
}
