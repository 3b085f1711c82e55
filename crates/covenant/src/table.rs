//! The compiled cell table of a covenant, and its digest, which every party signs for.
//!
//! Its encoding is frozen for `formaat = "convenant/1"`: see [`digest`]. A program whose own
//! compiler gives another table refuses the covenant.

mod encode;

use std::collections::BTreeMap;

use model::{ClauseNo, Digest, PartyId, PurposeId, RoleRef, SignalTypeId};

use crate::decide::Cell;
use crate::language::clause::Clause;
use crate::language::covenant::Covenant;
use crate::language::words::Shows;
use crate::signoff::SignoffError;

/// The most cells that a covenant may have: roles x purposes x parties x signals x levels.
pub const MAX_CELLS: usize = 1_000_000;

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
    digest: Digest,
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
            digest: Digest::new([0; 32]),
        };
        let size = [
            table.roles.len(),
            table.purposes.len(),
            table.parties.len(),
            table.signals.len(),
            Shows::ALL.len(),
        ]
        .into_iter()
        .try_fold(1_usize, usize::checked_mul)
        .filter(|size| *size <= MAX_CELLS)
        .ok_or(SignoffError::TooManyCells { most: MAX_CELLS })?;
        let mut cells = Vec::with_capacity(size);
        table.each(|cell| cells.push(ruling(covenant, cell)));
        table.cells = cells;
        table.digest = encode::digest(covenant, &table);
        Ok(table)
    }

    /// SHA-256 of the encoded table.
    #[must_use]
    pub const fn digest(&self) -> Digest {
        self.digest
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

/// The digest of a covenant's compiled cell table: SHA-256 over the header, the words that the
/// decision uses, every clause's demands, and every cell that is open or prohibited, each field
/// preceded by its length. Frozen for `formaat = "convenant/1"`, with a vector in this crate's
/// tests.
///
/// # Errors
/// [`SignoffError::TooManyCells`] above [`MAX_CELLS`].
pub fn digest(covenant: &Covenant) -> Result<Digest, SignoffError> {
    Ok(Table::compile(covenant)?.digest())
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
