//! Two covenants compared: every cell, every demand, everything else that is agreed.
//!
//! The comparison is exhaustive and exact. Every cell (recipient role x purpose x source x signal
//! x shows) over the words of both is looked at, and so is every field of both typed trees: a
//! field that is added to the language doesn't compile here before it is compared.
//!
//! # What counts as no difference
//! Two covenants have no difference when the same cells are open, every open cell has the same
//! demands, and the same is agreed outside the clauses (dates, parties, keys, signals, purposes,
//! comparisons, auditors, log). Then every question, match and count has the same outcome under
//! both, on the same days, and the same duties and promises with it.
//!
//! What differs without such a consequence is an [`Edit`], and is named all the same: titles and
//! explanations, examples, the order of things, a clause or prohibition that opens or closes
//! nothing, a word or demand that nothing looks at, another number for a clause. Comments, layout
//! and the order of keys are no part of the typed tree; they are named as one [`Edit::Layout`].
//!
//! No edit is nothing at all: the parties sign the exact bytes of the file, so a covenant with any
//! edit is signed again, and the ids of decisions, which are made from the file's digest and the
//! clause's number, are other ones.
//!
//! A demand is compared by its meaning: `24 uur` is `1 dag`, and one signal at least is no demand.
//! It is reported for the cells that it matters to: the threshold of a count for cells that show a
//! count, the basis of a source for the cells of that source. What counts together for a number
//! that a clause asks (`treffers`, `partijen`) is a demand too: one source more may help another.

mod cells;
mod clauses;
mod data;
mod demands;
mod edit_sentences;
mod edits;
mod json;
mod pairs;
mod sentences;
#[cfg(test)]
mod tests;
mod value;

use std::collections::BTreeSet;

use model::{
    ClauseNo, CovenantId, Digest, MatchKeyName, PartyId, PurposeId, RoleRef, SignalTypeId,
};

pub use edits::{Edit, ListField, Text};
pub use value::{Demand, Direction, Field, Value};

use crate::decide::Cell;
use crate::language::covenant::Covenant;
use crate::language::words::Shows;

/// What differs between two covenants. See the module for what counts as a difference.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Difference {
    /// The first.
    pub before: Version,
    /// The second.
    pub after: Version,
    /// What is newly allowed, by clause of the second.
    pub opened: Vec<Opened>,
    /// What stays open under other demands.
    pub changed: Vec<Changed>,
    /// What is no longer allowed, by clause of the first.
    pub closed: Vec<Closed>,
    /// What differs outside the clauses: dates, identities, keys, signals, comparisons and so on.
    pub data: Vec<DataChange>,
    /// What differs without effect, each named.
    pub without_effect: Vec<Edit>,
    /// Parties whose kind of organisation is a neuter noun in Dutch.
    neuter: BTreeSet<PartyId>,
}

/// Which covenant.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Version {
    /// Its id.
    pub id: CovenantId,
    /// Its version.
    pub version: u32,
    /// SHA-256 of its file.
    pub file: Digest,
}

/// Cells that are told in one sentence: all combinations of what is listed. Every list is sorted
/// and has at least one item.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Block {
    /// Who receives.
    pub roles: Vec<RoleRef>,
    /// What for.
    pub purposes: Vec<PurposeId>,
    /// Whose signals.
    pub sources: Vec<PartyId>,
    /// Which signals.
    pub signals: Vec<SignalTypeId>,
    /// How much is shown.
    pub shows: Vec<Shows>,
}

/// Cells that are open in the second covenant and not in the first.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Opened {
    /// The clause of the second that opens them.
    pub clause: ClauseNo,
    /// What kept them closed in the first.
    pub was: Closure,
    /// Which: disjoint blocks.
    pub cells: Vec<Block>,
}

/// Cells that are open in the first covenant and not in the second.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Closed {
    /// The clause of the first that opened them.
    pub clause: ClauseNo,
    /// What keeps them closed in the second.
    pub now: Closure,
    /// Which: disjoint blocks.
    pub cells: Vec<Block>,
}

/// Why a cell is closed.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Closure {
    /// No clause names it.
    NotNamed,
    /// A prohibition covers it.
    Prohibited(ClauseNo),
}

