//! The disclosure log on disk: one entry's leaf, tree nodes, side records, index rows, numbers and
//! the head go into one batch; then one checkpoint per group is signed and put in its second
//! place; then answers leave.

use std::sync::{Arc, PoisonError, RwLock};

use ledger::outcome::Engine;
use ledger::word::Code;
use ledger::{
    Checkpoint, Counters, Kind, LogSigner, NewEntry, NodeId, Outcome, Placement, Salt, Salts,
    Sealed, TreeError, tree,
};
use model::clock::Clock;
use model::id::random_32;
use model::{Digest, Timestamp};

use super::place::CheckpointPlace;
use super::{listing, side};
use crate::codec::{Put, Take};
use crate::error::StoreError;
use crate::expiry::next_after;
use crate::format::Found;
use crate::layout::{COUNTER, HEAD, Key, LEAF, TREE};
use crate::tx::Tx;

/// The newest signed checkpoint: everything durable is in it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SignedCheckpoint {
    /// How many leaves.
    pub size: u64,
    /// The root of the tree of that size.
    pub root: Digest,
    /// The signed note, exact bytes.
    pub note: Vec<u8>,
}

/// What the log's writer and its readers share.
#[derive(Debug)]
pub(crate) struct Published {
    signed: RwLock<SignedCheckpoint>,
    stopped: RwLock<Option<Arc<str>>>,
}

impl Published {
    pub(crate) fn of(signed: SignedCheckpoint) -> Self {
        Self {
            signed: RwLock::new(signed),
            stopped: RwLock::new(None),
        }
    }

    pub(crate) fn signed(&self) -> SignedCheckpoint {
        let signed = self.signed.read().unwrap_or_else(PoisonError::into_inner);
        signed.clone()
    }

    pub(crate) fn stopped(&self) -> Option<Arc<str>> {
        let stopped = self.stopped.read().unwrap_or_else(PoisonError::into_inner);
        stopped.clone()
    }

    /// Stops the signing for as long as this process runs; the first reason stays.
    pub(crate) fn stop(&self, why: &str) {
        tracing::error!(why, "the disclosure log is not being signed any more");
        let mut stopped = self.stopped.write().unwrap_or_else(PoisonError::into_inner);
        stopped.get_or_insert_with(|| why.into());
    }

    pub(crate) fn check(&self) -> Result<(), StoreError> {
        match self.stopped() {
            Some(why) => Err(StoreError::LogStopped { why }),
            None => Ok(()),
        }
    }
}

/// How far the log is: the head record.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Head {
    size: u64,
    last_at: Timestamp,
}

/// The writing side of the log; lives on the writer thread.
#[derive(Debug)]
pub(crate) struct Log {
    signer: LogSigner,
    place: CheckpointPlace,
    clock: Arc<dyn Clock>,
    head: Head,
    before_unit: Head,
    next_root: Option<Digest>,
    published: Arc<Published>,
}

