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
    settings: SledSettings,
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
        let failed = |why: String| StoreError::DoesNotOpen {
            why,
            restore: directory.restore_command(),
        };
        let Open { tree, data } = open_at(&directory.database(), settings, failed)?;
        tree.flush()
            .map_err(StoreError::engine("flushing after the opening"))?;
        directory.opened()?;
        Ok(Self {
            directory,
            settings,
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

    /// Copies every row to a fresh database: sled never gives back, nor overwrites, the bytes of
    /// what was deleted, and a fresh one has none of them.
    fn rewrite(&self, open: &Open) -> Result<(), StoreError> {
        let part = self.directory.begin_rewriting()?;
        let fresh = open_at(&part, self.settings, rewriting_failed)?;
        let mut batch = ::sled::Batch::default();
        let mut waiting: usize = 0;
        for row in open.tree.iter() {
            let (key, value) = row.map_err(StoreError::engine("reading what to rewrite"))?;
            batch.insert(key, value);
            waiting += 1;
            if waiting == REWRITTEN_AT_ONCE {
                put_rows(&fresh, std::mem::take(&mut batch))?;
                waiting = 0;
            }
        }
        put_rows(&fresh, batch)?;
        let flushed = fresh.tree.flush();
        flushed.map_err(StoreError::engine("flushing the rewritten database"))?;
        drop(fresh);
        self.directory.rewritten()
    }

    fn with<T>(&self, work: impl FnOnce(&Open) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let open = self.open.read().unwrap_or_else(PoisonError::into_inner);
        work(open.as_ref().ok_or(StoreError::Closed)?)
    }
}

/// How many rows go into one batch of a rewriting.
const REWRITTEN_AT_ONCE: usize = 1_000;
/// How often, and how long apart, an opening waits for a lock that the last closing has not let
/// go of: sled ends its own threads in its own time.
const LOCK_TRIES: u32 = 100;
const LOCK_WAIT: std::time::Duration = std::time::Duration::from_millis(20);

fn rewriting_failed(why: String) -> StoreError {
    StoreError::DoesNotOpen {
        why,
        restore: "restart: the next start ends the rewriting, or goes on with what was there"
            .to_owned(),
    }
}

fn open_at(
    path: &Path,
    settings: SledSettings,
    failed: impl Fn(String) -> StoreError,
) -> Result<Open, StoreError> {
    let config = ::sled::Config::new()
        .path(path)
        .cache_capacity(settings.cache_bytes)
        .flush_every_ms(None);
    let open = || {
        catch_unwind(AssertUnwindSafe(|| config.open()))
            .map_err(|_| failed("the engine panicked on what it found".to_owned()))
    };
    let mut opened = open()?;
    for _ in 0..LOCK_TRIES {
        match &opened {
            Err(::sled::Error::Io(error)) if error.kind() == std::io::ErrorKind::WouldBlock => {
                std::thread::sleep(LOCK_WAIT);
                opened = open()?;
            }
            _ => break,
        }
    }
    let tree = opened.map_err(|error| failed(error.to_string()))?;
    let data =
        File::open(path.join("db")).map_err(StoreError::io("opening the database's data file"))?;
    Ok(Open { tree, data })
}

fn put_rows(open: &Open, batch: ::sled::Batch) -> Result<(), StoreError> {
    open.tree
        .apply_batch(batch)
        .map_err(StoreError::engine("rewriting the database"))
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

    fn compact(&self) -> Result<(), StoreError> {
        self.with(|open| self.rewrite(open))?;
        let mut place = self.open.write().unwrap_or_else(PoisonError::into_inner);
        let Some(old) = place.take() else {
            return Err(StoreError::Closed);
        };
        // From here on a failure leaves the engine closed: the next opening ends what was begun.
        self.failed.store(true, Ordering::SeqCst);
        drop(old);
        self.directory.put_in_place()?;
        let open = open_at(&self.directory.database(), self.settings, rewriting_failed)?;
        let flushed = open.tree.flush();
        flushed.map_err(StoreError::engine("flushing after the exchange"))?;
        open.data
            .sync_all()
            .map_err(StoreError::io("syncing the rewritten database"))?;
        *place = Some(open);
        self.failed.store(false, Ordering::SeqCst);
        Ok(())
    }

    fn keep_copy(&self, name: &str) -> Result<(), StoreError> {
        self.with(|open| {
            let flushed = open.tree.flush();
            flushed.map_err(StoreError::engine("flushing before the copy"))?;
            self.directory.keep_copy(name)
        })
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
