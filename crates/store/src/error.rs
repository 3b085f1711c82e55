//! What can go wrong in the store.
//!
//! Every text names the thing and the remedy and never a stored value: these texts reach logs.

use std::sync::Arc;

/// An operation of the store failed. Nothing of the unit that it belonged to was kept.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// Another process has the directory open.
    #[error(
        "the state directory {dir} is in use by another process: stop that one, or give this one \
         its own directory"
    )]
    InUse {
        /// The directory.
        dir: String,
    },
    /// The directory was written by a newer version of the program.
    #[error(
        "the state directory has format {found} and this program knows up to {known}: install the \
         version that wrote it, or a newer one"
    )]
    NewerFormat {
        /// The format on disk.
        found: u32,
        /// The newest format that this program reads.
        known: u32,
    },
    /// The directory holds the other kind of state (broker or node).
    #[error("the state directory belongs to a {found}, not to a {expected}: give each its own")]
    OtherKind {
        /// What is there.
        found: String,
        /// What was asked for.
        expected: &'static str,
    },
    /// The database could not be opened, by an error or by a panic inside the engine.
    #[error("the database could not be opened ({why}); {restore}")]
    DoesNotOpen {
        /// What the engine said.
        why: String,
        /// The command that restores the copy made before opening, or where to look.
        restore: String,
    },
    /// The file system said no.
    #[error("{doing} failed: {source}")]
    Io {
        /// What was being done, with the path's role, for example `syncing the database`.
        doing: &'static str,
        /// The system's error.
        source: Arc<std::io::Error>,
    },
    /// The engine said no.
    #[error("{doing} failed in the engine: {detail}")]
    Engine {
        /// What was being done.
        doing: &'static str,
        /// The engine's text.
        detail: String,
    },
    /// Stored bytes do not read back as what they should be.
    #[error("a stored {what} does not read back: run `covenant store fsck`, or restore a backup")]
    Damaged {
        /// What kind of record.
        what: &'static str,
    },
    /// A write failed earlier; what is on disk is unknown until a restart reads it.
    #[error("the store has stopped after a failed write ({because}): repair the disk and restart")]
    Stopped {
        /// The first failure.
        because: Arc<str>,
    },
    /// The store was closed.
    #[error("the store is closed")]
    Closed,
    /// A unit of work panicked; it was rolled back.
    #[error("a unit of work failed inside and was rolled back: see the log")]
    UnitFailed,
    /// A record is larger than the store accepts.
    #[error("a {what} of {bytes} bytes is larger than the limit of {limit}")]
    TooLarge {
        /// What kind of record.
        what: &'static str,
        /// Its size.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// The same request id came with other content.
    #[error("request_id was used before with other content: make a new id for a new request")]
    RequestIdReused,
    /// The same signal id came with other content.
    #[error("signal id was used before with other content: make a new id for a new signal")]
    SignalIdReused {
        /// Index of the signal in the batch.
        index: usize,
    },
    /// A signed message's nonce was seen before.
    #[error("this signed message was received before: sign a new one")]
    Replayed,
    /// A signed message had expired before it was looked up in the replay window.
    #[error("this signed message has expired: sign a new one")]
    Expired,
    /// The outbox is full.
    #[error(
        "the outbox is full ({items} items, {bytes} bytes): try again when the broker has taken some"
    )]
    OutboxFull {
        /// Items waiting.
        items: u64,
        /// Bytes waiting.
        bytes: u64,
    },
    /// A covenant version that is not higher than one that was active before.
    #[error("the covenant's version is not higher than one that was active before")]
    NotNewer,
    /// A commit without entries: a disclosure needs at least one.
    #[error("a disclosure needs at least one log entry")]
    NothingToLog,
    /// The log may not be signed; nothing can be disclosed.
    #[error("the disclosure log is not being signed: {why}")]
    LogStopped {
        /// Why, with the remedy.
        why: Arc<str>,
    },
    /// A backup may not be restored.
    #[error("{why}")]
    NotRestored {
        /// Why, with the remedy.
        why: Arc<str>,
    },
    /// A proof was asked for a leaf or a size that the log does not have.
    #[error("index or size lies beyond the log: ask for one below the checkpoint's size")]
    OutOfBounds,
    /// An entry could not be sealed.
    #[error("a log entry could not be made: {detail}")]
    Entry {
        /// The ledger's text.
        detail: String,
    },
}

impl StoreError {
    pub(crate) fn io(doing: &'static str) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::Io {
            doing,
            source: Arc::new(source),
        }
    }

    pub(crate) fn engine(doing: &'static str) -> impl FnOnce(::sled::Error) -> Self {
        move |error| Self::Engine {
            doing,
            detail: error.to_string(),
        }
    }
}
