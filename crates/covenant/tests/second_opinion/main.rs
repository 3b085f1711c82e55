//! The second opinion: what Cedar decides on the exported text is what we decide, and by the same
//! clause. Cedar was written by others, its engine is modelled in Lean, and it knows nothing of us.
//!
//! Every covenant of `policies/` is tried in every cell with facts at and around every threshold,
//! and [`PAIRS`] pairs of a covenant and a question of chance. A failure prints what makes it again.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stdout,
    reason = "a test fails by panicking, and tells how much it tried"
)]

mod cedar;
mod compare;
mod export;
mod facts;
#[path = "../generator/mod.rs"]
mod generator;
mod models;
mod narrowing;
mod stand;

use compare::Comparison;
use generator::{Dice, Generated, covenant};
use stand::Stand;

/// Pairs of a covenant and a question of chance.
const PAIRS: usize = 100_000;
/// Questions about each of those covenants.
const QUESTIONS: usize = 500;
/// The most clauses of one.
const MOST: usize = 50;

#[test]
fn every_cell_of_every_covenant_around_every_threshold() {
    let mut total = 0;
    for of in Generated::policies() {
        let active = of.in_force();
        let covenant = active.covenant();
        let stand = Stand::undisturbed(covenant);
        let standing = stand.fold(&of, &active);
        let mut comparison = Comparison::of(&of, &active);
        for cell in facts::cells(covenant) {
            let opener = comparison.clause(&cell);
            // A closed cell has no thresholds: some of the facts are enough.
            let step = if opener.is_some() { 1 } else { 7 };
            for facts in facts::around(opener).into_iter().step_by(step) {
                comparison.compare(&cell, &facts, &stand, &standing);
            }
        }
        total += comparison.tell();
    }
    assert!(total > 20_000, "{total}");
}

/// Half of the pairs, so that both cores have some.
fn random_pairs(first_seed: u64) {
    let mut total = compare::Counts::default();
    let covenants = PAIRS / 2 / QUESTIONS;
    for seed in first_seed..first_seed + covenants as u64 {
        let of = covenant(seed, MOST);
        let active = of.in_force();
        let mut dice = Dice::new(seed.wrapping_mul(31));
        let mut comparison = Comparison::of(&of, &active);
        let cells = facts::cells(active.covenant());
        let open = comparison.open();
        let stands: Vec<Stand> = (0..6)
            .map(|_| Stand::thrown(&mut dice, active.covenant()))
            .collect();
        let quiet = Stand::undisturbed(active.covenant());
        let folded: Vec<_> = stands.iter().map(|s| s.fold(&of, &active)).collect();
        let quiet_folded = quiet.fold(&of, &active);
        for _ in 0..QUESTIONS {
            let cell = if dice.chance(80) && !open.is_empty() {
                dice.pick(&open)
            } else {
                dice.pick(&cells)
            };
            let facts = facts::thrown(&mut dice, comparison.clause(&cell));
            let place = dice.below(stands.len());
            let (stand, standing) = if dice.chance(75) {
                (&quiet, &quiet_folded)
            } else {
                (&stands[place], &folded[place])
            };
            comparison.compare(&cell, &facts, stand, standing);
        }
        total.add(comparison.counts);
    }
    println!("{covenants} covenants from seed {first_seed}: {total:?}, 0 disagreements");
    assert_eq!(total.pairs, covenants * QUESTIONS);
    // It is about something: both answers, and every kind of reason, are common.
    let least = total.pairs / 200;
    assert!(total.revealed > total.pairs / 10, "{total:?}");
    for few in [
        total.standing,
        total.prohibited,
        total.not_named,
        total.conditions,
    ] {
        assert!(few > least, "{total:?}");
    }
}

#[test]
fn random_pairs_of_covenant_and_question() {
    random_pairs(1);
}

#[test]
fn more_random_pairs_of_covenant_and_question() {
    random_pairs(1_000_000);
}
