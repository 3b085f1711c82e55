//! sled 0.34.7, held to what a power cut was seen to leave alone.
//!
//! `flush()` of sled is not durable on Linux: it calls `sync_file_range`, which writes neither the
//! file's length nor its extents. So every batch is applied, flushed, and then synced by
//! `fsync` on a handle of our own. See `docs/adr/0001-sled-made-safe.md`.

use std::fs::File;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{PoisonError, RwLock};

use super::directory::StateDirectory;
use super::{Batch, Engine, LARGEST_VALUE, Visit};
use crate::error::StoreError;

/// How sled is opened.
#[derive(Clone, Copy, Debug)]
pub struct SledSettings {
    /// Memory for sled's page cache, in bytes.
    pub cache_bytes: u64,
}

impl Default for SledSettings {
    /// A cache of 256 MiB.
    fn default() -> Self {
        Self {
            cache_bytes: 256 * 1024 * 1024,
        }
    }
}

/// A sled database in `<dir>/sled`, for one process at a time.
pub struct SledEngine {
    directory: StateDirectory,
    open: RwLock<Option<Open>>,
    /// A write failed: what is on disk is unknown, so the stop is not a clean one.
    failed: AtomicBool,
}

struct Open {
    tree: ::sled::Db,
    /// Our own handle of sled's one data file, for `fsync`.
    data: File,
}

impl SledEngine {
    /// Opens or makes the database in `dir` (mode 0700).
    ///
    /// After an unclean stop the database is first copied to `<dir>/sled.copy`, which replaces an
    /// earlier copy.
    ///
    /// # Errors
    /// [`StoreError::InUse`] when another process has it open; [`StoreError::DoesNotOpen`], with
    /// the command that restores the copy, when sled fails or panics; otherwise what the file
    /// system said.
    pub fn open(dir: &Path, settings: SledSettings) -> Result<Self, StoreError> {
        let directory = StateDirectory::lock(dir)?;
        directory.before_opening()?;
        super::private_dir(&directory.database())?;
        let config = ::sled::Config::new()
            .path(directory.database())
            .cache_capacity(settings.cache_bytes)
            .flush_every_ms(None);
        let failed = |why: String| StoreError::DoesNotOpen {
            why,
            restore: directory.restore_command(),
        };
        let tree = catch_unwind(AssertUnwindSafe(|| config.open()))
            .map_err(|_| failed("the engine panicked on what it found".to_owned()))?
            .map_err(|error| failed(error.to_string()))?;
        let data = File::open(directory.database().join("db"))
            .map_err(StoreError::io("opening the database's data file"))?;
        tree.flush()
            .map_err(StoreError::engine("flushing after the opening"))?;
        directory.opened()?;
        Ok(Self {
            directory,
            open: RwLock::new(Some(Open { tree, data })),
            failed: AtomicBool::new(false),
        })
    }

    /// Marks a clean stop, unless a write failed: then what is on disk is not known, and the next
    /// opening makes a copy first.
    fn stop(&self, open: Open) -> Result<(), StoreError> {
        let Open { tree, data } = open;
        if self.failed.load(Ordering::SeqCst) {
            return Ok(());
        }
        tree.flush()
            .map_err(StoreError::engine("flushing before the stop"))?;
        drop(tree);
        data.sync_all()
            .map_err(StoreError::io("syncing the database before the stop"))?;
        self.directory.stopped()
    }

    fn with<T>(&self, work: impl FnOnce(&Open) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let open = self.open.read().unwrap_or_else(PoisonError::into_inner);
        work(open.as_ref().ok_or(StoreError::Closed)?)
    }
}

impl std::fmt::Debug for SledEngine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SledEngine")
            .field("directory", &self.directory)
            .finish_non_exhaustive()
    }
}

impl Engine for SledEngine {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.with(|open| {
            let value = open.tree.get(key).map_err(StoreError::engine("reading"))?;
            Ok(value.map(|v| v.to_vec()))
        })
    }

    fn range(&self, from: &[u8], to: &[u8], visit: &mut Visit<'_>) -> Result<(), StoreError> {
        if from >= to {
            return Ok(());
        }
        self.with(|open| {
            for row in open.tree.range(from..to) {
                let (key, value) = row.map_err(StoreError::engine("reading a range"))?;
                if let ControlFlow::Break(()) = visit(&key, &value)? {
                    break;
                }
            }
            Ok(())
        })
    }

    fn apply(&self, batch: &Batch) -> Result<(), StoreError> {
        let mut changes = ::sled::Batch::default();
        for (key, value) in batch {
            match value {
                Some(value) if value.len() > LARGEST_VALUE => {
                    return Err(StoreError::TooLarge {
                        what: "value",
                        bytes: value.len(),
                        limit: LARGEST_VALUE,
                    });
                }
                Some(value) => changes.insert(key.as_slice(), value.as_slice()),
                None => changes.remove(key.as_slice()),
            }
        }
        let applied = self.with(|open| {
            open.tree
                .apply_batch(changes)
                .map_err(StoreError::engine("applying a batch"))?;
            open.tree
                .flush()
                .map_err(StoreError::engine("flushing a batch"))?;
            open.data
                .sync_all()
                .map_err(StoreError::io("syncing the database"))
        });
        if applied.is_err() {
            self.failed.store(true, Ordering::SeqCst);
        }
        applied
    }

    fn close(&self) -> Result<(), StoreError> {
        let taken = self
            .open
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let Some(open) = taken else {
            return Ok(());
        };
        let stopped = self.stop(open);
        self.directory.unlock();
        stopped
    }
}

impl Drop for SledEngine {
    fn drop(&mut self) {
        if let Err(error) = self.close() {
            tracing::error!(%error, "the database did not stop cleanly");
        }
    }
}
