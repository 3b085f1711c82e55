//! The key of a party's witness: made once, and its public half in the words of all who need it.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use identity::{SigningKey, secret_file};
use ledger::WitnessVerifier;
use model::Oin;

use crate::answer::{Found, Language, say};

/// What `keys make-witness` is told.
#[derive(Debug, Args)]
pub(crate) struct MakeWitness {
    /// Your party's OIN, 20 digits: it is part of the witness's name.
    #[arg(long)]
    oin: String,
    /// Where the key goes (PKCS#8 PEM, mode 0600); the file must not be there yet.
    #[arg(long)]
    out: PathBuf,
}

/// Runs the command.
pub(crate) fn run(make: &MakeWitness, lang: Language) -> anyhow::Result<Found> {
    let oin = Oin::parse(&make.oin).context("--oin")?;
    let key = SigningKey::generate();
    let public = key.verifying_key();
    let verifier = WitnessVerifier::new(&ledger::witnessing::name(&oin), &public.to_bytes())?;
    secret_file::write_new(&make.out, key.to_pem().as_bytes())?;
    let (out, vkey) = (make.out.display(), verifier.to_vkey());
    say(&match lang {
        Language::Nl => format!(
            "{out}: sleutel van uw getuige. In de instellingen van uw knooppunt: keys.witness.\n\
             in het convenant      getuige = \"{public}\"\n\
             bij de makelaar       [pins.<partij>] witness = \"{public}\"\n\
             wie het logboek volgt --witness {vkey}"
        ),
        Language::En => format!(
            "{out}: the key of your witness. In the settings of your node: keys.witness.\n\
             in the covenant      getuige = \"{public}\"\n\
             at the broker        [pins.<party>] witness = \"{public}\"\n\
             who watches the log  --witness {vkey}"
        ),
    })?;
    Ok(Found::Good)
}
