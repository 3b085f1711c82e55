//! This node as a witness: a checkpoint that follows on everything seen before is durable here
//! before its cosignature leaves. A broker that goes back, or stops showing its log, is found.

use covenant::Covenant;
use covenant::language::words::Witnessing;
use ledger::{Checkpoint, Cosigner, Policy};
use model::Timestamp;
use store::StoreError;

use super::{BEHIND, COSIGNED, Followed, Log, TwoNotes};
use crate::refusal::{Reason, Refused};

/// How long the log may be known to be larger than what was offered to be cosigned, in
/// milliseconds.
const OFFERED_WITHIN: i64 = 15 * 60 * 1_000;

/// The witnesses of a covenant and how many of them it takes.
fn policy(log: &Log, covenant: &Covenant) -> Policy {
    let parties = covenant.parties().values().map(|party| {
        let key = party.node.as_ref().and_then(|node| node.witness.bytes());
        (&party.oin, key)
    });
    Policy::of_parties(log.verifier.clone(), parties)
}

impl Log {
    /// Whether what is proved under this note may be shown: under a covenant that says `strikt`
    /// only when enough of its parties have cosigned the note.
    ///
    /// # Errors
    /// `RECEIPT_INVALID`.
    pub fn sufficiently_witnessed(&self, covenant: &Covenant, note: &[u8]) -> Result<(), Refused> {
        match covenant.log().witnessing {
            Witnessing::Deferred => Ok(()),
            Witnessing::Strict if policy(self, covenant).is_witnessed(note) => Ok(()),
            Witnessing::Strict => {
                tracing::error!("too few parties cosigned the checkpoint; it is not shown");
                Err(Reason::ReceiptInvalid.into())
            }
        }
    }

    /// Takes note of a checkpoint on a stream on which another one was shown before: streams only
    /// show more of the log, so that a smaller one is a log that was set back.
    ///
    /// # Errors
    /// `LOG_INCONSISTENT`; both notes are kept. `RECEIPT_INVALID` when the log did not sign it.
    pub async fn not_set_back(&self, before: &Checkpoint, shown: &[u8]) -> Result<(), Refused> {
        let new = self.verifier.verify(shown).map_err(|error| {
            tracing::error!(%error, "a checkpoint does not verify");
            Refused::from(Reason::ReceiptInvalid)
        })?;
        let cosigned = self.with(|seen| seen.cosigned.as_ref().map(|old| old.size));
        if new.size >= before.size.max(cosigned.unwrap_or(0)) {
            return Ok(());
        }
        let seen = self.newest().map(|(_, note)| note).unwrap_or_default();
        Err(self.contradicted(seen, shown.to_vec()).await)
    }

    /// Keeps a followed checkpoint durably and cosigns it, in this order. Answers its size and the
    /// signature line.
    ///
    /// # Errors
    /// When the store fails, or the log contradicted itself meanwhile.
    pub async fn cosign(
        &self,
        followed: Followed,
        note: &[u8],
        cosigner: &Cosigner,
        now: Timestamp,
    ) -> Result<(u64, String), Refused> {
        if self.is_contradicted() {
            return Err(Reason::LogInconsistent.into());
        }
        let checkpoint = followed.checkpoint().clone();
        let kept = note.to_vec();
        self.store
            .write(move |tx| {
                followed.keep(tx)?;
                tx.put_note(COSIGNED, &kept)
            })
            .await?;
        let size = checkpoint.size;
        self.with(|seen| seen.cosigned = Some(checkpoint));
        let seconds = u64::try_from(now.as_millis() / 1_000).unwrap_or(0);
        let line = cosigner.cosign(note, seconds).map_err(|error| {
            tracing::error!(%error, "a checkpoint can't be cosigned");
            Refused::from(Reason::NodeFailed)
        })?;
        self.metrics.cosigned();
        Ok((size, line.to_text()))
    }

    /// The broker says itself that its log is not the one seen before. What it shows is kept with
    /// what was seen; it becomes a contradiction only if the broker ever goes on from there.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn note_behind(&self, shown: Vec<u8>) -> Result<(), StoreError> {
        self.with(|seen| seen.behind = true);
        let seen = self.newest().map(|(_, note)| note).unwrap_or_default();
        if self.verifier.verify(&shown).is_err() {
            return Ok(());
        }
        self.store
            .write(move |tx| {
                for (name, note) in BEHIND.iter().zip([&seen, &shown]) {
                    tx.put_note(name, note)?;
                }
                Ok(())
            })
            .await
    }

    /// The broker's log is again, or still, the one seen before.
    pub fn note_level(&self) {
        self.with(|seen| seen.behind = false);
    }

    /// A checkpoint of this size was offered to be cosigned.
    pub fn note_offered(&self, size: u64) {
        self.with(|seen| {
            if seen.unoffered.is_some_and(|(known, _)| known <= size) {
                seen.unoffered = None;
            }
            seen.offered = seen.offered.max(size);
        });
    }

    /// What an operator must know of how the broker shows its log; `None` when all is well.
    pub fn fault(&self, now: Timestamp) -> Option<&'static str> {
        self.with(|seen| {
            if seen.contradicted {
                return Some(
                    "the log contradicts the checkpoint seen before: both are kept; call the other parties",
                );
            }
            if seen.behind {
                return Some(
                    "the broker's log is not the one seen before, and the broker says so: call its operator",
                );
            }
            let newest = seen.newest.as_ref().map_or(0, |(newest, _)| newest.size);
            if newest > seen.offered && seen.unoffered.is_none() {
                seen.unoffered = Some((newest, now));
            }
            let waits = seen.unoffered.map_or(0, |(_, since)| now.millis_since(since));
            (waits > OFFERED_WITHIN).then_some(
                "the broker no longer shows the newest log to be cosigned: call its operator and the other parties",
            )
        })
    }

    /// The two notes of a broker that said itself that its log is not the one seen before: what
    /// was seen, and what it showed.
    ///
    /// # Errors
    /// When the store can't be read.
    pub fn behind(&self) -> Result<Option<TwoNotes>, StoreError> {
        self.store.read(|view| {
            let [seen, shown] = BEHIND;
            Ok(view.note(seen)?.zip(view.note(shown)?))
        })
    }
}
