//! The evidence bundle as bytes: its manifest, its keys, and who cosigned its checkpoint.
//!
//! A bundle is a folder. This module opens no file: it says what may stand in the folder, reads and
//! writes the two files that list things, and judges the signature lines of the checkpoint. Both
//! listing files have one form only, so that a changed byte of them is a bundle that does not read.

mod manifest;

use std::collections::{BTreeMap, BTreeSet};

use model::{Digest, PartyId};
use serde::Serialize;

pub use manifest::{Listed, Manifest};

use crate::checkpoint::{CheckpointError, LogVerifier, Note, key_id};
use crate::cosignature::{COSIGNATURE, WitnessVerifier};

/// What the manifest's `format` says.
pub const FORMAT: &str = "covenant-evidence/2";

/// What the `format` of the file with keys says.
pub const KEYS_FORMAT: &str = "covenant-evidence-keys/1";

/// The manifest's name; it is the one file that the manifest does not list.
pub const MANIFEST: &str = "manifest.json";

/// The longest file of a bundle but for the entries, in bytes.
pub const MAX_FILE: u64 = 4 * 1024 * 1024;

/// A file that a bundle may hold. Their order is that of judging.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Item {
    /// `checkpoint.txt`: the signed note, with the cosignatures.
    Checkpoint,
    /// `covenants/<digest>.toml`: the exact bytes that were signed.
    Covenant(Digest),
    /// `covenants/<digest>.<party>.dsse.json`: a party's signature under them.
    Signature(Digest, PartyId),
    /// `keys.json`: the keys that the covenants name, to be compared by people.
    Keys,
    /// `entries.jsonl`: the export.
    Entries,
    /// `README.md`: what this is, for people.
    Readme,
    /// `verify.py`: a program that verifies the bundle.
    Program,
}

impl Item {
    /// What every bundle holds, apart from its manifest.
    pub const ALWAYS: [Self; 5] = [
        Self::Checkpoint,
        Self::Keys,
        Self::Entries,
        Self::Readme,
        Self::Program,
    ];

    /// Reads a path inside the bundle, with `/` between its parts.
    #[must_use]
    pub fn parse(path: &str) -> Option<Self> {
        if let Some(item) = Self::ALWAYS.into_iter().find(|item| item.path() == path) {
            return Some(item);
        }
        let name = path.strip_prefix("covenants/")?;
        let digest = Digest::from_hex(name.get(..64)?)?;
        let item = match name.get(64..)?.strip_suffix(".dsse.json") {
            Some(party) => Self::Signature(digest, PartyId::parse(party.strip_prefix('.')?).ok()?),
            None => Self::Covenant(digest),
        };
        (item.path() == path).then_some(item)
    }

    /// The path inside the bundle.
    #[must_use]
    pub fn path(&self) -> String {
        match self {
            Self::Checkpoint => "checkpoint.txt".to_owned(),
            Self::Covenant(digest) => format!("covenants/{}.toml", digest.to_hex()),
            Self::Signature(digest, party) => {
                format!("covenants/{}.{party}.dsse.json", digest.to_hex())
            }
            Self::Keys => "keys.json".to_owned(),
            Self::Entries => "entries.jsonl".to_owned(),
            Self::Readme => "README.md".to_owned(),
            Self::Program => "verify.py".to_owned(),
        }
    }
}

/// The keys that a covenant names for one party.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct PartyKeys {
    /// The covenant's digest.
    pub covenant: Digest,
    /// The party's id in it.
    pub party: PartyId,
    /// The signer's Ed25519 key.
    pub signer: [u8; 32],
    /// The key that its node cosigns the log with, if it has a node.
    pub witness: Option<[u8; 32]>,
}

