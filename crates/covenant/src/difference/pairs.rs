//! The open cells of two covenants laid side by side.

use std::collections::{BTreeMap, BTreeSet};

use super::cells::{Key, Names, Open};
use super::clauses::{self, Applies};
use super::value::{Demand, Direction, Value};
use super::{Changed, Closed, Closure, DemandChange, Edit, Opened};
use crate::language::clause::Clause;
use crate::language::covenant::Covenant;

/// Which cells opened, closed or stayed, by the places of their clauses.
pub(super) struct Pairs<'c> {
    pub(super) before: &'c Covenant,
    pub(super) after: &'c Covenant,
    pub(super) names: Names,
    pub(super) open_before: Vec<Open>,
    pub(super) open_after: Vec<Open>,
    opened: BTreeMap<usize, Vec<Key>>,
    closed: BTreeMap<usize, Vec<Key>>,
    /// Those that stayed, by clause of the first and of the second.
    pub(super) stayed: BTreeMap<(usize, usize), Vec<Key>>,
}

impl<'c> Pairs<'c> {
    pub(super) fn of(before: &'c Covenant, after: &'c Covenant) -> Self {
        let names = Names::of([before, after]);
        let open_before = names.open(before);
        let open_after = names.open(after);
        let mut pairs = Self {
            before,
            after,
            names,
            open_before: Vec::new(),
            open_after: Vec::new(),
            opened: BTreeMap::new(),
            closed: BTreeMap::new(),
            stayed: BTreeMap::new(),
        };
        let (mut one, mut other) = (open_before.iter().peekable(), open_after.iter().peekable());
        loop {
            match (one.peek(), other.peek()) {
                (None, None) => break,
                (Some((key, at)), Some((same, to))) if key == same => {
                    pairs.stayed.entry((*at, *to)).or_default().push(*key);
                    one.next();
                    other.next();
                }
                (Some((key, at)), next) if next.is_none_or(|(later, _)| key < later) => {
                    pairs.closed.entry(*at).or_default().push(*key);
                    one.next();
                }
                (_, Some((key, at))) => {
                    pairs.opened.entry(*at).or_default().push(*key);
                    other.next();
                }
                (Some(_), None) => break,
            }
        }
        pairs.open_before = open_before;
        pairs.open_after = open_after;
        pairs
    }

    pub(super) fn opened(&self) -> Vec<Opened> {
        let mut all = Vec::new();
        for (at, keys) in &self.opened {
            let Some(clause) = self.after.clauses().get(*at) else {
                continue;
            };
            for (was, keys) in self.by_closure(self.before, keys) {
                all.push(Opened {
                    clause: clause.number.clone(),
                    was,
                    cells: self.names.blocks(keys),
                });
            }
        }
        all
    }

    pub(super) fn closed(&self) -> Vec<Closed> {
        let mut all = Vec::new();
        for (at, keys) in &self.closed {
            let Some(clause) = self.before.clauses().get(*at) else {
                continue;
            };
            for (now, keys) in self.by_closure(self.after, keys) {
                all.push(Closed {
                    clause: clause.number.clone(),
                    now,
                    cells: self.names.blocks(keys),
                });
            }
        }
        all
    }

    /// Why cells are closed in a covenant.
    fn by_closure(&self, covenant: &Covenant, keys: &[Key]) -> BTreeMap<Closure, Vec<Key>> {
        let mut found: BTreeMap<Closure, Vec<Key>> = BTreeMap::new();
        if covenant.prohibitions().is_empty() {
            found.insert(Closure::NotNamed, keys.to_vec());
            return found;
        }
        for key in keys {
            // As in a decision: the first that covers it.
            let cell = self.names.cell(*key);
            let prohibition = cell.and_then(|c| {
                let mut all = covenant.prohibitions().iter();
                all.find(|p| p.covers(&c.role, &c.purpose, &c.source, &c.signal, c.shows))
            });
            let closure =
                prohibition.map_or(Closure::NotNamed, |p| Closure::Prohibited(p.number.clone()));
            found.entry(closure).or_default().push(*key);
        }
        found
    }

