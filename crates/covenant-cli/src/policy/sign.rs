//! `covenant policy sign`.

use std::io::{BufRead, IsTerminal as _, Write};
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
    /// Signs without showing the reading and asking, by who has read it before. Where the input is
    /// no terminal nobody is asked either.
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    to: ToBroker,
}

/// Runs the command.
pub(super) fn run(arguments: &Sign, lang: Language) -> anyhow::Result<Found> {
    let party = PartyId::parse(&arguments.party).context("--party")?;
    let (source, checked) = super::checked(&arguments.file, Checking::Strict, lang)?;
    let name = arguments.file.display().to_string();
    if !checked.diagnostics.is_empty() {
        complain!(
            "{}",
            covenant::render(&name, &source, &checked.diagnostics, lang.into())
        );
    }
    let Some(covenant) = &checked.covenant else {
        return Ok(Found::Bad);
    };
    let key = SigningKey::read(&arguments.key)?;
    let reading = covenant::plain::read(covenant, lang.into());
    if !shown(&reading, arguments.yes, lang)? {
        return Ok(Found::Bad);
    }
    let tool = concat!("covenant/", env!("CARGO_PKG_VERSION"));
    let statement = Statement::new(covenant, &party, today(), reading.as_bytes(), tool)?;
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

/// Shows what is signed, and asks whoever sits at a terminal; the signature holds the digest of
/// exactly these bytes. A script was told beforehand, and has nobody to ask.
fn shown(reading: &str, yes: bool, lang: Language) -> anyhow::Result<bool> {
    if yes {
        return Ok(true);
    }
    let mut out = std::io::stdout().lock();
    out.write_all(reading.as_bytes())?;
    if !std::io::stdin().is_terminal() {
        out.write_all(b"\n")?;
        return Ok(true);
    }
    asked(std::io::stdin().lock(), out, lang)
}

fn asked(mut answers: impl BufRead, mut out: impl Write, lang: Language) -> anyhow::Result<bool> {
    let question = lang.pick(
        "\nTekent u dit? Typ ja om te tekenen: ",
        "\nDo you sign this? Type yes to sign: ",
    );
    out.write_all(question.as_bytes())?;
    out.flush()?;
    let mut answer = String::new();
    answers.read_line(&mut answer)?;
    let agreed = answer.trim().eq_ignore_ascii_case(lang.pick("ja", "yes"));
    if !agreed {
        let nothing = lang.pick("Er is niets getekend.\n", "Nothing was signed.\n");
        out.write_all(nothing.as_bytes())?;
    }
    Ok(agreed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_yes_signs() {
        for (answer, lang, signs) in [
            ("ja\n", Language::Nl, true),
            (" Ja \n", Language::Nl, true),
            ("yes\n", Language::En, true),
            ("yes\n", Language::Nl, false),
            ("nee\n", Language::Nl, false),
            ("", Language::En, false),
        ] {
            let mut out = Vec::new();
            let agreed = asked(answer.as_bytes(), &mut out, lang).unwrap_or_default();
            assert_eq!(agreed, signs, "{answer}");
            let out = String::from_utf8_lossy(&out).into_owned();
            let nothing = lang.pick("Er is niets getekend.", "Nothing was signed.");
            assert_eq!(out.contains(nothing), !signs, "{out}");
        }
    }
}
