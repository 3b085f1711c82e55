//! `covenant keys`: a covenant key is made by one party, sealed to the others, and opened there.
//!
//! No key is ever printed: only fingerprints, which the parties compare aloud.

mod witness;

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Args, Subcommand, ValueEnum};
use covenant::language::ast::{Key, NodeKeys};
use covenant::{Checking, Covenant};
use data_encoding::HEXLOWER;
use identity::covenant_key::{Protection, ProtectionSource, StoredKey};
use identity::key_package::{self, KeyPackage, KeySubject};
use identity::{SealingKey, SealingPublicKey, SigningKey, VerifyingKey};
use model::{KeyEpoch, PartyId, Secret};
use pseudonym::CovenantKey;

use crate::answer::{Found, Language, say, write_new};
use crate::policy;

/// Makes, seals and opens covenant keys.
#[derive(Debug, Subcommand)]
pub(crate) enum Keys {
    /// Makes the key of a covenant's epoch. One party does this, once.
    Make(Make),
    /// Makes the key with which your node cosigns the log, and says what others need of it.
    MakeWitness(witness::MakeWitness),
    /// Seals a key to the other parties and signs the package as its maker.
    Seal(Seal),
    /// Opens a package that another party sealed to yours.
    Open(Open),
    /// Prints the fingerprint of a key, to be compared aloud.
    Fingerprint(Fingerprint),
    /// Prints the public half of a signing or sealing key, as a covenant and a pin name it.
    Public(Public),
}

/// What protects a key file.
#[derive(Debug, Args)]
pub(crate) struct AtRest {
    /// The file that protects the key file: what the node's `keys.protection` names, which is
    /// `{ passphrase_file = ".." }`, `{ key_file = ".." }` or `{ credential = ".." }`.
    #[arg(long, required_unless_present = "unprotected")]
    protection_file: Option<PathBuf>,
    /// What is in the protection file.
    #[arg(long, value_enum, default_value = "passphrase")]
    protection: ProtectionKind,
    /// Leaves the key open in its file, which only its mode then protects: for trials.
    #[arg(long, conflicts_with_all = ["protection_file", "protection"])]
    unprotected: bool,
}

/// What is in a protection file.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum ProtectionKind {
    /// A passphrase of at least 12 bytes (`passphrase_file`).
    Passphrase,
    /// At least 32 random bytes (`key_file`).
    Random,
}

/// What `keys make` is told.
#[derive(Debug, Args)]
pub(crate) struct Make {
    /// The covenant.
    #[arg(long)]
    covenant: PathBuf,
    /// The key's epoch, from 1.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    epoch: u32,
    /// Your own party.
    #[arg(long)]
    party: String,
    /// Where the key goes; the file must not be there yet.
    #[arg(long)]
    out: PathBuf,
    #[command(flatten)]
    at_rest: AtRest,
}

/// What `keys seal` is told.
#[derive(Debug, Args)]
pub(crate) struct Seal {
    /// The key, as `keys make` wrote it.
    #[arg(long)]
    key: PathBuf,
    /// The covenant.
    #[arg(long)]
    covenant: PathBuf,
    /// Your own party, which made the key.
    #[arg(long)]
    party: String,
    /// Your node's signing key (PEM).
    #[arg(long)]
    signing: PathBuf,
    /// To whom; may be given more than once. Left out: every other party.
    #[arg(long)]
    to: Vec<String>,
    /// Your node's configuration: the sealing keys that it pins must be those of the covenant.
    #[arg(long)]
    pins: Option<PathBuf>,
    /// Where the package goes; the file must not be there yet.
    #[arg(long)]
    out: PathBuf,
    #[command(flatten)]
    at_rest: AtRest,
}

/// What `keys open` is told.
#[derive(Debug, Args)]
pub(crate) struct Open {
    /// The package.
    package: PathBuf,
    /// The covenant.
    #[arg(long)]
    covenant: PathBuf,
    /// The key's epoch, from 1.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    epoch: u32,
    /// Your own party.
    #[arg(long)]
    party: String,
    /// The party that made the key.
    #[arg(long)]
    maker: String,
    /// The maker's node signing key as you pin it: `ed25519:...`.
    #[arg(long)]
    maker_key: String,
    /// Your node's sealing key (PEM).
    #[arg(long)]
    sealing: PathBuf,
    /// Where the key goes; the file must not be there yet.
    #[arg(long)]
    out: PathBuf,
    #[command(flatten)]
    at_rest: AtRest,
}

/// What `keys fingerprint` is told.
#[derive(Debug, Args)]
pub(crate) struct Fingerprint {
    /// The key's file.
    file: PathBuf,
    #[command(flatten)]
    at_rest: AtRest,
}

/// What `keys public` is told.
#[derive(Debug, Args)]
pub(crate) struct Public {
    /// The private key (PKCS#8 PEM): Ed25519 to sign, X25519 to seal to.
    file: PathBuf,
}

