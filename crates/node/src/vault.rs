//! Encryption of whatever the node must be able to read again, before it reaches the store.
//!
//! Each record has its own key: HKDF-SHA256 of the vault key under 32 fresh random bytes, then
//! ChaCha20-Poly1305 (RFC 8439) with the record's name as associated data, so that a record can't
//! be put in another's place. Trusted: who holds the vault key and the store reads every signal.

use model::{RequestId, Secret};
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::{hkdf, hmac};

const VERSION: u8 = 1;
const SALT: usize = 32;
const LABEL: &[u8] = b"covenant-node/vault/v1";
const INDEX_LABEL: &[u8] = b"covenant-node/index/v1";

/// The keys of the vault. No `Debug` of it shows anything.
pub struct Vault {
    records: Secret,
    index: hmac::Key,
}

/// A record that can't be read. Says nothing about what is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// Another version of the format, or cut short.
    #[error("a vault record has no known form; restore the state folder from a backup")]
    Form,
    /// It was altered, moved, or written under another vault key.
    #[error("a vault record does not open under this vault key; check keys.vault")]
    Sealed,
    /// The cipher refused to work on it.
    #[error("the cipher refused to encrypt a vault record")]
    Cipher,
}

impl Vault {
    /// A vault under `key`.
    #[must_use]
    pub fn new(key: Secret) -> Self {
        let index = expand(&key, INDEX_LABEL, INDEX_LABEL);
        let index = hmac::Key::new(hmac::HMAC_SHA256, index.expose());
        Self {
            records: key,
            index,
        }
    }

    /// Encrypts `plain` as the record called `name`: version, salt, nonce, ciphertext with tag.
    ///
    /// # Errors
    /// [`VaultError::Cipher`] when the cipher refuses, which it does only for absurd lengths.
    pub fn seal(&self, name: &[u8], plain: &[u8]) -> Result<Vec<u8>, VaultError> {
        let mut fresh = [0; SALT + NONCE_LEN];
        model::id::fill_random(&mut fresh);
        let (salt, nonce) = fresh.split_at(SALT);
        let key = self.record_key(salt)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| VaultError::Cipher)?;
        let mut body = plain.to_vec();
        key.seal_in_place_append_tag(nonce, Aad::from(name), &mut body)
            .map_err(|_| VaultError::Cipher)?;
        let mut record = Vec::with_capacity(1 + fresh.len() + body.len());
        record.push(VERSION);
        record.extend_from_slice(&fresh);
        record.append(&mut body);
        Ok(record)
    }

    /// Decrypts the record called `name`.
    ///
    /// # Errors
    /// [`VaultError`] when it has no known form or does not open.
    pub fn open(&self, name: &[u8], record: &[u8]) -> Result<Vec<u8>, VaultError> {
        let (version, rest) = record.split_first().ok_or(VaultError::Form)?;
        if *version != VERSION {
            return Err(VaultError::Form);
        }
        let (salt, rest) = rest.split_at_checked(SALT).ok_or(VaultError::Form)?;
        let (nonce, body) = rest.split_at_checked(NONCE_LEN).ok_or(VaultError::Form)?;
        let key = self.record_key(salt)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| VaultError::Form)?;
        let mut body = body.to_vec();
        let length = key
            .open_in_place(nonce, Aad::from(name), &mut body)
            .map_err(|_| VaultError::Sealed)?
            .len();
        body.truncate(length);
        Ok(body)
    }

    /// A keyed hash (HMAC-SHA256 under a key of its own): recognises the same content again without
    /// being something to try identifiers against. Each part is preceded by its length.
    #[must_use]
    pub fn recognise(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&self.index);
        for part in parts {
            let length = u64::try_from(part.len()).unwrap_or(u64::MAX);
            context.update(&length.to_be_bytes());
            context.update(part);
        }
        let mut hash = [0; 32];
        for (to, from) in hash.iter_mut().zip(context.sign().as_ref()) {
            *to = *from;
        }
        hash
    }

    /// A random-looking UUID (version 4 by its bits) that only this vault key makes of these parts,
    /// and always the same: what is sent a second time is known by it.
    #[must_use]
    pub fn id(&self, parts: &[&[u8]]) -> [u8; 16] {
        let [mut id @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] = self.recognise(parts);
        let [_, _, _, _, _, _, version, _, variant, ..] = &mut id;
        *version = (*version & 0x0f) | 0x40;
        *variant = (*variant & 0x3f) | 0x80;
        id
    }

    /// [`Vault::id`] as the id of a request.
    #[must_use]
    pub fn request_id(&self, parts: &[&[u8]]) -> RequestId {
        RequestId::from_slice(&self.id(parts)).unwrap_or_else(RequestId::fresh)
    }

    fn record_key(&self, salt: &[u8]) -> Result<LessSafeKey, VaultError> {
        let key = expand(&self.records, salt, LABEL);
        let key =
            UnboundKey::new(&CHACHA20_POLY1305, key.expose()).map_err(|_| VaultError::Cipher)?;
        Ok(LessSafeKey::new(key))
    }
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Vault(..)")
    }
}

