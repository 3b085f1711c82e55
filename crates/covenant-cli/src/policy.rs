//! `covenant policy`: checks a covenant, signs it, and shows what it opens.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Args, Subcommand};
use covenant::signoff::{Statement, sign as sign_statement};
use covenant::{Checked, Checking, Covenant, Severity, check_bytes};
use identity::SigningKey;
use model::PartyId;

use crate::answer::{Format, Found, Language, say, today, write_new};

/// Checks, signs and shows a covenant.
#[derive(Debug, Subcommand)]
pub(crate) enum Policy {
    /// Tells everything that is wrong with a covenant, with the words underlined.
    Check(Check),
    /// Signs a covenant for a party: a DSSE envelope over its exact bytes.
    Sign(Sign),
    /// Prints every cell that a covenant opens, with its clause.
    Matrix(Matrix),
}

/// What `policy check` is told.
#[derive(Debug, Args)]
pub(crate) struct Check {
    /// The covenant.
    file: PathBuf,
    /// For people, or for editors.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// Checks it as a model text: place-holders for keys and past dates are warnings.
    #[arg(long)]
    template: bool,
}

/// What `policy sign` is told.
#[derive(Debug, Args)]
pub(crate) struct Sign {
    /// The covenant, as all parties have it, byte for byte.
    file: PathBuf,
    /// The party that you sign for.
    #[arg(long)]
    party: String,
    /// The private key (Ed25519, PEM) whose public key the covenant names for the party.
    #[arg(long)]
    key: PathBuf,
    /// Where the signature goes; usually `<covenant>.<party>.dsse.json`.
    #[arg(long)]
    out: PathBuf,
}

/// What `policy matrix` is told.
#[derive(Debug, Args)]
pub(crate) struct Matrix {
    /// The covenant.
    file: PathBuf,
    /// Takes it as a model text: place-holders for keys and past dates are warnings.
    #[arg(long)]
    template: bool,
}

/// Runs the command.
pub(crate) fn run(policy: Policy, lang: Language) -> anyhow::Result<Found> {
    match policy {
        Policy::Check(check) => run_check(&check, lang),
        Policy::Sign(sign) => run_sign(&sign, lang),
        Policy::Matrix(matrix) => run_matrix(&matrix, lang),
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

fn run_check(arguments: &Check, lang: Language) -> anyhow::Result<Found> {
    let (source, checked) = checked(&arguments.file, checking(arguments.template))?;
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

fn run_sign(arguments: &Sign, lang: Language) -> anyhow::Result<Found> {
    let party = PartyId::parse(&arguments.party).context("--party")?;
    let (source, checked) = checked(&arguments.file, Checking::Strict)?;
    let name = arguments.file.display().to_string();
    if !checked.diagnostics.is_empty() {
        eprint!(
            "{}",
            covenant::render(&name, &source, &checked.diagnostics, lang.into())
        );
    }
    let Some(covenant) = &checked.covenant else {
        return Ok(Found::Bad);
    };
    let key = SigningKey::read(&arguments.key)?;
    // What the signer was shown is the file itself.
    let tool = concat!("covenant/", env!("CARGO_PKG_VERSION"));
    let statement = Statement::new(covenant, &party, today(), source.as_bytes(), tool)?;
    let envelope = sign_statement(covenant, &statement, &key.to_secret())?;
    write_new(&arguments.out, envelope.to_json().as_bytes())?;
    let warnings = checked.with(Severity::Warning).count();
    say(&match lang {
        Language::Nl => format!(
            "Getekend voor {party}: {} versie {}, geldig van {} tot {}, {} regels, {warnings} \
             waarschuwingen.\nSHA-256 van het bestand: {}",
            covenant.id(),
            covenant.version(),
            covenant.valid_from(),
            covenant.valid_until(),
            covenant.clauses().len(),
            covenant.digest()
        ),
        Language::En => format!(
            "Signed for {party}: {} version {}, valid from {} until {}, {} clauses, {warnings} \
             warnings.\nSHA-256 of the file: {}",
            covenant.id(),
            covenant.version(),
            covenant.valid_from(),
            covenant.valid_until(),
            covenant.clauses().len(),
            covenant.digest()
        ),
    })?;
    Ok(Found::Good)
}

fn run_matrix(arguments: &Matrix, lang: Language) -> anyhow::Result<Found> {
    let covenant = read(&arguments.file, checking(arguments.template), lang)?;
    say(covenant::matrix::matrix(&covenant).trim_end())?;
    Ok(Found::Good)
}
