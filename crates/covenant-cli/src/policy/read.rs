//! `covenant policy read`.

use std::path::PathBuf;

use clap::Args;

use crate::answer::{Found, Language, say};

/// What `policy read` is told.
#[derive(Debug, Args)]
pub(crate) struct Read {
    /// The covenant.
    file: PathBuf,
}

/// Runs the command.
pub(super) fn run(arguments: &Read, lang: Language) -> anyhow::Result<Found> {
    let covenant = super::look(&arguments.file, lang)?;
    say(covenant::plain::read(&covenant, lang.into()).trim_end())?;
    Ok(Found::Good)
}