struct Length;

impl hkdf::KeyType for Length {
    fn len(&self) -> usize {
        32
    }
}

fn expand(key: &Secret, salt: &[u8], label: &[u8]) -> Secret {
    let mut bytes = [0; 32];
    let prk = hkdf::Salt::new(hkdf::HKDF_SHA256, salt).extract(key.expose());
    // 32 bytes are one block of SHA-256, which HKDF always gives.
    let filled = prk
        .expand(&[label], Length)
        .and_then(|okm| okm.fill(&mut bytes));
    debug_assert!(filled.is_ok(), "one block of output");
    Secret::new(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vault(byte: u8) -> Vault {
        Vault::new(Secret::new([byte; 32]))
    }

    #[test]
    fn a_record_opens_under_its_own_name_and_key_only() {
        let record = vault(1).seal(b"signal/1", b"Jansen").unwrap();
        assert_eq!(vault(1).open(b"signal/1", &record).unwrap(), b"Jansen");
        assert_eq!(vault(1).open(b"signal/2", &record), Err(VaultError::Sealed));
        assert_eq!(vault(2).open(b"signal/1", &record), Err(VaultError::Sealed));
    }

    #[test]
    fn no_altered_or_shortened_record_opens() {
        let record = vault(1).seal(b"n", b"geheim").unwrap();
        for at in 0..record.len() {
            let mut altered = record.clone();
            altered[at] ^= 1;
            assert!(vault(1).open(b"n", &altered).is_err(), "byte {at}");
            assert!(vault(1).open(b"n", &record[..at]).is_err(), "cut at {at}");
        }
    }

    #[test]
    fn the_same_content_is_never_sealed_the_same_way() {
        let vault = vault(1);
        let (one, two) = (
            vault.seal(b"n", b"geheim").unwrap(),
            vault.seal(b"n", b"geheim").unwrap(),
        );
        assert_ne!(one, two);
        assert!(!one.windows(6).any(|w| w == b"geheim"));
    }

    #[test]
    fn hkdf_is_that_of_rfc_5869() {
        // Test case 1 of RFC 5869 appendix A, cut to its first 32 bytes of output.
        let salt = data_encoding::HEXLOWER
            .decode(b"000102030405060708090a0b0c")
            .unwrap();
        let info = data_encoding::HEXLOWER
            .decode(b"f0f1f2f3f4f5f6f7f8f9")
            .unwrap();
        let prk = hkdf::Salt::new(hkdf::HKDF_SHA256, &salt).extract(&[0x0b; 22]);
        let mut out = [0; 32];
        prk.expand(&[&info], Length)
            .unwrap()
            .fill(&mut out)
            .unwrap();
        assert_eq!(
            data_encoding::HEXLOWER.encode(&out),
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf"
        );
    }

    #[test]
    fn recognition_depends_on_key_and_on_where_parts_end() {
        let one = vault(1).recognise(&[b"ab", b"c"]);
        assert_eq!(one, vault(1).recognise(&[b"ab", b"c"]));
        assert_ne!(one, vault(1).recognise(&[b"a", b"bc"]));
        assert_ne!(one, vault(2).recognise(&[b"ab", b"c"]));
    }

    #[test]
    fn an_id_is_a_uuid_of_version_4_and_the_same_for_the_same_parts() {
        let id = vault(1).id(&[b"a", b"b"]);
        assert_eq!(id, vault(1).id(&[b"a", b"b"]));
        assert_ne!(id, vault(1).id(&[b"ab", b""]));
        assert_ne!(id, vault(2).id(&[b"a", b"b"]));
        assert!(model::SignalId::from_slice(&id).is_some());
    }

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?}", vault(7)), "Vault(..)");
    }
}
