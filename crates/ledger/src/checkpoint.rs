//! Checkpoints: C2SP `tlog-checkpoint`, a signed note with the log's size and root.
//!
//! ```text
//! log.example/covenant
//! 42
//! <root hash, base64>
//!
//! — log.example/covenant <base64 of key id (4 bytes) and Ed25519 signature (64 bytes)>
//! — witness.example <base64 of a cosignature>
//! ```
//!
//! The signature covers the text before the empty line, its last line feed included. The key id is
//! the first four bytes of `SHA-256(name || 0x0A || algorithm || public key)`. Signatures by other
//! keys are ignored, as the format asks.

use data_encoding::BASE64;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use model::{Digest, Secret};

use crate::hash::sha256;

/// The longest signed note that is read, in bytes.
pub const MAX_NOTE: usize = 8 * 1024;

const ED25519: u8 = 0x01;
const DASH: &str = "\u{2014} ";

/// Why a key, a note or a signature is not accepted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CheckpointError {
    /// A log's or witness's name.
    #[error("key name is not well formed: use 1 to 128 visible ascii characters without plus")]
    Name,
    /// A `vkey` text.
    #[error("verifier key is not well formed: copy it whole, <name>+<key id>+<base64>")]
    Key,
    /// The note as a whole.
    #[error("signed note is not well formed: {0}")]
    Note(&'static str),
    /// The text of the note.
    #[error("checkpoint is not well formed: {0}")]
    Body(&'static str),
    /// No signature of the key that was asked for.
    #[error("no signature by this key: verify with the key that the covenant names")]
    Unsigned,
    /// A signature of that key that does not hold.
    #[error("the signature does not hold: the note was changed or made with another key")]
    Signature,
    /// The note is of another log.
    #[error("the checkpoint is of another log: its first line must be the key's name")]
    Origin,
}

/// What a checkpoint says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Checkpoint {
    /// The log's name; the same as its key's name.
    pub origin: String,
    /// How many leaves.
    pub size: u64,
    /// The root of the tree of that size.
    pub root: Digest,
}

impl Checkpoint {
    /// The text that is signed.
    #[must_use]
    pub fn to_body(&self) -> String {
        format!(
            "{}\n{}\n{}\n",
            self.origin,
            self.size,
            BASE64.encode(self.root.as_bytes())
        )
    }

    /// Reads the text of a note. Further lines (extensions) are allowed and left alone.
    ///
    /// # Errors
    /// [`CheckpointError::Body`].
    pub fn parse_body(body: &str) -> Result<Self, CheckpointError> {
        let text = body
            .strip_suffix('\n')
            .ok_or(CheckpointError::Body("no line feed at its end"))?;
        let mut lines = text.split('\n');
        let origin = lines.next().filter(|l| !l.is_empty());
        let origin = origin
            .ok_or(CheckpointError::Body("origin is missing"))?
            .to_owned();
        let size = lines
            .next()
            .and_then(decimal)
            .ok_or(CheckpointError::Body("size"))?;
        let root = lines
            .next()
            .and_then(base64)
            .and_then(|b| Digest::from_slice(&b));
        let root = root.ok_or(CheckpointError::Body("root hash"))?;
        if lines.any(str::is_empty) {
            return Err(CheckpointError::Body("an extension line is empty"));
        }
        Ok(Self { origin, size, root })
    }
}

/// One signature line of a note.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SignatureLine {
    /// The key's name.
    pub name: String,
    /// The key's id.
    pub key_id: [u8; 4],
    /// What follows the id: its length and meaning depend on the algorithm.
    pub signature: Vec<u8>,
}

impl SignatureLine {
    /// The line as it stands in a note, without a line feed.
    #[must_use]
    pub fn to_text(&self) -> String {
        let blob = [self.key_id.as_slice(), &self.signature].concat();
        format!("{DASH}{} {}", self.name, BASE64.encode(&blob))
    }

    /// Reads a line without its line feed.
    ///
    /// # Errors
    /// [`CheckpointError::Note`].
    pub fn parse(line: &str) -> Result<Self, CheckpointError> {
        signature_line(line).ok_or(CheckpointError::Note("a signature line"))
    }
}

/// A signed note taken apart; nothing is verified yet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Note {
    /// The text that is signed, with its last line feed.
    pub body: String,
    /// At least one, in the order of the note.
    pub signatures: Vec<SignatureLine>,
}

