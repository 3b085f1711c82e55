//! `covenant audit`: reads the disclosure log, and verifies it without trusting whoever keeps it.

pub(crate) mod bundle;
mod compare;
mod entries;
mod export;
mod finding;
pub(crate) mod gather;
mod judge;
mod lines;
mod logius;
mod memory;
pub(crate) mod past;
mod query;
mod replay;
pub(crate) mod subject;
pub(crate) mod verify;
mod watch;

use clap::Subcommand;

pub(crate) use replay::unable;

use crate::answer::{Found, Language};

/// Reads and verifies the disclosure log.
#[derive(Debug, Subcommand)]
pub(crate) enum Audit {
    /// Says whether checkpoints of several parties are of one log: a fork shows outside the broker only.
    Compare(Box<compare::Compare>),
    /// Lists entries, as far as you may see them.
    Query(Box<query::Query>),
    /// Saves an evidence bundle, the entries alone, or the log in the words of another standard.
    Export(Box<export::Export>),
    /// Makes every decision of a bundle or an export again: each must come out as it was recorded.
    Replay(replay::Again),
    /// Says which of the log's promises hold, and names the first bad record.
    Verify(verify::Verify),
    /// Follows the log: an alarm when it does not only grow, or stands still for too long.
    Watch(Box<watch::Watch>),
}

/// Runs the command.
pub(crate) fn run(audit: Audit, lang: Language) -> anyhow::Result<Found> {
    match audit {
        Audit::Compare(compare) => compare::run(&compare, lang),
        Audit::Query(query) => query::run(&query, lang),
        Audit::Export(export) => export::run(&export, lang),
        Audit::Replay(again) => replay::run(&again, lang),
        Audit::Verify(verify) => verify::run(&verify, lang),
        Audit::Watch(watch) => watch::run(&watch, lang),
    }
}
