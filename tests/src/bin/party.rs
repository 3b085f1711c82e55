//! `party broker|node`: one process of a world, so that a test can start it and kill it.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, ValueEnum};

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Kind {
    Broker,
    Node,
}

/// One process of a world.
#[derive(Debug, Parser)]
struct Arguments {
    kind: Kind,
    #[arg(long)]
    config: PathBuf,
    #[arg(long)]
    set: Vec<String>,
}

fn main() -> ExitCode {
    let Arguments { kind, config, set } = Arguments::parse();
    let ended = match kind {
        Kind::Broker => broker::run(&[config], &set),
        Kind::Node => node::run(&[config], &set),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("party: {error:#}");
            ExitCode::FAILURE
        }
    }
}
