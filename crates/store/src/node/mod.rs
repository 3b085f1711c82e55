//! The state of a party's node.
//!
//! Everything that came in raw arrives here encrypted: this store sees opaque bytes, and pseudonyms
//! on their way out.

mod cases;
mod inbox;
mod key_epochs;
mod outbox;
mod own;
mod recalls;
mod retention;

pub use self::cases::StoredCase;
pub use self::inbox::{Received, SeenCheckpoint};
pub use self::key_epochs::KeyEpochKept;
pub use self::outbox::{OutboxItem, OutboxTotals};
pub use self::own::{OutsideId, OwnSignal};
pub use self::recalls::StoredRecall;
pub use self::retention::{NodePurge, NodePurgeable, NodePurged};

use std::ops::Deref;
use std::path::Path;
use std::sync::Arc;

use model::{Digest, Timestamp};

use crate::engine::{Engine, MemoryEngine, SledEngine, SledSettings};
use crate::error::StoreError;
use crate::files::Files;
use crate::format::{self, Found};
use crate::requests::{self, Remembered, RequestKey};
use crate::tx::{Mark, Tx};
use crate::writer::{Group, Writer};

const KIND: &str = "node";

/// What a node's store is told.
#[derive(Clone, Copy, Debug)]
pub struct NodeSettings {
    /// How sled is opened.
    pub sled: SledSettings,
    /// The most items that may wait in the outbox; above it a submission is refused.
    pub outbox_items: u64,
    /// The most bytes that may wait in the outbox.
    pub outbox_bytes: u64,
}

impl Default for NodeSettings {
    /// One million items, 1 GiB.
    fn default() -> Self {
        Self {
            sled: SledSettings::default(),
            outbox_items: 1_000_000,
            outbox_bytes: 1024 * 1024 * 1024,
        }
    }
}

/// The durable state of a node. Clones share it.
#[derive(Clone)]
pub struct NodeStore {
    writer: Arc<Writer<NodeTx>>,
    view: Arc<NodeView>,
}

/// What a reader may ask.
#[derive(Debug)]
pub struct NodeView {
    pub(crate) tx: Tx,
}

/// One unit of work: reads see its writes, and those of units before it.
#[derive(Debug)]
pub struct NodeTx {
    pub(crate) view: NodeView,
    settings: NodeSettings,
    mark: Mark,
}

impl NodeStore {
    /// Opens or makes the node's state in `dir`.
    ///
    /// # Errors
    /// As [`SledEngine::open`]; [`StoreError::NewerFormat`] and [`StoreError::OtherKind`] for a
    /// directory of something else.
    pub fn open(dir: &Path, settings: NodeSettings) -> Result<Self, StoreError> {
        let engine = SledEngine::open(dir, settings.sled)?;
        let files = Arc::new(Files::in_directory(dir.join("files"))?);
        Self::start(Arc::new(engine), files, settings)
    }

    /// A store over an engine in memory, for tests and simulation.
    ///
    /// # Errors
    /// As [`NodeStore::open`].
    pub fn in_memory(engine: MemoryEngine, settings: NodeSettings) -> Result<Self, StoreError> {
        let files = engine.files();
        Self::start(Arc::new(engine), files, settings)
    }

    pub(crate) fn start(
        engine: Arc<dyn Engine>,
        files: Arc<Files>,
        settings: NodeSettings,
    ) -> Result<Self, StoreError> {
        let mut tx = Tx::new(engine, files);
        match format::read(&tx, KIND)? {
            Found::New => format::write(&mut tx, KIND)?,
            // A node's records of an older format are the same in this one.
            Found::Older(from) => format::migrate(&mut tx, KIND, from, |_| Ok(()))?,
            Found::Known => {}
        }
        tx.sweep_files()?;
        let view = NodeView { tx: tx.fresh() };
        let mark = tx.mark();
        let writer = Writer::start(NodeTx {
            view: NodeView { tx },
            settings,
            mark,
        })?;
        Ok(Self {
            writer: Arc::new(writer),
            view: Arc::new(view),
        })
    }

