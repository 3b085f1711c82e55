//! The broker's store: one writer, many readers, and the only maker of [`Logged`].

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ledger::LogSigner;
use model::Oin;
use model::clock::Clock;

use super::log::{Log, read_tree};
use super::place::CheckpointPlace;
use super::{BrokerTx, BrokerView, Notice, Opens, SignedCheckpoint};
use crate::engine::{Engine, MemoryEngine, SledEngine, SledSettings};
use crate::error::StoreError;
use crate::files::Files;
use crate::format::{self, Found};
use crate::logged::{Decided, Logged, Step};
use crate::tx::Tx;
use crate::writer::{Group as _, Writer};

const KIND: &str = "broker";

/// What a broker's store is told.
#[derive(Clone, Debug, Default)]
pub struct BrokerSettings {
    /// How sled is opened.
    pub sled: SledSettings,
    /// Where the newest signed checkpoint is kept besides the database, best on another disk;
    /// `<dir>/checkpoint` when not set.
    pub checkpoint_file: Option<PathBuf>,
}

/// The durable state of a broker. Clones share it.
#[derive(Clone)]
pub struct BrokerStore {
    writer: Arc<Writer<BrokerTx>>,
    view: Arc<BrokerView>,
}

/// What a unit of a commit made, until its group is durable.
enum Made<T> {
    Logged {
        leaves: Vec<u64>,
        opens: Opens,
        disclosure: T,
    },
    Nothing,
}

impl BrokerStore {
    /// Opens or makes the broker's state in `dir`.
    ///
    /// Where the log may not be signed (see [`BrokerStore::log_stopped`]) the store opens all the
    /// same, so that everything can be read; commits are refused.
    ///
    /// # Errors
    /// As [`SledEngine::open`]; [`StoreError::NewerFormat`] and [`StoreError::OtherKind`] for a
    /// directory of something else.
    pub fn open(
        dir: &Path,
        settings: &BrokerSettings,
        signer: LogSigner,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, StoreError> {
        let engine = SledEngine::open(dir, settings.sled)?;
        let files = Arc::new(Files::in_directory(dir.join("files"))?);
        let file = settings.checkpoint_file.clone();
        let place = CheckpointPlace::File(file.unwrap_or_else(|| dir.join("checkpoint")));
        Self::start(Arc::new(engine), files, signer, place, clock)
    }

    /// A store over an engine in memory, for tests and simulation.
    ///
    /// # Errors
    /// As [`BrokerStore::open`].
    pub fn in_memory(
        engine: MemoryEngine,
        place: CheckpointPlace,
        signer: LogSigner,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, StoreError> {
        let files = engine.files();
        Self::start(Arc::new(engine), files, signer, place, clock)
    }

    pub(crate) fn start(
        engine: Arc<dyn Engine>,
        files: Arc<Files>,
        signer: LogSigner,
        place: CheckpointPlace,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, StoreError> {
        let mut tx = Tx::new(engine, files);
        let found = format::read(&tx, KIND)?;
        if let Found::Older(from) = found {
            format::migrate(&mut tx, KIND, from, |tx| {
                if from == 1 {
                    super::seal_side_records(tx)?;
                    super::compaction_is_due(tx)?;
                }
                // Format 3 adds kinds of records, and changes none.
                Ok(())
            })?;
        }
        // The checkpoint of the empty tree comes before the first record: data without a
        // checkpoint file is then never what a crash left.
        let log = Log::start(&tx, found, signer, place, clock)?;
        if found == Found::New {
            format::write(&mut tx, KIND)?;
        }
        tx.sweep_files()?;
        let published = Arc::clone(log.published());
        let view = BrokerView {
            tx: tx.fresh(),
            published: Arc::clone(&published),
        };
        let writer = Writer::start(BrokerTx {
            mark: tx.mark(),
            view: BrokerView { tx, published },
            log,
        })?;
        Ok(Self {
            writer: Arc::new(writer),
            view: Arc::new(view),
        })
    }

    /// Runs `unit` on the writer thread. When this returns `Ok`, everything it wrote is durable;
    /// when the unit fails, nothing of it is kept. A unit must not block. It runs even when the
    /// caller has gone away.
    ///
    /// # Errors
    /// What the unit answers, or a [`StoreError`] turned into `E`.
    pub async fn write<T, E>(
        &self,
        unit: impl FnOnce(&mut BrokerTx) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.writer.unit(unit, |_, made| Ok(made)).await
    }

    /// [`BrokerStore::write`] for a thread without an async runtime.
    ///
    /// # Errors
    /// As [`BrokerStore::write`].
    pub fn write_blocking<T, E>(
        &self,
        unit: impl FnOnce(&mut BrokerTx) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.writer.unit_blocking(unit, |_, made| Ok(made))
    }

    /// Runs `unit` on the writer thread and logs what it decided: leaves, tree, side records,
    /// numbers and head are in the same durable batch as what the unit wrote. The checkpoint over
    /// it is signed and on disk in its second place before this returns.
    ///
    /// # Errors
    /// What the unit answers; [`StoreError::NothingToLog`] without entries;
    /// [`StoreError::LogStopped`] when the log may not be signed. Nothing is kept then.
    pub async fn commit<T, E>(
        &self,
        unit: impl FnOnce(&mut BrokerTx) -> Result<Decided<T>, E> + Send + 'static,
    ) -> Result<Logged<T>, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let step = |tx: &mut BrokerTx| unit(tx).map(Step::Decided);
        let logged = self.commit_step(step).await?;
        logged.ok_or_else(|| StoreError::NothingToLog.into())
    }

    /// [`BrokerStore::commit`] for a unit that may find that there is nothing to log, or that the
    /// same was answered before.
    ///
    /// # Errors
    /// As [`BrokerStore::commit`].
    pub async fn commit_step<T, E>(
        &self,
        unit: impl FnOnce(&mut BrokerTx) -> Result<Step<T>, E> + Send + 'static,
    ) -> Result<Option<Logged<T>>, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.writer.unit(|tx| make(tx, unit), finish).await
    }

    /// [`BrokerStore::commit_step`] for a thread without an async runtime.
    ///
    /// # Errors
    /// As [`BrokerStore::commit`].
    pub fn commit_step_blocking<T, E>(
        &self,
        unit: impl FnOnce(&mut BrokerTx) -> Result<Step<T>, E> + Send + 'static,
    ) -> Result<Option<Logged<T>>, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.writer.unit_blocking(|tx| make(tx, unit), finish)
    }

