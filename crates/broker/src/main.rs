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
    /// Overrides one setting, for example `--set limits.withdrawal_alarm_hours=24`.
    #[arg(long = "set", global = true, value_name = "KEY=VALUE")]
    set: Vec<String>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Reads the configuration, keys, certificates and covenants, says what is wrong, and ends.
    CheckConfig,
    /// Prints the public key of the disclosure log: what nodes and auditors pin as `log_vkey`, and
    /// what a covenant names as `[logboek] sleutel`.
    LogKey,
}

#[expect(clippy::print_stdout, reason = "the command's answer")]
fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = match arguments.command {
        None => broker::run(&arguments.config, &arguments.set),
        Some(Command::CheckConfig) => broker::check_config(&arguments.config, &arguments.set),
        Some(Command::LogKey) => broker::log_key(&arguments.config, &arguments.set).map(|lines| {
            println!("{lines}");
        }),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("covenant-broker: {error:#}");
            ExitCode::FAILURE
        }
    }
}
