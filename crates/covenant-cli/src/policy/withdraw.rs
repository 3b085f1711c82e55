//! `covenant policy withdraw`.

use anyhow::Context as _;
use clap::Args;
use covenant::signoff::{EventKind, KeyRole};

use super::event::{self, By};
use crate::answer::{Found, Language, say};

/// What `policy withdraw` is told. It ends this version for good, for every party.
#[derive(Debug, Args)]
pub(crate) struct Withdraw {
    #[command(flatten)]
    by: By,
    /// Does not ask to type the covenant's id first.
    #[arg(long)]
    yes: bool,
}

/// Runs the command.
pub(super) fn run(arguments: &Withdraw, lang: Language) -> anyhow::Result<Found> {
    let by = &arguments.by;
    let proposal = event::about(by, lang)?;
    let (id, version) = (proposal.covenant().id(), proposal.covenant().version());
    if !arguments.yes {
        say(&match lang {
            Language::Nl => format!(
                "U trekt versie {version} van {id} in. Dat is voor altijd, en voor alle partijen.\n\
                 Typ {id} om door te gaan:"
            ),
            Language::En => format!(
                "You withdraw version {version} of {id}. That is for ever, and for all parties.\n\
                 Type {id} to go on:"
            ),
        })?;
        let mut typed = String::new();
        std::io::stdin()
            .read_line(&mut typed)
            .context("read what was typed")?;
        anyhow::ensure!(
            typed.trim() == id.as_str(),
            "{}",
            lang.pick(
                "dat is niet de naam van het convenant; er is niets getekend",
                "that is not the covenant's id; nothing was signed"
            )
        );
    }
    let signed = event::write(by, &proposal, KeyRole::Signer, EventKind::Withdraw, lang)?;
    event::tell(by, &proposal, &signed, lang)?;
    Ok(Found::Good)
}