    /// Reads a state in which everything is durable and under a signed checkpoint. May wait for a
    /// synchronisation in progress; a long read holds up the writer, so read by pages.
    ///
    /// # Errors
    /// What the closure answers, or a [`StoreError`] turned into `E`.
    pub fn read<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&BrokerView) -> Result<T, E>,
    ) -> Result<T, E> {
        self.writer.shared().read(|| work(&self.view))
    }

    /// Undelivered notices of a recipient with a number above `after` (0 for all), in order. They
    /// are delivered again, under the same id, until [`BrokerTx::acknowledge`].
    ///
    /// # Errors
    /// When the store can't read, or the log is stopped.
    pub fn pending(
        &self,
        to: &Oin,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Logged<Notice>>, StoreError> {
        self.read(|view| {
            view.published.check()?;
            view.notices_after(to, after, limit)?
                .into_iter()
                .map(|notice| {
                    let receipt = view.receipt(&notice.leaves, Opens::Answer)?;
                    Ok(Logged::new(notice, receipt))
                })
                .collect()
        })
    }

    /// The same, proved anew under another checkpoint of this log: one with the cosignatures of
    /// witnesses. The caller has verified the note and that it is of this size.
    ///
    /// # Errors
    /// [`StoreError::OutOfBounds`] when it does not cover all of the receipt's entries.
    pub fn under<T>(
        &self,
        logged: Logged<T>,
        size: u64,
        note: &[u8],
    ) -> Result<Logged<T>, StoreError> {
        let mut receipt = logged.receipt().clone();
        self.read(|view| {
            for entry in &mut receipt.entries {
                entry.proof = view.inclusion_proof(entry.index, size)?;
            }
            Ok::<_, StoreError>(())
        })?;
        receipt.checkpoint = note.to_vec();
        Ok(logged.under(receipt))
    }

    /// The newest signed checkpoint.
    #[must_use]
    pub fn checkpoint(&self) -> SignedCheckpoint {
        self.view.published.signed()
    }

    /// Why the log is not being signed, with the remedy; `None` when it is.
    #[must_use]
    pub fn log_stopped(&self) -> Option<Arc<str>> {
        self.view.published.stopped()
    }

    /// Stops signing at once and until a restart: for when a node shows a checkpoint that is
    /// ahead of this log, or not of its history.
    pub fn stop_log(&self, why: &str) {
        self.view.published.stop(why);
    }

    /// Checks what can be checked of a database without other knowledge.
    ///
    /// # Errors
    /// The first thing that is not as it should be.
    pub fn fsck(&self) -> Result<super::Checked, StoreError> {
        self.read(super::fsck::check)
    }

    /// Writes a backup of everything, checkpoint included, as it is at one moment: whatever was
    /// answered before is in it. Writing waits meanwhile; reading does not.
    ///
    /// # Errors
    /// When the store can't read, or the file can't be written.
    pub async fn back_up(&self, out: std::fs::File) -> Result<crate::backup::BackedUp, StoreError> {
        self.writer
            .alone(move |group| crate::backup::write(group, &out))
            .await
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

    /// Finishes what waits and stops cleanly. Later writes fail with [`StoreError::Closed`].
    ///
    /// # Errors
    /// When the last synchronisation failed.
    pub fn close(&self) -> Result<(), StoreError> {
        self.writer.close()
    }
}

impl std::fmt::Debug for BrokerStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("BrokerStore(..)")
    }
}

