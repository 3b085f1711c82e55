//! The keyed hash: HKDF-SHA256 (RFC 5869) gives each match key its own key, HMAC-SHA256 (RFC 2104)
//! makes the token.
//!
//! ```text
//! kdf_info = lp(covenant_id) || u32be(epoch) || lp(match_key_id)          lp(x) = u16be(len(x)) || x
//! subkey   = HKDF-SHA256(salt = "covenant-broker/pseudonym/v1", ikm = covenant_key, info = kdf_info, L = 32)
//! input    = lp(subject_kind) || lp(name_1) || lp(value_1) || ... || lp(name_n) || lp(value_n)
//! token    = HMAC-SHA256(subkey, input)                                    32 bytes, never truncated
//! ```
//! Keys differ per covenant, epoch and match key, so nothing links across them. The subject kind
//! and the names of the fields are in the input since, for example, BSN and RSIN share one number
//! space.

use std::fmt;

use hkdf::{Hkdf, HmacImpl};
use hmac::Hmac;
use model::{
    CovenantId, Digest, FieldName, KeyEpoch, MatchKeyId, MatchKeyName, MatchKeySpec, Phonetic,
    Profile, Pseudonym, Secret, SubjectKind, Token,
};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::key::Values;
use crate::probe;

use crate::subject::NormalSubject;

/// HKDF's salt, and the name of this construction.
const SALT: &[u8] = b"covenant-broker/pseudonym/v1";
const FINGERPRINT_LABEL: &[u8] = b"covenant-broker/covenant-key/fingerprint/v1";
const COMMITMENT_LABEL: &[u8] = b"covenant-broker/covenant-key/commitment/v1";

/// The secret that the parties of a covenant share for one epoch. Wiped when dropped; `Debug`
/// shows nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct CovenantKey(Secret);

impl CovenantKey {
    /// Wraps 32 bytes of full entropy, made by a key ceremony.
    #[must_use]
    pub const fn from_secret(secret: Secret) -> Self {
        Self(secret)
    }

    /// The secret itself, to seal it to another party and for nothing else.
    #[must_use]
    pub const fn secret(&self) -> &Secret {
        &self.0
    }

    /// What people compare aloud: the first 8 bytes of
    /// `SHA-256("covenant-broker/covenant-key/fingerprint/v1" || 0x00 || key)`.
    #[must_use]
    pub fn fingerprint(&self) -> [u8; 8] {
        let digest = self.labelled(FINGERPRINT_LABEL);
        let mut first = [0; 8];
        for (to, from) in first.iter_mut().zip(digest) {
            *to = from;
        }
        first
    }

    /// What the maker of a key signs: `SHA-256("covenant-broker/covenant-key/commitment/v1" ||
    /// 0x00 || key)`. The key has full entropy, so this hides it and binds to it.
    #[must_use]
    pub fn commitment(&self) -> Digest {
        Digest::new(self.labelled(COMMITMENT_LABEL))
    }

    fn labelled(&self, label: &[u8]) -> [u8; 32] {
        Sha256::new()
            .chain_update(label)
            .chain_update([0])
            .chain_update(self.0.expose())
            .finalize()
            .into()
    }
}

impl fmt::Debug for CovenantKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CovenantKey(..)")
    }
}

/// Why a [`Deriver`] can't be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeriverError {
    /// The covenant asks for a hardened token.
    #[error(
        "match key {key} asks for profile oprf, but no key holder exists yet; use profiel = \"hmac\""
    )]
    NoKeyHolder {
        /// The comparison (vergelijking) that asks for it.
        key: MatchKeyName,
    },
    /// A match key's id is longer than its length prefix can say.
    #[error("match key {key} has an id of more than 65535 bytes; give it fewer fields")]
    IdTooLong {
        /// The comparison that it belongs to.
        key: MatchKeyName,
    },
    /// The program's own probe subjects are broken: a defect of the build.
    #[error("the built-in probe subjects can't be read; install this program again")]
    Probes,
}

struct Keyed {
    id: MatchKeyId,
    kind: SubjectKind,
    fields: Vec<FieldName>,
    phonetic: Phonetic,
    /// HMAC after its key block and the subject kind: cloned per token, never finalised itself.
    start: Hmac<Sha256>,
}

/// Makes the tokens of one covenant and epoch. Holds subkeys, wiped when dropped.
pub struct Deriver {
    keys: Vec<Keyed>,
    probes: Vec<Token>,
}