impl Log {
    /// Compares the tree with the checkpoint in its second place, and decides whether this
    /// process may sign.
    ///
    /// A tree ahead of the checkpoint is what a crash between the two leaves: sign anew. A tree
    /// behind it, another history, or no checkpoint beside data: somebody restored an old
    /// database or lost the file, and signing would contradict what others hold.
    pub(crate) fn start(
        tx: &Tx,
        found: Found,
        signer: LogSigner,
        place: CheckpointPlace,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, StoreError> {
        let head = read_head(tx)?;
        let root = read_tree(tx, |read| tree::root(head.size, read))?;
        let stored = place.read()?;
        let mut signed = SignedCheckpoint {
            size: head.size,
            root,
            note: stored.clone().unwrap_or_default(),
        };
        let verdict = judge(tx, found, head, &signer, stored.as_deref())?;
        match verdict {
            Verdict::SignAnew => {
                signed.note = signer.sign(head.size, root);
                place.swap(stored.as_deref(), &signed.note)?;
            }
            Verdict::UpToDate => {}
            Verdict::Refuse(why) => {
                tracing::error!(why, "the disclosure log will not be signed");
            }
        }
        let stopped = match verdict {
            Verdict::Refuse(why) => Some(why.into()),
            _ => None,
        };
        Ok(Self {
            signer,
            place,
            clock,
            head,
            before_unit: head,
            next_root: None,
            published: Arc::new(Published {
                signed: RwLock::new(signed),
                stopped: RwLock::new(stopped),
            }),
        })
    }

    pub(crate) fn published(&self) -> &Arc<Published> {
        &self.published
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn begin_unit(&mut self) {
        self.before_unit = self.head;
    }

    pub(crate) fn undo_unit(&mut self) {
        self.head = self.before_unit;
    }

    /// Appends entries and their padding. Where there is padding, all of them are put in a random
    /// order: else the place of the one leaf that a party may read would count those before it.
    /// Answers the places of the entries.
    pub(crate) fn append(
        &mut self,
        tx: &mut Tx,
        entries: Vec<NewEntry>,
        pad_to: u64,
    ) -> Result<Vec<u64>, StoreError> {
        self.published.check()?;
        let now = self.clock.now().max(self.head.last_at);
        let mut places = vec![0; entries.len()];
        let multiple = usize::try_from(pad_to.max(1)).unwrap_or(1);
        let size = entries.len().next_multiple_of(multiple);
        let mut all: Vec<_> = entries.into_iter().enumerate().collect();
        for index in all.len()..size {
            all.push((index, dummy()?));
        }
        if multiple > 1 {
            all.sort_by_cached_key(|_| model::id::random_32());
        }
        for (index, entry) in all {
            let seq = self.append_one(tx, entry, now)?;
            if let Some(place) = places.get_mut(index) {
                *place = seq;
            }
        }
        Ok(places)
    }

    /// Puts the head into the group's batch.
    pub(crate) fn before_durable(&mut self, tx: &mut Tx) -> Result<(), StoreError> {
        let signed = self.published.signed().size;
        if self.head.size == signed {
            return Ok(());
        }
        let root = read_tree(tx, |read| tree::root(self.head.size, read))?;
        let record = Put::default()
            .u64(self.head.size)
            .time(self.head.last_at)
            .raw(root.as_bytes())
            .done();
        tx.put_small(vec![HEAD], &record)?;
        self.next_root = Some(root);
        Ok(())
    }

    /// Signs the tree that is now durable, and puts the checkpoint in its second place.
    pub(crate) fn after_durable(&mut self) -> Result<(), StoreError> {
        let Some(root) = self.next_root.take() else {
            return Ok(());
        };
        self.published.check()?;
        let previous = self.published.signed();
        let note = self.signer.sign(self.head.size, root);
        self.place.swap(Some(&previous.note), &note)?;
        let signed = &self.published.signed;
        *signed.write().unwrap_or_else(PoisonError::into_inner) = SignedCheckpoint {
            size: self.head.size,
            root,
            note,
        };
        Ok(())
    }

    fn append_one(
        &mut self,
        tx: &mut Tx,
        entry: NewEntry,
        at: Timestamp,
    ) -> Result<u64, StoreError> {
        let seq = self.head.size;
        let counters = number(tx, &entry)?;
        let listed = listing::Listed::of(&entry, at);
        let salt = || Salt::new(random_32());
        let placement = Placement {
            seq,
            at,
            counters,
            nonce: random_32(),
            salts: Salts {
                request: salt(),
                answer: salt(),
                outcome: salt(),
            },
        };
        let sealed = entry.seal(placement).map_err(|error| StoreError::Entry {
            detail: error.to_string(),
        })?;
        tx.put_small(Key::of(LEAF).u64(seq).done(), &sealed.leaf)?;
        put_nodes(tx, seq, &sealed)?;
        side::put_all(tx, seq, &sealed)?;
        listed.put(tx, seq)?;
        self.head = Head {
            size: seq.saturating_add(1),
            last_at: at,
        };
        Ok(seq)
    }
}

/// Whether this process may sign.
#[derive(Clone, Copy)]
enum Verdict {
    UpToDate,
    SignAnew,
    Refuse(&'static str),
}

fn judge(
    tx: &Tx,
    found: Found,
    head: Head,
    signer: &LogSigner,
    stored: Option<&[u8]>,
) -> Result<Verdict, StoreError> {
    let Some(note) = stored else {
        return Ok(match found {
            Found::New => Verdict::SignAnew,
            Found::Known | Found::Older(_) => Verdict::Refuse(
                "the checkpoint file is missing beside a log that has data: put the file back, or \
                 restore it from a copy that a node or witness holds",
            ),
        });
    };
    let Ok(Checkpoint { size, root, .. }) = signer.verifier().verify(note) else {
        return Ok(Verdict::Refuse(
            "the checkpoint file is not signed by this log's key: check the setting of the key \
             and the path of the file",
        ));
    };
    if size > head.size {
        return Ok(Verdict::Refuse(
            "the tree is behind the checkpoint file: the database was restored from an old copy, \
             or belongs to another log; restore the newest one",
        ));
    }
    let same = read_tree(tx, |read| tree::root(size, read))? == root;
    Ok(match (same, size == head.size) {
        (false, _) => Verdict::Refuse(
            "the tree does not contain what the checkpoint file says: keep both and tell the \
             auditor",
        ),
        (true, true) => Verdict::UpToDate,
        (true, false) => Verdict::SignAnew,
    })
}

fn read_head(tx: &Tx) -> Result<Head, StoreError> {
    let Some(record) = tx.get(&[HEAD])? else {
        return Ok(Head {
            size: 0,
            last_at: Timestamp::from_millis(0),
        });
    };
    let mut take = Take::new(&record, "log head");
    let head = Head {
        size: take.u64()?,
        last_at: take.time()?,
    };
    let root = take.digest()?;
    if read_tree(tx, |read| tree::root(head.size, read))? == root {
        Ok(head)
    } else {
        Err(StoreError::Damaged { what: "log tree" })
    }
}

/// Runs a function of `ledger::tree` over the stored nodes; an engine's error comes before the
/// "missing" that it causes.
pub(crate) fn read_tree<T>(
    tx: &Tx,
    work: impl FnOnce(&mut dyn FnMut(NodeId) -> Option<Digest>) -> Result<T, TreeError>,
) -> Result<T, StoreError> {
    let mut failed = None;
    let made = work(&mut |id| match tx.get(&node_key(id)) {
        Ok(hash) => hash.as_deref().and_then(Digest::from_slice),
        Err(error) => {
            failed = Some(error);
            None
        }
    });
    match (made, failed) {
        (_, Some(error)) => Err(error),
        (Ok(made), None) => Ok(made),
        (Err(TreeError::OutOfBounds), None) => Err(StoreError::OutOfBounds),
        (Err(_), None) => Err(StoreError::Damaged { what: "log tree" }),
    }
}

fn put_nodes(tx: &mut Tx, seq: u64, sealed: &Sealed) -> Result<(), StoreError> {
    let made = read_tree(tx, |read| tree::append(seq, sealed.leaf_hash, read))?;
    for (id, hash) in made {
        tx.put_small(node_key(id), hash.as_bytes())?;
    }
    Ok(())
}

fn number(tx: &mut Tx, entry: &NewEntry) -> Result<Counters, StoreError> {
    let audiences = entry.audiences();
    let mut next =
        |key: ledger::AudienceKey| next_after(tx, Key::of(COUNTER).raw(key.as_bytes()).done());
    Ok(Counters {
        recipient: audiences.recipient.map(&mut next).transpose()?,
        source: audiences.source.map(&mut next).transpose()?,
        purpose: next(audiences.purpose)?,
    })
}

/// An entry that says nothing: its leaf is as long as any other's.
fn dummy() -> Result<NewEntry, StoreError> {
    let code = |text: &str| {
        Code::parse(text).map_err(|error| StoreError::Entry {
            detail: error.to_string(),
        })
    };
    let engine = Engine {
        name: code("covenant-store")?,
        version: code(env!("CARGO_PKG_VERSION"))?,
        table_digest: None,
    };
    Ok(NewEntry {
        covenant: None,
        recipient: None,
        source: None,
        purpose: None,
        request: Vec::new(),
        answer: Vec::new(),
        outcome: Outcome::of(Kind::Padding, engine),
    })
}

fn node_key(id: NodeId) -> Vec<u8> {
    Key::of(TREE).raw(&[id.level]).u64(id.index).done()
}
