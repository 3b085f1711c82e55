//! A covenant key at rest: one JSON file per covenant and epoch, sealed under a key from a
//! passphrase file, a key file, or a systemd credential.
//!
//! | protection | key derivation |
//! |---|---|
//! | passphrase file | PBKDF2-HMAC-SHA256, 600,000 rounds, fresh salt of 32 bytes |
//! | key file or systemd credential (at least 32 random bytes) | HKDF-SHA256, fresh salt of 32 bytes |
//! | none | the key lies open, for demonstrations only |
//!
//! The sealing is ChaCha20-Poly1305 with covenant, epoch, commitment and protection as associated
//! data, so a file can't be passed off as another covenant's or epoch's. The file's mode is
//! checked as well.

use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use data_encoding::BASE64;
use model::id::{fill_random, random_32};
use model::{CovenantId, Digest, KeyEpoch, Secret};
use ring::{aead, hkdf, pbkdf2};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize as _, Zeroizing};

use crate::secret_file::{self, SecretFileError};

const FORMAT: &str = "covenant-key/1";
/// OWASP's figure for PBKDF2-HMAC-SHA256.
const ROUNDS: u32 = 600_000;
/// More would only make a start endless.
const MOST_ROUNDS: u32 = 10_000_000;
const SHORTEST_PASSPHRASE: usize = 12;
const SHORTEST_KEY_FILE: usize = 32;

/// Where the key that protects a covenant key comes from: a setting.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum ProtectionSource {
    /// A file with a passphrase of at least 12 bytes; its last line end doesn't count.
    PassphraseFile(PathBuf),
    /// A file with at least 32 random bytes.
    KeyFile(PathBuf),
    /// A systemd credential (`LoadCredentialEncrypted=`) with at least 32 random bytes, by name.
    Credential(String),
    /// Nothing: the covenant key lies open in its file. For demonstrations only.
    None,
}

impl ProtectionSource {
    /// Reads it; modes are checked.
    ///
    /// # Errors
    /// [`SecretFileError`] that names the file and the remedy.
    pub fn read(&self) -> Result<Protection, SecretFileError> {
        match self {
            Self::PassphraseFile(path) => {
                let bytes = secret_file::read(path)?;
                Protection::passphrase(&bytes).ok_or_else(|| {
                    SecretFileError::malformed(path, "a passphrase of at least 12 bytes")
                })
            }
            Self::KeyFile(path) => {
                let bytes = secret_file::read(path)?;
                Protection::key(&bytes)
                    .ok_or_else(|| SecretFileError::malformed(path, "at least 32 random bytes"))
            }
            Self::Credential(name) => {
                let folder = secret_file::credentials_folder();
                let bytes = secret_file::read_credential(folder.as_deref(), name)?;
                Protection::key(&bytes).ok_or_else(|| {
                    SecretFileError::malformed(Path::new(name), "at least 32 random bytes")
                })
            }
            Self::None => Ok(Protection(Kind::Open)),
        }
    }
}

/// What protects a covenant key at rest. `Debug` shows nothing of it.
pub struct Protection(Kind);

enum Kind {
    Passphrase(Zeroizing<Vec<u8>>),
    Key(Zeroizing<Vec<u8>>),
    Open,
}

impl std::fmt::Debug for Protection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Protection(..)")
    }
}

impl Protection {
    /// A passphrase of at least 12 bytes, its last line end left off; else `None`.
    #[must_use]
    pub fn passphrase(bytes: &[u8]) -> Option<Self> {
        let text = bytes.strip_suffix(b"\n").unwrap_or(bytes);
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        (text.len() >= SHORTEST_PASSPHRASE)
            .then(|| Self(Kind::Passphrase(Zeroizing::new(text.to_vec()))))
    }

    /// At least 32 random bytes; else `None`.
    #[must_use]
    pub fn key(bytes: &[u8]) -> Option<Self> {
        (bytes.len() >= SHORTEST_KEY_FILE).then(|| Self(Kind::Key(Zeroizing::new(bytes.to_vec()))))
    }

    /// No protection but the file's mode: for demonstrations only.
    #[must_use]
    pub const fn none() -> Self {
        Self(Kind::Open)
    }

    /// Whether the key lies open: worth a loud warning at every start.
    #[must_use]
    pub const fn is_none(&self) -> bool {
        matches!(self.0, Kind::Open)
    }
}