/// The bytes of `keys.json`: everything in it follows from the log's key and the covenants.
#[must_use]
pub fn keys_file(log: &LogVerifier, parties: &BTreeSet<PartyKeys>) -> Vec<u8> {
    #[derive(Serialize)]
    struct Keys {
        format: &'static str,
        log: String,
        parties: Vec<Party>,
    }
    #[derive(Serialize)]
    struct Party {
        covenant: String,
        party: String,
        signer: String,
        witness: Option<String>,
    }
    let key = |bytes: &[u8; 32]| format!("ed25519:{}", data_encoding::HEXLOWER.encode(bytes));
    let parties = parties.iter().map(|party| Party {
        covenant: party.covenant.to_hex(),
        party: party.party.to_string(),
        signer: key(&party.signer),
        witness: party.witness.as_ref().map(key),
    });
    pretty(&Keys {
        format: KEYS_FORMAT,
        log: log.to_vkey(),
        parties: parties.collect(),
    })
}

/// Which witness keys cosigned a bundle's checkpoint, and when (Unix seconds). It is stricter than a
/// log's own notes need to be: the log's signature comes first and once, and every further one is
/// by one of these keys, each at most once, and holds.
///
/// # Errors
/// What is wrong with it.
pub fn cosigned_by(
    note: &[u8],
    log: &LogVerifier,
    witnesses: &BTreeSet<[u8; 32]>,
) -> Result<BTreeMap<[u8; 32], u64>, CheckpointError> {
    let parsed = Note::parse(note)?;
    let mut found = BTreeMap::new();
    for (place, line) in parsed.signatures.iter().enumerate() {
        let of_log = line.name == log.name() && line.key_id == log.key_id();
        if of_log != (place == 0) {
            return Err(CheckpointError::Note(
                "the log's own signature must stand first, and once",
            ));
        }
        if of_log {
            continue;
        }
        let key = witness_of(line.name.as_str(), line.key_id, witnesses);
        let key = key.ok_or(CheckpointError::Note(
            "a cosignature by a key that no covenant here names",
        ))?;
        let time = WitnessVerifier::new(&line.name, key)?.verify(note)?;
        if found.insert(*key, time).is_some() {
            return Err(CheckpointError::Note("a witness cosigned twice"));
        }
    }
    Ok(found)
}

/// The note of a checkpoint as a bundle holds it: the log's signature, and the cosignatures by these
/// keys that hold. `more` are notes of the same checkpoint that may have further ones.
///
/// # Errors
/// [`CheckpointError`] when `note` is not one of this log.
pub fn note_for(
    note: &[u8],
    more: &[Vec<u8>],
    log: &LogVerifier,
    witnesses: &BTreeSet<[u8; 32]>,
) -> Result<Vec<u8>, CheckpointError> {
    log.verify(note)?;
    let mut kept = Note::parse(note)?;
    let mut lines = std::mem::take(&mut kept.signatures);
    for note in more {
        let other = Note::parse(note)?;
        if other.body == kept.body {
            lines.extend(other.signatures);
        }
    }
    let own = lines
        .iter()
        .find(|line| line.name == log.name() && line.key_id == log.key_id());
    kept.signatures.extend(own.cloned());
    let mut seen = BTreeSet::new();
    for line in lines {
        let Some(key) = witness_of(line.name.as_str(), line.key_id, witnesses) else {
            continue;
        };
        let alone = Note {
            body: kept.body.clone(),
            signatures: vec![line.clone()],
        };
        let holds = WitnessVerifier::new(&line.name, key)?.verify(&alone.to_bytes());
        if holds.is_ok() && seen.insert(*key) {
            kept.signatures.push(line);
        }
    }
    Ok(kept.to_bytes())
}

/// Which of these keys has this id under this name.
fn witness_of<'a>(
    name: &str,
    id: [u8; 4],
    witnesses: &'a BTreeSet<[u8; 32]>,
) -> Option<&'a [u8; 32]> {
    witnesses
        .iter()
        .find(|key| key_id(name, COSIGNATURE, key) == id)
}

/// JSON over several lines, with a line feed at its end.
fn pretty<T: Serialize>(value: &T) -> Vec<u8> {
    // Serialising strings and numbers to memory cannot fail.
    let mut bytes = serde_json::to_vec_pretty(value).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}
