//! What a node has seen of the log, carried over to a state that was restored: it must not forget
//! what it saw, or a log that was set back with it would not be found.

use ledger::{Checkpoint, LogVerifier};
use store::{NodeTx, NodeView, SeenCheckpoint, StoreError};

use super::{BEHIND, COSIGNED, EVIDENCE};

/// What was seen of a log besides the state that is restored.
#[derive(Debug, Clone, Default)]
pub(crate) struct Memory {
    /// Signed notes, exact bytes.
    pub(crate) notes: Vec<Vec<u8>>,
    /// The newest note that was cosigned.
    cosigned: Option<Vec<u8>>,
    /// Notes of a log that contradicted itself, or said that it was behind, by name.
    evidence: Vec<(&'static str, Vec<u8>)>,
}

impl Memory {
    /// Everything that a state holds of the log with this origin.
    ///
    /// # Errors
    /// When the store can't be read.
    pub(crate) fn of(view: &NodeView, origin: &str) -> Result<Self, StoreError> {
        let mut evidence = Vec::new();
        for name in EVIDENCE.into_iter().chain(BEHIND) {
            evidence.extend(view.note(name)?.map(|note| (name, note)));
        }
        let cosigned = view.note(COSIGNED)?;
        let seen = view.seen_checkpoint(origin)?.map(|seen| seen.note);
        Ok(Self {
            notes: seen.into_iter().chain(cosigned.clone()).collect(),
            cosigned,
            evidence,
        })
    }

    /// Writes into a restored state what is newer than what it holds. Answers the size of the
    /// newest checkpoint that it remembers then.
    ///
    /// # Errors
    /// [`StoreError::NotRestored`] when a note is not signed by the log's key, or two notes of the
    /// same size differ.
    pub(crate) fn put(self, tx: &mut NodeTx, log: &LogVerifier) -> Result<Option<u64>, StoreError> {
        let own = Self::of(tx, log.name())?;
        let mut newest: Option<(Checkpoint, Vec<u8>)> = None;
        for note in own.notes.into_iter().chain(self.notes) {
            let seen = verified(log, &note)?;
            match &newest {
                Some((known, _)) if known.size > seen.size => {}
                Some((known, _)) if known.size == seen.size => {
                    if known.root != seen.root {
                        return Err(refuse(
                            "two checkpoints of the same size differ: the log has two histories; \
                             keep both and call the other parties",
                        ));
                    }
                }
                _ => newest = Some((seen, note)),
            }
        }
        let cosigned = [own.cosigned, self.cosigned].into_iter().flatten();
        let mut last: Option<(u64, Vec<u8>)> = None;
        for note in cosigned {
            let size = verified(log, &note)?.size;
            if last.as_ref().is_none_or(|(known, _)| *known < size) {
                last = Some((size, note));
            }
        }
        if let Some((_, note)) = last {
            tx.put_note(COSIGNED, &note)?;
        }
        for (name, note) in self.evidence {
            tx.put_note(name, &note)?;
        }
        let Some((checkpoint, note)) = newest else {
            return Ok(None);
        };
        let size = checkpoint.size;
        tx.put_seen_checkpoint(log.name(), &SeenCheckpoint { size, note })?;
        Ok(Some(size))
    }
}

fn verified(log: &LogVerifier, note: &[u8]) -> Result<Checkpoint, StoreError> {
    log.verify(note).map_err(|error| {
        refuse(&format!(
            "a checkpoint is not signed by this log's key ({error}): check broker.log_vkey and the \
             file"
        ))
    })
}

fn refuse(why: &str) -> StoreError {
    StoreError::NotRestored { why: why.into() }
}
