//! `covenant-node`: a party's gateway.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Takes a party's signals, pseudonymises them, asks the broker and verifies what it answers.
#[derive(Debug, Parser)]
#[command(name = "covenant-node", version)]
struct Arguments {
    /// A configuration file; later ones override earlier ones.
    #[arg(long, global = true, default_value = "/etc/covenant/node.toml")]
    config: Vec<PathBuf>,
    /// Overrides one setting, for example `--set outbox.push_delay_ms=0`.
    #[arg(long = "set", global = true, value_name = "KEY=VALUE")]
    set: Vec<String>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Reads the configuration, keys, certificates and covenants, says what is wrong, and ends.
    CheckConfig,
    /// Prints the newest checkpoint of the log that the node verified, to be compared with others'
    /// (`covenant audit compare`); also while the node runs.
    Checkpoint,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = match arguments.command {
        None => node::run(&arguments.config, &arguments.set),
        Some(Command::CheckConfig) => node::check_config(&arguments.config, &arguments.set),
        Some(Command::Checkpoint) => node::newest_checkpoint(&arguments.config, &arguments.set)
            .and_then(|note| Ok(std::io::stdout().write_all(&note)?)),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("covenant-node: {error:#}");
            ExitCode::FAILURE
        }
    }
}