/// A covenant key as it lies in its file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoredKey {
    /// Of which covenant.
    pub covenant: CovenantId,
    /// Of which epoch.
    pub epoch: KeyEpoch,
    /// `pseudonym::CovenantKey::commitment`; whoever takes the key into use compares it.
    pub commitment: Digest,
    /// The key.
    pub key: Secret,
}

impl StoredKey {
    /// Writes a new file (mode 0600, durable on return).
    ///
    /// # Errors
    /// [`CovenantKeyError`] when the file exists or can't be written.
    pub fn write_new(&self, path: &Path, protection: &Protection) -> Result<(), CovenantKeyError> {
        let text = self.to_text(protection)?;
        Ok(secret_file::write_new(path, text.as_bytes())?)
    }

    /// Reads and opens a file; its mode is checked.
    ///
    /// # Errors
    /// [`CovenantKeyError`] when it can't be read, is malformed, or doesn't open.
    pub fn read(path: &Path, protection: &Protection) -> Result<Self, CovenantKeyError> {
        let bytes = secret_file::read(path)?;
        Self::from_text(&bytes, protection).map_err(|problem| CovenantKeyError::File {
            file: path.to_owned(),
            problem,
        })
    }

    /// The file's text.
    ///
    /// # Errors
    /// [`CovenantKeyError::Seal`], which doesn't happen with keys of 32 bytes.
    pub fn to_text(&self, protection: &Protection) -> Result<Zeroizing<String>, CovenantKeyError> {
        let derivation = match protection.0 {
            Kind::Passphrase(_) => Derivation::Passphrase {
                rounds: ROUNDS,
                salt: fresh_salt(),
            },
            Kind::Key(_) => Derivation::KeyFile { salt: fresh_salt() },
            Kind::Open => Derivation::None,
        };
        let mut header = KeyText {
            format: FORMAT.to_owned(),
            covenant: self.covenant.to_string(),
            epoch: self.epoch.get(),
            commitment: self.commitment.to_hex(),
            protection: derivation,
            nonce: String::new(),
            key: String::new(),
        };
        let mut bytes = Zeroizing::new(self.key.expose().to_vec());
        if let Some(key) = header
            .protection
            .key(protection)
            .map_err(|_| CovenantKeyError::Seal)?
        {
            let mut nonce = [0; aead::NONCE_LEN];
            fill_random(&mut nonce);
            header.nonce = BASE64.encode(&nonce);
            let aad = aead::Aad::from(header.associated_data());
            let nonce = aead::Nonce::assume_unique_for_key(nonce);
            key.seal_in_place_append_tag(nonce, aad, &mut *bytes)
                .map_err(|_| CovenantKeyError::Seal)?;
        }
        header.key = BASE64.encode(&bytes);
        let text = serde_json::to_string_pretty(&header).map_err(|_| CovenantKeyError::Seal)?;
        header.key.zeroize();
        Ok(Zeroizing::new(text + "\n"))
    }

    /// Reads a file's text.
    ///
    /// # Errors
    /// [`KeyFileProblem`].
    pub fn from_text(text: &[u8], protection: &Protection) -> Result<Self, KeyFileProblem> {
        use KeyFileProblem::Malformed;
        let mut header: KeyText = serde_json::from_slice(text).map_err(|_| Malformed)?;
        if header.format != FORMAT {
            return Err(Malformed);
        }
        let mut bytes = Zeroizing::new(
            BASE64
                .decode(header.key.as_bytes())
                .map_err(|_| Malformed)?,
        );
        header.key.zeroize();
        let opened: &[u8] = match header.protection.key(protection)? {
            None => &bytes,
            Some(key) => {
                let nonce = BASE64
                    .decode(header.nonce.as_bytes())
                    .map_err(|_| Malformed)?;
                let nonce =
                    aead::Nonce::try_assume_unique_for_key(&nonce).map_err(|_| Malformed)?;
                let aad = aead::Aad::from(header.associated_data());
                key.open_in_place(nonce, aad, &mut bytes)
                    .map_err(|_| KeyFileProblem::NotOpened)?
            }
        };
        Ok(Self {
            covenant: CovenantId::parse(&header.covenant).map_err(|_| Malformed)?,
            epoch: KeyEpoch::new(header.epoch).ok_or(Malformed)?,
            commitment: Digest::from_hex(&header.commitment).ok_or(Malformed)?,
            key: Secret::from_slice(opened).ok_or(Malformed)?,
        })
    }
}