/// Cells that are open in both, under demands that differ.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Changed {
    /// The clause of the first.
    pub before: ClauseNo,
    /// The clause of the second.
    pub after: ClauseNo,
    /// For which cells: disjoint blocks.
    pub cells: Vec<Block>,
    /// What differs for all of them; at least one.
    pub demands: Vec<DemandChange>,
}

/// One demand that differs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DemandChange {
    /// Which.
    pub demand: Demand,
    /// Of which party, where it is one party's.
    pub party: Option<PartyId>,
    /// In the first.
    pub before: Value,
    /// In the second.
    pub after: Value,
    /// Which way it went.
    pub direction: Direction,
}

/// One thing that differs outside the clauses.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DataChange {
    /// Of what.
    pub subject: Subject,
    /// Which field of it.
    pub field: Field,
    /// In the first.
    pub before: Value,
    /// In the second.
    pub after: Value,
    /// Which way it went.
    pub direction: Direction,
}

/// A part of a covenant.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Subject {
    /// `[convenant]`.
    Covenant,
    /// `[partij.<id>]`.
    Party(PartyId),
    /// A role of a party.
    Role(RoleRef),
    /// `[signaal.<id>]`.
    Signal(SignalTypeId),
    /// `[doel.<id>]`.
    Purpose(PurposeId),
    /// `[vergelijking.<id>]`.
    Comparison(MatchKeyName),
    /// `[auditor.<id>]`.
    Auditor(PartyId),
    /// `[logboek]`.
    Log,
    /// A question in a role for a purpose.
    Question(RoleRef, PurposeId),
    /// A clause.
    Clause(ClauseNo),
    /// A prohibition.
    Prohibition(ClauseNo),
}

impl Block {
    /// Its cells.
    #[must_use]
    pub fn cells(&self) -> Vec<Cell> {
        let mut cells = Vec::new();
        for role in &self.roles {
            for purpose in &self.purposes {
                for source in &self.sources {
                    for signal in &self.signals {
                        cells.extend(self.shows.iter().map(|shows| Cell {
                            role: role.clone(),
                            purpose: purpose.clone(),
                            source: source.clone(),
                            signal: signal.clone(),
                            shows: *shows,
                        }));
                    }
                }
            }
        }
        cells
    }

    /// How many cells it has.
    #[must_use]
    pub fn len(&self) -> usize {
        let sides = [
            self.purposes.len(),
            self.sources.len(),
            self.signals.len(),
            self.shows.len(),
        ];
        sides
            .into_iter()
            .fold(self.roles.len(), usize::saturating_mul)
    }

    /// Whether it has no cells. A difference has no such block.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Difference {
    /// Whether nothing differs that has an effect. Edits without effect may still be there.
    #[must_use]
    pub fn is_none(&self) -> bool {
        !self.changes_cells() && self.data.is_empty()
    }

    /// Whether any cell opens, closes, or is open under other demands.
    #[must_use]
    pub fn changes_cells(&self) -> bool {
        !(self.opened.is_empty() && self.changed.is_empty() && self.closed.is_empty())
    }
}

/// Compares two covenants.
#[must_use]
pub fn compare(before: &Covenant, after: &Covenant) -> Difference {
    let found = data::compare(before.document(), after.document());
    let pairs = pairs::Pairs::of(before, after);
    let mut difference = Difference {
        before: version(before),
        after: version(after),
        opened: pairs.opened(),
        changed: Vec::new(),
        closed: pairs.closed(),
        data: found.changes,
        without_effect: found.edits,
        neuter: [before, after]
            .into_iter()
            .flat_map(|c| c.parties().values())
            .filter(|p| sentences::is_neuter(p.kind))
            .map(|p| p.id.clone())
            .collect(),
    };
    let (changed, idle) = pairs.changed();
    difference.changed = changed;
    difference.without_effect.extend(idle);
    edits::name(&pairs, &mut difference);
    difference
}

fn version(covenant: &Covenant) -> Version {
    Version {
        id: covenant.id().clone(),
        version: covenant.version(),
        file: covenant.digest(),
    }
}