    /// Runs `unit` on the writer thread. When this returns `Ok`, everything it wrote is durable;
    /// when the unit fails, nothing of it is kept. A unit must not block.
    ///
    /// # Errors
    /// What the unit answers, or a [`StoreError`] turned into `E`.
    pub async fn write<T, E>(
        &self,
        unit: impl FnOnce(&mut NodeTx) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.writer.unit(unit, |_, made| Ok(made)).await
    }

    /// [`NodeStore::write`] for a thread without an async runtime.
    ///
    /// # Errors
    /// As [`NodeStore::write`].
    pub fn write_blocking<T, E>(
        &self,
        unit: impl FnOnce(&mut NodeTx) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.writer.unit_blocking(unit, |_, made| Ok(made))
    }

    /// Reads a state in which everything is durable. May wait for a synchronisation in progress;
    /// a long read holds up the writer, so read by pages.
    ///
    /// # Errors
    /// What the closure answers, or a [`StoreError`] turned into `E`.
    pub fn read<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&NodeView) -> Result<T, E>,
    ) -> Result<T, E> {
        self.writer.shared().read(|| work(&self.view))
    }

    /// Rewrites the database, so that nothing which was deleted or replaced is on disk any more,
    /// copies of earlier states included. Writing waits meanwhile; reading does not, but for a
    /// moment. It needs as much free space as the database takes. A power cut leaves the old
    /// database or the new one.
    ///
    /// # Errors
    /// When it failed; where the store can't go on then, every later call says so.
    pub async fn compact(&self) -> Result<(), StoreError> {
        self.writer.alone(|group| group.tx().compact()).await
    }

    /// Writes a backup of everything that was acknowledged so far to `out`, and makes it durable.
    /// Writing waits meanwhile.
    ///
    /// # Errors
    /// When the store can't read, or the file can't be written.
    pub async fn back_up(&self, out: std::fs::File) -> Result<crate::backup::BackedUp, StoreError> {
        self.writer
            .alone(move |group| crate::backup::write_node(group, &out))
            .await
    }

    /// Finishes what waits and stops cleanly. Later calls fail with [`StoreError::Closed`].
    ///
    /// # Errors
    /// When the last synchronisation failed.
    pub fn close(&self) -> Result<(), StoreError> {
        self.writer.close()
    }
}

impl std::fmt::Debug for NodeStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NodeStore(..)")
    }
}

impl NodeView {
    /// What was answered to this request before.
    ///
    /// # Errors
    /// [`StoreError::RequestIdReused`] when the id came with other content.
    pub fn answered(
        &self,
        key: &RequestKey,
        hash: &Digest,
    ) -> Result<Option<Remembered>, StoreError> {
        requests::answered(&self.tx, key, hash)
    }
}

impl NodeTx {
    /// Remembers the answer to a request for seven days.
    ///
    /// # Errors
    /// When the store fails.
    pub fn remember(
        &mut self,
        key: &RequestKey,
        hash: &Digest,
        answer: &[u8],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let ends = requests::answer_ends(now.day());
        requests::remember(&mut self.view.tx, key, hash, &[], answer, ends)
    }
}

impl Deref for NodeTx {
    type Target = NodeView;

    fn deref(&self) -> &NodeView {
        &self.view
    }
}

impl Group for NodeTx {
    fn tx(&mut self) -> &mut Tx {
        &mut self.view.tx
    }

    fn begin_unit(&mut self) {
        self.mark = self.view.tx.mark();
    }

    fn undo_unit(&mut self) {
        self.view.tx.back_to(self.mark);
    }

    fn before_durable(&mut self) -> Result<(), StoreError> {
        Ok(())
    }

    fn after_durable(&mut self) -> Result<(), StoreError> {
        Ok(())
    }
}
