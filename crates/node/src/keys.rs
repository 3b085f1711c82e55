//! The node's own keys, read from files whose modes are checked. Nothing here leaves the process
//! but public keys.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use covenant::Covenant;
use identity::covenant_key::{Protection, StoredKey};
use identity::{SealingKey, SigningKey, secret_file};
use model::{CovenantId, Digest, KeyEpoch, MatchKeySpec, PartyId, Secret, Token};
use pseudonym::{CovenantKey, Deriver, NormalSubject};

use crate::config::{CovenantKeyConfig, KeysConfig, LookUpKeyConfig};
use crate::vault::Vault;

/// The node's own secrets.
#[derive(Debug)]
pub struct Keys {
    /// Signs whatever goes to the broker.
    pub signing: SigningKey,
    /// Opens what was sealed to this party.
    pub sealing: SealingKey,
    /// Cosigns the log.
    pub witness: Option<SigningKey>,
    /// Encrypts what is kept.
    pub vault: Vault,
    /// What covenant key files are sealed under.
    pub protection: Protection,
}

impl Keys {
    /// Reads every key file.
    ///
    /// # Errors
    /// Names the file and the remedy, never what is in it.
    pub fn read(config: &KeysConfig) -> Result<Self> {
        Ok(Self {
            signing: SigningKey::read(&config.signing).context("keys.signing")?,
            sealing: SealingKey::read(&config.sealing).context("keys.sealing")?,
            witness: config
                .witness
                .as_ref()
                .map(|path| SigningKey::read(path))
                .transpose()
                .context("keys.witness")?,
            vault: Vault::new(vault_key(&config.vault).context("keys.vault")?),
            protection: config.protection.read().context("keys.protection")?,
        })
    }
}

fn vault_key(path: &Path) -> Result<Secret> {
    let bytes = secret_file::read(path)?;
    Secret::from_slice(&bytes)
        .with_context(|| format!("{}: a vault key is exactly 32 random bytes", path.display()))
}

/// A covenant's key of one epoch, with what is derived of it.
#[derive(Debug)]
pub struct Epoch {
    key: Arc<CovenantKey>,
    number: KeyEpoch,
    fingerprint: [u8; 8],
    commitment: Digest,
    deriver: Deriver,
    announcement: Option<Announcement>,
}

/// For whom the maker of a key sealed it: the digest of each party's ciphertext.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announcement {
    /// Every other party with the SHA-256 of what was sealed for it.
    pub sealed: Vec<(PartyId, Digest)>,
}

/// What a key file must be of.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// The covenant.
    pub covenant: &'a CovenantId,
    /// The digest of its file: of the version for which a key was sealed.
    pub digest: Digest,
    /// Its comparisons.
    pub match_keys: &'a [MatchKeySpec],
    /// This party.
    pub party: &'a PartyId,
}

impl Epoch {
    /// Reads a covenant key, and where this party made it, its signed announcement.
    ///
    /// # Errors
    /// Names the file: it can't be read or opened, is of another covenant or epoch, or its
    /// announcement is of another key.
    pub fn read(config: &CovenantKeyConfig, expected: Expected<'_>, keys: &Keys) -> Result<Self> {
        let file = config.file.display();
        let number = KeyEpoch::new(config.epoch).context("epochs count from 1")?;
        let stored = StoredKey::read(&config.file, &keys.protection)?;
        ensure!(
            stored.covenant == *expected.covenant && stored.epoch == number,
            "{file} is the key of another covenant or epoch; correct [[covenant]] keys"
        );
        let key = CovenantKey::from_secret(stored.key);
        ensure!(
            key.commitment() == stored.commitment,
            "{file} does not hold the key that it says; open the package again"
        );
        let announcement = config
            .announcement
            .as_deref()
            .map(|path| {
                read_announcement(path, number, &key, expected, keys)
                    .with_context(|| format!("{}", path.display()))
            })
            .transpose()?;
        Ok(Self {
            number,
            fingerprint: key.fingerprint(),
            commitment: key.commitment(),
            deriver: Deriver::new(&key, expected.covenant, number, expected.match_keys)?,
            key: Arc::new(key),
            announcement,
        })
    }

