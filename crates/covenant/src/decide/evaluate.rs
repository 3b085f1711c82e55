//! The judgement of one cell.

use model::Timestamp;

use super::permit::{Decision, Permit, Record, Withheld};
use super::{Cell, Facts, Reason, Shown, Standing, Unmet};
use crate::language::clause::Clause;
use crate::language::covenant::Covenant;
use crate::language::words::{LoginLevel, Shows};
use crate::signoff::{ActiveCovenant, Compiled};
use crate::table::Ruling;
use model::{Protection, ProtectionStatement};

/// Decides about one cell. Total: every cell, every standing and all facts have a decision, and
/// everything that is not opened is withheld.
#[must_use]
pub fn decide(
    active: &ActiveCovenant,
    standing: &Standing,
    cell: &Cell,
    facts: &Facts,
    now: Timestamp,
) -> Decision {
    let compiled = active.compiled();
    let (place, unmet) = match gate(compiled, standing, cell, now) {
        Ok(place) => {
            let clause = compiled.covenant.clauses().get(place);
            let unmet = clause.map_or_else(Vec::new, |c| demands(c, cell.shows, facts));
            (Some(place), unmet)
        }
        Err(closed) => (closed.clause, vec![closed.unmet]),
    };
    let record = Record {
        compiled: compiled.clone(),
        clause: place,
        recipient: cell.recipient(),
        roles: vec![cell.role.clone()],
        purpose: cell.purpose.clone(),
        source: Some(cell.source.clone()),
        signals: vec![cell.signal.clone()],
        shows: vec![cell.shows],
        facts: *facts,
        unmet,
        standing: standing.then(&compiled.covenant, &[&cell.recipient(), &cell.source], now),
        told: None,
        judged: Vec::new(),
    };
    let shown = record
        .clause()
        .filter(|_| record.unmet.is_empty())
        .and_then(|clause| shown(&compiled.covenant, clause, cell, facts));
    match shown {
        Some(shown) => Decision::Reveal(Permit::new(record, vec![shown], None)),
        None => Decision::Withhold(Withheld::new(record)),
    }
}

/// Why a cell is closed before any fact is looked at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Closed {
    pub(super) clause: Option<usize>,
    pub(super) unmet: Unmet,
}

/// The clause that opens a cell now: in force, not suspended, confirmed, not prohibited, named.
pub(super) fn gate(
    compiled: &Compiled,
    standing: &Standing,
    cell: &Cell,
    now: Timestamp,
) -> Result<usize, Closed> {
    let covenant = &compiled.covenant;
    let ruling = compiled.table.ruling(cell);
    let clause = match ruling {
        Ruling::Open(place) => Some(place),
        Ruling::Closed | Ruling::Prohibited(_) => None,
    };
    let closed = |reason, fact, threshold| {
        Err(Closed {
            clause,
            unmet: Unmet {
                reason,
                fact,
                threshold,
            },
        })
    };
    let number = clause
        .and_then(|place| covenant.clauses().get(place))
        .map(|c| &c.number);
    let recipient = cell.recipient();
    if !in_force(covenant, standing, now) {
        closed(Reason::NotActive, 0, 1)
    } else if standing.is_suspended(number, &cell.signal, &recipient, now) {
        closed(Reason::Suspended, 1, 0)
    } else if !standing.is_confirmed(&recipient, now) || !standing.is_confirmed(&cell.source, now) {
        closed(Reason::NotConfirmed, 0, 1)
    } else {
        match ruling {
            Ruling::Open(place) => Ok(place),
            Ruling::Closed => closed(Reason::NotNamed, 0, 1),
            Ruling::Prohibited(place) => {
                let place = u32::try_from(place).unwrap_or(u32::MAX);
                closed(Reason::Prohibited, place.saturating_add(1), 0)
            }
        }
    }
}

/// Whether the version is in force now: this version's standing, its dates, not over.
pub(super) fn in_force(covenant: &Covenant, standing: &Standing, now: Timestamp) -> bool {
    let today = now.day();
    standing.file() == covenant.digest()
        && covenant.valid_from() <= today
        && today < covenant.valid_until()
        && !standing.is_rejected()
        && !standing.is_over(now)
}

/// Everything that a clause demands for a level and that the facts do not meet, in the order of
/// [`Reason`].
pub(super) fn demands(clause: &Clause, shows: Shows, facts: &Facts) -> Vec<Unmet> {
    let mut unmet = Unmets(Vec::new());
    let triggered = clause.is_triggered_by(facts.trigger);
    unmet.unless(triggered, Reason::OtherTrigger, 0, 1);
    unmet.at_least(Reason::NothingFromSource, facts.of_cell, 1);
    signals(&mut unmet, clause, facts);
    asker(&mut unmet, clause, facts);
    let conditions = &clause.conditions;
    if let Some(approval) = &conditions.approval {
        unmet.at_least(Reason::Approval, facts.approvals, approval.count.max(1));
    }
    if clause.output.answer_after.is_some() {
        unmet.unless(facts.waited, Reason::AnswerAfter, 0, 1);
    }
    for protection in &conditions.not_about {
        let reason = match protection {
            Protection::Minor => Reason::Minor,
            Protection::ShieldedAddress => Reason::ShieldedAddress,
        };
        let fact = match facts.protections.of(*protection) {
            ProtectionStatement::Absent => 0,
            ProtectionStatement::Unknown => 1,
            ProtectionStatement::Present => 2,
        };
        unmet.at_most(reason, fact, 0);
    }
    match shows {
        Shows::Count => {
            let output = &clause.output;
            unmet.at_least(
                Reason::Threshold,
                facts.total,
                output.threshold.unwrap_or(1),
            );
            if let Some(percent) = output.dominance_percent {
                unmet.at_most(Reason::Dominance, facts.largest_share_percent, percent);
            }
        }
        Shows::Attributes => unmet.unless(facts.can_release, Reason::Attributes, 0, 1),
        Shows::Hit | Shows::Advice | Shows::Contact | Shows::Category => {}
    }
    let mut unmet = unmet.0;
    unmet.sort_unstable();
    unmet
}