    /// The clauses of a pair.
    pub(super) fn clauses(&self, (at, to): (usize, usize)) -> Option<(&'c Clause, &'c Clause)> {
        Some((
            self.before.clauses().get(at)?,
            self.after.clauses().get(to)?,
        ))
    }

    /// Changed demands with the cells that they matter to, and those that matter to none.
    pub(super) fn changed(&self) -> (Vec<Changed>, Vec<Edit>) {
        let (mut changed, mut idle) = (Vec::new(), Vec::new());
        for (pair, keys) in &self.stayed {
            let Some((before, after)) = self.clauses(*pair) else {
                continue;
            };
            let mut demands = clauses::compare(before, after).all;
            demands.extend(self.counted_together(*pair, keys));
            let mut groups: Vec<(Applies, Vec<DemandChange>)> = Vec::new();
            for (change, applies) in demands {
                match groups.iter_mut().find(|(known, _)| *known == applies) {
                    Some((_, changes)) => changes.push(change),
                    None => groups.push((applies, vec![change])),
                }
            }
            for (applies, demands) in groups {
                let keys: Vec<Key> = keys
                    .iter()
                    .filter(|key| self.applies(&applies, key))
                    .copied()
                    .collect();
                if keys.is_empty() {
                    idle.extend(demands.into_iter().map(|change| Edit::IdleDemand {
                        clause: after.number.clone(),
                        change,
                    }));
                } else {
                    changed.push(Changed {
                        before: before.number.clone(),
                        after: after.number.clone(),
                        cells: self.names.blocks(keys),
                        demands,
                    });
                }
            }
        }
        (changed, idle)
    }

    fn applies(&self, applies: &Applies, key: &Key) -> bool {
        let [role_at, .., shows_at] = *key;
        match applies {
            Applies::Everywhere => true,
            Applies::Nowhere => false,
            Applies::Source(party) => self.names.source(key) == Some(party),
            Applies::Recipient(party) => self.names.role(key).is_some_and(|r| r.party() == *party),
            Applies::Level(shows) => Names::shows(key) == Some(*shows),
            Applies::RoleAndLevel(role, shows) => role_at == *role && shows_at == *shows,
        }
    }

    /// Where a clause asks for more than one signal or party, all its open cells of one role and
    /// level count together.
    fn counted_together(
        &self,
        (at, to): (usize, usize),
        keys: &[Key],
    ) -> Vec<(DemandChange, Applies)> {
        let asks = |clause: Option<&Clause>| {
            clause.is_some_and(|c| {
                c.conditions.hits.unwrap_or(1) > 1 || c.conditions.parties.unwrap_or(1) > 1
            })
        };
        if !asks(self.before.clauses().get(at)) && !asks(self.after.clauses().get(to)) {
            return Vec::new();
        }
        let (before, after) = (pools(&self.open_before, at), pools(&self.open_after, to));
        let mine: BTreeSet<(u32, u32)> = keys.iter().map(|[role, .., s]| (*role, *s)).collect();
        let none = BTreeSet::new();
        let mut found = Vec::new();
        for (role, shows) in mine {
            let pool = |pools: &Pools| self.pool(pools.get(&(role, shows)).unwrap_or(&none));
            let (before, after) = (pool(&before), pool(&after));
            if before != after {
                let direction = clauses::of_sets(&before, &after, Direction::Looser);
                let change = DemandChange {
                    demand: Demand::CountedTogether,
                    party: None,
                    before,
                    after,
                    direction,
                };
                found.push((change, Applies::RoleAndLevel(role, shows)));
            }
        }
        found
    }

    fn pool(&self, keys: &BTreeSet<Key>) -> Value {
        Value::words(keys.iter().filter_map(|key| {
            let (source, signal) = (self.names.source(key)?, self.names.signal(key)?);
            Some(format!("{source}/{signal}"))
        }))
    }
}

/// The cells of a clause that count together, by role and level.
type Pools = BTreeMap<(u32, u32), BTreeSet<Key>>;

fn pools(open: &[Open], clause: usize) -> Pools {
    let mut pools = Pools::new();
    for (key, _) in open.iter().filter(|(_, at)| *at == clause) {
        let [role, .., shows] = *key;
        pools.entry((role, shows)).or_default().insert(*key);
    }
    pools
}