impl BrokerView {
    /// The newest signed checkpoint.
    #[must_use]
    pub fn checkpoint(&self) -> SignedCheckpoint {
        self.published.signed()
    }

    /// The audit path of a leaf in the tree of `size` leaves.
    ///
    /// # Errors
    /// [`StoreError::OutOfBounds`] unless `seq < size` and the log has that many.
    pub fn inclusion_proof(&self, seq: u64, size: u64) -> Result<Vec<model::Digest>, StoreError> {
        self.check_size(size)?;
        read_tree(&self.tx, |read| {
            ledger::tree::inclusion_proof(seq, size, read)
        })
    }

    /// Proves that the tree of `to` leaves only added to that of `from` leaves.
    ///
    /// # Errors
    /// [`StoreError::OutOfBounds`] unless `from <= to` and the log has that many.
    pub fn consistency_proof(&self, from: u64, to: u64) -> Result<Vec<model::Digest>, StoreError> {
        self.check_size(to)?;
        read_tree(&self.tx, |read| {
            ledger::tree::consistency_proof(from, to, read)
        })
    }

    /// The root of the log's first `size` leaves.
    ///
    /// # Errors
    /// [`StoreError::OutOfBounds`] when the log has fewer.
    pub fn root(&self, size: u64) -> Result<model::Digest, StoreError> {
        self.check_size(size)?;
        read_tree(&self.tx, |read| ledger::tree::root(size, read))
    }

    /// A node of the tree; `None` when it is not complete.
    ///
    /// # Errors
    /// When the store can't read.
    pub fn tree_node(&self, id: ledger::NodeId) -> Result<Option<model::Digest>, StoreError> {
        read_tree(&self.tx, |read| Ok(read(id)))
    }

    fn check_size(&self, size: u64) -> Result<(), StoreError> {
        if size <= self.checkpoint().size {
            Ok(())
        } else {
            Err(StoreError::OutOfBounds)
        }
    }
}

fn make<T, E: From<StoreError>>(
    tx: &mut BrokerTx,
    unit: impl FnOnce(&mut BrokerTx) -> Result<Step<T>, E>,
) -> Result<Made<T>, E> {
    Ok(match unit(tx)? {
        Step::Nothing => Made::Nothing,
        Step::Again { remembered, .. } if remembered.leaves.is_empty() => {
            return Err(StoreError::NothingToLog.into());
        }
        Step::Again {
            remembered,
            disclosure,
        } => Made::Logged {
            leaves: remembered.leaves,
            opens: Opens::RequestAndAnswer,
            disclosure,
        },
        Step::Decided(decided) => {
            let opens = decided.opens;
            let (leaves, disclosure) = tx.log(decided)?;
            Made::Logged {
                leaves,
                opens,
                disclosure,
            }
        }
    })
}

fn finish<T, E: From<StoreError>>(
    tx: &mut BrokerTx,
    made: Made<T>,
) -> Result<Option<Logged<T>>, E> {
    match made {
        Made::Nothing => Ok(None),
        Made::Logged {
            leaves,
            opens,
            disclosure,
        } => {
            let receipt = tx.receipt(&leaves, opens)?;
            Ok(Some(Logged::new(disclosure, receipt)))
        }
    }
}