impl Note {
    /// Takes a note apart.
    ///
    /// # Errors
    /// [`CheckpointError::Note`].
    pub fn parse(note: &[u8]) -> Result<Self, CheckpointError> {
        if note.len() > MAX_NOTE {
            return Err(CheckpointError::Note("longer than 8 KiB"));
        }
        let text = std::str::from_utf8(note).map_err(|_| CheckpointError::Note("not utf-8"))?;
        if text.chars().any(|c| c.is_control() && c != '\n') {
            return Err(CheckpointError::Note("a control character"));
        }
        let text = text
            .strip_suffix('\n')
            .ok_or(CheckpointError::Note("no line feed at its end"))?;
        let (body, signatures) = text
            .rsplit_once("\n\n")
            .ok_or(CheckpointError::Note("no empty line"))?;
        let signatures: Option<Vec<_>> = signatures.split('\n').map(signature_line).collect();
        let signatures = signatures.ok_or(CheckpointError::Note("a signature line"))?;
        Ok(Self {
            body: format!("{body}\n"),
            signatures,
        })
    }

    /// The note's bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut text = format!("{}\n", self.body);
        for line in &self.signatures {
            text.push_str(&format!("{}\n", line.to_text()));
        }
        text.into_bytes()
    }

    /// The same note with one more signature line; none is there twice.
    #[must_use]
    pub fn with(mut self, line: SignatureLine) -> Self {
        if !self.signatures.contains(&line) {
            self.signatures.push(line);
        }
        self
    }

    /// The signatures by one key.
    pub(crate) fn by<'a>(
        &'a self,
        name: &'a str,
        key_id: [u8; 4],
    ) -> impl Iterator<Item = &'a [u8]> {
        self.signatures
            .iter()
            .filter(move |line| line.name == name && line.key_id == key_id)
            .map(|line| line.signature.as_slice())
    }
}

/// Signs checkpoints of one log. `Debug` hides the key.
#[derive(Clone)]
pub struct LogSigner {
    verifier: LogVerifier,
    key: SigningKey,
}

impl LogSigner {
    /// A signer from the 32 bytes of an Ed25519 seed (RFC 8032) and the log's name.
    ///
    /// # Errors
    /// [`CheckpointError::Name`].
    pub fn from_seed(origin: &str, seed: &Secret) -> Result<Self, CheckpointError> {
        let key = SigningKey::from_bytes(seed.expose());
        let verifier = LogVerifier::new(origin, &key.verifying_key().to_bytes())?;
        Ok(Self { verifier, key })
    }

    /// What verifies this log.
    #[must_use]
    pub const fn verifier(&self) -> &LogVerifier {
        &self.verifier
    }

    /// The signed note for a tree.
    #[must_use]
    pub fn sign(&self, size: u64, root: Digest) -> Vec<u8> {
        let body = Checkpoint {
            origin: self.verifier.name.clone(),
            size,
            root,
        }
        .to_body();
        let line = SignatureLine {
            name: self.verifier.name.clone(),
            key_id: self.verifier.key_id,
            signature: self.key.sign(body.as_bytes()).to_bytes().to_vec(),
        };
        Note {
            body,
            signatures: vec![line],
        }
        .to_bytes()
    }
}

impl std::fmt::Debug for LogSigner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LogSigner")
            .field("verifier", &self.verifier)
            .finish_non_exhaustive()
    }
}

/// A log's public key with its name: all that is needed to verify.
#[derive(Clone, PartialEq, Eq)]
pub struct LogVerifier {
    name: String,
    key_id: [u8; 4],
    key: VerifyingKey,
}

impl LogVerifier {
    /// From a name and the 32 bytes of an Ed25519 public key.
    ///
    /// # Errors
    /// [`CheckpointError::Name`], [`CheckpointError::Key`].
    pub fn new(name: &str, public_key: &[u8; 32]) -> Result<Self, CheckpointError> {
        check_name(name)?;
        let key = verifying_key(public_key)?;
        Ok(Self {
            name: name.to_owned(),
            key_id: key_id(name, ED25519, public_key),
            key,
        })
    }

    /// Reads the text form, `<name>+<key id in hex>+<base64 of 0x01 and the public key>`.
    ///
    /// # Errors
    /// [`CheckpointError::Name`], [`CheckpointError::Key`].
    pub fn parse(vkey: &str) -> Result<Self, CheckpointError> {
        let (name, public_key) = parse_vkey(vkey, ED25519)?;
        Self::new(&name, &public_key)
    }

