//! `covenant policy resume`.

use std::path::PathBuf;

use clap::Args;
use covenant::signoff::{EventKind, KeyRole};
use model::clock::{Clock as _, SystemClock};

use super::event::{self, By};
use crate::answer::{Found, Language, say};

/// What `policy resume` is told. It takes the party that suspended and one other.
#[derive(Debug, Args)]
pub(crate) struct Resume {
    #[command(flatten)]
    by: By,
    /// The suspension: the file that `policy suspend` wrote.
    #[arg(long)]
    suspension: PathBuf,
}

/// Runs the command.
pub(super) fn run(arguments: &Resume, lang: Language) -> anyhow::Result<Found> {
    let by = &arguments.by;
    let proposal = event::about(by, lang)?;
    let envelope = event::envelope(&arguments.suspension)?;
    let name = arguments.suspension.display();
    let suspension = proposal
        .verify_event(&envelope, SystemClock.now())
        .map_err(|why| anyhow::anyhow!("--suspension {name}: {}", why.sentence(lang.into())))?;
    anyhow::ensure!(
        matches!(suspension.event().kind, EventKind::Suspend(_)),
        "--suspension {name}: {}",
        lang.pick("dit is geen opschorting", "this is no suspension")
    );
    let kind = EventKind::Resume(suspension.id());
    let signed = event::write(by, &proposal, KeyRole::Signer, kind, lang)?;
    event::tell(by, &proposal, &signed, lang)?;
    let (who, own) = (&suspension.event().party, &signed.event().party);
    say(&match (who == own, lang) {
        (true, Language::Nl) => "Er moet nog een andere partij hervatten.".to_owned(),
        (true, Language::En) => "One other party must still resume.".to_owned(),
        (false, Language::Nl) => format!("Ook {who}, die opschortte, moet hervatten."),
        (false, Language::En) => format!("{who}, who suspended, must resume too."),
    })?;
    Ok(Found::Good)
}
