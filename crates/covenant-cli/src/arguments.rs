//! The command line: which commands there are.

use clap::{Parser, Subcommand};

use crate::answer::Language;
use crate::{audit, bench, check_config, desk, import, keys, link, policy};

/// Checks and signs covenants, carries keys, imports signals, reads and verifies the log, and
/// handles the requests of data subjects.
#[derive(Debug, Parser)]
#[command(name = "covenant", version)]
pub(crate) struct Arguments {
    /// The language of texts for people: Dutch or English.
    #[arg(long, value_enum, default_value = "nl", global = true)]
    pub(crate) lang: Language,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Checks, signs and shows a covenant.
    #[command(subcommand)]
    Policy(policy::Policy),
    /// Makes, seals and opens covenant keys.
    #[command(subcommand)]
    Keys(keys::Keys),
    /// Sends the rows of a CSV file to the party's node as signals.
    ///
    /// A row that was taken before and says the same is known again, whatever else changed in the
    /// file, and makes no second signal; a row that was changed after it was taken is a new one.
    Import(import::Import),
    /// Matches two files, or one with itself, through two nodes and a broker of its own.
    Link(link::Link),
    /// Reads and verifies the disclosure log.
    #[command(subcommand)]
    Audit(audit::Audit),
    /// Handles the requests of data subjects and recalls, at the party's own node.
    #[command(subcommand)]
    Desk(desk::Desk),
    /// Checks a node's or a broker's configuration, and everything that it names.
    CheckConfig(check_config::CheckConfig),
    /// Measures, beside a reference in the same run.
    Bench(bench::Bench),
}
