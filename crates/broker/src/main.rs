//! `covenant-broker`: the central process that matches and decides.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Matches pseudonymised signals and decides by the covenants that all parties signed.
#[derive(Debug, Parser)]
#[command(name = "covenant-broker", version)]
struct Arguments {
    /// A configuration file; later ones override earlier ones.
    #[arg(long, global = true, default_value = "/etc/covenant/broker.toml")]
    config: Vec<PathBuf>,
    /// Overrides one setting, for example `--set limits.request_days=7`.
    #[arg(long = "set", global = true, value_name = "KEY=VALUE")]
    set: Vec<String>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Reads the configuration, keys, certificates and covenants, says what is wrong, and ends.
    CheckConfig,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = match arguments.command {
        None => broker::run(&arguments.config, &arguments.set),
        Some(Command::CheckConfig) => broker::check_config(&arguments.config, &arguments.set),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("covenant-broker: {error:#}");
            ExitCode::FAILURE
        }
    }
}
