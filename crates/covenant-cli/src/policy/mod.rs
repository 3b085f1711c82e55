//! `covenant policy`: checks a covenant, signs it, and shows what it opens.

mod check;
mod export;
mod matrix;
mod sign;

use std::path::Path;

use anyhow::Context as _;
use clap::Subcommand;
use covenant::{Checked, Checking, Covenant, check_bytes};

use crate::answer::{Found, Language, today};

/// Checks, signs and shows a covenant.
#[derive(Debug, Subcommand)]
pub(crate) enum Policy {
    /// Tells everything that is wrong with a covenant, with the words underlined.
    Check(check::Check),
    /// Writes a covenant in a language of others, to check it with their tools.
    #[command(subcommand)]
    Export(export::Export),
    /// Signs a covenant for a party: a DSSE envelope over its exact bytes.
    Sign(sign::Sign),
    /// Prints every cell that a covenant opens, with its clause.
    Matrix(matrix::Matrix),
}

/// Runs the command.
pub(crate) fn run(policy: Policy, lang: Language) -> anyhow::Result<Found> {
    match policy {
        Policy::Check(told) => check::run(&told, lang),
        Policy::Export(told) => export::run(&told, lang),
        Policy::Sign(told) => sign::run(&told, lang),
        Policy::Matrix(told) => matrix::run(&told, lang),
    }
}

/// A covenant without errors, for another command; its problems go to standard error.
pub(crate) fn read(path: &Path, checking: Checking, lang: Language) -> anyhow::Result<Covenant> {
    let (source, checked) = checked(path, checking)?;
    if let Some(covenant) = checked.covenant {
        return Ok(covenant);
    }
    let name = path.display().to_string();
    eprint!(
        "{}",
        covenant::render(&name, &source, &checked.diagnostics, lang.into())
    );
    anyhow::bail!("{name} has errors; see covenant policy check")
}

fn checked(path: &Path, checking: Checking) -> anyhow::Result<(String, Checked)> {
    let bytes = std::fs::read(path).with_context(|| format!("read {}", path.display()))?;
    let checked = check_bytes(&bytes, checking, Some(today()));
    Ok((String::from_utf8_lossy(&bytes).into_owned(), checked))
}

const fn checking(template: bool) -> Checking {
    if template {
        Checking::Template
    } else {
        Checking::Strict
    }
}
