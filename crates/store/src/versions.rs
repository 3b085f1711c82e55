//! Versions of covenants: files, what was signed over them, and which were active. Broker and nodes
//! keep the same, each for itself.
//!
//! Everything is the exact bytes as they were received; what they mean is `covenant`'s to say.

use model::{CovenantId, Digest, PartyId, Timestamp};

use crate::broker::{BrokerTx, BrokerView};
use crate::codec::{Put, Take};
use crate::error::StoreError;
use crate::layout::{ACTIVE, Key, SIGNED_OVER, VERSION, VERSION_FILE};
use crate::node::{NodeTx, NodeView};
use crate::tx::Tx;

/// A version of a covenant, whoever brought it and however it stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeptVersion {
    /// The covenant.
    pub covenant: CovenantId,
    /// Its number, from 1.
    pub number: u32,
    /// SHA-256 of the file's bytes.
    pub digest: Digest,
    /// Who proposed it; none where it came from the settings.
    pub proposed_by: Option<PartyId>,
    /// When it was received.
    pub received_at: Timestamp,
    /// Whether its end was seen, and what had to be done then was done.
    pub ended: bool,
}

/// What was signed over a version.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeptEnvelope {
    /// SHA-256 of the signed bytes.
    pub id: Digest,
    /// Its place among what was signed over the version, from 0.
    pub number: u32,
    /// When it was received.
    pub received_at: Timestamp,
    /// The envelope's exact bytes.
    pub bytes: Vec<u8>,
}

/// A version of a covenant that was active at some time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ActiveVersion {
    /// The version's number.
    pub version: u32,
    /// SHA-256 of the file's bytes.
    pub digest: Digest,
    /// When it was first seen to be active.
    pub since: Timestamp,
}

fn version_key(version: &KeptVersion) -> Vec<u8> {
    Key::of(VERSION)
        .text(version.covenant.as_str())
        .u32(version.number)
        .raw(version.digest.as_bytes())
        .done()
}

fn versions(tx: &Tx) -> Result<Vec<KeptVersion>, StoreError> {
    tx.rows(&[VERSION], &[VERSION], usize::MAX)?
        .iter()
        .map(|(_, record)| {
            let mut take = Take::new(record, "covenant version");
            Ok(KeptVersion {
                covenant: take.name()?,
                number: take.u32()?,
                digest: take.digest()?,
                proposed_by: take.optional()?,
                received_at: take.time()?,
                ended: take.u8()? != 0,
            })
        })
        .collect()
}

fn put_version(tx: &mut Tx, version: &KeptVersion) -> Result<(), StoreError> {
    let record = Put::default()
        .text(version.covenant.as_str())
        .u32(version.number)
        .raw(version.digest.as_bytes())
        .optional(version.proposed_by.as_ref().map(PartyId::as_str))
        .time(version.received_at)
        .u8(u8::from(version.ended))
        .done();
    tx.put(version_key(version), &record)
}

fn file_key(digest: &Digest) -> Vec<u8> {
    Key::of(VERSION_FILE).raw(digest.as_bytes()).done()
}

fn envelopes(tx: &Tx, digest: &Digest) -> Result<Vec<KeptEnvelope>, StoreError> {
    let prefix = Key::of(SIGNED_OVER).raw(digest.as_bytes()).done();
    let mut all = tx
        .rows(&prefix, &prefix, usize::MAX)?
        .iter()
        .map(|(_, record)| {
            let mut take = Take::new(record, "signed over a covenant");
            Ok(KeptEnvelope {
                id: take.digest()?,
                number: take.u32()?,
                received_at: take.time()?,
                bytes: take.rest().to_vec(),
            })
        })
        .collect::<Result<Vec<_>, StoreError>>()?;
    all.sort_by_key(|envelope| envelope.number);
    Ok(all)
}

fn put_envelope(
    tx: &mut Tx,
    digest: &Digest,
    id: Digest,
    received_at: Timestamp,
    bytes: &[u8],
) -> Result<bool, StoreError> {
    let key = Key::of(SIGNED_OVER)
        .raw(digest.as_bytes())
        .raw(id.as_bytes())
        .done();
    if tx.has(&key)? {
        return Ok(false);
    }
    let number = u32::try_from(envelopes(tx, digest)?.len()).unwrap_or(u32::MAX);
    let record = Put::default()
        .raw(id.as_bytes())
        .u32(number)
        .time(received_at)
        .raw(bytes)
        .done();
    tx.put(key, &record)?;
    Ok(true)
}