impl Deriver {
    /// Derives one subkey for each match key.
    ///
    /// # Errors
    /// [`DeriverError::NoKeyHolder`] when a match key has the profile `oprf`;
    /// [`DeriverError::IdTooLong`] when a match key's id has more than 65,535 bytes.
    pub fn new(
        key: &CovenantKey,
        covenant: &CovenantId,
        epoch: KeyEpoch,
        specs: &[MatchKeySpec],
    ) -> Result<Self, DeriverError> {
        let mut keys = Vec::new();
        for spec in specs {
            if spec.profile == Profile::Oprf {
                return Err(DeriverError::NoKeyHolder {
                    key: spec.name.clone(),
                });
            }
            for match_key in &spec.keys {
                let too_long = || DeriverError::IdTooLong {
                    key: spec.name.clone(),
                };
                let subkey = subkey(key, covenant, epoch, &match_key.id).ok_or_else(too_long)?;
                keys.push(Keyed {
                    id: match_key.id.clone(),
                    kind: spec.kind,
                    fields: match_key.fields.clone(),
                    phonetic: spec.phonetic,
                    start: started(&subkey, spec.kind),
                });
            }
        }
        let mut deriver = Self {
            keys,
            probes: Vec::new(),
        };
        let subjects = probe::subjects().ok_or(DeriverError::Probes)?;
        deriver.probes = sorted(subjects.iter().flat_map(|s| deriver.tokens(s)).collect());
        Ok(deriver)
    }

    /// The tokens of a subject, sorted and without duplicates: for each match key of its kind one
    /// per combination of normal forms, and none where a field of the key is not known.
    #[must_use]
    pub fn derive(&self, subject: &NormalSubject) -> Vec<Token> {
        sorted(self.tokens(subject))
    }

    /// The tokens of the published, fictitious probe subjects, sorted. Two nodes whose probes
    /// differ have another key, covenant, epoch or normaliser; each match key has at least one.
    #[must_use]
    pub fn probes(&self) -> Vec<Token> {
        self.probes.clone()
    }

    fn tokens(&self, subject: &NormalSubject) -> Vec<Token> {
        let keys = || self.keys.iter().filter(|k| k.kind == subject.kind());
        let fields = keys().flat_map(|k| k.fields.iter().map(|f| (*f, k.phonetic)));
        let values = Values::new(subject, fields);
        let mut tokens = Vec::new();
        for keyed in keys() {
            keyed.extend(&keyed.start, &keyed.fields, &values, &mut tokens);
        }
        tokens
    }
}

impl fmt::Debug for Deriver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Deriver({} match keys, ..)", self.keys.len())
    }
}

impl Keyed {
    /// Feeds each value of the first of `rest` to a copy of `state`, and so on to the last: one
    /// token per combination of values, none where a field has no value.
    fn extend(
        &self,
        state: &Hmac<Sha256>,
        rest: &[FieldName],
        values: &Values<'_>,
        tokens: &mut Vec<Token>,
    ) {
        let Some((field, rest)) = rest.split_first() else {
            tokens.push(Token {
                key: self.id.clone(),
                pseudonym: Pseudonym::from_bytes(state.clone().finalize().into()),
            });
            return;
        };
        for value in values.of(*field, self.phonetic) {
            let mut state = state.clone();
            feed(&mut state, field.as_str());
            feed(&mut state, value);
            self.extend(&state, rest, values, tokens);
        }
    }
}

fn sorted(mut tokens: Vec<Token>) -> Vec<Token> {
    tokens.sort_unstable();
    tokens.dedup();
    tokens
}

/// `None` when a part does not fit its length prefix.
fn subkey(
    key: &CovenantKey,
    covenant: &CovenantId,
    epoch: KeyEpoch,
    id: &MatchKeyId,
) -> Option<Zeroizing<[u8; 32]>> {
    let covenant_len = u16::try_from(covenant.as_str().len()).ok()?;
    let id_len = u16::try_from(id.as_str().len()).ok()?;
    let mut subkey = Zeroizing::new([0; 32]);
    Hkdf::<Sha256>::new(Some(SALT), key.0.expose())
        .expand_multi_info(
            &[
                &covenant_len.to_be_bytes(),
                covenant.as_str().as_bytes(),
                &epoch.get().to_be_bytes(),
                &id_len.to_be_bytes(),
                id.as_str().as_bytes(),
            ],
            subkey.as_mut_slice(),
        )
        .ok()?;
    Some(subkey)
}

fn started(subkey: &Zeroizing<[u8; 32]>, kind: SubjectKind) -> Hmac<Sha256> {
    let mut mac = Hmac::new_from_slice(subkey.as_slice());
    feed(&mut mac, kind.as_str());
    mac
}

/// Feeds `lp(text)`. Field names and kinds are short, and a normal form has at most
/// [`crate::subject::LONGEST`] bytes, so the length always fits.
fn feed(mac: &mut Hmac<Sha256>, text: &str) {
    let len = u16::try_from(text.len()).unwrap_or(u16::MAX);
    mac.update(&len.to_be_bytes());
    mac.update(text.as_bytes());
}
