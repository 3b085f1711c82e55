//! Open cells as numbers, and cells that are merged into blocks.

use std::collections::HashMap;

use model::{PartyId, PurposeId, RoleRef, SignalTypeId};

use super::Block;
use crate::decide::Cell;
use crate::language::ast::Selection;
use crate::language::covenant::Covenant;
use crate::language::words::Shows;

/// A cell by the places of its words: role, purpose, source, signal, shows.
pub(super) type Key = [u32; 5];

/// The words of both covenants together, sorted.
pub(super) struct Names {
    roles: Vec<RoleRef>,
    purposes: Vec<PurposeId>,
    parties: Vec<PartyId>,
    signals: Vec<SignalTypeId>,
}

/// An open cell and the place of the clause that opens it.
pub(super) type Open = (Key, usize);

impl Names {
    pub(super) fn of(covenants: [&Covenant; 2]) -> Self {
        let [one, other] = covenants;
        let roles = |c: &Covenant| -> Vec<RoleRef> {
            let parties = c.parties().values();
            parties.flat_map(|p| p.roles.keys().cloned()).collect()
        };
        Self {
            roles: sorted([roles(one), roles(other)].concat()),
            purposes: sorted(
                one.purposes()
                    .keys()
                    .chain(other.purposes().keys())
                    .cloned(),
            ),
            parties: sorted(one.parties().keys().chain(other.parties().keys()).cloned()),
            signals: sorted(one.signals().keys().chain(other.signals().keys()).cloned()),
        }
    }

    pub(super) fn cell(&self, key: Key) -> Option<Cell> {
        let [role, purpose, source, signal, shows] = key;
        Some(Cell {
            role: item(&self.roles, role)?.clone(),
            purpose: item(&self.purposes, purpose)?.clone(),
            source: item(&self.parties, source)?.clone(),
            signal: item(&self.signals, signal)?.clone(),
            shows: *item(Shows::ALL, shows)?,
        })
    }

    pub(super) fn role(&self, key: &Key) -> Option<&RoleRef> {
        let [role, ..] = key;
        item(&self.roles, *role)
    }

    pub(super) fn source(&self, key: &Key) -> Option<&PartyId> {
        let [_, _, source, ..] = key;
        item(&self.parties, *source)
    }

    pub(super) fn signal(&self, key: &Key) -> Option<&SignalTypeId> {
        let [_, _, _, signal, _] = key;
        item(&self.signals, *signal)
    }

    pub(super) fn shows(key: &Key) -> Option<Shows> {
        let [.., shows] = key;
        item(Shows::ALL, *shows).copied()
    }

    fn shows_place(shows: Shows) -> Option<u32> {
        place_of(Shows::ALL.iter().position(|s| *s == shows))
    }

    /// Every open cell of a covenant, sorted. As in a decision, a cell that a prohibition covers
    /// is closed, and so is one that two clauses would open.
    pub(super) fn open(&self, covenant: &Covenant) -> Vec<Open> {
        let masks: Vec<Mask> = covenant
            .prohibitions()
            .iter()
            .map(|p| Mask {
                sides: [
                    mask(&self.roles, &p.to),
                    mask(&self.purposes, &p.purpose),
                    mask(&self.parties, &p.from),
                    mask(&self.signals, &p.about),
                    mask(Shows::ALL, &p.shows),
                ],
            })
            .collect();
        let mut open: Vec<Open> = Vec::new();
        for (at, clause) in covenant.clauses().iter().enumerate() {
            let Some(purpose) = place(&self.purposes, &clause.purpose) else {
                continue;
            };
            let sources = places(&self.parties, &clause.from);
            let signals = places(&self.signals, &clause.about);
            let shows: Vec<u32> = clause
                .shows
                .iter()
                .filter_map(|s| Self::shows_place(*s))
                .collect();
            for role in &clause.to {
                let (Some(role_at), party) = (place(&self.roles, role), role.party()) else {
                    continue;
                };
                let own = place(&self.parties, &party);
                for source in sources.iter().filter(|s| Some(**s) != own) {
                    for signal in &signals {
                        open.extend(
                            shows
                                .iter()
                                .map(|s| [role_at, purpose, *source, *signal, *s])
                                .filter(|key| !masks.iter().any(|m| m.covers(key)))
                                .map(|key| (key, at)),
                        );
                    }
                }
            }
        }
        open.sort_unstable();
        let mut once = Vec::with_capacity(open.len());
        for same in open.chunk_by(|a, b| a.0 == b.0) {
            if let [one] = same {
                once.push(*one);
            }
        }
        once
    }

