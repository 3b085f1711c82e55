//! `covenant policy matrix`.

use std::path::PathBuf;

use clap::Args;

use crate::answer::{Found, Language, say};

/// What `policy matrix` is told.
#[derive(Debug, Args)]
pub(crate) struct Matrix {
    /// The covenant.
    file: PathBuf,
}

/// Runs the command.
pub(super) fn run(arguments: &Matrix, lang: Language) -> anyhow::Result<Found> {
    let covenant = super::look(&arguments.file, lang)?;
    say(covenant::matrix::matrix(&covenant).trim_end())?;
    Ok(Found::Good)
}
