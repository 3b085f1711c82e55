//! `covenant policy sign`.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use covenant::signoff::{Statement, sign as sign_statement};
use covenant::{Checking, Severity};
use identity::SigningKey;
use model::PartyId;

use super::send::{Errand, ToBroker};
use crate::answer::{Found, Language, say, today, write_new};

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
    #[command(flatten)]
    to: ToBroker,
}

/// Runs the command.
pub(super) fn run(arguments: &Sign, lang: Language) -> anyhow::Result<Found> {
    let party = PartyId::parse(&arguments.party).context("--party")?;
    let (source, checked) = super::checked(&arguments.file, Checking::Strict)?;
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
    let signed = envelope.to_json().into_bytes();
    arguments.to.hand_in(Errand::Sign, signed, lang)?;
    Ok(Found::Good)
}
