//! `covenant`: the command-line tool of privacy officers, operators and auditors.
//!
//! This program is *not* a way around a node or the broker: what it sends goes over the same gRPC
//! as any client's, and what it decides offline it decides with the same crates. Exit code 0 means
//! yes, 1 means that something was found wrong, 2 that the command could not do its work.

#[macro_use]
mod answer;
mod arguments;
mod audit;
mod bench;
mod check_config;
mod connection;
mod desk;
mod import;
mod keys;
mod link;
mod policy;
mod progress;
mod trial;

use clap::Parser as _;

use crate::answer::exit;
use crate::arguments::{Arguments, Command};

fn main() -> std::process::ExitCode {
    let Arguments { lang, command } = Arguments::parse();
    exit(match command {
        Command::Policy(policy) => policy::run(policy, lang),
        Command::Keys(keys) => keys::run(keys, lang),
        Command::Import(import) => import::run(&import, lang),
        Command::Link(link) => link::run(&link, lang),
        Command::Audit(audit) => audit::run(audit, lang),
        Command::Desk(desk) => desk::run(desk, lang),
        Command::CheckConfig(check) => check_config::run(&check, lang),
        Command::Bench(bench) => bench::run(&bench),
    })
}
