//! The second place of the log's signed checkpoint: a file of its own, moved forward by
//! compare-and-swap.

use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use crate::engine::write_private;
use crate::error::StoreError;

/// Where the newest signed checkpoint is kept, apart from the database.
#[derive(Clone, Debug)]
pub enum CheckpointPlace {
    /// This file; best on another disk than the database.
    File(PathBuf),
    /// Memory, for tests and simulation. Clones share it.
    Memory(Arc<Mutex<Option<Vec<u8>>>>),
}

impl CheckpointPlace {
    /// An empty place in memory.
    #[must_use]
    pub fn in_memory() -> Self {
        Self::Memory(Arc::default())
    }

    /// The signed note that is there.
    ///
    /// # Errors
    /// When the file can't be read; that it does not exist is no error.
    pub fn read(&self) -> Result<Option<Vec<u8>>, StoreError> {
        match self {
            Self::File(path) => match fs::read(path) {
                Ok(note) => Ok(Some(note)),
                Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
                Err(error) => Err(StoreError::io("reading the checkpoint file")(error)),
            },
            Self::Memory(note) => Ok(note.lock().unwrap_or_else(PoisonError::into_inner).clone()),
        }
    }

    /// Puts `note` in place of `previous`, durably.
    pub(crate) fn swap(&self, previous: Option<&[u8]>, note: &[u8]) -> Result<(), StoreError> {
        if self.read()?.as_deref() != previous {
            return Err(StoreError::LogStopped {
                why: "the checkpoint file was changed by something else than this process: find \
                      out what signs this log besides it"
                    .into(),
            });
        }
        match self {
            Self::File(path) => write_private(path, note),
            Self::Memory(place) => {
                *place.lock().unwrap_or_else(PoisonError::into_inner) = Some(note.to_vec());
                Ok(())
            }
        }
    }
}