    /// The text form.
    #[must_use]
    pub fn to_vkey(&self) -> String {
        write_vkey(&self.name, ED25519, self.key_id, self.key.as_bytes())
    }

    /// The log's name (origin).
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(crate) const fn key_id(&self) -> [u8; 4] {
        self.key_id
    }

    /// The 32 bytes of the public key.
    #[must_use]
    pub fn public_key(&self) -> &[u8; 32] {
        self.key.as_bytes()
    }

    /// Verifies a signed note and reads the checkpoint. Every signature by this key must hold.
    ///
    /// # Errors
    /// [`CheckpointError`]: malformed, unsigned, a signature that does not hold, another log.
    pub fn verify(&self, note: &[u8]) -> Result<Checkpoint, CheckpointError> {
        let note = Note::parse(note)?;
        let mut found = false;
        for signature in note.by(&self.name, self.key_id) {
            found = true;
            let signature =
                Signature::from_slice(signature).map_err(|_| CheckpointError::Signature)?;
            let holds = self.key.verify_strict(note.body.as_bytes(), &signature);
            holds.map_err(|_| CheckpointError::Signature)?;
        }
        if !found {
            return Err(CheckpointError::Unsigned);
        }
        let checkpoint = Checkpoint::parse_body(&note.body)?;
        if checkpoint.origin == self.name {
            Ok(checkpoint)
        } else {
            Err(CheckpointError::Origin)
        }
    }
}

impl std::fmt::Debug for LogVerifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "LogVerifier({})", self.to_vkey())
    }
}

pub(crate) fn verifying_key(public_key: &[u8; 32]) -> Result<VerifyingKey, CheckpointError> {
    let key = VerifyingKey::from_bytes(public_key).map_err(|_| CheckpointError::Key)?;
    if key.is_weak() {
        Err(CheckpointError::Key)
    } else {
        Ok(key)
    }
}

pub(crate) fn check_name(name: &str) -> Result<(), CheckpointError> {
    let visible = name.bytes().all(|b| b.is_ascii_graphic() && b != b'+');
    if visible && (1..=128).contains(&name.len()) {
        Ok(())
    } else {
        Err(CheckpointError::Name)
    }
}

pub(crate) fn key_id(name: &str, algorithm: u8, public_key: &[u8; 32]) -> [u8; 4] {
    let digest = sha256(&[name.as_bytes(), b"\n", &[algorithm], public_key]);
    let [a, b, c, d, ..] = *digest.as_bytes();
    [a, b, c, d]
}

pub(crate) fn write_vkey(name: &str, algorithm: u8, id: [u8; 4], public_key: &[u8; 32]) -> String {
    let key = [[algorithm].as_slice(), public_key].concat();
    format!(
        "{name}+{}+{}",
        data_encoding::HEXLOWER.encode(&id),
        BASE64.encode(&key)
    )
}

pub(crate) fn parse_vkey(vkey: &str, algorithm: u8) -> Result<(String, [u8; 32]), CheckpointError> {
    let mut parts = vkey.splitn(3, '+');
    let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(CheckpointError::Key);
    };
    check_name(name)?;
    let key = base64(key).ok_or(CheckpointError::Key)?;
    let (found, public_key) = key.split_first().ok_or(CheckpointError::Key)?;
    let public_key: [u8; 32] = public_key.try_into().map_err(|_| CheckpointError::Key)?;
    let expected = data_encoding::HEXLOWER.encode(&key_id(name, algorithm, &public_key));
    if *found != algorithm || id != expected {
        return Err(CheckpointError::Key);
    }
    Ok((name.to_owned(), public_key))
}

fn signature_line(line: &str) -> Option<SignatureLine> {
    let (name, blob) = line.strip_prefix(DASH)?.split_once(' ')?;
    check_name(name).ok()?;
    let blob = base64(blob)?;
    let (key_id, signature) = blob.split_first_chunk::<4>()?;
    if signature.is_empty() {
        return None;
    }
    Some(SignatureLine {
        name: name.to_owned(),
        key_id: *key_id,
        signature: signature.to_vec(),
    })
}

fn base64(text: &str) -> Option<Vec<u8>> {
    BASE64.decode(text.as_bytes()).ok()
}

/// A number as the format writes it: no sign, no leading zero.
fn decimal(text: &str) -> Option<u64> {
    let number: u64 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}
