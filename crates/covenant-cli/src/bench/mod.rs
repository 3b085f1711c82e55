//! `covenant bench`.
use crate::answer::Found;
/// Measures.
#[derive(Debug, clap::Args)]
pub(crate) struct Bench {}
/// Runs.
pub(crate) fn run(_: &Bench) -> anyhow::Result<Found> { Ok(Found::Good) }
