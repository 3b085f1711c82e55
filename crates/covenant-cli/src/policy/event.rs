//! What `policy reject`, `suspend`, `resume` and `withdraw` share: a signed event about a covenant,
//! written to a file.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;
use covenant::signoff::{
    Envelope, Event, EventKind, KeyRole, Pins, Proposal, SignoffError, VerifiedEvent, propose,
    sign_event,
};
use covenant::{Checking, check_bytes};
use identity::SigningKey;
use model::PartyId;
use model::clock::{Clock as _, SystemClock};

use super::send::{Errand, ToBroker};
use crate::answer::{Language, read_file, say, write_new};

/// Whose event it is, about which covenant.
#[derive(Debug, Args)]
pub(crate) struct By {
    /// The covenant, as all parties have it, byte for byte.
    pub(super) file: PathBuf,
    /// The party that you sign for.
    #[arg(long)]
    pub(super) party: String,
    /// The private key (Ed25519, PEM) whose public key the covenant names for the party.
    #[arg(long)]
    pub(super) key: PathBuf,
    /// Where the signed event goes.
    #[arg(long)]
    pub(super) out: PathBuf,
    #[command(flatten)]
    pub(super) to: ToBroker,
}

/// A version that can be signed and told about, with its keys as `pins` has them; without pins as
/// the file itself has them.
///
/// # Errors
/// When the file can't be read, or has errors. `Err` inside: when it can't be in force.
pub(super) fn proposal(
    file: &Path,
    pins: Option<&Pins>,
    lang: Language,
) -> anyhow::Result<Result<Proposal, SignoffError>> {
    let bytes = read_file(file, lang)?;
    if let Some(pins) = pins {
        return Ok(propose(&bytes, pins, None));
    }
    // An old covenant must still be told about: its dates are not held against today.
    let checked = check_bytes(&bytes, Checking::Strict, None);
    let Some(covenant) = checked.covenant else {
        let name = file.display().to_string();
        let source = String::from_utf8_lossy(&bytes);
        let told = covenant::render(&name, &source, &checked.diagnostics, lang.into());
        complain!("{told}");
        return Err(super::has_errors(file, lang));
    };
    Ok(propose(&bytes, &Pins::named_by(&covenant), None))
}

/// The version of a file that an event is about.
pub(super) fn about(by: &By, lang: Language) -> anyhow::Result<Proposal> {
    let proposal = proposal(&by.file, None, lang)?;
    proposal.map_err(|why| anyhow::anyhow!("{}", why.sentence(lang.into())))
}

/// Reads an envelope.
pub(super) fn envelope(path: &Path) -> anyhow::Result<Envelope> {
    let name = path.display();
    let bytes = std::fs::read(path).with_context(|| format!("read {name}"))?;
    Envelope::parse(&bytes).with_context(|| format!("{name}"))
}

/// Signs an event, makes sure that it counts, and writes it.
pub(super) fn write(
    by: &By,
    proposal: &Proposal,
    role: KeyRole,
    kind: EventKind,
    lang: Language,
) -> anyhow::Result<VerifiedEvent> {
    let party = PartyId::parse(&by.party).context("--party")?;
    let now = SystemClock.now();
    let key = SigningKey::read(&by.key)?;
    let event = Event::new(proposal.covenant(), party.clone(), role, now, kind);
    let envelope = sign_event(&event, &key.to_secret());
    // What could never count is not written: the wrong key, a clause that is not there.
    let verified = match proposal.verify_event(&envelope, now) {
        Err(SignoffError::SignatureInvalid) => anyhow::bail!(match (role, lang) {
            (KeyRole::Emergency, Language::Nl) => format!(
                "--key is geen noodstopsleutel van {party} in het convenant; laat --emergency weg \
                 voor de sleutel van de ondertekenaar"
            ),
            (KeyRole::Emergency, Language::En) => format!(
                "--key is no emergency key of {party} in the covenant; leave out --emergency for \
                 the signer's key"
            ),
            (KeyRole::Signer | KeyRole::Node, Language::Nl) => format!(
                "--key is niet de sleutel van de ondertekenaar die het convenant voor {party} noemt"
            ),
            (KeyRole::Signer | KeyRole::Node, Language::En) =>
                format!("--key is not the signer's key that the covenant names for {party}"),
        }),
        other => other.map_err(|why| anyhow::anyhow!("{}", why.sentence(lang.into())))?,
    };
    write_new(&by.out, envelope.to_json().as_bytes())?;
    Ok(verified)
}

/// Tells what was signed; hands it to the broker where one was named, and says that it must still be
/// brought there where none was.
pub(super) fn tell(
    by: &By,
    proposal: &Proposal,
    event: &VerifiedEvent,
    lang: Language,
) -> anyhow::Result<()> {
    let covenant = proposal.covenant();
    let (id, version) = (covenant.id(), covenant.version());
    let (said, mark) = (event.event().sentence(lang.into()), event.id());
    let out = by.out.display();
    if by.to.is_given() {
        say(&match lang {
            Language::Nl => {
                format!("Getekend: {said}.\nConvenant {id}, versie {version}. Kenmerk: {mark}")
            }
            Language::En => {
                format!("Signed: {said}.\nCovenant {id}, version {version}. Mark: {mark}")
            }
        })?;
        let errand = Errand::of(&event.event().kind).context("the kind of event")?;
        let bytes = std::fs::read(&by.out).with_context(|| format!("read {out}"))?;
        return by.to.hand_in(errand, bytes, lang);
    }
    say(&match lang {
        Language::Nl => format!(
            "Getekend: {said}.\nConvenant {id}, versie {version}. Kenmerk: {mark}\nBreng {out} nu \
             naar de makelaar en de andere partijen: het werkt pas als zij het hebben."
        ),
        Language::En => format!(
            "Signed: {said}.\nCovenant {id}, version {version}. Mark: {mark}\nBring {out} to the \
             broker and the other parties now: it works once they have it."
        ),
    })
}
