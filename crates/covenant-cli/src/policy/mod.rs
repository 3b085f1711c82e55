//! `covenant policy`: checks a covenant, signs it, and shows what it opens.

mod check;
mod diff;
mod event;
mod explain;
mod export;
mod fmt;
mod matrix;
pub(crate) mod pins;
mod propose;
mod read;
mod reject;
mod resume;
mod schema;
mod send;
mod sign;
mod simulate;
mod status;
mod suspend;
mod test;
mod withdraw;

use std::io::Read as _;
use std::path::Path;

use clap::Subcommand;
use covenant::{Checked, Checking, Covenant, Diagnostic, Severity, check_bytes};

use crate::answer::{Found, Language, read_file, today};

/// Checks, signs and shows a covenant.
#[derive(Debug, Subcommand)]
pub(crate) enum Policy {
    /// Tells everything that is wrong with a covenant, with the words underlined.
    Check(check::Check),
    /// Lays a covenant out in the one layout; its meaning and its comments stay.
    ///
    /// Writes the file in place, unless told otherwise. A file that `check` would not take as a file
    /// (line ends of Windows, a byte order mark, no valid TOML) is told so and left as it is.
    Fmt(fmt::Fmt),
    /// Tells in plain sentences what a covenant allows: what a signer is shown.
    Read(read::Read),
    /// Prints every cell that a covenant opens, with its clause.
    Matrix(matrix::Matrix),
    /// Tries the signed examples and the cases beside a covenant, and tells for each clause
    /// whether there is a yes and a no.
    Test(test::Test),
    /// Answers one question by a covenant: the clause, the grounds, and each demand with its fact.
    ///
    /// Exit code 0 means that it would be revealed, 1 that it would be withheld.
    Explain(explain::Explain),
    /// Tells everything that differs between two covenants, in sentences.
    Diff(diff::Diff),
    /// Tells what a draft would have decided of what was decided before; exit code 1 when anything
    /// would come out otherwise, or can't be told.
    Simulate(simulate::Simulate),
    /// Writes a covenant in a language of others, to check it with their tools.
    #[command(subcommand)]
    Export(export::Export),
    /// Prints the JSON Schema of a covenant or of a file of cases, for editors.
    Schema(schema::Schema),
    /// Proposes a version at the broker, for everybody to sign.
    Propose(propose::Propose),
    /// Signs a covenant for a party: a DSSE envelope over its exact bytes.
    Sign(sign::Sign),
    /// Signs that a party does not sign a version, until it does sign.
    Reject(reject::Reject),
    /// Signs a suspension, of the whole covenant or of a part.
    Suspend(suspend::Suspend),
    /// Signs a party's part in lifting a suspension.
    Resume(resume::Resume),
    /// Signs that a version ends, for good and for all parties.
    Withdraw(withdraw::Withdraw),
    /// Hands to the broker what was signed before.
    Send(send::Send),
    /// Tells who signed a version, and whether it is in force.
    Status(status::StatusOf),
}

/// Runs the command.
pub(crate) fn run(policy: Policy, lang: Language) -> anyhow::Result<Found> {
    match policy {
        Policy::Check(told) => check::run(&told, lang),
        Policy::Fmt(told) => fmt::run(&told, lang),
        Policy::Read(told) => read::run(&told, lang),
        Policy::Matrix(told) => matrix::run(&told, lang),
        Policy::Test(told) => test::run(&told, lang),
        Policy::Explain(told) => explain::run(&told, lang),
        Policy::Diff(told) => diff::run(&told, lang),
        Policy::Simulate(told) => simulate::run(&told, lang),
        Policy::Export(told) => export::run(&told, lang),
        Policy::Schema(told) => schema::run(&told),
        Policy::Propose(told) => propose::run(&told, lang),
        Policy::Sign(told) => sign::run(&told, lang),
        Policy::Reject(told) => reject::run(&told, lang),
        Policy::Suspend(told) => suspend::run(&told, lang),
        Policy::Resume(told) => resume::run(&told, lang),
        Policy::Withdraw(told) => withdraw::run(&told, lang),
        Policy::Send(told) => send::run(&told, lang),
        Policy::Status(told) => status::run(&told, lang),
    }
}

/// A covenant without errors, for another command; its errors go to standard error.
pub(crate) fn read(path: &Path, checking: Checking, lang: Language) -> anyhow::Result<Covenant> {
    let (source, checked) = checked(path, checking, lang)?;
    let Some(covenant) = checked.covenant else {
        tell_errors(path, &source, &checked.diagnostics, lang);
        return Err(has_errors(path, lang));
    };
    Ok(covenant)
}

/// A covenant to look at: a model text will do, and so will one of which only examples come out
/// otherwise, which is said.
fn look(path: &Path, lang: Language) -> anyhow::Result<Covenant> {
    let (source, checked) = looked_at(path, Checking::Template, lang)?;
    if let Some(covenant) = checked.covenant {
        return Ok(covenant);
    }
    tell_errors(path, &source, &checked.diagnostics, lang);
    let Some(covenant) = checked.but_examples else {
        return Err(has_errors(path, lang));
    };
    complainln!(
        "{}",
        lang.pick(
            "Dit zijn alleen voorbeelden die anders uitkomen. De rest is wel bekeken.\n",
            "These are only examples that come out otherwise. The rest was looked at all the same.\n",
        )
    );
    Ok(covenant)
}

fn tell_errors(path: &Path, source: &str, found: &[Diagnostic], lang: Language) {
    let is_error = |d: &&Diagnostic| d.severity == Severity::Error;
    let errors: Vec<Diagnostic> = found.iter().filter(is_error).cloned().collect();
    let name = path.display().to_string();
    complain!("{}", covenant::render(&name, source, &errors, lang.into()));
}

pub(crate) fn has_errors(path: &Path, lang: Language) -> anyhow::Error {
    let name = path.display();
    match lang {
        Language::Nl => anyhow::anyhow!("{name} heeft fouten; zie covenant policy check {name}"),
        Language::En => anyhow::anyhow!("{name} has errors; see covenant policy check {name}"),
    }
}

fn checked(path: &Path, checking: Checking, lang: Language) -> anyhow::Result<(String, Checked)> {
    Ok(check_source(&read_file(path, lang)?, checking))
}

/// As [`checked`], for whoever only looks: `-` is standard input.
fn looked_at(path: &Path, checking: Checking, lang: Language) -> anyhow::Result<(String, Checked)> {
    if path != Path::new("-") {
        return checked(path, checking, lang);
    }
    // More than a covenant may have, so that too much is told as such.
    let mut bytes = Vec::new();
    let most = 1024 * 1024;
    std::io::stdin().take(most).read_to_end(&mut bytes)?;
    Ok(check_source(&bytes, checking))
}

fn check_source(bytes: &[u8], checking: Checking) -> (String, Checked) {
    let checked = check_bytes(bytes, checking, Some(today()));
    (String::from_utf8_lossy(bytes).into_owned(), checked)
}
