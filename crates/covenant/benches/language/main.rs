//! The language beside others, in the same run, on the same machine, as Markdown tables: the ratio
//! is what lasts. The covenants are of chance, always the same ones.
//!
//!     cargo bench -p covenant
//!
//! What is measured is one function per file, in [`MEASURES`].
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a benchmark is no part of the program, and prints its figures"
)]

mod check;
mod decide;
mod diff;
#[path = "../../tests/generator/mod.rs"]
mod generator;

use std::hint::black_box;

use generator::{Generated, covenant};
use model::clock::Stopwatch;

/// Everything that is measured: each gives the lines of a table.
const MEASURES: &[fn() -> Vec<String>] = &[decide::measure, diff::measure, check::measure];

fn main() {
    println!();
    for measure in MEASURES {
        for line in measure() {
            println!("{line}");
        }
        println!();
    }
}

/// The first covenant of chance from a seed on that has exactly so many clauses.
pub(crate) fn with_clauses(seed: u64, clauses: usize) -> Generated {
    let mut all = (seed..).map(|seed| covenant(seed, clauses * 2));
    all.find(|of| of.covenant.clauses().len() == clauses)
        .unwrap()
}

/// How long one piece of work takes, in microseconds: the quickest of `rounds` rounds of `pieces`,
/// since whatever else the machine does only ever makes it slower.
pub(crate) fn micros(rounds: usize, pieces: usize, mut work: impl FnMut(usize)) -> f64 {
    let mut quickest = f64::INFINITY;
    for _ in 0..rounds {
        let watch = Stopwatch::start();
        for piece in 0..pieces {
            work(black_box(piece));
        }
        quickest = quickest.min(watch.elapsed().as_secs_f64());
    }
    quickest * 1e6 / pieces as f64
}
