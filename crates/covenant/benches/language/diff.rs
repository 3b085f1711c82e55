//! Comparing two covenants of 50 clauses, beside deciding each of their cells once.

use std::hint::black_box;

use covenant::Lang;
use covenant::decide::{Asking, Facts, Protections, Standing, Tally};
use covenant::difference::compare;
use covenant::language::words::Trigger;
use covenant::table::open_cells;

use crate::micros;

pub(crate) fn measure() -> Vec<String> {
    let before = crate::with_clauses(1, 50);
    let after = crate::with_clauses(10_000, 50);
    let told = compare(&before.covenant, &after.covenant).to_text(Lang::Nl);
    assert!(told.lines().count() > 50, "they hardly differ: {told}");
    let same = micros(10, 5, |_| {
        black_box(compare(&before.covenant, &before.covenant));
    });
    let ours = micros(10, 5, |_| {
        black_box(compare(&before.covenant, &after.covenant).to_text(Lang::Nl));
    });
    let (cells, decided) = decisions(&before);
    vec![
        "| two covenants of 50 clauses | ms | times the decisions |".to_owned(),
        "|---|--:|--:|".to_owned(),
        format!("| `decide` once for each of {cells} open cells | {decided:.2} | 1 |"),
        format!(
            "| `diff` with itself: no difference | {:.2} | {:.1} |",
            same / 1e3,
            same / 1e3 / decided
        ),
        format!(
            "| `diff` with another, told in {} lines | {:.2} | {:.1} |",
            told.lines().count(),
            ours / 1e3,
            ours / 1e3 / decided
        ),
    ]
}

/// How many open cells there are, and the milliseconds of one decision for each.
fn decisions(of: &crate::generator::Generated) -> (usize, f64) {
    let active = of.in_force();
    let standing = Standing::new(active.covenant());
    let now = active.covenant().valid_from().start();
    let cells = open_cells(active.covenant()).unwrap();
    let facts = Facts {
        live: Tally::new(1, 1),
        ..Facts::nothing_found(Trigger::OnMatch, Asking::NOBODY, Protections::ABSENT)
    };
    let all = micros(20, 1, |_| {
        for open in &cells {
            black_box(covenant::decide::decide(
                &active, &standing, &open.cell, &facts, now,
            ));
        }
    });
    (cells.len(), all / 1e3)
}
