//! `covenant policy diff`.

use std::path::PathBuf;

use clap::Args;
use covenant::difference;

use crate::answer::{Format, Found, Language, say};

/// What `policy diff` is told.
#[derive(Debug, Args)]
pub(crate) struct Diff {
    /// The covenant as it was.
    before: PathBuf,
    /// The covenant as it becomes.
    after: PathBuf,
    /// For people, or for programs.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

/// Runs the command: good where nothing differs that has an effect.
pub(super) fn run(arguments: &Diff, lang: Language) -> anyhow::Result<Found> {
    // Both are read before either is refused, so that one run tells all.
    let before = super::look(&arguments.before, lang);
    let after = super::look(&arguments.after, lang);
    let (before, after) = match (before, after) {
        (Ok(before), Ok(after)) => (before, after),
        (Err(before), Err(after)) => {
            anyhow::bail!("{before:#}; {} {after:#}", lang.pick("en", "and"))
        }
        (Err(error), Ok(_)) | (Ok(_), Err(error)) => return Err(error),
    };
    let difference = difference::compare(&before, &after);
    match arguments.format {
        Format::Json => say(&difference.to_json())?,
        Format::Text => say(difference.to_text(lang.into()).trim_end())?,
    }
    Ok(Found::good_if(difference.is_none()))
}
