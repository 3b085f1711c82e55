//! The comparison says that something differs exactly when a decision does.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::agreement::{facts, is_seen, told};
use super::mutate::{IDLE, idle, pair};
use crate::decide::tests::properties as world;
use crate::decide::tests::properties::{any_document, cells, found, world_of};
use crate::decide::tests::world::{World, cell, covenant_of};
use crate::decide::{Cell, Facts, Standing, decide};
use crate::difference::{Block, Difference, Direction, Field, Value, compare};
use crate::language::ast::Document;
use crate::language::words::Shows;
use crate::signoff::ActiveCovenant;
use crate::table::{Ruling, ruling};

fn expanded<'b>(blocks: impl Iterator<Item = &'b Block>) -> BTreeSet<Cell> {
    let all: Vec<Cell> = blocks.flat_map(Block::cells).collect();
    let set: BTreeSet<Cell> = all.iter().cloned().collect();
    assert_eq!(set.len(), all.len(), "a cell is told twice");
    set
}

fn opened(difference: &Difference) -> BTreeSet<Cell> {
    expanded(difference.opened.iter().flat_map(|o| &o.cells))
}

fn closed(difference: &Difference) -> BTreeSet<Cell> {
    expanded(difference.closed.iter().flat_map(|c| &c.cells))
}

fn difference(before: &World, after: &World) -> Difference {
    compare(before.active.covenant(), after.active.covenant())
}

fn is_open(world: &World, cell: &Cell) -> bool {
    matches!(ruling(world.active.covenant(), cell), Ruling::Open(_))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// The blocks have exactly the cells that opened and closed, each once, and every sentence
    /// has every word of its block.
    #[test]
    fn merging_loses_no_cell_and_adds_none([before, after] in pair(), other in any_document(), far in any::<bool>()) {
        let (before, after) = (world_of(before), world_of(if far { other } else { after }));
        let difference = difference(&before, &after);
        let all: Vec<Cell> = cells(before.active.covenant().document()).collect();
        let moved = |from: &World, to: &World| -> BTreeSet<Cell> {
            all.iter().filter(|c| is_open(to, c) && !is_open(from, c)).cloned().collect()
        };
        prop_assert_eq!(opened(&difference), moved(&before, &after));
        prop_assert_eq!(closed(&difference), moved(&after, &before));
        for one in &difference.opened {
            let sentences = difference.opened_told(one, crate::Lang::Nl);
            prop_assert_eq!(sentences.len(), one.cells.len());
            for (sentence, block) in sentences.iter().zip(&one.cells) {
                let words = block.sources.iter().map(ToString::to_string)
                    .chain(block.signals.iter().map(ToString::to_string))
                    .chain(block.shows.iter().map(ToString::to_string))
                    .chain(block.purposes.iter().map(ToString::to_string))
                    .chain(block.roles.iter().map(|r| r.role().to_owned()));
                for word in words {
                    prop_assert!(sentence.contains(&word), "{sentence}: {word}");
                }
            }
        }
        for changed in &difference.changed {
            let stayed = expanded(changed.cells.iter());
            prop_assert!(stayed.iter().all(|c| is_open(&before, c) && is_open(&after, c)));
            prop_assert!(!stayed.is_empty() && !changed.demands.is_empty());
        }
    }

    /// A cell that is told of as opened can be revealed by the second only, one that is closed by
    /// the first only, one with other demands differently for some facts, and any other cell alike
    /// for all facts.
    #[test]
    fn a_difference_is_told_of_exactly_when_a_decision_differs([before, after] in pair(), start in 0..97_usize) {
        let (before, after) = (world_of(before), world_of(after));
        let difference = difference(&before, &after);
        let (opened, closed) = (opened(&difference), closed(&difference));
        let facts = facts();
        let reveals = |world: &World, cell: &Cell| facts.iter().any(|f| told(world, cell, f).is_some());
        for cell in opened.iter().take(8) {
            prop_assert!(reveals(&after, cell) && !reveals(&before, cell), "{cell:?}");
        }
        for cell in closed.iter().take(8) {
            prop_assert!(reveals(&before, cell) && !reveals(&after, cell), "{cell:?}");
        }
        let differs = |cell: &Cell| facts.iter().any(|f| told(&before, cell, f) != told(&after, cell, f));
        let mut changed = BTreeSet::new();
        for one in &difference.changed {
            if !one.demands.iter().any(is_seen) {
                continue;
            }
            let cells = expanded(one.cells.iter());
            for cell in [cells.first(), cells.last()].into_iter().flatten() {
                prop_assert!(differs(cell), "{cell:?} {:?}", one.demands);
            }
            changed.extend(cells);
        }
        let all: Vec<Cell> = cells(before.active.covenant().document()).collect();
        let (later, earlier) = (all.iter().skip(start), all.iter().take(start));
        let alike = later.chain(earlier).filter(|cell| {
            !opened.contains(cell) && !closed.contains(cell) && !changed.contains(cell)
        });
        let (open, shut): (Vec<&Cell>, Vec<&Cell>) = alike.partition(|c| is_open(&before, c));
        for cell in open.into_iter().take(12).chain(shut.into_iter().take(3)) {
            prop_assert!(!differs(cell), "{cell:?}");
        }
    }

    /// Edits without effect are all named, and no match tells anything else.
    #[test]
    fn an_edit_without_effect_is_named(document in any_document(), way in 0..IDLE, found in found()) {
        let mut edited = document.clone();
        idle(&mut edited, way);
        let same = edited == document;
        let (before, after) = (world_of(document), world_of(edited));
        let difference = difference(&before, &after);
        prop_assert!(difference.is_none(), "{difference:?}");
        prop_assert_eq!(difference.without_effect.is_empty(), same, "{}", way);
        prop_assert!(difference.to_text(crate::Lang::En).starts_with("No difference."));
        prop_assert_eq!(sorted(&before, &found), sorted(&after, &found));
    }

    /// Where a match tells something else, the comparison says so.
    #[test]
    fn a_match_that_differs_is_told_of([before, after] in pair(), found in found()) {
        let (before, after) = (world_of(before), world_of(after));
        if sorted(&before, &found) != sorted(&after, &found) {
            prop_assert!(!difference(&before, &after).is_none());
        }
    }

    /// Turned around, what opened closed, what was stricter is looser, and so on.
    #[test]
    fn a_difference_can_be_turned_around([before, after] in pair()) {
        let (before, after) = (world_of(before), world_of(after));
        let (there, back) = (difference(&before, &after), difference(&after, &before));
        prop_assert_eq!(opened(&there), closed(&back));
        prop_assert_eq!(closed(&there), opened(&back));
        prop_assert_eq!(there.is_none(), back.is_none());
        let count = |d: &Difference, way| {
            let demands = d.changed.iter().flat_map(|c| &c.demands);
            demands.filter(|change| change.direction == way).count()
        };
        prop_assert_eq!(count(&there, Direction::Stricter), count(&back, Direction::Looser));
        prop_assert_eq!(count(&there, Direction::Other), count(&back, Direction::Other));
    }
}

