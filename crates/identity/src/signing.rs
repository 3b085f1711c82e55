//! Ed25519 (RFC 8032) over DSSE's pre-authentication encoding: what a node signs can't be taken
//! for a message of another kind.

use std::path::Path;

use data_encoding::BASE64;
use ed25519_dalek::Signer as _;
use ed25519_dalek::pkcs8::DecodePrivateKey as _;
use model::Secret;
use model::id::fill_random;
use zeroize::{Zeroize as _, Zeroizing};

use crate::pkcs8;
use crate::secret_file::{self, SecretFileError};

const TEXT: &str = "ed25519:";

/// The pre-authentication encoding of DSSE (v1):
/// `"DSSEv1" SP len(type) SP type SP len(payload) SP payload`, lengths in decimal ASCII.
#[must_use]
pub fn pae(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let head = format!(
        "DSSEv1 {} {payload_type} {} ",
        payload_type.len(),
        payload.len()
    );
    let mut bytes = head.into_bytes();
    bytes.extend_from_slice(payload);
    bytes
}

/// An Ed25519 private key. `Debug` shows nothing; the bytes are wiped when it is dropped.
#[derive(Clone)]
pub struct SigningKey(ed25519_dalek::SigningKey);

impl SigningKey {
    /// A fresh key.
    #[must_use]
    pub fn generate() -> Self {
        let mut seed = Zeroizing::new([0; 32]);
        fill_random(&mut *seed);
        Self(ed25519_dalek::SigningKey::from_bytes(&seed))
    }

    /// The key with this seed (RFC 8032's private key).
    #[must_use]
    pub fn from_secret(seed: &Secret) -> Self {
        Self(ed25519_dalek::SigningKey::from_bytes(seed.expose()))
    }

    /// Reads a PKCS#8 PEM file (RFC 8410, as `openssl genpkey -algorithm ed25519` makes) or a file
    /// of exactly 32 raw bytes. The file's mode is checked.
    ///
    /// # Errors
    /// [`SecretFileError`] that names the file and the remedy.
    pub fn read(path: &Path) -> Result<Self, SecretFileError> {
        let bytes = secret_file::read(path)?;
        Self::from_bytes(&bytes).ok_or_else(|| SecretFileError::malformed(path, FORM))
    }

    /// Reads what [`SigningKey::read`] reads, from memory; `None` when it is neither form.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        if let Ok(seed) = <&[u8; 32]>::try_from(bytes) {
            return Some(Self(ed25519_dalek::SigningKey::from_bytes(seed)));
        }
        let der = pkcs8::der_of(bytes)?;
        ed25519_dalek::SigningKey::from_pkcs8_der(&der)
            .ok()
            .map(Self)
    }

    /// PKCS#8 PEM, for [`secret_file::write_new`].
    #[must_use]
    pub fn to_pem(&self) -> Zeroizing<String> {
        let mut seed = self.0.to_bytes();
        let pem = pkcs8::pem(pkcs8::ED25519, &seed);
        seed.zeroize();
        pem
    }

    /// The key that verifies what this one signs.
    #[must_use]
    pub fn verifying_key(&self) -> VerifyingKey {
        VerifyingKey(self.0.verifying_key())
    }

    /// Signs [`pae`]`(payload_type, payload)`.
    #[must_use]
    pub fn sign(&self, payload_type: &str, payload: &[u8]) -> [u8; 64] {
        self.0.sign(&pae(payload_type, payload)).to_bytes()
    }

    /// The seed, for a signer of another form (the log's). Wiped when dropped.
    #[must_use]
    pub fn to_secret(&self) -> Secret {
        Secret::new(self.0.to_bytes())
    }
}

const FORM: &str = "an ed25519 key: pkcs#8 pem or 32 raw bytes";

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SigningKey(..)")
    }
}

/// An Ed25519 public key; its text form is `ed25519:<base64 of 32 bytes>`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct VerifyingKey(ed25519_dalek::VerifyingKey);

impl VerifyingKey {
    /// Reads 32 bytes; `None` when they are no point, or one of small order.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; 32]) -> Option<Self> {
        let key = ed25519_dalek::VerifyingKey::from_bytes(bytes).ok()?;
        (!key.is_weak()).then_some(Self(key))
    }

    /// The 32 bytes.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; 32] {
        self.0.to_bytes()
    }

    /// Reads the text form.
    ///
    /// # Errors
    /// [`KeyTextError`], which doesn't repeat the text.
    pub fn parse(text: &str) -> Result<Self, KeyTextError> {
        text.strip_prefix(TEXT)
            .and_then(|base64| BASE64.decode(base64.as_bytes()).ok())
            .and_then(|bytes| Self::from_bytes(bytes.as_slice().try_into().ok()?))
            .ok_or(KeyTextError { form: TEXT })
    }

    /// Verifies strictly (no small order, canonical scalar) a signature over
    /// [`pae`]`(payload_type, payload)`.
    #[must_use]
    pub fn verify(&self, payload_type: &str, payload: &[u8], signature: &[u8; 64]) -> bool {
        let signature = ed25519_dalek::Signature::from_bytes(signature);
        self.0
            .verify_strict(&pae(payload_type, payload), &signature)
            .is_ok()
    }

    /// [`VerifyingKey::verify`] for a signature of unchecked length, as messages carry it.
    #[must_use]
    pub fn verify_slice(&self, payload_type: &str, payload: &[u8], signature: &[u8]) -> bool {
        <&[u8; 64]>::try_from(signature)
            .is_ok_and(|signature| self.verify(payload_type, payload, signature))
    }
}

impl std::fmt::Display for VerifyingKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{TEXT}{}", BASE64.encode(self.0.as_bytes()))
    }
}

impl std::fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "VerifyingKey({self})")
    }
}

impl std::str::FromStr for VerifyingKey {
    type Err = KeyTextError;

    fn from_str(text: &str) -> Result<Self, KeyTextError> {
        Self::parse(text)
    }
}

/// A public key's text form is malformed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the public key is malformed: use {form}<base64 of 32 bytes>")]
pub struct KeyTextError {
    pub(crate) form: &'static str,
}
