//! `covenant policy suspend`.

use anyhow::Context as _;
use clap::Args;
use covenant::signoff::{EventKind, KeyRole, Scope};
use model::{ClauseNo, PartyId, SignalTypeId};

use super::event::{self, By};
use crate::answer::{Found, Language};

/// What `policy suspend` is told. Without a part, the whole covenant is suspended.
#[derive(Debug, Args)]
pub(crate) struct Suspend {
    #[command(flatten)]
    by: By,
    /// The key is one of the party's emergency keys (`noodstop`), and not its signer's.
    #[arg(long)]
    emergency: bool,
    #[command(flatten)]
    part: Part,
}

/// What is suspended; nothing means the whole.
#[derive(Debug, Args)]
#[group(multiple = false)]
struct Part {
    /// Suspends one clause, by its number.
    #[arg(long)]
    clause: Option<String>,
    /// Suspends one kind of signal, by its id.
    #[arg(long)]
    signal: Option<String>,
    /// Suspends what one party receives.
    #[arg(long)]
    recipient: Option<String>,
}

/// Runs the command.
pub(super) fn run(arguments: &Suspend, lang: Language) -> anyhow::Result<Found> {
    let by = &arguments.by;
    let proposal = event::about(by, lang)?;
    let kind = EventKind::Suspend(arguments.part.scope()?);
    let role = if arguments.emergency {
        KeyRole::Emergency
    } else {
        KeyRole::Signer
    };
    let signed = event::write(by, &proposal, role, kind, lang)?;
    event::tell(by, &proposal, &signed, lang)?;
    Ok(Found::Good)
}

impl Part {
    fn scope(&self) -> anyhow::Result<Scope> {
        Ok(if let Some(clause) = &self.clause {
            Scope::Clause(ClauseNo::parse(clause).context("--clause")?)
        } else if let Some(signal) = &self.signal {
            Scope::Signal(SignalTypeId::parse(signal).context("--signal")?)
        } else if let Some(party) = &self.recipient {
            Scope::Recipient(PartyId::parse(party).context("--recipient")?)
        } else {
            Scope::Whole
        })
    }
}
