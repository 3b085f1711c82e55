//! What a clause says once it is known what was found: the part of a decision that is the same
//! when it is made and when what was recorded of it is judged again.

use std::sync::Arc;

use model::{PartyId, RoleRef, SignalTypeId, Timestamp};

use super::evaluate::{Closed, demands, gate, shown};
use super::explanation;
use super::permit::Record;
use super::then::{JudgedThen, StandingThen};
use super::{Cell, Facts, Reason, Standing, Unmet};
use crate::language::clause::Clause;
use crate::language::words::Shows;
use crate::signoff::Compiled;

/// Under which covenant, and how that stands, a judgement is made.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scales<'a> {
    pub(super) compiled: &'a Arc<Compiled>,
    pub(super) standing: &'a Standing,
    pub(super) now: Timestamp,
}

/// One level of a clause for one role and one source.
#[derive(Clone, Copy, Debug)]
pub(super) struct Level<'a> {
    pub(super) place: usize,
    pub(super) clause: &'a Clause,
    pub(super) role: &'a RoleRef,
    pub(super) source: &'a PartyId,
    pub(super) shows: Shows,
}

/// What was found for one level.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Known {
    /// The kinds of the source's signals that agree, whatever closes their cells; sorted.
    pub(super) found: Vec<SignalTypeId>,
    /// The kinds of those that count; sorted.
    pub(super) counted: Vec<SignalTypeId>,
    pub(super) facts: Facts,
}

/// One level judged: its cells over all kinds of signal.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Weighed {
    pub(super) shows: Shows,
    pub(super) known: Known,
    /// Empty when it is revealed.
    pub(super) unmet: Vec<Unmet>,
}

impl Level<'_> {
    fn cell(&self, source: &PartyId, kind: &SignalTypeId) -> Cell {
        Cell {
            role: self.role.clone(),
            purpose: self.clause.purpose.clone(),
            source: source.clone(),
            signal: kind.clone(),
            shows: self.shows,
        }
    }
}

impl Scales<'_> {
    /// Why the level's clause does not open the cell of a party's kind of signal.
    pub(super) fn gate(
        &self,
        level: &Level<'_>,
        source: &PartyId,
        kind: &SignalTypeId,
    ) -> Result<(), Unmet> {
        let cell = level.cell(source, kind);
        match gate(self.compiled, self.standing, &cell, self.now) {
            Ok(opened_by) if opened_by == level.place => Ok(()),
            Ok(_) => Err(Unmet {
                reason: Reason::NotNamed,
                fact: 0,
                threshold: 1,
            }),
            Err(Closed { unmet, .. }) => Err(unmet),
        }
    }

    /// What closes the source's cells (those of its signals, or all where it has none); else what
    /// the clause demands and the facts do not meet.
    pub(super) fn weigh(&self, level: &Level<'_>, known: Known) -> Weighed {
        let kinds = if known.found.is_empty() {
            &level.clause.about
        } else {
            &known.found
        };
        let gates: Vec<Result<(), Unmet>> = kinds
            .iter()
            .map(|kind| self.gate(level, level.source, kind))
            .collect();
        let closed = gates.iter().all(Result::is_err);
        let mut unmet: Vec<Unmet> = if closed {
            gates.into_iter().filter_map(Result::err).collect()
        } else {
            demands(level.clause, level.shows, &known.facts)
        };
        unmet.sort_unstable();
        unmet.dedup();
        Weighed {
            shows: level.shows,
            known,
            unmet,
        }
    }

    /// How the covenant stood, as far as it touches these parties.
    pub(super) fn then(&self, parties: &[&PartyId]) -> StandingThen {
        self.standing
            .then(&self.compiled.covenant, parties, self.now)
    }
}

/// The levels of a clause for one role and one source, lowest first.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Levels {
    pub(super) revealed: Vec<Weighed>,
    pub(super) withheld: Vec<Weighed>,
}

impl Levels {
    pub(super) fn of(all: Vec<Weighed>) -> Self {
        let (revealed, withheld) = all.into_iter().partition(|one| one.unmet.is_empty());
        Self { revealed, withheld }
    }

    /// The levels that the decision is about: those revealed, or else all.
    pub(super) fn decisive(&self) -> &[Weighed] {
        if self.revealed.is_empty() {
            &self.withheld
        } else {
            &self.revealed
        }
    }

