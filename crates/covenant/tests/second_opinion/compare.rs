//! One question put to both.

use std::collections::BTreeMap;

use covenant::cedar::{NOT_ACTIVE, NOT_CONFIRMED, SUSPENDED};
use covenant::decide::{Cell, Decision, Facts, Reason, Standing, Unmet, decide};
use covenant::language::clause::Clause;
use covenant::signoff::ActiveCovenant;
use covenant::table::open_cells;

use super::cedar::{Engine, Opinion, context};
use super::facts::{mended, part};
use super::generator::Generated;
use super::stand::Stand;

/// How often what was decided.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Counts {
    /// Questions that were put to both.
    pub(crate) pairs: usize,
    pub(crate) revealed: usize,
    /// Withheld since the covenant is not in force, suspended or not confirmed.
    pub(crate) standing: usize,
    pub(crate) prohibited: usize,
    pub(crate) not_named: usize,
    /// Withheld by a condition or limit of a clause.
    pub(crate) conditions: usize,
    /// Decisions of Cedar: with those that look behind a withheld one.
    pub(crate) asked: usize,
}

impl Counts {
    pub(crate) fn add(&mut self, other: Self) {
        self.pairs += other.pairs;
        self.revealed += other.revealed;
        self.standing += other.standing;
        self.prohibited += other.prohibited;
        self.not_named += other.not_named;
        self.conditions += other.conditions;
        self.asked += other.asked;
    }
}

/// A covenant, ours and Cedar's.
pub(crate) struct Comparison<'a> {
    of: &'a Generated,
    active: &'a ActiveCovenant,
    engine: Engine,
    open: BTreeMap<Cell, &'a Clause>,
    pub(crate) counts: Counts,
}

/// What we decided.
#[derive(Debug)]
struct Ours {
    reveals: bool,
    /// The id that Cedar has for the clause.
    clause: Option<String>,
    unmet: Vec<Unmet>,
}

impl<'a> Comparison<'a> {
    pub(crate) fn of(of: &'a Generated, active: &'a ActiveCovenant) -> Self {
        let covenant = active.covenant();
        let open = open_cells(covenant).unwrap().into_iter();
        let open = open.map(|o| (o.cell, covenant.clause(&o.clause).unwrap()));
        Self {
            of,
            active,
            engine: Engine::of(covenant),
            open: open.collect(),
            counts: Counts::default(),
        }
    }

    /// The open cells.
    pub(crate) fn open(&self) -> Vec<Cell> {
        self.open.keys().cloned().collect()
    }

