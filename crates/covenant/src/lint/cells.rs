//! Rules over cells: role x purpose x source x signal x shows.

use std::collections::BTreeMap;

use model::{ClauseNo, PartyId, PurposeId, RoleRef, SignalTypeId};

use crate::language::clause::Clause;
use crate::language::parse::DraftClause;
use crate::language::places::steps;
use crate::language::words::Shows;
use crate::lint::{Rules, meaning, text};
use crate::table;

/// One cell, borrowed from a clause.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Cell<'a> {
    pub(super) role: &'a RoleRef,
    pub(super) purpose: &'a PurposeId,
    pub(super) source: &'a PartyId,
    pub(super) signal: &'a SignalTypeId,
    pub(super) shows: Shows,
}

/// More open cells than this cannot be read by a person, nor enumerated quickly.
const MOST_CELLS: usize = 200_000;

/// Whether there are few enough cells to go through.
pub(super) fn run(rules: &Rules<'_>) -> bool {
    double_numbers(rules);
    if !fits_in_a_table(rules) {
        return false;
    }
    let mut count = 0_usize;
    for draft in &rules.draft.clauses {
        let clause = &draft.clause;
        let product = [clause.from.len(), clause.about.len(), clause.shows.len()]
            .into_iter()
            .fold(clause.to.len(), usize::saturating_mul);
        count = count.saturating_add(product);
        if count > MOST_CELLS {
            rules.at(
                meaning::TOO_MANY_CELLS,
                steps!["regel", draft.index, "nummer"],
                format!("tot en met deze regel zijn er meer dan {MOST_CELLS} open vakjes"),
                format!("up to this clause there are more than {MOST_CELLS} open cells"),
            );
            return false;
        }
    }
    overlap(rules);
    true
}

/// Whether all cells, open and closed, fit in the table that is signed.
fn fits_in_a_table(rules: &Rules<'_>) -> bool {
    let draft = rules.draft;
    let roles: usize = draft.parties.values().map(|p| p.roles.len()).sum();
    let (purposes, parties) = (draft.purposes.len(), draft.parties.len());
    let signals = draft.signals.len();
    let fits = table::size(roles, purposes, parties, signals).is_some();
    if !fits {
        let most = table::MAX_CELLS;
        rules.at_key(
            meaning::TOO_MANY_CELLS,
            steps!["signaal"],
            format!("{roles} rollen, {purposes} doelen, {parties} partijen en {signals} signalen maken samen meer dan {most} vakjes"),
            format!("{roles} roles, {purposes} purposes, {parties} parties and {signals} signals together make more than {most} cells"),
        );
    }
    fits
}

/// Every cell that a clause opens, whether or not its source can push the signal and whether or
/// not a prohibition closes it.
pub(super) fn named<'a>(clause: &'a Clause) -> impl Iterator<Item = Cell<'a>> {
    clause.to.iter().flat_map(move |role| {
        let party = role.party();
        let sources = clause.from.iter().filter(move |s| **s != party);
        sources.flat_map(move |source| {
            clause.about.iter().flat_map(move |signal| {
                clause.shows.iter().map(move |shows| Cell {
                    role,
                    purpose: &clause.purpose,
                    source,
                    signal,
                    shows: *shows,
                })
            })
        })
    })
}

impl Rules<'_> {
    /// Whether the source can push the signal at all.
    pub(super) fn is_source(&self, source: &PartyId, signal: &SignalTypeId) -> bool {
        self.draft
            .signals
            .get(signal)
            .is_some_and(|s| s.sources.contains(source))
    }

    pub(super) fn is_prohibited(&self, cell: &Cell<'_>) -> bool {
        self.draft.prohibitions.iter().any(|p| {
            p.value.covers(
                cell.role,
                cell.purpose,
                cell.source,
                cell.signal,
                cell.shows,
            )
        })
    }

    /// Whether something can come through it.
    pub(super) fn is_alive(&self, cell: &Cell<'_>) -> bool {
        self.is_source(cell.source, cell.signal) && !self.is_prohibited(cell)
    }
}

fn double_numbers(rules: &Rules<'_>) {
    let mut seen: BTreeMap<&ClauseNo, ()> = BTreeMap::new();
    let clauses = rules
        .draft
        .clauses
        .iter()
        .map(|c| ("regel", c.index, &c.clause.number));
    let prohibitions = rules
        .draft
        .prohibitions
        .iter()
        .map(|p| ("verbod", p.index, &p.value.number));
    for (section, index, number) in clauses.chain(prohibitions) {
        if seen.insert(number, ()).is_some() {
            rules.at(
                text::DOUBLE_NUMBER,
                steps![section, index, "nummer"],
                format!("nummer {number} is al gebruikt"),
                format!("number {number} is used already"),
            );
        }
    }
}

/// Decisions would otherwise depend on an order.
fn overlap(rules: &Rules<'_>) {
    let mut by_purpose: BTreeMap<&PurposeId, Vec<&DraftClause>> = BTreeMap::new();
    let opens = |c: &&DraftClause| {
        let clause = &c.clause;
        let none = clause.to.is_empty() || clause.from.is_empty() || clause.about.is_empty();
        !none && !clause.shows.is_empty()
    };
    for draft in rules.draft.clauses.iter().filter(opens) {
        let earlier = by_purpose.entry(&draft.clause.purpose).or_default();
        if let Some((other, cell)) = earlier
            .iter()
            .find_map(|e| Some((e, shared(&e.clause, &draft.clause)?)))
        {
            let (this, other) = (&draft.clause.number, &other.clause.number);
            let Cell {
                role,
                source,
                signal,
                shows,
                ..
            } = cell;
            rules.at(
                meaning::OVERLAP,
                steps!["regel", draft.index, "nummer"],
                format!("regel {this} en regel {other} openen allebei {role}, van {source}, over {signal}, toont {shows}"),
                format!("clauses {this} and {other} both open {role}, from {source}, about {signal}, showing {shows}"),
            );
        }
        earlier.push(draft);
    }
}

/// A cell that both clauses open.
fn shared<'a>(one: &'a Clause, other: &Clause) -> Option<Cell<'a>> {
    let shows = one.shows.iter().find(|s| other.shows.contains(s))?;
    let signal = one.about.iter().find(|s| other.about.contains(s))?;
    let sources: Vec<&PartyId> = one.from.iter().filter(|s| other.from.contains(s)).collect();
    one.to
        .iter()
        .filter(|r| other.to.contains(r))
        .find_map(|role| {
            let party = role.party();
            let source = sources.iter().find(|s| ***s != party)?;
            Some(Cell {
                role,
                purpose: &one.purpose,
                source,
                signal,
                shows: *shows,
            })
        })
}
