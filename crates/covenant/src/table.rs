//! The compiled cell table of a covenant, and its digest, which every party signs for.
//!
//! Each [`Encoding`] of it is frozen. A program whose own compiler gives another table than the
//! parties signed for refuses the covenant.

mod encode;
mod encoding;
#[cfg(test)]
pub(crate) mod vectors;

use std::collections::BTreeMap;

use model::{ClauseNo, Digest, PartyId, PurposeId, RoleRef, SignalTypeId};

use crate::decide::Cell;
use crate::language::clause::Clause;
use crate::language::covenant::Covenant;
use crate::language::words::Shows;
use crate::signoff::SignoffError;

pub use encoding::Encoding;

/// The most cells that a covenant may have: roles x purposes x parties x signals x levels.
pub const MAX_CELLS: usize = 1_000_000;

/// How many cells a covenant has; `None` above [`MAX_CELLS`], which is an error in its text and
/// keeps it from being signed.
pub(crate) fn size(roles: usize, purposes: usize, parties: usize, signals: usize) -> Option<usize> {
    [roles, purposes, parties, signals, Shows::ALL.len()]
        .into_iter()
        .try_fold(1_usize, usize::checked_mul)
        .filter(|size| *size <= MAX_CELLS)
}

/// What the covenant says of one cell.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Ruling {
    /// No clause opens it. So is a cell that two clauses would open, which no covenant that was
    /// checked has.
    Closed,
    /// The prohibition at this place in the file covers it.
    Prohibited(usize),
    /// The clause at this place in the file opens it.
    Open(usize),
}

/// The compiled cell table: what each cell of the covenant is, found at once.
#[derive(Debug)]
pub struct Table {
    roles: BTreeMap<RoleRef, usize>,
    purposes: BTreeMap<PurposeId, usize>,
    parties: BTreeMap<PartyId, usize>,
    signals: BTreeMap<SignalTypeId, usize>,
    cells: Vec<Ruling>,
    v1: Digest,
    v2: Digest,
}

impl Table {
    /// Compiles the table.
    ///
    /// # Errors
    /// [`SignoffError::TooManyCells`] above [`MAX_CELLS`].
    pub fn compile(covenant: &Covenant) -> Result<Self, SignoffError> {
        let roles = covenant.parties().values().flat_map(|p| p.roles.keys());
        let mut table = Self {
            roles: numbered(roles),
            purposes: numbered(covenant.purposes().keys()),
            parties: numbered(covenant.parties().keys()),
            signals: numbered(covenant.signals().keys()),
            cells: Vec::new(),
            v1: Digest::new([0; 32]),
            v2: Digest::new([0; 32]),
        };
        let (roles, purposes) = (table.roles.len(), table.purposes.len());
        let size = size(roles, purposes, table.parties.len(), table.signals.len())
            .ok_or(SignoffError::TooManyCells { most: MAX_CELLS })?;
        let mut cells = Vec::with_capacity(size);
        table.each(|cell| cells.push(ruling(covenant, cell)));
        table.cells = cells;
        table.v1 = encode::digest(Encoding::V1, covenant, &table);
        table.v2 = encode::digest(Encoding::V2, covenant, &table);
        Ok(table)
    }

    /// SHA-256 of the table in the newest encoding.
    #[must_use]
    pub const fn digest(&self) -> Digest {
        self.digest_in(Encoding::NEWEST)
    }

    /// SHA-256 of the table in an encoding.
    #[must_use]
    pub const fn digest_in(&self, encoding: Encoding) -> Digest {
        match encoding {
            Encoding::V1 => self.v1,
            Encoding::V2 => self.v2,
        }
    }

    /// How many cells there are, open and closed.
    #[must_use]
    pub fn len(&self) -> usize {
        self.cells.len()
    }

    /// Whether there are no cells at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// What it says of a cell; one that it does not know is closed.
    pub(crate) fn ruling(&self, cell: &Cell) -> Ruling {
        self.place(cell)
            .and_then(|place| self.cells.get(place))
            .copied()
            .unwrap_or(Ruling::Closed)
    }

    /// Every cell in order with what it says of it.
    fn rulings(&self) -> Vec<(Cell, Ruling)> {
        let mut rows = Vec::new();
        let mut cells = self.cells.iter();
        self.each(|cell| {
            if let Some(ruling) = cells.next()
                && *ruling != Ruling::Closed
            {
                rows.push((cell.clone(), *ruling));
            }
        });
        rows
    }

    fn place(&self, cell: &Cell) -> Option<usize> {
        let shows = Shows::ALL.iter().position(|s| *s == cell.shows)?;
        let role = self.roles.get(&cell.role)?;
        let purpose = self.purposes.get(&cell.purpose)?;
        let party = self.parties.get(&cell.source)?;
        let signal = self.signals.get(&cell.signal)?;
        let place = role * self.purposes.len() + purpose;
        let place = place * self.parties.len() + party;
        let place = place * self.signals.len() + signal;
        Some(place * Shows::ALL.len() + shows)
    }

