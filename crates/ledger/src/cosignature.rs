//! Cosignatures: C2SP `tlog-cosignature` version 1, what a witness adds to a checkpoint.
//!
//! The witness signs `cosignature/v1`, `time <Unix seconds>` and the checkpoint's text, each
//! followed by a line feed. Its signature line holds the time (8 bytes, big-endian) before the 64
//! bytes of the signature; its key id is made with the algorithm byte 0x04.

use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use model::Secret;

use crate::checkpoint::{
    CheckpointError, Note, SignatureLine, check_name, key_id, parse_vkey, verifying_key, write_vkey,
};

pub(crate) const COSIGNATURE: u8 = 0x04;

/// Cosigns checkpoints for one witness. `Debug` hides the key.
#[derive(Clone)]
pub struct Cosigner {
    verifier: WitnessVerifier,
    key: SigningKey,
}

impl Cosigner {
    /// A witness from the 32 bytes of an Ed25519 seed and its name.
    ///
    /// # Errors
    /// [`CheckpointError::Name`].
    pub fn from_seed(name: &str, seed: &Secret) -> Result<Self, CheckpointError> {
        let key = SigningKey::from_bytes(seed.expose());
        let verifier = WitnessVerifier::new(name, &key.verifying_key().to_bytes())?;
        Ok(Self { verifier, key })
    }

    /// What verifies this witness.
    #[must_use]
    pub const fn verifier(&self) -> &WitnessVerifier {
        &self.verifier
    }

    /// The signature line to add to `note`. The caller has verified the log's own signature and
    /// that this checkpoint is consistent with the last one that it cosigned: this says so.
    ///
    /// # Errors
    /// [`CheckpointError::Note`].
    pub fn cosign(&self, note: &[u8], unix_seconds: u64) -> Result<SignatureLine, CheckpointError> {
        let body = Note::parse(note)?.body;
        let signature = self.key.sign(&message(&body, unix_seconds)).to_bytes();
        Ok(SignatureLine {
            name: self.verifier.name.clone(),
            key_id: self.verifier.key_id,
            signature: [unix_seconds.to_be_bytes().as_slice(), &signature].concat(),
        })
    }
}

impl std::fmt::Debug for Cosigner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cosigner")
            .field("verifier", &self.verifier)
            .finish_non_exhaustive()
    }
}

/// A witness's public key with its name.
#[derive(Clone, PartialEq, Eq)]
pub struct WitnessVerifier {
    name: String,
    key_id: [u8; 4],
    key: VerifyingKey,
}

impl WitnessVerifier {
    /// From a name and the 32 bytes of an Ed25519 public key.
    ///
    /// # Errors
    /// [`CheckpointError::Name`], [`CheckpointError::Key`].
    pub fn new(name: &str, public_key: &[u8; 32]) -> Result<Self, CheckpointError> {
        check_name(name)?;
        let key = verifying_key(public_key)?;
        Ok(Self {
            name: name.to_owned(),
            key_id: key_id(name, COSIGNATURE, public_key),
            key,
        })
    }

    /// Reads the text form, `<name>+<key id in hex>+<base64 of 0x04 and the public key>`.
    ///
    /// # Errors
    /// [`CheckpointError::Name`], [`CheckpointError::Key`].
    pub fn parse(vkey: &str) -> Result<Self, CheckpointError> {
        let (name, public_key) = parse_vkey(vkey, COSIGNATURE)?;
        Self::new(&name, &public_key)
    }

    /// The text form.
    #[must_use]
    pub fn to_vkey(&self) -> String {
        write_vkey(&self.name, COSIGNATURE, self.key_id, self.key.as_bytes())
    }

    /// The witness's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// When this witness cosigned `note`, in Unix seconds: the latest time, if it did so more than
    /// once. Every cosignature by this key must hold.
    ///
    /// # Errors
    /// [`CheckpointError`]: malformed, not cosigned, a signature that does not hold.
    pub fn verify(&self, note: &[u8]) -> Result<u64, CheckpointError> {
        let note = Note::parse(note)?;
        let mut newest = None;
        for blob in note.by(&self.name, self.key_id) {
            let (time, signature) = blob
                .split_first_chunk::<8>()
                .ok_or(CheckpointError::Signature)?;
            let time = u64::from_be_bytes(*time);
            let signature =
                Signature::from_slice(signature).map_err(|_| CheckpointError::Signature)?;
            let holds = self
                .key
                .verify_strict(&message(&note.body, time), &signature);
            holds.map_err(|_| CheckpointError::Signature)?;
            newest = newest.max(Some(time));
        }
        newest.ok_or(CheckpointError::Unsigned)
    }
}

impl std::fmt::Debug for WitnessVerifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "WitnessVerifier({})", self.to_vkey())
    }
}

fn message(body: &str, unix_seconds: u64) -> Vec<u8> {
    format!("cosignature/v1\ntime {unix_seconds}\n{body}").into_bytes()
}