/// The conditions on how many signals there are, and of what quality.
fn signals(unmet: &mut Unmets, clause: &Clause, facts: &Facts) {
    let conditions = &clause.conditions;
    let hits = conditions.hits.unwrap_or(1).max(1);
    let parties = conditions.parties.unwrap_or(1).max(1);
    let enough = |tally: super::Tally| tally.hits >= hits && tally.parties >= parties;
    unmet.at_least(Reason::Hits, facts.live.hits, hits);
    // Signals are of a party, so that one has enough of both where nothing is asked of parties; facts
    // that say otherwise open nothing.
    if conditions.parties.is_some() || facts.live.hits >= hits {
        unmet.at_least(Reason::Parties, facts.live.parties, parties);
    }
    let qualities = [
        (conditions.within.is_some(), Reason::Within, facts.recent),
        (conditions.review.is_some(), Reason::Review, facts.reviewed),
        (!conditions.areas.is_empty(), Reason::Area, facts.in_area),
    ];
    let mut explained = !enough(facts.live);
    for (asked, reason, tally) in qualities {
        // Where it took nothing away, the number itself says enough.
        if asked && !enough(tally) && tally != facts.live {
            explained = true;
            unmet.0.push(Unmet {
                reason,
                fact: tally.hits,
                threshold: hits,
            });
        }
    }
    // Each quality alone has enough signals, but too few have them all.
    if !explained {
        unmet.at_least(Reason::Hits, facts.counted.hits, hits);
        unmet.at_least(Reason::Parties, facts.counted.parties, parties);
    }
}

/// The conditions and limits on the asker alone.
fn asker(unmet: &mut Unmets, clause: &Clause, facts: &Facts) {
    unmet.0.extend(asker_demands(clause, &facts.asking));
}

/// What a clause demands of the asker alone and is not met.
pub(super) fn asker_demands(clause: &Clause, asking: &super::Asking) -> Vec<Unmet> {
    let mut unmet = Unmets(Vec::new());
    let conditions = &clause.conditions;
    if conditions.file_number {
        unmet.unless(asking.file_number, Reason::FileNumber, 0, 1);
    }
    if conditions.motivation {
        unmet.unless(asking.motivation, Reason::Motivation, 0, 1);
    }
    if let Some(level) = conditions.login_level {
        let needed = login(level);
        unmet.at_least(Reason::LoginLevel, login(asking.login_level), needed);
    }
    let (limits, counters) = (&clause.limits, &asking.counters);
    let limits = [
        (
            Reason::PerEmployee,
            counters.employee_today,
            limits.per_employee_per_day,
        ),
        (
            Reason::PerParty,
            counters.party_today,
            limits.per_party_per_day,
        ),
        (
            Reason::PerSubject,
            counters.subject_this_month,
            limits.per_subject_per_month,
        ),
    ];
    for (reason, fact, limit) in limits {
        if let Some(limit) = limit {
            unmet.at_most(reason, fact, limit);
        }
    }
    unmet.0
}

const fn login(level: LoginLevel) -> u32 {
    match level {
        LoginLevel::Low => 1,
        LoginLevel::Substantial => 2,
        LoginLevel::High => 3,
    }
}

struct Unmets(Vec<Unmet>);

impl Unmets {
    fn unless(&mut self, met: bool, reason: Reason, fact: u32, threshold: u32) {
        if !met {
            self.0.push(Unmet {
                reason,
                fact,
                threshold,
            });
        }
    }

    fn at_least(&mut self, reason: Reason, fact: u32, threshold: u32) {
        self.unless(fact >= threshold, reason, fact, threshold);
    }

    fn at_most(&mut self, reason: Reason, fact: u32, threshold: u32) {
        self.unless(fact <= threshold, reason, fact, threshold);
    }
}

/// What one cell shows.
pub(super) fn shown(
    covenant: &Covenant,
    clause: &Clause,
    cell: &Cell,
    facts: &Facts,
) -> Option<Shown> {
    Some(match cell.shows {
        Shows::Count => {
            let to = clause.output.round_to.unwrap_or(1).max(1);
            Shown::Count(facts.total / to * to)
        }
        Shows::Hit => Shown::Hit {
            source: cell.source.clone(),
        },
        Shows::Advice => Shown::Advice(clause.advice.clone()?),
        Shows::Contact => Shown::Contact {
            party: cell.source.clone(),
            name: covenant.party(&cell.source)?.name.clone(),
        },
        Shows::Category => Shown::Category {
            signal: cell.signal.clone(),
            codes: Vec::new(),
        },
        Shows::Attributes => Shown::Attributes(clause.attributes.clone()),
    })
}
