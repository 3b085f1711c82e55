//! `covenant policy explain`.

use std::path::PathBuf;

use clap::Args;
use covenant::explain::{Inquiry, Words, explain, text};

use crate::answer::{Format, Found, Language, say, say_json};

/// What `policy explain` is told.
#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// The covenant.
    file: PathBuf,
    /// Who would receive: `gemeente.regisseur`.
    #[arg(long)]
    role: String,
    /// What for (`doel`).
    #[arg(long)]
    purpose: String,
    /// The party whose signal it is (`van`).
    #[arg(long)]
    source: String,
    /// What kind of signal (`over`).
    #[arg(long)]
    signal: String,
    /// How much is shown (`toont`).
    #[arg(long)]
    shows: String,
    /// What is known, as in an example of a covenant: `treffers=1`. May be given more often; what
    /// is left out takes the value that meets the clause.
    #[arg(long = "fact", value_name = "NAME=VALUE")]
    facts: Vec<String>,
    /// For people, or for programs.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

/// Runs the command.
pub(super) fn run(arguments: &Explain, lang: Language) -> anyhow::Result<Found> {
    let covenant = super::look(&arguments.file, lang)?;
    let words = Words {
        role: &arguments.role,
        purpose: &arguments.purpose,
        source: &arguments.source,
        signal: &arguments.signal,
        shows: &arguments.shows,
        facts: &arguments.facts,
    };
    let inquiry = match Inquiry::parse(&covenant, &words) {
        Ok(inquiry) => inquiry,
        Err(unknown) => {
            let message = lang.pick(&unknown.message_nl, &unknown.message_en);
            let help = lang.pick(&unknown.help_nl, &unknown.help_en);
            anyhow::bail!("--{message}. {help}");
        }
    };
    let explained = explain(&covenant, &inquiry);
    match arguments.format {
        Format::Json => say_json(&explained)?,
        Format::Text => say(text(&covenant, &explained, lang.into()).trim_end())?,
    }
    Ok(Found::good_if(explained.decision == "reveal"))
}
