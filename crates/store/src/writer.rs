//! The one thread that writes. Units run one after another, each sees the writes of those before
//! it, and nobody is answered before the group is durable.
//!
//! Group commit has no timer: when one group's synchronisation ends, the writer takes what waits,
//! at most [`LARGEST_GROUP`] units.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread::JoinHandle;

use tokio::sync::{mpsc, oneshot};

use crate::error::StoreError;
use crate::tx::Tx;

/// The most units that share one synchronisation.
pub(crate) const LARGEST_GROUP: usize = 256;
const QUEUE: usize = 1024;

/// What a writer thread holds: a transaction, and what a unit must be able to take back with it.
pub(crate) trait Group: Send + 'static {
    /// The transaction.
    fn tx(&mut self) -> &mut Tx;
    /// Remembers the state before a unit.
    fn begin_unit(&mut self);
    /// Goes back to the state before the unit.
    fn undo_unit(&mut self);
    /// Adds to the group's batch what is said once per group.
    fn before_durable(&mut self) -> Result<(), StoreError>;
    /// Runs after the batch is durable and before anybody is answered.
    fn after_durable(&mut self) -> Result<(), StoreError>;
}

/// Answers one caller, after the group is durable or has failed.
type Reply<G> = Box<dyn FnOnce(Result<&mut G, StoreError>) + Send>;
/// A unit's work: whether its writes are kept, and how its caller is answered. Given an error, it
/// does nothing but answer.
type Work<G> = Box<dyn FnOnce(Result<&mut G, StoreError>) -> (bool, Reply<G>) + Send>;

/// What runs between two groups, when everything is durable and nothing is pending.
type Alone<G> = Box<dyn FnOnce(Result<&mut G, StoreError>) + Send>;

enum Message<G> {
    Unit(Work<G>),
    Alone(Alone<G>),
    Close(std::sync::mpsc::SyncSender<Result<(), StoreError>>),
}

/// A handle of the writer thread.
pub(crate) struct Writer<G> {
    queue: mpsc::Sender<Message<G>>,
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// Held by readers while they read and by the writer from the batch until it is durable, so that
/// a reader never sees what a power cut could still take away.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    durable: RwLock<()>,
    stopped: RwLock<Option<Arc<str>>>,
}

impl Shared {
    /// Runs `work` on a state of the store in which everything is durable.
    pub(crate) fn read<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        let _held = self.durable.read().unwrap_or_else(PoisonError::into_inner);
        match self.stopped() {
            Some(because) => Err(StoreError::Stopped { because }.into()),
            None => work(),
        }
    }

    fn stopped(&self) -> Option<Arc<str>> {
        self.stopped
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn stop(&self, error: &StoreError) -> StoreError {
        let because: Arc<str> = error.to_string().into();
        tracing::error!(%because, "the store has stopped writing");
        *self.stopped.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&because));
        StoreError::Stopped { because }
    }
}

impl<G: Group> Writer<G> {
    pub(crate) fn start(group: G) -> Result<Self, StoreError> {
        let (queue, incoming) = mpsc::channel(QUEUE);
        let shared = Arc::new(Shared::default());
        let thread = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn({
                let shared = Arc::clone(&shared);
                move || run(group, incoming, &shared)
            })
            .map_err(StoreError::io("starting the writer thread"))?;
        Ok(Self {
            queue,
            shared,
            thread: Mutex::new(Some(thread)),
        })
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.shared
    }

    /// Runs `unit` on the writer thread; `finish` turns what it made into the answer once the
    /// group is durable.
    pub(crate) async fn unit<M, T, E>(
        &self,
        unit: impl FnOnce(&mut G) -> Result<M, E> + Send + 'static,
        finish: impl FnOnce(&mut G, M) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        M: Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let work = work(unit, finish, move |result| {
            // A caller that went away does not undo what is durable.
            drop(answer.send(result));
        });
        if self.queue.send(Message::Unit(work)).await.is_err() {
            return Err(StoreError::Closed.into());
        }
        answered
            .await
            .unwrap_or_else(|_| Err(StoreError::UnitFailed.into()))
    }