/// What is wrong with a covenant key's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyFileProblem {
    /// Not a covenant key's file of this version.
    #[error("it is malformed: expected a covenant key of format covenant-key/1")]
    Malformed,
    /// Another kind of protection is set than the file has.
    #[error(
        "it is protected in another way than the settings say: compare its `protection` with the settings"
    )]
    OtherProtection,
    /// Wrong passphrase or key, or an altered file.
    #[error("it does not open: the passphrase or key is another, or the file was altered")]
    NotOpened,
}

/// Why a covenant key can't be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CovenantKeyError {
    /// The file itself.
    #[error(transparent)]
    Secret(#[from] SecretFileError),
    /// What is in it.
    #[error("{}: {problem}", file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        problem: KeyFileProblem,
    },
    /// It can't be sealed.
    #[error("the covenant key can't be sealed")]
    Seal,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyText {
    format: String,
    covenant: String,
    epoch: u32,
    commitment: String,
    protection: Derivation,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    nonce: String,
    key: String,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
enum Derivation {
    Passphrase { rounds: u32, salt: String },
    KeyFile { salt: String },
    None,
}

impl KeyText {
    fn associated_data(&self) -> Vec<u8> {
        let (kind, rounds) = match &self.protection {
            Derivation::Passphrase { rounds, .. } => ("passphrase", *rounds),
            Derivation::KeyFile { .. } => ("key-file", 0),
            Derivation::None => ("none", 0),
        };
        // Every part is one line, and none can hold a line end.
        format!(
            "{FORMAT}\n{}\n{}\n{}\n{kind}\n{rounds}\n",
            self.covenant, self.epoch, self.commitment
        )
        .into_bytes()
    }
}

impl Derivation {
    /// The key that seals the file; `None` when it is open by itself.
    fn key(&self, protection: &Protection) -> Result<Option<aead::LessSafeKey>, KeyFileProblem> {
        let salt_of = |text: &str| {
            BASE64
                .decode(text.as_bytes())
                .ok()
                .filter(|s| s.len() == 32)
                .ok_or(KeyFileProblem::Malformed)
        };
        let mut derived = Zeroizing::new([0; 32]);
        match (self, &protection.0) {
            (Self::None, Kind::Open) => return Ok(None),
            (Self::Passphrase { rounds, salt }, Kind::Passphrase(passphrase)) => {
                let rounds = NonZeroU32::new(*rounds)
                    .filter(|r| (ROUNDS..=MOST_ROUNDS).contains(&r.get()))
                    .ok_or(KeyFileProblem::Malformed)?;
                let algorithm = pbkdf2::PBKDF2_HMAC_SHA256;
                pbkdf2::derive(
                    algorithm,
                    rounds,
                    &salt_of(salt)?,
                    passphrase,
                    &mut *derived,
                );
            }
            (Self::KeyFile { salt }, Kind::Key(key)) => {
                hkdf::Salt::new(hkdf::HKDF_SHA256, &salt_of(salt)?)
                    .extract(key)
                    .expand(&[FORMAT.as_bytes()], hkdf::HKDF_SHA256)
                    .and_then(|okm| okm.fill(&mut *derived))
                    .map_err(|_| KeyFileProblem::Malformed)?;
            }
            _ => return Err(KeyFileProblem::OtherProtection),
        }
        let key = aead::UnboundKey::new(&aead::CHACHA20_POLY1305, &*derived)
            .map_err(|_| KeyFileProblem::Malformed)?;
        Ok(Some(aead::LessSafeKey::new(key)))
    }
}

fn fresh_salt() -> String {
    BASE64.encode(&random_32())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored() -> StoredKey {
        StoredKey {
            covenant: CovenantId::parse("veilig-op-bezoek").unwrap(),
            epoch: KeyEpoch::FIRST,
            commitment: Digest::new([7; 32]),
            key: Secret::new(random_32()),
        }
    }

    fn passphrase() -> Protection {
        Protection::passphrase(b"een lange wachtzin\n").unwrap()
    }

    fn key() -> Protection {
        Protection::key(&[9; 32]).unwrap()
    }

    #[test]
    fn every_protection_round_trips_and_hides_the_key() {
        let stored = stored();
        for protection in [passphrase(), key()] {
            let text = stored.to_text(&protection).unwrap();
            assert!(!text.contains(&BASE64.encode(stored.key.expose())));
            let again = StoredKey::from_text(text.as_bytes(), &protection).unwrap();
            assert_eq!(again, stored);
            let twice = stored.to_text(&protection).unwrap();
            assert_ne!(*text, *twice, "salt and nonce are fresh");
        }
        let open = stored.to_text(&Protection::none()).unwrap();
        assert!(open.contains(r#""kind": "none""#));
        assert_eq!(
            StoredKey::from_text(open.as_bytes(), &Protection::none()),
            Ok(stored.clone())
        );
        assert!(!format!("{stored:?} {:?}", passphrase()).contains("wachtzin"));
        assert!(format!("{stored:?}").contains("key: Secret(..)"));
    }

    #[test]
    fn the_wrong_protection_opens_nothing() {
        let text = stored().to_text(&key()).unwrap();
        let other = Protection::key(&[8; 32]).unwrap();
        let read = |protection: &Protection| StoredKey::from_text(text.as_bytes(), protection);
        assert_eq!(read(&other), Err(KeyFileProblem::NotOpened));
        assert_eq!(read(&passphrase()), Err(KeyFileProblem::OtherProtection));
        assert_eq!(
            read(&Protection::none()),
            Err(KeyFileProblem::OtherProtection)
        );
        let sealed = stored().to_text(&passphrase()).unwrap();
        let other = Protection::passphrase(b"een andere wachtzin").unwrap();
        assert_eq!(
            StoredKey::from_text(sealed.as_bytes(), &other),
            Err(KeyFileProblem::NotOpened)
        );
    }

    #[test]
    fn a_file_is_of_one_covenant_epoch_and_commitment() {
        let text = stored().to_text(&key()).unwrap();
        for (from, to) in [
            ("veilig-op-bezoek", "veilig-op-bezoel"),
            ("\"epoch\": 1", "\"epoch\": 2"),
            (&"07".repeat(32), &"08".repeat(32)),
        ] {
            let altered = text.replace(from, to);
            assert_ne!(altered, *text);
            assert_eq!(
                StoredKey::from_text(altered.as_bytes(), &key()),
                Err(KeyFileProblem::NotOpened),
                "{from}"
            );
        }
        let fewer = stored()
            .to_text(&passphrase())
            .unwrap()
            .replace("600000", "1000");
        assert_eq!(
            StoredKey::from_text(fewer.as_bytes(), &passphrase()),
            Err(KeyFileProblem::Malformed),
            "too few rounds are not accepted"
        );
        for malformed in [
            "",
            "{}",
            "[]",
            &text.replace("covenant-key/1", "covenant-key/2"),
        ] {
            assert_eq!(
                StoredKey::from_text(malformed.as_bytes(), &key()),
                Err(KeyFileProblem::Malformed)
            );
        }
    }

    #[test]
    fn weak_protections_are_refused() {
        assert!(Protection::passphrase(b"kort\n").is_none());
        assert!(Protection::passphrase(b"elf tekens.\r\n").is_none());
        assert!(Protection::key(&[1; 31]).is_none());
    }

    #[test]
    fn files_and_sources_check_modes() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let pass = folder.path().join("pass");
        secret_file::write_new(&pass, b"een lange wachtzin\n").unwrap();
        let source = ProtectionSource::PassphraseFile(pass.clone());
        let path = folder.path().join("veilig-op-bezoek.1.key");
        let stored = stored();
        stored.write_new(&path, &source.read().unwrap()).unwrap();
        assert_eq!(
            StoredKey::read(&path, &source.read().unwrap()).unwrap(),
            stored
        );
        let again = stored
            .write_new(&path, &source.read().unwrap())
            .unwrap_err();
        assert!(again.to_string().contains("exists already"));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        let told = StoredKey::read(&path, &source.read().unwrap())
            .unwrap_err()
            .to_string();
        assert!(told.contains("chmod 600"), "{told}");
        std::fs::set_permissions(&pass, std::fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(source.read(), Err(SecretFileError::Mode { .. })));
        let key_file = folder.path().join("short");
        secret_file::write_new(&key_file, &[1; 31]).unwrap();
        assert!(ProtectionSource::KeyFile(key_file).read().is_err());
    }
}
