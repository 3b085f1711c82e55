//! The disclosure log as this node has seen it: every receipt and checkpoint is verified against
//! the log's pinned key and against what was seen before.
//!
//! A log that contradicts itself is remembered with both checkpoints, and stops every answer.
//! Neither is forgotten by a restart: an operator who has called the other parties, and knows what
//! happened, begins anew with another state folder.

mod cosigning;
mod delivered;
mod laid_out;
mod memory;

use std::sync::{Mutex, PoisonError};

use ledger::counters::Placing;
use ledger::receipt::{self, extends};
use ledger::{Checkpoint, LogVerifier, Opening, Salt, Verified};
use model::{Digest, Timestamp};
use store::{NodeStore, NodeTx, SeenCheckpoint, StoreError};
use wire::notice::{self, Receipt};

pub use self::laid_out::checkpoint_file;
pub(crate) use self::laid_out::write_whole;
pub(crate) use self::memory::Memory;

use crate::metrics::NodeMetrics;
use crate::refusal::{Reason, Refused};

/// Where the two notes of a contradiction are kept.
const EVIDENCE: [&str; 2] = ["log-contradiction/seen", "log-contradiction/shown"];
/// Where the last note is kept that this node cosigned, as it was before.
const COSIGNED: &str = "log-cosigned";
/// Where two notes are kept of a broker that said itself that its log is not the one seen before.
const BEHIND: [&str; 2] = ["log-behind/seen", "log-behind/shown"];

/// Two signed notes, exact bytes: what was seen, and what was shown after it.
pub type TwoNotes = (Vec<u8>, Vec<u8>);

/// The log behind the answers.
#[derive(Debug)]
pub struct Log {
    verifier: LogVerifier,
    store: NodeStore,
    metrics: NodeMetrics,
    seen: Mutex<Seen>,
    /// The numbers of the entries that receipts showed.
    placing: Mutex<Placing>,
    /// Held while a checkpoint is laid beside the newest one: two that are each proved against the
    /// same older one, and not against each other, could be of two histories.
    following: tokio::sync::Mutex<()>,
}

#[derive(Debug, Clone, Default)]
struct Seen {
    newest: Option<(Checkpoint, Vec<u8>)>,
    /// The newest checkpoint that this node cosigned.
    cosigned: Option<Checkpoint>,
    contradicted: bool,
    /// Whether the broker itself says that its log is not the one seen before.
    behind: bool,
    /// The size of the newest checkpoint that was offered to be cosigned.
    offered: u64,
    /// A size that was seen elsewhere and not offered, and since when.
    unoffered: Option<(u64, Timestamp)>,
}

/// A checkpoint that follows on what was seen before; [`Followed::keep`] makes it durable.
#[derive(Debug, Clone)]
pub struct Followed {
    checkpoint: Checkpoint,
    seen: SeenCheckpoint,
}

impl Followed {
    /// The checkpoint, verified.
    #[must_use]
    pub const fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// Keeps it as the newest one, unless a larger one is there.
    ///
    /// # Errors
    /// When the store fails.
    pub fn keep(&self, tx: &mut NodeTx) -> Result<(), StoreError> {
        tx.put_seen_checkpoint(&self.checkpoint.origin, &self.seen)
    }
}

impl Log {
    /// The log with this key, as last seen.
    ///
    /// # Errors
    /// When the store can't be read.
    pub fn open(
        verifier: LogVerifier,
        store: NodeStore,
        metrics: NodeMetrics,
    ) -> Result<Self, StoreError> {
        let (kept, cosigned, contradicted) = store.read(|view| {
            let kept = view.seen_checkpoint(verifier.name())?;
            let cosigned = view.note(COSIGNED)?;
            Ok::<_, StoreError>((kept, cosigned, view.note(EVIDENCE[1])?.is_some()))
        })?;
        let cosigned = cosigned.and_then(|note| verifier.verify(&note).ok());
        let newest = kept.and_then(|kept| Some((verifier.verify(&kept.note).ok()?, kept.note)));
        if let Some((checkpoint, _)) = &newest {
            metrics.log_size(checkpoint.size);
        }
        let seen = Mutex::new(Seen {
            newest,
            cosigned,
            contradicted,
            ..Seen::default()
        });
        Ok(Self {
            verifier,
            store,
            metrics,
            seen,
            placing: Mutex::default(),
            following: tokio::sync::Mutex::default(),
        })
    }

