//! Payloads too large for the engine, each in a file of its own: written and synced before the
//! batch that names it, checked against its hash when read, removed after the batch that drops it.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use model::Digest;
use sha2::{Digest as _, Sha256};

use crate::engine::{private_dir, sync_dir, write_new};
use crate::error::StoreError;

/// The largest payload, in bytes.
pub(crate) const LARGEST_PAYLOAD: usize = 8 * 1024 * 1024;

/// A file's name: random, so that it tells nothing.
pub(crate) type FileId = [u8; 16];

/// Where the files are.
#[derive(Debug)]
pub(crate) enum Files {
    /// In this directory.
    Directory(PathBuf),
    /// In memory, beside an engine in memory.
    Memory(Mutex<BTreeMap<FileId, Vec<u8>>>),
}

impl Files {
    pub(crate) fn in_directory(path: PathBuf) -> Result<Self, StoreError> {
        private_dir(&path)?;
        Ok(Self::Directory(path))
    }

    pub(crate) fn in_memory() -> Self {
        Self::Memory(Mutex::default())
    }

    /// Writes every payload and makes them durable.
    pub(crate) fn write(&self, staged: &BTreeMap<FileId, Vec<u8>>) -> Result<(), StoreError> {
        match self {
            Self::Memory(files) => {
                let mut files = files.lock().unwrap_or_else(PoisonError::into_inner);
                files.extend(staged.iter().map(|(id, bytes)| (*id, bytes.clone())));
            }
            Self::Directory(dir) => {
                // Nothing names these files before the batch does, so they need no rename.
                for (id, bytes) in staged {
                    write_new(&dir.join(name(id)), bytes)?;
                }
                sync_dir(dir)?;
            }
        }
        Ok(())
    }

    /// Reads a payload and checks it.
    pub(crate) fn read(&self, pointer: &Pointer) -> Result<Vec<u8>, StoreError> {
        let bytes = self.read_unchecked(&pointer.id)?;
        if digest(&bytes) == pointer.hash {
            Ok(bytes)
        } else {
            Err(StoreError::Damaged { what: "payload" })
        }
    }

    /// Reads a payload whose record is not at hand.
    pub(crate) fn read_unchecked(&self, id: &FileId) -> Result<Vec<u8>, StoreError> {
        match self {
            Self::Memory(files) => {
                let files = files.lock().unwrap_or_else(PoisonError::into_inner);
                let found = files.get(id).cloned();
                found.ok_or(StoreError::Damaged { what: "payload" })
            }
            Self::Directory(dir) => {
                fs::read(dir.join(name(id))).map_err(StoreError::io("reading a payload's file"))
            }
        }
    }

    /// Removes payloads that nothing names any more. A failure leaves litter for
    /// [`Files::sweep`], and is no reason to refuse anything.
    pub(crate) fn remove(&self, dead: &[FileId]) {
        match self {
            Self::Memory(files) => {
                let mut files = files.lock().unwrap_or_else(PoisonError::into_inner);
                for id in dead {
                    files.remove(id);
                }
            }
            Self::Directory(dir) => {
                for id in dead {
                    if let Err(error) = fs::remove_file(dir.join(name(id))) {
                        tracing::warn!(%error, "a payload's file was not removed");
                    }
                }
                if let Err(error) = sync_dir(dir) {
                    tracing::warn!(%error, "removing payload files was not synced");
                }
            }
        }
    }

    /// Removes every file that `is_named` does not know: what a crash left between writing files
    /// and the batch, or between the batch and the removal.
    pub(crate) fn sweep(
        &self,
        mut is_named: impl FnMut(&FileId) -> Result<bool, StoreError>,
    ) -> Result<usize, StoreError> {
        let Self::Directory(dir) = self else {
            return Ok(0);
        };
        let doing = "sweeping payload files";
        let mut swept = 0;
        for entry in fs::read_dir(dir).map_err(StoreError::io(doing))? {
            let path = entry.map_err(StoreError::io(doing))?.path();
            let id = path
                .file_name()
                .and_then(|n| n.to_str())
                .and_then(|n| data_encoding::HEXLOWER.decode(n.as_bytes()).ok())
                .and_then(|b| FileId::try_from(b).ok());
            let keep = match id {
                Some(id) => is_named(&id)?,
                None => true,
            };
            if !keep {
                fs::remove_file(&path).map_err(StoreError::io(doing))?;
                swept += 1;
            }
        }
        Ok(swept)
    }
}

/// What a record holds in place of a large payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pointer {
    pub(crate) id: FileId,
    pub(crate) hash: Digest,
}

impl Pointer {
    /// A pointer with a fresh name to `bytes`.
    pub(crate) fn to(bytes: &[u8]) -> Self {
        let mut id = FileId::default();
        model::id::fill_random(&mut id);
        Self {
            id,
            hash: digest(bytes),
        }
    }
}

pub(crate) fn digest(bytes: &[u8]) -> Digest {
    Digest::new(Sha256::digest(bytes).into())
}

fn name(id: &FileId) -> String {
    data_encoding::HEXLOWER.encode(id)
}
