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

#[cfg(test)]
mod tests {
    use super::*;
    use data_encoding::HEXLOWER;

    fn hex<const N: usize>(text: &str) -> [u8; N] {
        HEXLOWER
            .decode(text.as_bytes())
            .unwrap()
            .try_into()
            .unwrap()
    }

    /// RFC 8032 section 7.1, tests 1 to 3: seed, public key, message, signature.
    const RFC_8032: [(&str, &str, &str, &str); 3] = [
        (
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
        ),
        (
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        ),
        (
            "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
            "af82",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
        ),
    ];

    #[test]
    fn the_vectors_of_rfc_8032_hold() {
        for (seed, public, message, signature) in RFC_8032 {
            let key = SigningKey::from_secret(&Secret::new(hex(seed)));
            assert_eq!(key.verifying_key().to_bytes(), hex(public));
            let message = HEXLOWER.decode(message.as_bytes()).unwrap();
            assert_eq!(key.0.sign(&message).to_bytes(), hex(signature));
        }
    }

    #[test]
    fn pae_is_as_dsse_gives_it() {
        assert_eq!(
            pae("http://example.com/HelloWorld", b"hello world"),
            b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
        );
        assert_eq!(pae("", b""), b"DSSEv1 0  0 ");
    }

    #[test]
    fn a_signature_is_of_one_type_payload_and_key() {
        let key = SigningKey::generate();
        let signature = key.sign("check", b"payload");
        let public = key.verifying_key();
        assert!(public.verify("check", b"payload", &signature));
        assert!(public.verify_slice("check", b"payload", &signature));
        assert!(!public.verify("push", b"payload", &signature));
        assert!(!public.verify("check", b"payloae", &signature));
        assert!(
            !SigningKey::generate()
                .verifying_key()
                .verify("check", b"payload", &signature)
        );
        assert!(!public.verify_slice("check", b"payload", &signature[..63]));
        assert!(!public.verify_slice("check", b"payload", &[]));
    }

    #[test]
    fn a_signature_can_not_be_bent() {
        let key = SigningKey::generate();
        let signature = key.sign("check", b"payload");
        // S + L is the same number modulo the group's order: strict verification refuses it.
        let order: [u8; 32] =
            hex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
        let mut bent = signature;
        let mut carry = 0_u16;
        for (byte, add) in bent[32..].iter_mut().zip(order) {
            carry += u16::from(*byte) + u16::from(add);
            *byte = carry.to_le_bytes()[0];
            carry >>= 8;
        }
        assert_ne!(bent, signature);
        assert!(!key.verifying_key().verify("check", b"payload", &bent));
        // A key of small order "signs" anything.
        assert_eq!(
            VerifyingKey::from_bytes(&hex::<32>(&("01".to_owned() + &"00".repeat(31)))),
            None
        );
    }

    #[test]
    fn keys_have_one_text_form_and_private_ones_none() {
        let key = SigningKey::generate();
        let public = key.verifying_key();
        let text = public.to_string();
        assert!(text.starts_with("ed25519:"));
        assert_eq!(VerifyingKey::parse(&text), Ok(public));
        for bad in [
            "",
            "ed25519:",
            "x25519:AAAA",
            "ed25519:AAAA",
            text.trim_end_matches('='),
        ] {
            assert!(VerifyingKey::parse(bad).is_err(), "{bad}");
        }
        assert_eq!(format!("{key:?}"), "SigningKey(..)");
    }

    #[test]
    fn a_key_is_read_from_pem_or_raw_bytes() {
        let key = SigningKey::generate();
        let pem = key.to_pem();
        let again = SigningKey::from_bytes(pem.as_bytes()).unwrap();
        assert_eq!(again.verifying_key(), key.verifying_key());
        let raw = SigningKey::from_bytes(key.to_secret().expose()).unwrap();
        assert_eq!(raw.verifying_key(), key.verifying_key());
        // RFC 8410 section 10.3, as openssl writes it.
        let rfc = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----\n";
        let read = SigningKey::from_bytes(rfc.as_bytes()).unwrap();
        assert_eq!(*read.to_pem(), rfc);
        assert_eq!(
            read.verifying_key().to_bytes(),
            hex("19bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1")
        );
        assert!(SigningKey::from_bytes(b"").is_none());
        assert!(SigningKey::from_bytes(&[7; 31]).is_none());
        assert!(
            SigningKey::from_bytes(crate::SealingKey::generate().to_pem().as_bytes()).is_none()
        );
    }
}
