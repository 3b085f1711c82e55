//! The keys that a process trusts, from its own configuration.

use std::collections::{BTreeMap, BTreeSet};

use ed25519_dalek::{SigningKey, VerifyingKey};
use model::{PartyId, Secret};

use super::SignoffError;
use crate::language::ast::{Key, Party};
use crate::language::covenant::Covenant;

/// The public half (Ed25519, 32 bytes) of a seed.
#[must_use]
pub fn public_key(seed: &Secret) -> [u8; 32] {
    SigningKey::from_bytes(seed.expose())
        .verifying_key()
        .to_bytes()
}

/// What a process pins for one party: Ed25519 public keys.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct PartyPins {
    /// The signer's key.
    pub signer: [u8; 32],
    /// The emergency keys. Where there are any they must be those of the file; where there are
    /// none, those of the file count, since all parties signed for them.
    pub emergency: Vec<[u8; 32]>,
    /// The node's signing key. Where there is one, and the file has one, they must be equal.
    pub node_signing: Option<[u8; 32]>,
}

/// What a process pins, by party. A map and never a count: a covenant is in force when *each* of
/// its parties signed with *its own* key.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Pins {
    parties: BTreeMap<PartyId, PartyPins>,
}

impl Pins {
    /// No keys: no covenant can be in force.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The keys that a covenant itself names, **checked against nothing**: for an auditor who has
    /// no pins and says so. A node or broker that took these would trust whoever wrote the file.
    #[must_use]
    pub fn named_by(covenant: &Covenant) -> Self {
        let bytes = |key: &Key| key.bytes().copied();
        covenant
            .parties()
            .values()
            .filter_map(|party| {
                let node = party.node.as_ref();
                let keys = PartyPins {
                    signer: bytes(&party.signer.key)?,
                    emergency: party.emergency.iter().filter_map(bytes).collect(),
                    node_signing: node.and_then(|n| bytes(&n.signing)),
                };
                Some((party.id.clone(), keys))
            })
            .collect()
    }

    /// Pins the keys of a party, and gives those that were pinned before.
    pub fn insert(&mut self, party: PartyId, keys: PartyPins) -> Option<PartyPins> {
        self.parties.insert(party, keys)
    }

    /// The keys of a party.
    #[must_use]
    pub fn party(&self, party: &PartyId) -> Option<&PartyPins> {
        self.parties.get(party)
    }
}

impl FromIterator<(PartyId, PartyPins)> for Pins {
    fn from_iter<I: IntoIterator<Item = (PartyId, PartyPins)>>(iter: I) -> Self {
        Self {
            parties: iter.into_iter().collect(),
        }
    }
}

/// The keys of one party that file and pins agree on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct PartyKeys {
    pub(super) signer: [u8; 32],
    pub(super) emergency: Vec<[u8; 32]>,
    pub(super) node_signing: Option<[u8; 32]>,
}

/// Lays the pins beside the file: every party pinned, every key equal, none used twice.
pub(super) fn agree(
    covenant: &Covenant,
    pins: &Pins,
) -> Result<BTreeMap<PartyId, PartyKeys>, SignoffError> {
    let mut agreed = BTreeMap::new();
    let mut seen: BTreeSet<[u8; 32]> = covenant.log().key.bytes().copied().into_iter().collect();
    for party in covenant.parties().values() {
        let pinned = pins
            .party(&party.id)
            .ok_or_else(|| SignoffError::NotPinned(party.id.clone()))?;
        let keys = agree_party(party, pinned)?;
        for key in all_keys(party, &keys) {
            if !seen.insert(key) {
                return Err(SignoffError::KeyTwice(party.id.clone()));
            }
        }
        agreed.insert(party.id.clone(), keys);
    }
    Ok(agreed)
}

fn agree_party(party: &Party, pinned: &PartyPins) -> Result<PartyKeys, SignoffError> {
    let differs = || SignoffError::KeyDiffers(party.id.clone());
    if party.signer.key != Key::Ed25519(pinned.signer) {
        return Err(differs());
    }
    let mut emergency: Vec<[u8; 32]> = Vec::new();
    for key in &party.emergency {
        emergency.push(*key.bytes().ok_or_else(differs)?);
    }
    emergency.sort_unstable();
    let mut pinned_emergency = pinned.emergency.clone();
    pinned_emergency.sort_unstable();
    if !pinned_emergency.is_empty() && pinned_emergency != emergency {
        return Err(differs());
    }
    let in_file = party.node.as_ref().and_then(|n| n.signing.bytes().copied());
    let node_signing = match (in_file, pinned.node_signing) {
        (Some(file), Some(pin)) if file != pin => return Err(differs()),
        (file, pin) => pin.or(file),
    };
    let keys = PartyKeys {
        signer: pinned.signer,
        emergency,
        node_signing,
    };
    for key in std::iter::once(&keys.signer)
        .chain(&keys.emergency)
        .chain(keys.node_signing.iter())
    {
        let usable = VerifyingKey::from_bytes(key).is_ok_and(|k| !k.is_weak());
        if !usable {
            return Err(SignoffError::KeyUnusable(party.id.clone()));
        }
    }
    Ok(keys)
}

/// Every key of a party, for every use.
fn all_keys(party: &Party, keys: &PartyKeys) -> Vec<[u8; 32]> {
    let mut all = vec![keys.signer];
    all.extend(&keys.emergency);
    all.extend(keys.node_signing);
    if let Some(node) = &party.node {
        all.extend(node.sealing.bytes());
        all.extend(node.witness.bytes());
    }
    all
}