    /// [`Writer::unit`] for a thread without an async runtime.
    pub(crate) fn unit_blocking<M, T, E>(
        &self,
        unit: impl FnOnce(&mut G) -> Result<M, E> + Send + 'static,
        finish: impl FnOnce(&mut G, M) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        M: Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (answer, answered) = std::sync::mpsc::sync_channel(1);
        let work = work(unit, finish, move |result| {
            drop(answer.send(result));
        });
        if self.queue.blocking_send(Message::Unit(work)).is_err() {
            return Err(StoreError::Closed.into());
        }
        answered
            .recv()
            .unwrap_or_else(|_| Err(StoreError::UnitFailed.into()))
    }

    /// Runs `work` on the writer thread between two groups: what it sees is durable, whole, and
    /// stands still. It may take its time; every unit waits for it.
    pub(crate) async fn alone<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut G) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (answer, answered) = oneshot::channel();
        let alone: Alone<G> = Box::new(move |group| {
            let done = group.and_then(|group| {
                catch_unwind(AssertUnwindSafe(|| work(group)))
                    .unwrap_or(Err(StoreError::UnitFailed))
            });
            drop(answer.send(done));
        });
        if self.queue.send(Message::Alone(alone)).await.is_err() {
            return Err(StoreError::Closed);
        }
        answered.await.unwrap_or(Err(StoreError::Closed))
    }

    /// Finishes what waits, stops the engine cleanly and ends the thread.
    pub(crate) fn close(&self) -> Result<(), StoreError> {
        let thread = self
            .thread
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let Some(thread) = thread else {
            return Ok(());
        };
        let (done, ended) = std::sync::mpsc::sync_channel(1);
        // Sent from a thread of its own: this may be called inside an async runtime, where a
        // blocking send is not allowed.
        let queue = self.queue.clone();
        let sender = std::thread::spawn(move || drop(queue.blocking_send(Message::Close(done))));
        let result = ended.recv().unwrap_or(Err(StoreError::Closed));
        drop(sender.join());
        drop(thread.join());
        result
    }
}

impl<G> Drop for Writer<G> {
    fn drop(&mut self) {
        let (gone, _) = mpsc::channel(1);
        self.queue = gone;
        let thread = self
            .thread
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(thread) = thread
            && thread.thread().id() != std::thread::current().id()
        {
            drop(thread.join());
        }
    }
}

fn work<G: Group, M, T, E>(
    unit: impl FnOnce(&mut G) -> Result<M, E> + Send + 'static,
    finish: impl FnOnce(&mut G, M) -> Result<T, E> + Send + 'static,
    answer: impl FnOnce(Result<T, E>) + Send + 'static,
) -> Work<G>
where
    M: Send + 'static,
    T: Send + 'static,
    E: From<StoreError> + Send + 'static,
{
    Box::new(move |group| {
        let made = group.map_err(E::from).and_then(unit);
        let keep = made.is_ok();
        let reply: Reply<G> = Box::new(move |durable| {
            answer(match (durable, made) {
                (Ok(group), Ok(made)) => finish(group, made),
                (Ok(_), Err(error)) => Err(error),
                (Err(stopped), _) => Err(stopped.into()),
            });
        });
        (keep, reply)
    })
}

fn run<G: Group>(mut group: G, mut incoming: mpsc::Receiver<Message<G>>, shared: &Shared) {
    let mut closing = None;
    while closing.is_none() {
        let Some(first) = incoming.blocking_recv() else {
            break;
        };
        let mut replies = Vec::new();
        let mut alone = None;
        let mut next = Some(first);
        while let Some(message) = next {
            match message {
                Message::Unit(work) => replies.extend(run_unit(&mut group, work, shared)),
                Message::Alone(work) => {
                    alone = Some(work);
                    break;
                }
                Message::Close(done) => {
                    closing = Some(done);
                    break;
                }
            }
            next = (replies.len() < LARGEST_GROUP)
                .then(|| incoming.try_recv().ok())
                .flatten();
        }
        finish_group(&mut group, replies, shared);
        if let Some(work) = alone {
            work(match shared.stopped() {
                Some(because) => Err(StoreError::Stopped { because }),
                None => Ok(&mut group),
            });
        }
    }
    drop(incoming);
    let stopped = group.tx().close();
    if let Err(error) = &stopped {
        tracing::error!(%error, "the store did not stop cleanly");
    }
    if let Some(done) = closing {
        drop(done.send(stopped));
    }
}

