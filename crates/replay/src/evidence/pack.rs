//! Making a bundle: which bytes go into which file.

use std::collections::{BTreeMap, BTreeSet};

use covenant::language::ast::Key;
use covenant::signoff::{Envelope, Statement};
use covenant::{Checking, check_bytes};
use data_encoding::{BASE64, HEXLOWER};
use ledger::LogVerifier;
use ledger::evidence::{Item, keys_file, note_for};
use model::Digest;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::agreed::keys_of;

/// Why no bundle can be made.
#[derive(Debug, thiserror::Error)]
pub enum PackError {
    /// A covenant's file.
    #[error("a covenant file has errors; see covenant policy check")]
    Covenant,
    /// The export's checkpoint.
    #[error(transparent)]
    Checkpoint(#[from] ledger::CheckpointError),
    /// A covenant that the entries or the reader name was not given.
    #[error("the covenant with SHA-256 {0} is missing: give its file with --covenant")]
    Missing(Digest),
}

/// The files of a bundle that follow from log and covenants: all but the entries, the manifest, and
/// the two for people.
///
/// `covenants` are the exact bytes of each version and the envelopes over it; what is no sign-off by
/// a party is left out. `wanted` are the covenants that entries or reader name. `note` is the signed
/// note of the export, `more` are further notes that may hold cosignatures of the same checkpoint.
///
/// # Errors
/// [`PackError`].
pub fn pack(
    log: &LogVerifier,
    wanted: &BTreeSet<Digest>,
    covenants: &[(Vec<u8>, Vec<Vec<u8>>)],
    note: &[u8],
    more: &[Vec<u8>],
) -> Result<BTreeMap<String, Vec<u8>>, PackError> {
    let (mut files, mut keys) = (BTreeMap::new(), BTreeSet::new());
    for (bytes, envelopes) in covenants {
        let checked = check_bytes(bytes, Checking::Template, None);
        let covenant = checked.covenant.ok_or(PackError::Covenant)?;
        let digest = covenant.digest();
        if !wanted.contains(&digest) {
            continue;
        }
        files.insert(Item::Covenant(digest).path(), bytes.clone());
        keys.extend(keys_of(&covenant));
        for envelope in envelopes {
            let said =
                Envelope::parse(envelope).and_then(|envelope| Statement::parse(envelope.payload()));
            let Ok(statement) = said else { continue };
            let signer = covenant.party(&statement.party).map(|p| &p.signer.key);
            let key = signer.and_then(Key::bytes);
            if let Some(file) = key.and_then(|key| envelope_file(envelope, key))
                && statement.file == digest
            {
                files.insert(Item::Signature(digest, statement.party).path(), file);
            }
        }
    }
    let missing = wanted
        .iter()
        .find(|digest| !files.contains_key(&Item::Covenant(**digest).path()));
    if let Some(digest) = missing {
        return Err(PackError::Missing(*digest));
    }
    let witnesses = keys.iter().filter_map(|keys| keys.witness).collect();
    let note = note_for(note, more, log, &witnesses)?;
    files.insert(Item::Checkpoint.path(), note);
    files.insert(Item::Keys.path(), keys_file(log, &keys));
    Ok(files)
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Dsse {
    payload_type: String,
    payload: String,
    signatures: Vec<DsseSignature>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct DsseSignature {
    #[serde(default)]
    keyid: String,
    sig: String,
}

/// An envelope as it is written in a bundle: one line, with the signer's fingerprint as its `keyid`
/// (the first 8 bytes of SHA-256 of the public key, hexadecimal). What is signed stays as it is.
pub(super) fn envelope_file(envelope: &[u8], key: &[u8; 32]) -> Option<Vec<u8>> {
    let mut dsse: Dsse = serde_json::from_slice(envelope).ok()?;
    let [signature] = dsse.signatures.as_mut_slice() else {
        return None;
    };
    let fingerprint = Sha256::digest(key);
    signature.keyid = HEXLOWER.encode(fingerprint.get(..8)?);
    for text in [&mut dsse.payload, &mut signature.sig] {
        *text = BASE64.encode(&BASE64.decode(text.as_bytes()).ok()?);
    }
    let mut file = serde_json::to_vec(&dsse).ok()?;
    file.push(b'\n');
    Some(file)
}
