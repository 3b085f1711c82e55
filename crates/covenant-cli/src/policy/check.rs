//! `covenant policy check`.

use std::path::PathBuf;

use clap::Args;
use covenant::Checking;

use crate::answer::{Format, Found, Language, say};

/// What `policy check` is told.
#[derive(Debug, Args)]
pub(crate) struct Check {
    /// The covenant; `-` reads standard input.
    file: PathBuf,
    /// For people, or for editors.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// Checks it as a model text: place-holders for keys and past dates are warnings.
    #[arg(long)]
    template: bool,
}

/// Runs the command.
pub(super) fn run(arguments: &Check, lang: Language) -> anyhow::Result<Found> {
    let (source, checked) = super::looked_at(&arguments.file, checking(arguments.template), lang)?;
    match arguments.format {
        Format::Json => say(&covenant::to_json(&source, &checked.diagnostics))?,
        Format::Text if checked.diagnostics.is_empty() => {
            say(lang.pick("Er is niets op aan te merken.", "Nothing to remark."))?;
        }
        Format::Text => {
            let name = arguments.file.display().to_string();
            let text = covenant::render(&name, &source, &checked.diagnostics, lang.into());
            say(text.trim_end())?;
        }
    }
    Ok(Found::good_if(!checked.has_errors()))
}

const fn checking(template: bool) -> Checking {
    if template {
        Checking::Template
    } else {
        Checking::Strict
    }
}