    /// The cells as disjoint blocks that have exactly these cells together.
    pub(super) fn blocks(&self, keys: Vec<Key>) -> Vec<Block> {
        merged(keys)
            .into_iter()
            .map(|[roles, purposes, sources, signals, shows]| Block {
                roles: items(&self.roles, &roles),
                purposes: items(&self.purposes, &purposes),
                sources: items(&self.parties, &sources),
                signals: items(&self.signals, &signals),
                shows: items(Shows::ALL, &shows),
            })
            .collect()
    }
}

fn sorted<T: Ord>(items: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut items: Vec<T> = items.into_iter().collect();
    items.sort_unstable();
    items.dedup();
    items
}

fn item<T>(items: &[T], place: u32) -> Option<&T> {
    items.get(usize::try_from(place).ok()?)
}

fn items<T: Clone>(items: &[T], places: &[u32]) -> Vec<T> {
    places
        .iter()
        .filter_map(|p| item(items, *p).cloned())
        .collect()
}

fn place_of(place: Option<usize>) -> Option<u32> {
    u32::try_from(place?).ok()
}

fn place<T: Ord>(sorted: &[T], item: &T) -> Option<u32> {
    place_of(sorted.binary_search(item).ok())
}

/// Of each named item once; one that is named twice opens a cell once.
fn places<T: Ord>(of: &[T], named: &[T]) -> Vec<u32> {
    sorted(named.iter().filter_map(|item| place(of, item)))
}

struct Mask {
    /// `None` covers everything.
    sides: [Option<Vec<bool>>; 5],
}

impl Mask {
    fn covers(&self, key: &Key) -> bool {
        self.sides.iter().zip(key).all(|(side, at)| match side {
            None => true,
            Some(side) => item(side, *at).copied().unwrap_or(false),
        })
    }
}

fn mask<T: PartialEq>(names: &[T], selection: &Selection<T>) -> Option<Vec<bool>> {
    match selection {
        Selection::All => None,
        Selection::Only(_) => Some(names.iter().map(|name| selection.covers(name)).collect()),
    }
}

/// Merges cells along one side after the other: blocks that differ in that side alone become one.
/// Disjoint cells stay disjoint and none is added, so the blocks have exactly the cells again.
fn merged(keys: Vec<Key>) -> Vec<[Vec<u32>; 5]> {
    // From the side in which cells differ most often to the one in which they do least.
    const ORDER: [usize; 5] = [4, 3, 2, 0, 1];
    let mut lists: Vec<Lists> = (0..5).map(|_| Lists::default()).collect();
    let mut keys = keys;
    for side in ORDER {
        let (mut rest, mut at) = (Vec::with_capacity(keys.len()), 0);
        for key in &keys {
            let mut others = *key;
            if let Some(own) = others.get_mut(side) {
                at = std::mem::take(own);
            }
            rest.push((others, at));
        }
        rest.sort_unstable();
        rest.dedup();
        keys.clear();
        for same in rest.chunk_by(|a, b| a.0 == b.0) {
            let list: Vec<u32> = same.iter().map(|(_, at)| *at).collect();
            let (Some((others, _)), Some(known)) = (same.first(), lists.get_mut(side)) else {
                continue;
            };
            let mut key = *others;
            if let Some(own) = key.get_mut(side) {
                *own = known.place(list);
            }
            keys.push(key);
        }
    }
    let mut blocks: Vec<[Vec<u32>; 5]> = keys
        .into_iter()
        .map(|key| {
            let mut block: [Vec<u32>; 5] = Default::default();
            for ((side, place), known) in block.iter_mut().zip(key).zip(&lists) {
                *side = item(&known.all, place).cloned().unwrap_or_default();
            }
            block
        })
        .collect();
    blocks.sort_unstable();
    blocks
}

/// Lists that are each kept once.
#[derive(Default)]
struct Lists {
    all: Vec<Vec<u32>>,
    places: HashMap<Vec<u32>, u32>,
}

impl Lists {
    fn place(&mut self, list: Vec<u32>) -> u32 {
        if let Some(place) = self.places.get(&list) {
            return *place;
        }
        let place = u32::try_from(self.all.len()).unwrap_or(u32::MAX);
        self.all.push(list.clone());
        self.places.insert(list, place);
        place
    }
}