    /// The newest checkpoint that was verified, exact bytes.
    #[must_use]
    pub fn newest(&self) -> Option<(Checkpoint, Vec<u8>)> {
        self.with(|seen| seen.newest.clone())
    }

    /// Whether the log has contradicted itself: then nothing that rests on it is shown.
    #[must_use]
    pub fn is_contradicted(&self) -> bool {
        self.with(|seen| seen.contradicted)
    }

    /// What verifies this log.
    #[must_use]
    pub const fn verifier(&self) -> &LogVerifier {
        &self.verifier
    }

    /// The two notes that contradict each other, the one seen first before the other, exact bytes.
    ///
    /// # Errors
    /// When the store can't be read.
    pub fn evidence(&self) -> Result<Option<TwoNotes>, StoreError> {
        self.store.read(|view| {
            let [seen, shown] = EVIDENCE;
            Ok(view.note(seen)?.zip(view.note(shown)?))
        })
    }

    /// Verifies a receipt by itself, signature, inclusion and openings, and its numbers beside
    /// those of every receipt since the start.
    ///
    /// # Errors
    /// `RECEIPT_INVALID`.
    pub fn verify(&self, receipt: &Receipt) -> Result<Verified, Refused> {
        let verified = ledger_receipt(receipt)
            .verify(&self.verifier)
            .map_err(|error| {
                tracing::error!(%error, "a receipt of the broker does not hold");
                Refused::from(Reason::ReceiptInvalid)
            })?;
        let mut placing = self.placing.lock().unwrap_or_else(PoisonError::into_inner);
        for leaf in &verified.leaves {
            placing.observe(leaf).map_err(|error| {
                tracing::error!(%error, "the numbers of two receipts of the broker contradict each other");
                Refused::from(Reason::ReceiptInvalid)
            })?;
        }
        Ok(verified)
    }

    /// Lays a checkpoint beside the newest one that was seen. `prove` fetches the RFC 6962
    /// consistency proof from a smaller to a larger size.
    ///
    /// # Errors
    /// `RECEIPT_INVALID` when it is not signed by the log, `LOG_INCONSISTENT` when the two
    /// contradict each other, and what `prove` fails with.
    pub async fn follow<F>(
        &self,
        note: &[u8],
        prove: impl FnOnce(u64, u64) -> F,
    ) -> Result<Followed, Refused>
    where
        F: Future<Output = Result<Vec<Digest>, Refused>>,
    {
        let new = self.verifier.verify(note).map_err(|error| {
            tracing::error!(%error, "a checkpoint does not verify");
            Refused::from(Reason::ReceiptInvalid)
        })?;
        let _one_by_one = self.following.lock().await;
        if self.is_contradicted() {
            return Err(Reason::LogInconsistent.into());
        }
        if let Some((old, old_note)) = self.newest() {
            let holds = match (old.size, new.size) {
                (small, large) if small == large || small == 0 || large == 0 => {
                    small != large || old.root == new.root
                }
                (small, large) => {
                    let proof = prove(small.min(large), small.max(large)).await?;
                    let (first, second) = if small < large {
                        (&old, &new)
                    } else {
                        (&new, &old)
                    };
                    extends(first, second, &proof).is_ok()
                }
            };
            if !holds {
                return Err(self.contradicted(old_note, note.to_vec()).await);
            }
        }
        Ok(self.advance(new, note))
    }

    fn advance(&self, new: Checkpoint, note: &[u8]) -> Followed {
        let followed = Followed {
            checkpoint: new.clone(),
            seen: SeenCheckpoint {
                size: new.size,
                note: note.to_vec(),
            },
        };
        self.with(|seen| {
            let larger = seen
                .newest
                .as_ref()
                .is_none_or(|(old, _)| old.size < new.size);
            if larger {
                self.metrics.log_size(new.size);
                seen.newest = Some((new, note.to_vec()));
            }
        });
        followed
    }

