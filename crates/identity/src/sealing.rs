//! Sealing to a public key: HPKE (RFC 9180) in base mode with DHKEM(X25519, HKDF-SHA256),
//! HKDF-SHA256 and ChaCha20-Poly1305.
//!
//! Base mode says nothing about the sender: whatever is sealed must also be signed.

use std::convert::Infallible;
use std::path::Path;

use data_encoding::BASE64;
use hpke::aead::ChaCha20Poly1305;
use hpke::kdf::HkdfSha256;
use hpke::kem::X25519HkdfSha256;
use hpke::rand_core::{TryCryptoRng, TryRng};
use hpke::{Deserializable as _, Kem as _, OpModeR, OpModeS, Serializable as _};
use model::Secret;
use model::id::fill_random;
use zeroize::Zeroizing;

use crate::pkcs8;
use crate::secret_file::{self, SecretFileError};
use crate::signing::KeyTextError;

type Kem = X25519HkdfSha256;

const TEXT: &str = "x25519:";
const FORM: &str = "an x25519 key: pkcs#8 pem or 32 raw bytes";

/// How many bytes the encapsulated key in front of a sealed message takes.
pub const ENCAPSULATED_BYTES: usize = 32;

/// An X25519 private key. `Debug` shows nothing; the bytes are wiped when it is dropped.
#[derive(Clone)]
pub struct SealingKey(<Kem as hpke::Kem>::PrivateKey);

impl SealingKey {
    /// A fresh key.
    #[must_use]
    pub fn generate() -> Self {
        Self(Kem::gen_keypair_with_rng(&mut SystemRandom).0)
    }

    /// Reads a PKCS#8 PEM file (RFC 8410, as `openssl genpkey -algorithm x25519` makes) or a file
    /// of exactly 32 raw bytes. The file's mode is checked.
    ///
    /// # Errors
    /// [`SecretFileError`] that names the file and the remedy.
    pub fn read(path: &Path) -> Result<Self, SecretFileError> {
        let bytes = secret_file::read(path)?;
        Self::from_bytes(&bytes).ok_or_else(|| SecretFileError::malformed(path, FORM))
    }

    /// Reads what [`SealingKey::read`] reads, from memory; `None` when it is neither form.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        if bytes.len() == 32 {
            return <Kem as hpke::Kem>::PrivateKey::from_bytes(bytes)
                .ok()
                .map(Self);
        }
        let secret = pkcs8::secret_of(pkcs8::X25519, &*pkcs8::der_of(bytes)?)?;
        <Kem as hpke::Kem>::PrivateKey::from_bytes(&*secret)
            .ok()
            .map(Self)
    }

    /// PKCS#8 PEM, for [`secret_file::write_new`].
    #[must_use]
    pub fn to_pem(&self) -> Zeroizing<String> {
        let secret = Secret::new(self.0.to_bytes().into());
        pkcs8::pem(pkcs8::X25519, secret.expose())
    }

    /// The key to seal to.
    #[must_use]
    pub fn public_key(&self) -> SealingPublicKey {
        SealingPublicKey(Kem::sk_to_pk(&self.0))
    }

    /// Opens what was sealed with the same `info` and `aad`; `None` when it was sealed to another
    /// key, with other words, or was altered.
    #[must_use]
    pub fn open(&self, info: &[u8], aad: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (encapsulated, ciphertext) = sealed.split_at_checked(ENCAPSULATED_BYTES)?;
        let encapsulated = <Kem as hpke::Kem>::EncappedKey::from_bytes(encapsulated).ok()?;
        let mut context = hpke::setup_receiver::<ChaCha20Poly1305, HkdfSha256, Kem>(
            &OpModeR::Base,
            &self.0,
            &encapsulated,
            info,
        )
        .ok()?;
        context.open(ciphertext, aad).ok().map(Zeroizing::new)
    }
}

impl std::fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SealingKey(..)")
    }
}

/// An X25519 public key; its text form is `x25519:<base64 of 32 bytes>`.
#[derive(Clone, PartialEq, Eq)]
pub struct SealingPublicKey(<Kem as hpke::Kem>::PublicKey);

impl SealingPublicKey {
    /// Reads 32 bytes.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; 32]) -> Option<Self> {
        <Kem as hpke::Kem>::PublicKey::from_bytes(bytes)
            .ok()
            .map(Self)
    }

    /// The 32 bytes.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; 32] {
        self.0.to_bytes().into()
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

    /// Seals `plaintext` under a fresh ephemeral key: the encapsulated key (32 bytes), the
    /// ciphertext, the tag (16 bytes). `info` says what the key exchange is for, `aad` what must
    /// be known to open.
    ///
    /// # Errors
    /// [`SealError`] when the key is a point of small order, or the message is far too long.
    pub fn seal(&self, info: &[u8], aad: &[u8], plaintext: &[u8]) -> Result<Vec<u8>, SealError> {
        self.seal_with(info, aad, plaintext, &mut SystemRandom)
    }

    fn seal_with<R: TryRng<Error = Infallible> + TryCryptoRng>(
        &self,
        info: &[u8],
        aad: &[u8],
        plaintext: &[u8],
        random: &mut R,
    ) -> Result<Vec<u8>, SealError> {
        let (encapsulated, mut context) = hpke::setup_sender_with_rng::<
            ChaCha20Poly1305,
            HkdfSha256,
            Kem,
        >(&OpModeS::Base, &self.0, info, random)
        .map_err(|_| SealError)?;
        let mut sealed = encapsulated.to_bytes().to_vec();
        sealed.extend(context.seal(plaintext, aad).map_err(|_| SealError)?);
        Ok(sealed)
    }
}

impl std::fmt::Display for SealingPublicKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{TEXT}{}", BASE64.encode(&self.to_bytes()))
    }
}

impl std::fmt::Debug for SealingPublicKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SealingPublicKey({self})")
    }
}

impl std::str::FromStr for SealingPublicKey {
    type Err = KeyTextError;

    fn from_str(text: &str) -> Result<Self, KeyTextError> {
        Self::parse(text)
    }
}

/// A message can't be sealed to this key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the message can't be sealed: check the recipient's sealing key")]
pub struct SealError;

/// The operating system's generator in the form that `hpke` asks for.
struct SystemRandom;

impl TryRng for SystemRandom {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        fill_random(&mut bytes);
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        fill_random(&mut bytes);
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        fill_random(bytes);
        Ok(())
    }
}

impl TryCryptoRng for SystemRandom {}
