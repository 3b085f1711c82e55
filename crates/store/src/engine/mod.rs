//! Ordered bytes with one kind of write: an atomic, durable batch.

mod directory;
mod memory;
mod sled;

pub use self::memory::MemoryEngine;
pub use self::sled::{SledEngine, SledSettings};

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use crate::error::StoreError;

pub(crate) use self::directory::{private_dir, remove_tree, sync_dir, write_new, write_private};

/// The largest value an engine is given; what is larger goes to a file of its own.
pub const LARGEST_VALUE: usize = 8 * 1024;

/// A key and its value.
pub type Row = (Vec<u8>, Vec<u8>);

/// The changes of one batch, sorted by key: `Some` puts, `None` deletes.
pub type Batch = BTreeMap<Vec<u8>, Option<Vec<u8>>>;

/// What a scan calls for each key and value, in order; it may stop early.
pub type Visit<'a> = dyn FnMut(&[u8], &[u8]) -> Result<ControlFlow<()>, StoreError> + 'a;

/// Where bytes are kept. One thread writes; any thread reads.
pub trait Engine: Send + Sync + std::fmt::Debug {
    /// The value under `key`.
    ///
    /// # Errors
    /// When the engine can't read, or is closed.
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;

    /// Visits every key from `from` up to but not including `to`, in order of bytes.
    ///
    /// # Errors
    /// When the engine can't read, or is closed, or the visitor fails.
    fn range(&self, from: &[u8], to: &[u8], visit: &mut Visit<'_>) -> Result<(), StoreError>;

    /// Applies all of `batch` or nothing. When this returns `Ok`, the batch survives a power cut.
    ///
    /// # Errors
    /// When it failed; whether the batch is on disk is then unknown, and the engine must not be
    /// written to again before it is opened anew.
    fn apply(&self, batch: &Batch) -> Result<(), StoreError>;

    /// Rewrites everything, so that nothing which was deleted or replaced is on disk any more.
    /// Readers may go on; the thread that writes calls it.
    ///
    /// # Errors
    /// When it failed: then what is there is what was there, unless every later call fails too.
    fn compact(&self) -> Result<(), StoreError>;

    /// Keeps a copy of everything beside it, under this name, until the next compaction.
    ///
    /// # Errors
    /// When the copy could not be made.
    fn keep_copy(&self, name: &str) -> Result<(), StoreError>;

    /// Stops cleanly. Every later call fails.
    ///
    /// # Errors
    /// When the last synchronisation failed.
    fn close(&self) -> Result<(), StoreError>;
}