    /// Why nothing is revealed; empty when something is. Each once, sorted.
    pub(super) fn unmet(&self) -> Vec<Unmet> {
        let mut unmet = Vec::new();
        if self.revealed.is_empty() {
            unmet.extend(self.withheld.iter().flat_map(|one| one.unmet.clone()));
            unmet.sort_unstable();
            unmet.dedup();
        }
        unmet
    }

    /// Whether both reveal and withhold alike, as far as the log tells.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        let revealed = |levels: &Self| -> Vec<(Shows, Vec<SignalTypeId>)> {
            let levels = levels.revealed.iter();
            levels.map(|w| (w.shows, w.known.counted.clone())).collect()
        };
        revealed(self) == revealed(other) && self.unmet() == other.unmet()
    }
}

/// One clause of a match for one recipient, its roles with one outcome, and one source.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flow<'a> {
    pub(super) scales: Scales<'a>,
    pub(super) place: usize,
    pub(super) clause: &'a Clause,
    pub(super) recipient: &'a PartyId,
    /// Each role with its levels; all are alike.
    pub(super) roles: &'a [(RoleRef, Levels)],
    pub(super) source: &'a PartyId,
}

impl Flow<'_> {
    /// What is decided, and whether it reveals.
    pub(super) fn conclude(&self, nothing_found: Facts) -> (Record, bool) {
        let none = Levels::default();
        let levels = self.roles.first().map_or(&none, |(_, levels)| levels);
        let decisive = levels.decisive();
        let counted = decisive.iter().flat_map(|one| one.known.counted.clone());
        let mut record = Record {
            compiled: Arc::clone(self.scales.compiled),
            clause: Some(self.place),
            recipient: self.recipient.clone(),
            roles: self.roles.iter().map(|(role, _)| role.clone()).collect(),
            purpose: self.clause.purpose.clone(),
            source: Some(self.source.clone()),
            signals: sorted(counted.collect()),
            shows: decisive.iter().map(|one| one.shows).collect(),
            facts: decisive
                .first()
                .map_or(nothing_found, |one| one.known.facts),
            unmet: levels.unmet(),
            standing: self.scales.then(&[self.recipient, self.source]),
            told: None,
            judged: judged(self.clause, self.roles),
        };
        let has_basis = explanation::basis(self.clause, &record).is_some();
        let reveals = record.unmet.is_empty() && has_basis && self.shows_something(levels);
        if !reveals && record.unmet.is_empty() {
            record.unmet.push(Unmet {
                reason: Reason::NotNamed,
                fact: 0,
                threshold: 1,
            });
        }
        (record, reveals)
    }

    fn shows_something(&self, levels: &Levels) -> bool {
        let Some((role, _)) = self.roles.first() else {
            return false;
        };
        levels.revealed.iter().any(|one| {
            let level = Level {
                place: self.place,
                clause: self.clause,
                role,
                source: self.source,
                shows: one.shows,
            };
            one.known.counted.iter().any(|kind| {
                let covenant = &self.scales.compiled.covenant;
                let cell = level.cell(self.source, kind);
                shown(covenant, self.clause, &cell, &one.known.facts).is_some()
            })
        })
    }
}

/// What was known of every role and level, each distinct thing once.
fn judged(clause: &Clause, roles: &[(RoleRef, Levels)]) -> Vec<JudgedThen> {
    let mut all: Vec<JudgedThen> = Vec::new();
    for (role, levels) in roles {
        let mut of_role: Vec<JudgedThen> = Vec::new();
        let mut weighed: Vec<&Weighed> = levels.revealed.iter().chain(&levels.withheld).collect();
        weighed.sort_by_key(|one| one.shows);
        for one in weighed {
            let new = JudgedThen::of(clause, role, one);
            match of_role.iter_mut().find(|known| known.knows_as(&new)) {
                Some(known) => known.shows.push(one.shows),
                None => of_role.push(new),
            }
        }
        for new in of_role {
            let same = |known: &&mut JudgedThen| known.knows_as(&new) && known.shows == new.shows;
            match all.iter_mut().find(same) {
                Some(known) => known.roles.push(role.clone()),
                None => all.push(new),
            }
        }
    }
    all
}

/// Each once, in order.
pub(super) fn sorted<T: Ord>(mut items: Vec<T>) -> Vec<T> {
    items.sort_unstable();
    items.dedup();
    items
}
