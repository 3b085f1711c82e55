//! `covenant policy propose`.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use covenant::Checking;

use super::send::ToBroker;
use crate::answer::{Found, Language};

/// What `policy propose` is told.
#[derive(Debug, Args)]
pub(crate) struct Propose {
    /// The covenant, byte for byte as it is to be signed.
    file: PathBuf,
    #[command(flatten)]
    to: ToBroker,
}

/// Runs the command.
pub(super) fn run(arguments: &Propose, lang: Language) -> anyhow::Result<Found> {
    arguments.to.must_be_given(lang)?;
    let path = &arguments.file;
    super::read(path, Checking::Strict, lang)?;
    let file = std::fs::read(path).with_context(|| format!("read {}", path.display()))?;
    arguments.to.propose(file, lang)?;
    Ok(Found::Good)
}
