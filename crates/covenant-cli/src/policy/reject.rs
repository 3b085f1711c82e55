//! `covenant policy reject`.

use clap::Args;
use covenant::signoff::{EventKind, KeyRole};

use super::event::{self, By};
use crate::answer::{Found, Language};

/// What `policy reject` is told.
#[derive(Debug, Args)]
pub(crate) struct Reject {
    #[command(flatten)]
    by: By,
}

/// Runs the command.
pub(super) fn run(arguments: &Reject, lang: Language) -> anyhow::Result<Found> {
    let by = &arguments.by;
    let proposal = event::about(by, lang)?;
    let signed = event::write(by, &proposal, KeyRole::Signer, EventKind::Reject, lang)?;
    event::tell(by, &proposal, &signed, lang)?;
    Ok(Found::Good)
}
