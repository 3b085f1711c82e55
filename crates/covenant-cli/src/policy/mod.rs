//! `covenant policy`: checks a covenant, signs it, and shows what it opens.

mod check;
mod event;
mod matrix;
mod pins;
mod propose;
mod reject;
mod resume;
mod send;
mod sign;
mod status;
mod suspend;
mod withdraw;

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
    /// Signs a covenant for a party: a DSSE envelope over its exact bytes.
    Sign(sign::Sign),
    /// Prints every cell that a covenant opens, with its clause.
    Matrix(matrix::Matrix),
    /// Proposes a version at the broker, for everybody to sign.
    Propose(propose::Propose),
    /// Signs that a party does not sign a version, until it does sign.
    Reject(reject::Reject),
    /// Signs a party's part in lifting a suspension.
    Resume(resume::Resume),
    /// Hands to the broker what was signed before.
    Send(send::Send),
    /// Tells who signed a version, and whether it is in force.
    Status(status::StatusOf),
    /// Signs a suspension, of the whole covenant or of a part.
    Suspend(suspend::Suspend),
    /// Signs that a version ends, for good and for all parties.
    Withdraw(withdraw::Withdraw),
}

/// Runs the command.
pub(crate) fn run(policy: Policy, lang: Language) -> anyhow::Result<Found> {
    match policy {
        Policy::Check(told) => check::run(&told, lang),
        Policy::Sign(told) => sign::run(&told, lang),
        Policy::Matrix(told) => matrix::run(&told, lang),
        Policy::Propose(told) => propose::run(&told, lang),
        Policy::Reject(told) => reject::run(&told, lang),
        Policy::Resume(told) => resume::run(&told, lang),
        Policy::Send(told) => send::run(&told, lang),
        Policy::Status(told) => status::run(&told, lang),
        Policy::Suspend(told) => suspend::run(&told, lang),
        Policy::Withdraw(told) => withdraw::run(&told, lang),
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