/// Runs the command.
pub(crate) fn run(keys: Keys, lang: Language) -> anyhow::Result<Found> {
    match keys {
        Keys::Make(make) => run_make(&make, lang),
        Keys::MakeWitness(make) => witness::run(&make, lang),
        Keys::Seal(seal) => run_seal(&seal, lang),
        Keys::Open(open) => run_open(&open, lang),
        Keys::Fingerprint(fingerprint) => {
            let stored = read(&fingerprint.file, &fingerprint.at_rest)?;
            tell(&stored, lang)
        }
        Keys::Public(public) => run_public(&public.file),
    }
}

fn run_public(file: &Path) -> anyhow::Result<Found> {
    let bytes = identity::secret_file::read(file)?;
    // Raw bytes don't say which kind of key they are, and the wrong one would look right.
    anyhow::ensure!(
        bytes.starts_with(b"-----BEGIN"),
        "{} is not PEM: give the PKCS#8 PEM file of a signing (ed25519) or sealing (x25519) key",
        file.display()
    );
    let signing = SigningKey::from_bytes(&bytes).map(|key| key.verifying_key().to_string());
    let sealing = || SealingKey::from_bytes(&bytes).map(|key| key.public_key().to_string());
    let public = signing.or_else(sealing).with_context(|| {
        format!(
            "{} is no key to sign (ed25519) or to seal to (x25519)",
            file.display()
        )
    })?;
    say(&public)?;
    Ok(Found::Good)
}

fn run_make(make: &Make, lang: Language) -> anyhow::Result<Found> {
    let covenant = policy::read(&make.covenant, Checking::Strict, lang)?;
    let party = party_of(&covenant, "--party", &make.party)?;
    let key = CovenantKey::from_secret(Secret::new(model::id::random_32()));
    let stored = StoredKey {
        covenant: covenant.id().clone(),
        epoch: epoch(make.epoch)?,
        commitment: key.commitment(),
        key: key.secret().clone(),
    };
    stored.write_new(&make.out, &make.at_rest.read()?)?;
    tell(&stored, lang)?;
    let out = make.out.display();
    say(&match lang {
        Language::Nl => format!(
            "{party} maakte deze sleutel: {out}. Verzegel hem nu voor de andere partijen (keys seal)."
        ),
        Language::En => {
            format!("{party} made this key: {out}. Now seal it to the other parties (keys seal).")
        }
    })?;
    Ok(Found::Good)
}

fn run_seal(seal: &Seal, lang: Language) -> anyhow::Result<Found> {
    let covenant = policy::read(&seal.covenant, Checking::Strict, lang)?;
    let maker = party_of(&covenant, "--party", &seal.party)?;
    let stored = read(&seal.key, &seal.at_rest)?;
    anyhow::ensure!(
        stored.covenant == *covenant.id(),
        "--key is of covenant {}, and --covenant is {}",
        stored.covenant,
        covenant.id()
    );
    let signer = SigningKey::read(&seal.signing)?;
    let named = node_keys(&covenant, &maker)?.signing.bytes().copied();
    anyhow::ensure!(
        named == Some(signer.verifying_key().to_bytes()),
        "--signing is not the key that the covenant names for {maker} (knooppunt.ondertekening): \
         the others would refuse the package"
    );
    let pins = seal.pins.as_deref().map(Pins::read).transpose()?;
    let mut recipients = Vec::new();
    for party in recipients_of(&covenant, &maker, &seal.to)? {
        let key = sealing_key(&covenant, &party, pins.as_ref())?;
        recipients.push((party, key));
    }
    let subject = subject(&covenant, stored.epoch);
    let package = key_package::make(
        &subject,
        &maker,
        &stored.key,
        &stored.commitment,
        &recipients,
        &signer,
    )?;
    write_new(&seal.out, package.as_bytes())?;
    tell(&stored, lang)?;
    for (party, key) in &recipients {
        say(&match lang {
            Language::Nl => format!("verzegeld voor {party}: {key}"),
            Language::En => format!("sealed to {party}: {key}"),
        })?;
    }
    Ok(Found::Good)
}

fn run_open(open: &Open, lang: Language) -> anyhow::Result<Found> {
    let covenant = policy::read(&open.covenant, Checking::Strict, lang)?;
    let party = party_of(&covenant, "--party", &open.party)?;
    let maker = party_of(&covenant, "--maker", &open.maker)?;
    let maker_key = VerifyingKey::parse(&open.maker_key).context("--maker-key")?;
    let sealing = SealingKey::read(&open.sealing)?;
    let envelope =
        std::fs::read(&open.package).with_context(|| format!("read {}", open.package.display()))?;
    let package = KeyPackage::verify(&envelope, &maker, &maker_key)?;
    let subject = subject(&covenant, epoch(open.epoch)?);
    let key = package.open(&subject, &party, &sealing, |key| {
        CovenantKey::from_secret(key.clone()).commitment()
    })?;
    let stored = StoredKey {
        covenant: subject.covenant,
        epoch: subject.epoch,
        commitment: package.commitment,
        key,
    };
    stored.write_new(&open.out, &open.at_rest.read()?)?;
    tell(&stored, lang)
}