    /// Keeps both checkpoints as evidence and stops.
    async fn contradicted(&self, seen: Vec<u8>, shown: Vec<u8>) -> Refused {
        tracing::error!(
            "the disclosure log contradicts the checkpoint seen before; both are kept, and nothing that rests on it is shown"
        );
        self.with(|state| state.contradicted = true);
        self.metrics.log_refused();
        let kept = self
            .store
            .write(move |tx| {
                for (name, note) in EVIDENCE.iter().zip([&seen, &shown]) {
                    tx.put_note(name, note)?;
                }
                Ok::<_, StoreError>(())
            })
            .await;
        if let Err(error) = kept {
            tracing::error!(%error, "the evidence could not be kept");
        }
        Reason::LogInconsistent.into()
    }

    fn with<T>(&self, use_it: impl FnOnce(&mut Seen) -> T) -> T {
        use_it(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn ledger_receipt(receipt: &Receipt) -> receipt::Receipt {
    let opening = |opening: &Option<notice::Opening>| {
        opening.as_ref().map(|o| Opening {
            salt: Salt::new(o.salt),
            bytes: o.content.clone(),
        })
    };
    receipt::Receipt {
        entries: receipt
            .entries
            .iter()
            .map(|entry| receipt::ReceiptEntry {
                index: entry.index,
                leaf: entry.leaf.clone(),
                proof: entry.inclusion_proof.clone(),
                request: opening(&entry.request),
                answer: opening(&entry.answer),
            })
            .collect(),
        checkpoint: receipt.checkpoint.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ledger::LogSigner;
    use ledger::tree::{self, NodeId};
    use model::Secret;
    use std::collections::BTreeMap;
    use store::{MemoryEngine, NodeSettings};

    /// A log of numbered leaves; `salt` makes another history after the first one.
    struct Made {
        nodes: BTreeMap<NodeId, Digest>,
        signer: LogSigner,
    }

    impl Made {
        fn of(size: u64, salt: u8) -> Self {
            let mut nodes: BTreeMap<NodeId, Digest> = BTreeMap::new();
            for at in 0..size {
                let salt = if at == 0 { 0 } else { salt };
                let leaf = tree::leaf_hash(&[&at.to_be_bytes()[..], &[salt]].concat());
                let made = tree::append(at, leaf, |id| nodes.get(&id).copied()).unwrap();
                nodes.extend(made);
            }
            let signer = LogSigner::from_seed("log.test", &Secret::new([9; 32])).unwrap();
            Self { nodes, signer }
        }

        fn note(&self, size: u64) -> Vec<u8> {
            let root = tree::root(size, |id| self.nodes.get(&id).copied()).unwrap();
            self.signer.sign(size, root)
        }

        fn proof(&self, from: u64, to: u64) -> Vec<Digest> {
            tree::consistency_proof(from, to, |id| self.nodes.get(&id).copied()).unwrap()
        }
    }

    fn log(store: &NodeStore) -> Log {
        let verifier = Made::of(0, 0).signer.verifier().clone();
        let metrics = NodeMetrics::register(&process::Metrics::new("test"));
        Log::open(verifier, store.clone(), metrics).unwrap()
    }

    fn memory() -> NodeStore {
        NodeStore::in_memory(MemoryEngine::default(), NodeSettings::default()).unwrap()
    }

    #[tokio::test]
    async fn a_log_that_grows_is_followed_in_any_order_and_after_a_restart() {
        let store = memory();
        let made = Made::of(9, 0);
        let first = log(&store);
        for size in [3, 7, 5, 7] {
            let followed = first
                .follow(&made.note(size), async |from, to| Ok(made.proof(from, to)))
                .await
                .unwrap();
            store.write(move |tx| followed.keep(tx)).await.unwrap();
        }
        assert_eq!(first.newest().unwrap().0.size, 7);
        let again = log(&store);
        assert_eq!(again.newest().unwrap().0.size, 7);
    }

    #[tokio::test]
    async fn another_history_stops_everything_and_both_notes_are_kept() {
        let store = memory();
        let (one, two) = (Made::of(9, 0), Made::of(9, 1));
        let log_one = log(&store);
        log_one
            .follow(&one.note(5), async |_, _| Ok(Vec::new()))
            .await
            .unwrap();
        let fork = log_one
            .follow(&two.note(8), async |from, to| Ok(two.proof(from, to)))
            .await
            .unwrap_err();
        assert_eq!(fork.reason(), Reason::LogInconsistent);
        let later = log_one
            .follow(&one.note(5), async |_, _| Ok(Vec::new()))
            .await;
        assert_eq!(later.unwrap_err().reason(), Reason::LogInconsistent);
        let kept = store.read(|view| view.note(EVIDENCE[1])).unwrap();
        assert_eq!(kept, Some(two.note(8)));
        assert!(log(&store).is_contradicted(), "also after a restart");
    }

    #[tokio::test]
    async fn two_histories_that_come_at_once_are_laid_beside_each_other() {
        let store = memory();
        let log = log(&store);
        let (one, two) = (Made::of(9, 0), Made::of(9, 1));
        log.follow(&one.note(1), async |_, _| Ok(Vec::new()))
            .await
            .unwrap();
        let show = async |made: &Made, size: u64| {
            let note = made.note(size);
            let followed = log.follow(&note, async |from, to| {
                // The other one comes in while this proof is fetched.
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
                Ok(made.proof(from, to))
            });
            followed.await.map(|_| ())
        };
        let (first, second) = tokio::join!(show(&one, 5), show(&two, 7));
        first.unwrap();
        assert_eq!(second.unwrap_err().reason(), Reason::LogInconsistent);
    }

    #[tokio::test]
    async fn a_checkpoint_of_the_same_size_must_have_the_same_root() {
        let store = memory();
        let log = log(&store);
        log.follow(&Made::of(5, 0).note(5), async |_, _| Ok(Vec::new()))
            .await
            .unwrap();
        let other = log
            .follow(&Made::of(5, 1).note(5), async |_, _| Ok(Vec::new()))
            .await;
        assert_eq!(other.unwrap_err().reason(), Reason::LogInconsistent);
    }

    #[tokio::test]
    async fn a_note_by_another_key_is_no_contradiction_but_refused() {
        let store = memory();
        let log = log(&store);
        let stranger = LogSigner::from_seed("log.test", &Secret::new([1; 32])).unwrap();
        let note = stranger.sign(1, Digest::new([0; 32]));
        let refused = log
            .follow(&note, async |_, _| Ok(Vec::new()))
            .await
            .unwrap_err();
        assert_eq!(refused.reason(), Reason::ReceiptInvalid);
        assert!(!log.is_contradicted());
    }

    #[tokio::test]
    async fn a_witness_that_is_restored_does_not_cosign_behind_what_it_cosigned() {
        let (old, backup, made) = (memory(), memory(), Made::of(9, 0));
        let follow = async |store: &NodeStore, size: u64| {
            let log = log(store);
            let note = made.note(size);
            let followed = log.follow(&note, async |from, to| Ok(made.proof(from, to)));
            let followed = followed.await.unwrap();
            let cosigner =
                ledger::Cosigner::from_seed("getuige/test", &Secret::new([8; 32])).unwrap();
            log.cosign(followed, &note, &cosigner, Timestamp::from_millis(0))
                .await
                .unwrap();
        };
        follow(&backup, 3).await;
        follow(&old, 3).await;
        follow(&old, 7).await;
        let set_back = made.note(5);
        let shown = made.signer.verifier().verify(&made.note(3)).unwrap();
        // From its backup alone it can't know.
        log(&backup).not_set_back(&shown, &set_back).await.unwrap();

        let verifier = made.signer.verifier().clone();
        let known = old.read(|view| Memory::of(view, verifier.name())).unwrap();
        let put = move |tx: &mut NodeTx| known.put(tx, &verifier);
        let remembers = backup.write::<_, StoreError>(put).await.unwrap();
        assert_eq!(remembers, Some(7));
        let restored = log(&backup);
        assert_eq!(restored.newest().unwrap().0.size, 7);
        let refused = restored.not_set_back(&shown, &set_back).await.unwrap_err();
        assert_eq!(refused.reason(), Reason::LogInconsistent);

        let other = Made::of(9, 1);
        let verifier = other.signer.verifier().clone();
        let mut forked = Memory::default();
        forked.notes.push(other.note(7));
        let put = move |tx: &mut NodeTx| forked.put(tx, &verifier);
        let refused = backup.write::<_, StoreError>(put).await.unwrap_err();
        assert!(refused.to_string().contains("two histories"), "{refused}");
    }
}
