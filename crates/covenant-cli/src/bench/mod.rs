//! `covenant bench`: figures beside a reference in the same run, on the same machine, as a Markdown
//! table. A figure without its reference says more about the machine than about the program.

mod checks;
mod decide;
mod pseudonyms;
mod signals;
mod verify;
mod year;

use std::time::Duration;

use clap::{Args, ValueEnum};
use model::clock::Stopwatch;

use crate::answer::{Found, say};
use crate::connection::runtime;

/// The demo's covenant, without its limits on asking: what is measured is not the refusal.
const COVENANT: &str = include_str!("../../../../policies/veilig-op-bezoek.toml");

/// Measures, beside a reference in the same run. Build with --release.
#[derive(Debug, Args)]
pub(crate) struct Bench {
    /// What to measure.
    #[arg(value_enum)]
    what: What,
    /// How long each measurement takes, in seconds; `verify` takes as long as it does.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
    /// How large a log `verify` makes, in entries; a million of them take some 10 GB of the temporary
    /// folder and minutes to make.
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    entries: u64,
}

/// What can be measured.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum What {
    /// Identifiers normalised and pseudonymised on one core, beside bare HMAC-SHA256.
    Pseudonyms,
    /// Signals acknowledged durable by a node, and by the broker, beside the store's engine alone.
    Signals,
    /// The time of one `CheckVisit`, beside one durable write.
    Checks,
    /// Decisions on one core, beside a look-up in a map.
    Decide,
    /// Exports and evidence bundles verified, beside bare SHA-256 over the same leaves.
    Verify,
}

/// Runs the command.
pub(crate) fn run(bench: &Bench) -> anyhow::Result<Found> {
    let time = Duration::from_secs(bench.seconds);
    let lines = match bench.what {
        What::Pseudonyms => pseudonyms::measure(time)?,
        What::Signals => runtime()?.block_on(signals::measure(time))?,
        What::Checks => runtime()?.block_on(checks::measure(time))?,
        What::Decide => decide::measure(time)?,
        What::Verify => verify::measure(bench.entries)?,
    };
    if cfg!(debug_assertions) {
        complainln!("this is a debug build: the figures say little");
    }
    for line in lines {
        say(&line)?;
    }
    Ok(Found::Good)
}

/// A covenant text without limits.
fn without_limits() -> String {
    let kept: Vec<&str> = COVENANT
        .lines()
        .filter(|line| !line.starts_with("grens."))
        .collect();
    kept.join("\n") + "\n"
}

/// How often `work` was done within a second, over at least `time`. It is called with a number that
/// goes up.
fn per_second(time: Duration, mut work: impl FnMut(u64)) -> f64 {
    let watch = Stopwatch::start();
    let mut done: u64 = 0;
    loop {
        // The clock is not asked after every piece: that would be measured too.
        for _ in 0..64 {
            work(done);
            done += 1;
        }
        let elapsed = watch.elapsed();
        if elapsed >= time {
            return rate(done, elapsed);
        }
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "counts of a bench are far below 2^52"
)]
fn rate(done: u64, elapsed: Duration) -> f64 {
    done as f64 / elapsed.as_secs_f64().max(f64::EPSILON)
}

/// A number for people: thousands apart, three digits at least.
fn number(value: f64) -> String {
    if value < 100.0 {
        return format!("{value:.2}");
    }
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_stand_apart() {
        assert_eq!(number(1_234_567.4), "1,234,567");
        assert_eq!(number(987.0), "987");
        assert_eq!(number(2.5), "2.50");
    }

    #[test]
    fn the_covenant_without_limits_is_still_one() {
        let text = without_limits();
        let checked = covenant::check_as(&text, covenant::Checking::Template, None);
        assert!(checked.covenant.is_some_and(|covenant| {
            covenant
                .clauses()
                .iter()
                .all(|clause| clause.limits.per_employee_per_day.is_none())
        }));
    }
}