impl AtRest {
    fn read(&self) -> anyhow::Result<Protection> {
        let source = match (&self.protection_file, self.protection) {
            (None, _) => ProtectionSource::None,
            (Some(file), ProtectionKind::Passphrase) => {
                ProtectionSource::PassphraseFile(file.clone())
            }
            (Some(file), ProtectionKind::Random) => ProtectionSource::KeyFile(file.clone()),
        };
        Ok(source.read()?)
    }
}

/// The sealing keys that a node's configuration pins.
struct Pins(toml::Table);

impl Pins {
    fn read(path: &Path) -> anyhow::Result<Self> {
        let text =
            std::fs::read_to_string(path).with_context(|| format!("read {}", path.display()))?;
        let table = text
            .parse()
            .with_context(|| format!("{} is not TOML", path.display()))?;
        Ok(Self(table))
    }

    fn sealing(&self, party: &PartyId) -> Option<&str> {
        self.0
            .get("pins")?
            .get(party.as_str())?
            .get("node_sealing")?
            .as_str()
    }
}

fn sealing_key(
    covenant: &Covenant,
    party: &PartyId,
    pins: Option<&Pins>,
) -> anyhow::Result<SealingPublicKey> {
    let named = node_keys(covenant, party)?
        .sealing
        .bytes()
        .and_then(SealingPublicKey::from_bytes)
        .with_context(|| format!("the sealing key of {party} in the covenant is not a key"))?;
    if let Some(pins) = pins {
        let pinned = pins
            .sealing(party)
            .with_context(|| format!("--pins names no pins.{party}.node_sealing"))?;
        let pinned = SealingPublicKey::parse(pinned)
            .with_context(|| format!("pins.{party}.node_sealing"))?;
        anyhow::ensure!(
            pinned == named,
            "the covenant names another sealing key for {party} than your configuration pins: ask \
             {party} which one is right before you seal anything"
        );
    }
    Ok(named)
}

fn recipients_of(
    covenant: &Covenant,
    maker: &PartyId,
    named: &[String],
) -> anyhow::Result<Vec<PartyId>> {
    if named.is_empty() {
        return Ok(covenant
            .parties()
            .keys()
            .filter(|party| *party != maker)
            .cloned()
            .collect());
    }
    named
        .iter()
        .map(|name| party_of(covenant, "--to", name))
        .collect()
}

fn node_keys<'a>(covenant: &'a Covenant, party: &PartyId) -> anyhow::Result<&'a NodeKeys> {
    let keys = covenant.party(party).and_then(|party| party.node.as_ref());
    let keys = keys.with_context(|| format!("the covenant names no knooppunt for {party}"))?;
    let real = [&keys.signing, &keys.sealing]
        .iter()
        .all(|key| !matches!(key, Key::Placeholder(_)));
    anyhow::ensure!(
        real,
        "the covenant has a place-holder instead of a key for {party}"
    );
    Ok(keys)
}

fn party_of(covenant: &Covenant, flag: &str, name: &str) -> anyhow::Result<PartyId> {
    covenant
        .parties()
        .keys()
        .find(|id| id.as_str() == name)
        .cloned()
        .with_context(|| {
            let names: Vec<&str> = covenant.parties().keys().map(PartyId::as_str).collect();
            format!(
                "{flag}: the covenant has no such party; it has {}",
                names.join(", ")
            )
        })
}

fn subject(covenant: &Covenant, epoch: KeyEpoch) -> KeySubject {
    KeySubject {
        covenant: covenant.id().clone(),
        covenant_digest: covenant.digest(),
        epoch,
    }
}

fn epoch(number: u32) -> anyhow::Result<KeyEpoch> {
    KeyEpoch::new(number).context("--epoch: epochs are numbered from 1")
}

fn read(path: &Path, at_rest: &AtRest) -> anyhow::Result<StoredKey> {
    let stored = StoredKey::read(path, &at_rest.read()?)?;
    let commitment = CovenantKey::from_secret(stored.key.clone()).commitment();
    anyhow::ensure!(
        commitment == stored.commitment,
        "{} holds another key than it commits to: take it from its maker's package again",
        path.display()
    );
    Ok(stored)
}

fn tell(stored: &StoredKey, lang: Language) -> anyhow::Result<Found> {
    let key = CovenantKey::from_secret(stored.key.clone());
    let fingerprint = HEXLOWER.encode(&key.fingerprint());
    let spoken: Vec<&str> = (0..fingerprint.len())
        .step_by(4)
        .filter_map(|from| fingerprint.get(from..from + 4))
        .collect();
    let (id, epoch, spoken) = (&stored.covenant, stored.epoch.get(), spoken.join(" "));
    say(&match lang {
        Language::Nl => format!("{id}, tijdvak {epoch}, vingerafdruk {spoken}"),
        Language::En => format!("{id}, epoch {epoch}, fingerprint {spoken}"),
    })?;
    Ok(Found::Good)
}