    /// The clause that opens a cell, to throw facts around its thresholds.
    pub(crate) fn clause(&self, cell: &Cell) -> Option<&'a Clause> {
        self.open.get(cell).copied()
    }

    /// Puts one question to both, and fails when they differ.
    pub(crate) fn compare(
        &mut self,
        cell: &Cell,
        facts: &Facts,
        stand: &Stand,
        standing: &Standing,
    ) {
        let decision = decide(self.active, standing, cell, facts, stand.now);
        let ours = Ours {
            reveals: decision.is_reveal(),
            clause: decision.clause().map(|n| format!("regel-{n}")),
            unmet: match &decision {
                Decision::Reveal(_) => Vec::new(),
                Decision::Withhold(withheld) => withheld.unmet().to_vec(),
            },
        };
        let theirs = self.engine.decide(cell, context(facts, stand));
        self.counts.pairs += 1;
        let wrong = self.differ(cell, facts, stand, &ours, &theirs);
        self.counts.asked = self.engine.asked;
        if let Some(wrong) = wrong {
            panic!(
                "{}: {wrong}\n{cell:?}\n{facts:?}\n{}\nours {ours:?}\nCedar {theirs:?}\n{}",
                self.of.name,
                context(facts, stand),
                self.engine.export.policies,
            );
        }
    }

    fn differ(
        &mut self,
        cell: &Cell,
        facts: &Facts,
        stand: &Stand,
        ours: &Ours,
        theirs: &Opinion,
    ) -> Option<&'static str> {
        if ours.reveals != theirs.allows {
            return Some("one reveals and the other does not");
        }
        if ours.reveals {
            self.counts.revealed += 1;
            let same = ours.clause.as_slice() == theirs.because.as_slice();
            return (!same).then_some("they reveal by different clauses");
        }
        // Cedar names no policy where nothing permits, so it is asked which one would.
        let opener = self.engine.opener(self.active.covenant(), cell);
        if ours.clause != opener {
            return Some("they judge by different clauses");
        }
        self.withheld(facts, stand, ours, theirs, cell)
    }

    fn withheld(
        &mut self,
        facts: &Facts,
        stand: &Stand,
        ours: &Ours,
        theirs: &Opinion,
        cell: &Cell,
    ) -> Option<&'static str> {
        let named = |id: &str| theirs.because.iter().any(|b| b == id);
        let suspended = stand.suspended_clauses().into_iter();
        let own = suspended
            .map(|n| format!("regel-{n}"))
            .any(|id| ours.clause == Some(id));
        let because = if named(NOT_ACTIVE) {
            Reason::NotActive
        } else if named(SUSPENDED) || own {
            Reason::Suspended
        } else if named(NOT_CONFIRMED) {
            Reason::NotConfirmed
        } else if !theirs.because.is_empty() {
            Reason::Prohibited
        } else if ours.clause.is_none() {
            Reason::NotNamed
        } else {
            self.counts.conditions += 1;
            return self.conditions(facts, stand, ours, cell);
        };
        let first = ours.unmet.first()?;
        match because {
            Reason::Prohibited => self.counts.prohibited += 1,
            Reason::NotNamed => self.counts.not_named += 1,
            _ => self.counts.standing += 1,
        }
        if because == Reason::Prohibited {
            // Cedar names all that forbid, and we the first of them in the file.
            let all = self.active.covenant().prohibitions().iter();
            let mut ids = all.map(|p| format!("verbod-{}", p.number));
            let place = ids
                .position(|id| named(&id))
                .and_then(|p| u32::try_from(p).ok());
            if place.map(|p| p + 1) != Some(first.fact) {
                return Some("they forbid by different prohibitions");
            }
        }
        let same = ours.unmet.len() == 1 && first.reason == because;
        (!same).then_some("they withhold for different reasons")
    }

    /// Our reasons, by the effect that they have in Cedar: when what they name is mended, it
    /// allows; when one of them is left, it does not.
    fn conditions(
        &mut self,
        facts: &Facts,
        stand: &Stand,
        ours: &Ours,
        cell: &Cell,
    ) -> Option<&'static str> {
        let clause = *self.open.get(cell)?;
        let mut parts = Vec::new();
        for unmet in &ours.unmet {
            if !parts.contains(&part(unmet.reason)) {
                parts.push(part(unmet.reason));
            }
        }
        if parts.is_empty() {
            return Some("we withhold without a reason");
        }
        let all = parts
            .iter()
            .fold(*facts, |facts, part| mended(facts, *part, clause));
        if !self.engine.decide(cell, context(&all, stand)).allows {
            return Some("mending our reasons is not enough for Cedar");
        }
        // One in four: the others would tell little more, and take long.
        if !self.counts.pairs.is_multiple_of(4) {
            return None;
        }
        for left in &parts {
            let others = parts.iter().filter(|part| *part != left);
            let some = others.fold(*facts, |facts, part| mended(facts, *part, clause));
            if self.engine.decide(cell, context(&some, stand)).allows {
                return Some("we name a reason that Cedar does not have");
            }
        }
        None
    }

    /// Says how much was tried, and gives the number of pairs.
    pub(crate) fn tell(&self) -> usize {
        println!("{}: {:?}, 0 disagreements", self.of.name, self.counts);
        self.counts.pairs
    }
}
