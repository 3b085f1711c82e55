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
        let secret = pkcs8::secret_of(pkcs8::X25519, &pkcs8::der_of(bytes)?)?;
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

#[cfg(test)]
mod tests {
    use super::*;
    use data_encoding::HEXLOWER;

    fn hex(text: &str) -> Vec<u8> {
        HEXLOWER.decode(text.as_bytes()).unwrap()
    }

    /// Gives the RFC's ephemeral keying material instead of entropy.
    struct Given(Vec<u8>);

    impl TryRng for Given {
        type Error = Infallible;
        fn try_next_u32(&mut self) -> Result<u32, Infallible> {
            unreachable!("asks for bytes only")
        }
        fn try_next_u64(&mut self) -> Result<u64, Infallible> {
            unreachable!("asks for bytes only")
        }
        fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
            bytes.copy_from_slice(&self.0);
            Ok(())
        }
    }

    impl TryCryptoRng for Given {}

    /// RFC 9180 appendix A.2.1: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20-Poly1305, base
    /// mode, sequence number 0.
    #[test]
    fn the_vector_of_rfc_9180_holds() {
        let info = hex("4f6465206f6e2061204772656369616e2055726e");
        let aad = hex("436f756e742d30");
        let plaintext = hex("4265617574792069732074727574682c20747275746820626561757479");
        let key = SealingKey::from_bytes(&hex(
            "8057991eef8f1f1af18f4a9491d16a1ce333f695d4db8e38da75975c4478e0fb",
        ))
        .unwrap();
        assert_eq!(
            key.public_key().to_bytes().to_vec(),
            hex("4310ee97d88cc1f088a5576c77ab0cf5c3ac797f3d95139c6c84b5429c59662a")
        );
        let sealed = [
            hex("1afa08d3dec047a643885163f1180476fa7ddb54c6a8029ea33f95796bf2ac4a"),
            hex("1c5250d8034ec2b784ba2cfd69dbdb8af406cfe3ff938e131f0def8c8b60b4db21993c62ce81883d2dd1b51a28"),
        ]
        .concat();
        assert_eq!(*key.open(&info, &aad, &sealed).unwrap(), plaintext);

        let mut ephemeral = Given(hex(
            "909a9b35d3dc4713a5e72a4da274b55d3d3821a37e5d099e74a647db583a904b",
        ));
        let again = key
            .public_key()
            .seal_with(&info, &aad, &plaintext, &mut ephemeral);
        assert_eq!(again.unwrap(), sealed);
    }

    #[test]
    fn only_the_right_key_with_the_right_words_opens() {
        let key = SealingKey::generate();
        let sealed = key.public_key().seal(b"info", b"aad", b"message").unwrap();
        assert_eq!(sealed.len(), ENCAPSULATED_BYTES + 7 + 16);
        assert_eq!(**key.open(b"info", b"aad", &sealed).unwrap(), *b"message");
        assert!(key.open(b"other", b"aad", &sealed).is_none());
        assert!(key.open(b"info", b"other", &sealed).is_none());
        assert!(
            SealingKey::generate()
                .open(b"info", b"aad", &sealed)
                .is_none()
        );
        assert!(key.open(b"info", b"aad", &sealed[..20]).is_none());
        for at in [0, ENCAPSULATED_BYTES, sealed.len() - 1] {
            let mut altered = sealed.clone();
            altered[at] ^= 1;
            assert!(key.open(b"info", b"aad", &altered).is_none(), "byte {at}");
        }
        let again = key.public_key().seal(b"info", b"aad", b"message").unwrap();
        assert_ne!(
            again, sealed,
            "every message has an ephemeral key of its own"
        );
    }

    #[test]
    fn a_key_of_small_order_is_not_sealed_to() {
        let weak = SealingPublicKey::from_bytes(&[0; 32]);
        assert!(weak.is_none_or(|key| key.seal(b"", b"", b"message").is_err()));
    }

    #[test]
    fn keys_round_trip() {
        let key = SealingKey::generate();
        let public = key.public_key();
        assert_eq!(
            SealingPublicKey::parse(&public.to_string()),
            Ok(public.clone())
        );
        assert!(SealingPublicKey::parse("ed25519:AAAA").is_err());
        let again = SealingKey::from_bytes(key.to_pem().as_bytes()).unwrap();
        assert_eq!(again.public_key(), public);
        assert!(
            SealingKey::from_bytes(crate::SigningKey::generate().to_pem().as_bytes()).is_none()
        );
        assert_eq!(format!("{key:?}"), "SealingKey(..)");
    }
}