    /// The same key under another version of its covenant, which may compare otherwise.
    ///
    /// # Errors
    /// When the version's comparisons can't be derived.
    pub fn under(&self, covenant: &Covenant) -> Result<Self> {
        let deriver = Deriver::new(&self.key, covenant.id(), self.number, covenant.match_keys())?;
        Ok(Self {
            key: Arc::clone(&self.key),
            number: self.number,
            fingerprint: self.fingerprint,
            commitment: self.commitment,
            deriver,
            announcement: self.announcement.clone(),
        })
    }

    /// The epoch.
    #[must_use]
    pub const fn number(&self) -> KeyEpoch {
        self.number
    }

    /// What parties compare aloud.
    #[must_use]
    pub const fn fingerprint(&self) -> [u8; 8] {
        self.fingerprint
    }

    /// Commitment to the key.
    #[must_use]
    pub const fn commitment(&self) -> Digest {
        self.commitment
    }

    /// The tokens of a subject, sorted, each once.
    #[must_use]
    pub fn derive(&self, subject: &NormalSubject) -> Vec<Token> {
        self.deriver.derive(subject)
    }

    /// The tokens of the probe subjects.
    #[must_use]
    pub fn probes(&self) -> Vec<Token> {
        self.deriver.probes()
    }

    /// For whom the key was sealed, where this party made it.
    #[must_use]
    pub const fn announcement(&self) -> Option<&Announcement> {
        self.announcement.as_ref()
    }
}

/// A covenant's key of an epoch that is over. It makes pseudonyms for a desk's look-ups, and has
/// nothing by which a signal, a question or a hello could be made under it.
#[derive(Debug)]
pub struct LookUpEpoch(Epoch);

impl LookUpEpoch {
    /// Reads a covenant key.
    ///
    /// # Errors
    /// As [`Epoch::read`].
    pub fn read(config: &LookUpKeyConfig, expected: Expected<'_>, keys: &Keys) -> Result<Self> {
        let key = CovenantKeyConfig {
            epoch: config.epoch,
            file: config.file.clone(),
            announcement: None,
        };
        Epoch::read(&key, expected, keys).map(Self)
    }

    /// The same key under another version of its covenant.
    ///
    /// # Errors
    /// As [`Epoch::under`].
    pub fn under(&self, covenant: &Covenant) -> Result<Self> {
        self.0.under(covenant).map(Self)
    }

    /// The epoch.
    #[must_use]
    pub const fn number(&self) -> KeyEpoch {
        self.0.number()
    }

    /// The tokens by which a desk looks a subject up, sorted, each once.
    #[must_use]
    pub fn for_look_up(&self, subject: &NormalSubject) -> Vec<Token> {
        self.0.derive(subject)
    }
}

fn read_announcement(
    path: &Path,
    number: KeyEpoch,
    key: &CovenantKey,
    expected: Expected<'_>,
    keys: &Keys,
) -> Result<Announcement> {
    use identity::key_package::KeyPackage;
    use sha2::{Digest as _, Sha256};
    let envelope = std::fs::read(path).context("read the announcement")?;
    let own = keys.signing.verifying_key();
    let package = KeyPackage::verify(&envelope, expected.party, &own)
        .context("the announcement must be made by this node")?;
    ensure!(
        package.commitment == key.commitment()
            && package.subject.covenant == *expected.covenant
            && package.subject.covenant_digest == expected.digest
            && package.subject.epoch == number,
        "the announcement is of another key, covenant file or epoch; seal the key again"
    );
    let sealed = package
        .sealed()
        .map(|(party, sealed)| (party.clone(), Digest::new(Sha256::digest(sealed).into())))
        .collect();
    Ok(Announcement { sealed })
}