fn sorted(world: &World, found: &model::Match) -> Vec<(model::RoleRef, model::PartyId, Shows)> {
    let mut told = world::told(world, found);
    told.sort();
    told
}

/// A covenant compared with itself has nothing to say.
#[test]
fn nothing_differs_from_itself() {
    let world = world_of(crate::decide::tests::world::document());
    let difference = difference(&world, &world);
    assert!(difference.is_none() && difference.without_effect.is_empty());
    assert_eq!(difference.to_text(crate::Lang::Nl), "Geen verschil.\n");
}

/// On the days around both ends, decisions differ exactly when the dates are told of.
#[test]
fn dates_are_told_of_exactly_when_a_decision_differs_on_a_day() {
    let document = crate::decide::tests::world::document();
    let (from, until) = (document.header.valid_from, document.header.valid_until);
    for (later, shorter) in [(0, 0), (1, 0), (0, 1), (-1, 0), (0, -1), (2, 2)] {
        let mut other = document.clone();
        other.header.valid_from = from.plus_days(later);
        other.header.valid_until = until.plus_days(-shorter);
        let days: Vec<_> = [-2, -1, 0, 1, 2]
            .into_iter()
            .flat_map(|d| [from.plus_days(d), until.plus_days(d)])
            .collect();
        let differs = days
            .iter()
            .any(|day| opens_on(&document, *day) != opens_on(&other, *day));
        let told = compare(&covenant_of(document.clone()), &covenant_of(other));
        let fields: Vec<Field> = told.data.iter().map(|d| d.field).collect();
        assert_eq!(differs, !told.is_none(), "{later} {shorter}");
        assert_eq!(fields.contains(&Field::ValidFrom), later != 0);
        assert_eq!(fields.contains(&Field::ValidUntil), shorter != 0);
        for change in &told.data {
            let narrower = later > 0 || shorter > 0;
            let way = if narrower {
                Direction::Stricter
            } else {
                Direction::Looser
            };
            assert_eq!(change.direction, way);
            assert!(matches!(change.before, Value::Word(_)));
        }
    }
}

fn opens_on(document: &Document, day: model::Day) -> bool {
    let active = ActiveCovenant::unsigned(covenant_of(document.clone()));
    let at = day.start().plus_seconds(12 * 3_600);
    let mut standing = Standing::new(active.covenant());
    for party in active.covenant().parties().keys() {
        standing.confirm(party, at);
    }
    let cell = cell(
        "gemeente.regisseur",
        "woonoverlast",
        "corporatie",
        "overlast",
        Shows::Hit,
    );
    let decide = |f: &Facts| decide(&active, &standing, &cell, f, at);
    facts().iter().any(|f| decide(f).is_reveal())
}
