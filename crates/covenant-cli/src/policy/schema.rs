//! `covenant policy schema`.

use clap::{Args, ValueEnum};

use crate::answer::{Found, say_json};

/// What `policy schema` is told.
#[derive(Debug, Args)]
pub(crate) struct Schema {
    /// Of which file.
    #[arg(value_enum, default_value = "covenant")]
    of: Of,
}

/// The files that have a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Of {
    /// A covenant.
    Covenant,
    /// A file of cases beside a covenant.
    Cases,
}

/// Runs the command.
pub(super) fn run(arguments: &Schema) -> anyhow::Result<Found> {
    say_json(&match arguments.of {
        Of::Covenant => covenant::schema::covenant(),
        Of::Cases => covenant::schema::cases(),
    })?;
    Ok(Found::Good)
}
