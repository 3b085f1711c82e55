//! `covenant`: the command-line tool of privacy officers, operators and auditors.
//!
//! This program is *not* a way around a node or the broker: what it sends goes over the same gRPC
//! as any client's, and what it decides offline it decides with the same crates. Exit code 0 means
//! yes, 1 means that something was found wrong, 2 that the command could not do its work.

mod answer;
mod audit;
mod bench;
mod check_config;
mod connection;
mod import;
mod keys;
mod link;
mod policy;
mod progress;
mod trial;

use clap::{Parser, Subcommand};

use crate::answer::{Language, exit};

/// Checks and signs covenants, carries keys, imports signals, reads and verifies the log.
#[derive(Debug, Parser)]
#[command(name = "covenant", version)]
struct Arguments {
    /// The language of texts for people: Dutch or English.
    #[arg(long, value_enum, default_value = "nl", global = true)]
    lang: Language,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Checks, signs and shows a covenant.
    #[command(subcommand)]
    Policy(policy::Policy),
    /// Makes, seals and opens covenant keys.
    #[command(subcommand)]
    Keys(keys::Keys),
    /// Sends the rows of a CSV file to the party's node as signals.
    Import(import::Import),
    /// Matches two files, or one with itself, through two nodes and a broker of its own.
    Link(link::Link),
    /// Reads and verifies the disclosure log.
    #[command(subcommand)]
    Audit(audit::Audit),
    /// Checks a node's or a broker's configuration, and everything that it names.
    CheckConfig(check_config::CheckConfig),
    /// Measures, beside a reference in the same run.
    Bench(bench::Bench),
}

fn main() -> std::process::ExitCode {
    let Arguments { lang, command } = Arguments::parse();
    exit(match command {
        Command::Policy(policy) => policy::run(policy, lang),
        Command::Keys(keys) => keys::run(keys, lang),
        Command::Import(import) => import::run(&import, lang),
        Command::Link(link) => link::run(&link, lang),
        Command::Audit(audit) => audit::run(audit, lang),
        Command::CheckConfig(check) => check_config::run(&check, lang),
        Command::Bench(bench) => bench::run(&bench),
    })
}