fn history(tx: &Tx, id: &CovenantId) -> Result<Vec<ActiveVersion>, StoreError> {
    let prefix = Key::of(ACTIVE).text(id.as_str()).done();
    tx.rows(&prefix, &prefix, usize::MAX)?
        .iter()
        .map(|(_, record)| {
            let mut take = Take::new(record, "covenant version");
            Ok(ActiveVersion {
                version: take.u32()?,
                digest: take.digest()?,
                since: take.time()?,
            })
        })
        .collect()
}

fn put_active(tx: &mut Tx, id: &CovenantId, version: &ActiveVersion) -> Result<(), StoreError> {
    if let Some(last) = history(tx, id)?.last() {
        if (last.version, last.digest) == (version.version, version.digest) {
            return Ok(());
        }
        if version.version <= last.version {
            return Err(StoreError::NotNewer);
        }
    }
    let key = Key::of(ACTIVE).text(id.as_str()).u32(version.version);
    let record = Put::default()
        .u32(version.version)
        .raw(version.digest.as_bytes())
        .time(version.since)
        .done();
    tx.put(key.done(), &record)
}

// The same for broker and node: two types, so that neither can be taken for the other.
macro_rules! keeps_versions {
    ($view:ty, $unit:ty) => {
        impl $view {
            /// Every version of every covenant, by covenant and number.
            ///
            /// # Errors
            /// When the store can't read.
            pub fn versions(&self) -> Result<Vec<KeptVersion>, StoreError> {
                versions(&self.tx)
            }

            /// The exact bytes of a version's file.
            ///
            /// # Errors
            /// When the store can't read.
            pub fn version_file(&self, digest: &Digest) -> Result<Option<Vec<u8>>, StoreError> {
                self.tx.get(&file_key(digest))
            }

            /// What was signed over a version, in the order of receipt.
            ///
            /// # Errors
            /// When the store can't read.
            pub fn signed_over(&self, digest: &Digest) -> Result<Vec<KeptEnvelope>, StoreError> {
                envelopes(&self.tx, digest)
            }

            /// Every version of a covenant that was ever active, lowest first. The last is the
            /// highest version ever active: only higher ones may follow.
            ///
            /// # Errors
            /// When the store can't read.
            pub fn covenant_history(
                &self,
                id: &CovenantId,
            ) -> Result<Vec<ActiveVersion>, StoreError> {
                history(&self.tx, id)
            }
        }

        impl $unit {
            /// Keeps a version with its file, in place of what was kept of the same one.
            ///
            /// # Errors
            /// When the store fails.
            pub fn put_version(
                &mut self,
                version: &KeptVersion,
                file: &[u8],
            ) -> Result<(), StoreError> {
                put_version(&mut self.view.tx, version)?;
                let key = file_key(&version.digest);
                if self.view.tx.has(&key)? {
                    return Ok(());
                }
                self.view.tx.put(key, file)
            }

            /// Takes note that a version's end was seen.
            ///
            /// # Errors
            /// When the store fails.
            pub fn version_ended(&mut self, version: &KeptVersion) -> Result<(), StoreError> {
                let ended = KeptVersion {
                    ended: true,
                    ..version.clone()
                };
                put_version(&mut self.view.tx, &ended)
            }

            /// Keeps what was signed over a version. `false` when it was there before.
            ///
            /// # Errors
            /// When the store fails.
            pub fn put_signed_over(
                &mut self,
                digest: &Digest,
                id: Digest,
                received_at: Timestamp,
                bytes: &[u8],
            ) -> Result<bool, StoreError> {
                put_envelope(&mut self.view.tx, digest, id, received_at, bytes)
            }

            /// Records that a version is active. The same version and file again changes nothing.
            ///
            /// # Errors
            /// [`StoreError::NotNewer`] for a version that is not higher than every one before.
            pub fn put_active_version(
                &mut self,
                id: &CovenantId,
                version: &ActiveVersion,
            ) -> Result<(), StoreError> {
                put_active(&mut self.view.tx, id, version)
            }
        }
    };
}

keeps_versions!(BrokerView, BrokerTx);
keeps_versions!(NodeView, NodeTx);