/// Runs one unit; `None` when it panicked, which its caller learns by the lost reply.
fn run_unit<G: Group>(group: &mut G, work: Work<G>, shared: &Shared) -> Option<Reply<G>> {
    if let Some(because) = shared.stopped() {
        return Some(work(Err(StoreError::Stopped { because })).1);
    }
    group.begin_unit();
    match catch_unwind(AssertUnwindSafe(|| work(Ok(group)))) {
        Ok((keep, reply)) => {
            if !keep {
                group.undo_unit();
            }
            Some(reply)
        }
        Err(_) => {
            tracing::error!("a unit of work panicked and was rolled back");
            group.undo_unit();
            None
        }
    }
}

/// Makes the group durable, then answers everybody in it.
fn finish_group<G: Group>(group: &mut G, replies: Vec<Reply<G>>, shared: &Shared) {
    let durable = match shared.stopped() {
        Some(because) => Err(StoreError::Stopped { because }),
        None if group.tx().is_unchanged() => {
            group.tx().clear();
            Ok(())
        }
        None => persist(group, shared),
    };
    for reply in replies {
        let result = match &durable {
            Ok(()) => Ok(&mut *group),
            Err(error) => Err(error.clone()),
        };
        if catch_unwind(AssertUnwindSafe(|| reply(result))).is_err() {
            tracing::error!("an answer panicked after its unit was durable");
        }
    }
}

