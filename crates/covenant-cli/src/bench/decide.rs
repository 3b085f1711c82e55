//! Decisions on one core.

use std::collections::HashMap;
use std::hint::black_box;
use std::time::Duration;

use anyhow::Context as _;
use covenant::decide::{
    Asking, Cell, Counters, Decision, Facts, Protections, Standing, Tally, decide,
};
use covenant::language::words::{LoginLevel, Trigger};
use covenant::signoff::{ActiveCovenant, Envelope, PartyPins, Pins, verify};
use covenant::table::{OpenCell, open_cells};
use covenant::{Checking, Covenant, check_as};
use model::clock::{Clock as _, SystemClock};
use sandbox::World;

use super::{number, per_second, without_limits};
use crate::trial::lay_out;

pub(super) fn measure(time: Duration) -> anyhow::Result<Vec<String>> {
    let active = active()?;
    let now = SystemClock.now();
    let mut standing = Standing::new(active.covenant());
    for party in active.covenant().parties().keys() {
        standing.confirm(party, now);
    }
    let open = open_cells(active.covenant())?;
    let cells: Vec<Cell> = open.iter().map(|open| open.cell.clone()).collect();
    anyhow::ensure!(!cells.is_empty(), "the covenant opens no cell");
    let map: HashMap<String, &OpenCell> = open
        .iter()
        .map(|open| (format!("{:?}", open.cell), open))
        .collect();
    let names: Vec<String> = map.keys().cloned().collect();
    let reference = per_second(time, |n| {
        black_box(
            names
                .get(place(n, names.len()))
                .and_then(|name| map.get(name)),
        );
    });
    let facts = [
        found(),
        Facts::nothing_found(Trigger::Question, asking(), Protections::ABSENT),
    ];
    let mut revealed: u64 = 0;
    let mut made: u64 = 0;
    let decisions = per_second(time, |n| {
        let cell = cells.get(place(n, cells.len()));
        let facts = facts.get(place(n / 7, facts.len()));
        if let Some((cell, facts)) = cell.zip(facts) {
            made += 1;
            let decision = decide(&active, &standing, black_box(cell), black_box(facts), now);
            revealed += u64::from(matches!(decision, Decision::Reveal(_)));
            black_box(&decision);
        }
    });
    anyhow::ensure!(
        revealed > 0 && revealed < made,
        "the bench decides both ways"
    );
    Ok(vec![
        "| on one core | per second |".to_owned(),
        "|---|--:|".to_owned(),
        format!(
            "| reference: look-up of a text in a map | {} |",
            number(reference)
        ),
        format!(
            "| `decide`, with its whole record ({} cells, {} clauses) | {} |",
            cells.len(),
            active.covenant().clauses().len(),
            number(decisions)
        ),
    ])
}

/// The demo's covenant, signed by all.
fn active() -> anyhow::Result<ActiveCovenant> {
    let (_folder, world) = lay_out(without_limits())?;
    active_in(&world)
}

/// The first covenant of a world.
pub(super) fn active_in(world: &World) -> anyhow::Result<ActiveCovenant> {
    let place = world.covenants.first().context("a covenant")?;
    let text = std::fs::read_to_string(&place.file)?;
    let envelopes = place
        .signatures
        .iter()
        .map(|path| Ok(Envelope::parse(&std::fs::read(path)?)?))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let covenant = check_as(&text, Checking::Strict, None)
        .covenant
        .context("a covenant")?;
    let active = verify(
        text.as_bytes(),
        &envelopes,
        &pins(&covenant),
        None,
        SystemClock.now(),
    )?;
    Ok(active)
}

/// The keys of the throw-away world: here the file may say them itself.
fn pins(covenant: &Covenant) -> Pins {
    covenant
        .parties()
        .values()
        .filter_map(|party| {
            let signer = *party.signer.key.bytes()?;
            Some((
                party.id.clone(),
                PartyPins {
                    signer,
                    ..PartyPins::default()
                },
            ))
        })
        .collect()
}

const fn asking() -> Asking {
    Asking {
        file_number: true,
        motivation: true,
        login_level: LoginLevel::High,
        counters: Counters {
            employee_today: 1,
            party_today: 1,
            subject_this_month: 1,
        },
    }
}

fn found() -> Facts {
    let one = Tally::new(1, 1);
    Facts {
        live: one,
        recent: one,
        reviewed: one,
        in_area: one,
        counted: one,
        of_cell: 1,
        ..Facts::nothing_found(Trigger::Question, asking(), Protections::ABSENT)
    }
}

fn place(n: u64, len: usize) -> usize {
    usize::try_from(n).unwrap_or(0) % len.max(1)
}
