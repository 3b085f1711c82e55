//! `covenant check-config`: a configuration and everything that it names, read as the process would
//! at its start, and nothing started.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::answer::{Found, Language, say};

/// Checks a node's or a broker's configuration, and everything that it names.
#[derive(Debug, Args)]
pub(crate) struct CheckConfig {
    /// Whose configuration it is.
    #[arg(value_enum)]
    process: Process,
    /// Files and folders in their order: a later one overrides an earlier one. `COVENANT__X`
    /// variables override them all.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Overrides one setting, `a.b=value`; may be given more than once.
    #[arg(long)]
    set: Vec<String>,
}

/// A process with a configuration.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Process {
    /// `covenant-node`.
    Node,
    /// `covenant-broker`.
    Broker,
}

/// Runs the command.
pub(crate) fn run(check: &CheckConfig, lang: Language) -> anyhow::Result<Found> {
    let checked = match check.process {
        Process::Node => node::check_config(&check.files, &check.set),
        Process::Broker => broker::check_config(&check.files, &check.set),
    };
    match checked {
        Ok(()) => {
            say(lang.pick("De configuratie klopt.", "The configuration is well."))?;
            Ok(Found::Good)
        }
        Err(error) => {
            complainln!("{error:#}");
            Ok(Found::Bad)
        }
    }
}