/// A failed write is never tried again: after a failed fsync the kernel may have dropped the
/// pages, and a second one would succeed without them.
fn persist<G: Group>(group: &mut G, shared: &Shared) -> Result<(), StoreError> {
    let _held = shared
        .durable
        .write()
        .unwrap_or_else(PoisonError::into_inner);
    let written = catch_unwind(AssertUnwindSafe(|| {
        group.before_durable()?;
        group.tx().persist()?;
        group.after_durable()
    }))
    .unwrap_or_else(|_| {
        Err(StoreError::Engine {
            doing: "writing a batch",
            detail: "the engine panicked".to_owned(),
        })
    });
    written.map_err(|error| {
        group.tx().clear();
        shared.stop(&error)
    })
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

    use super::*;
    use crate::engine::{Batch, Engine, MemoryEngine, Visit};
    use crate::files::Files;
    use crate::node::{NodeSettings, NodeStore};

    /// Counts batches, and fails them when told.
    #[derive(Debug, Default)]
    struct Watched {
        inner: MemoryEngine,
        batches: AtomicUsize,
        durable: AtomicUsize,
        fails: AtomicBool,
        slow: AtomicBool,
    }

    impl Engine for Watched {
        fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
            self.inner.get(key)
        }
        fn range(&self, from: &[u8], to: &[u8], visit: &mut Visit<'_>) -> Result<(), StoreError> {
            self.inner.range(from, to, visit)
        }
        fn apply(&self, batch: &Batch) -> Result<(), StoreError> {
            self.batches.fetch_add(1, Ordering::SeqCst);
            // Like a disk: what is written can be read at once, and is durable some time later.
            self.inner.apply(batch)?;
            if self.slow.load(Ordering::SeqCst) {
                std::thread::sleep(std::time::Duration::from_millis(20));
            }
            self.durable.fetch_add(1, Ordering::SeqCst);
            if self.fails.load(Ordering::SeqCst) {
                return Err(StoreError::Engine {
                    doing: "syncing the database",
                    detail: "no space left".to_owned(),
                });
            }
            Ok(())
        }
        fn compact(&self) -> Result<(), StoreError> {
            self.inner.compact()
        }
        fn keep_copy(&self, name: &str) -> Result<(), StoreError> {
            self.inner.keep_copy(name)
        }
        fn close(&self) -> Result<(), StoreError> {
            self.inner.close()
        }
    }

    fn store(engine: &Arc<Watched>) -> NodeStore {
        let engine: Arc<dyn Engine> = Arc::<Watched>::clone(engine);
        let files = Arc::new(Files::in_memory());
        NodeStore::start(engine, files, NodeSettings::default()).unwrap()
    }

    #[test]
    fn units_that_wait_share_a_batch_and_see_each_other() {
        let engine = Arc::new(Watched::default());
        let store = store(&engine);
        engine.slow.store(true, Ordering::SeqCst);
        let before = engine.batches.load(Ordering::SeqCst);
        std::thread::scope(|scope| {
            for _ in 0..100 {
                let store = store.clone();
                scope.spawn(move || {
                    let unit = |tx: &mut crate::NodeTx| tx.add_to_tally(b"n", 1);
                    store.write_blocking::<_, StoreError>(unit).unwrap();
                });
            }
        });
        let tally: Result<u64, StoreError> = store.read(|view| view.tally(b"n"));
        assert_eq!(tally.unwrap(), 100);
        let batches = engine.batches.load(Ordering::SeqCst) - before;
        assert!(
            (1..30).contains(&batches),
            "{batches} batches for 100 units"
        );
    }

    #[test]
    fn a_failed_write_stops_the_store_and_hides_what_it_left() {
        let engine = Arc::new(Watched::default());
        let store = store(&engine);
        store
            .write_blocking::<_, StoreError>(|tx| tx.put_note("a", b"1"))
            .unwrap();
        engine.fails.store(true, Ordering::SeqCst);
        let failed = store.write_blocking::<_, StoreError>(|tx| tx.put_note("a", b"2"));
        assert!(matches!(failed, Err(StoreError::Stopped { .. })));
        engine.fails.store(false, Ordering::SeqCst);
        let later = store.write_blocking::<_, StoreError>(|tx| tx.put_note("a", b"3"));
        assert!(matches!(later, Err(StoreError::Stopped { .. })));
        let read: Result<_, StoreError> = store.read(|view| view.note("a"));
        assert!(matches!(read, Err(StoreError::Stopped { .. })));
    }

    #[test]
    fn nobody_reads_what_is_not_durable_yet() {
        let engine = Arc::new(Watched::default());
        let store = store(&engine);
        engine.slow.store(true, Ordering::SeqCst);
        let done = Arc::new(AtomicBool::new(false));
        std::thread::scope(|scope| {
            let (writer, written) = (store.clone(), Arc::clone(&done));
            scope.spawn(move || {
                for n in 1..=10_u64 {
                    let note = move |tx: &mut crate::NodeTx| tx.put_note("n", &n.to_be_bytes());
                    writer.write_blocking::<_, StoreError>(note).unwrap();
                }
                written.store(true, Ordering::SeqCst);
            });
            while !done.load(Ordering::SeqCst) {
                let seen: Result<_, StoreError> = store.read(|view| view.note("n"));
                let durable = engine.durable.load(Ordering::SeqCst) as u64;
                let seen = seen
                    .unwrap()
                    .map(|n| u64::from_be_bytes(n.try_into().unwrap()));
                // The first durable batch was the format record.
                assert!(seen.unwrap_or(0) < durable, "{seen:?} of {durable}");
            }
        });
    }

    #[test]
    fn an_async_caller_that_goes_away_undoes_nothing() {
        let engine = Arc::new(Watched::default());
        let store = store(&engine);
        engine.slow.store(true, Ordering::SeqCst);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        runtime.block_on(async {
            let unit = store.write::<_, StoreError>(|tx| tx.put_note("kept", b"1"));
            let mut unit = std::pin::pin!(unit);
            let waker = std::task::Waker::noop();
            let mut context = std::task::Context::from_waker(waker);
            assert!(unit.as_mut().poll(&mut context).is_pending());
        });
        store
            .write_blocking::<_, StoreError>(|tx| tx.put_note("next", b"1"))
            .unwrap();
        let kept: Result<_, StoreError> = store.read(|view| view.note("kept"));
        assert_eq!(kept.unwrap(), Some(b"1".to_vec()));
        runtime.block_on(async { store.close() }).unwrap();
        let late = runtime.block_on(store.write::<_, StoreError>(|tx| tx.put_note("late", b"1")));
        assert!(matches!(late, Err(StoreError::Closed)));
    }
}