    fn each(&self, mut visit: impl FnMut(&Cell)) {
        for role in self.roles.keys() {
            for purpose in self.purposes.keys() {
                for source in self.parties.keys() {
                    for signal in self.signals.keys() {
                        for shows in Shows::ALL {
                            visit(&Cell {
                                role: role.clone(),
                                purpose: purpose.clone(),
                                source: source.clone(),
                                signal: signal.clone(),
                                shows: *shows,
                            });
                        }
                    }
                }
            }
        }
    }
}

/// One open cell of a covenant, for people and tools that compare.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OpenCell {
    /// The cell.
    pub cell: Cell,
    /// The clause that opens it.
    pub clause: ClauseNo,
}

/// Every open cell, in order.
///
/// # Errors
/// [`SignoffError::TooManyCells`] above [`MAX_CELLS`].
pub fn open_cells(covenant: &Covenant) -> Result<Vec<OpenCell>, SignoffError> {
    let table = Table::compile(covenant)?;
    let rows = table.rulings().into_iter();
    Ok(rows
        .filter_map(|(cell, ruling)| match ruling {
            Ruling::Open(place) => Some(OpenCell {
                cell,
                clause: covenant.clauses().get(place)?.number.clone(),
            }),
            Ruling::Closed | Ruling::Prohibited(_) => None,
        })
        .collect())
}

/// The digest of a covenant's compiled cell table in the newest encoding, which every party signs
/// for: SHA-256 over every field that the encoding has, each preceded by its length.
///
/// # Errors
/// [`SignoffError::TooManyCells`] above [`MAX_CELLS`].
pub fn digest(covenant: &Covenant) -> Result<Digest, SignoffError> {
    digest_in(covenant, Encoding::NEWEST)
}

/// As [`digest`], in an encoding.
///
/// # Errors
/// [`SignoffError::TooManyCells`] above [`MAX_CELLS`].
pub fn digest_in(covenant: &Covenant, encoding: Encoding) -> Result<Digest, SignoffError> {
    Ok(Table::compile(covenant)?.digest_in(encoding))
}

/// What the covenant says of a cell, without a table.
pub(crate) fn ruling(covenant: &Covenant, cell: &Cell) -> Ruling {
    let prohibited = covenant.prohibitions().iter().position(|p| {
        p.covers(
            &cell.role,
            &cell.purpose,
            &cell.source,
            &cell.signal,
            cell.shows,
        )
    });
    if let Some(place) = prohibited {
        return Ruling::Prohibited(place);
    }
    let mut opening = covenant
        .clauses()
        .iter()
        .enumerate()
        .filter(|(_, clause)| opens(clause, cell));
    match (opening.next(), opening.next()) {
        (Some((place, _)), None) => Ruling::Open(place),
        _ => Ruling::Closed,
    }
}

fn opens(clause: &Clause, cell: &Cell) -> bool {
    clause.opens(
        &cell.role,
        &cell.purpose,
        &cell.source,
        &cell.signal,
        cell.shows,
    )
}

fn numbered<'a, T: Ord + Clone + 'a>(items: impl Iterator<Item = &'a T>) -> BTreeMap<T, usize> {
    let mut map: BTreeMap<T, usize> = items.map(|item| (item.clone(), 0)).collect();
    for (number, place) in map.values_mut().enumerate() {
        *place = number;
    }
    map
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decide::tests::world::{covenant_of, document};

    #[test]
    fn the_table_says_what_the_clauses_say() {
        let covenant = covenant_of(document());
        let table = Table::compile(&covenant).unwrap();
        let mut open = 0;
        table.each(|cell| {
            assert_eq!(table.ruling(cell), ruling(&covenant, cell), "{cell:?}");
            open += usize::from(matches!(table.ruling(cell), Ruling::Open(_)));
        });
        assert_eq!(open_cells(&covenant).unwrap().len(), open);
        assert!(open > 0 && open < table.len());
    }

    #[test]
    fn a_cell_that_two_clauses_open_is_closed() {
        let mut document = document();
        let mut again = document.clauses[0].clone();
        again.number = ClauseNo::parse("3.3").unwrap();
        document.clauses.push(again);
        let covenant = covenant_of(document);
        let table = Table::compile(&covenant).unwrap();
        let open = table.rulings();
        assert!(open.iter().all(|(_, r)| !matches!(r, Ruling::Open(0 | 5))));
    }

    #[test]
    fn too_many_cells_are_refused() {
        let mut document = document();
        let signal = document.signals.values().next().unwrap().clone();
        for number in 0..20_000 {
            let id = SignalTypeId::parse(&format!("s{number}")).unwrap();
            document.signals.insert(id, signal.clone());
        }
        let too_many = SignoffError::TooManyCells { most: MAX_CELLS };
        assert_eq!(digest(&covenant_of(document)), Err(too_many));
    }
}
