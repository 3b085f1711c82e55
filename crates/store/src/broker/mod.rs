//! The state of the broker: signals, the match index, notices, limits, covenants, and the log.

mod access;
mod covenants;
mod fsck;
mod key_life;
mod limits;
mod linking;
mod listing;
mod log;
mod matched;
mod matching;
mod notices;
mod parked;
mod place;
mod readers;
mod recalls;
mod retention;
mod side;
mod signals;
mod store;
mod told;
mod withdrawn;
mod witness;

pub use self::access::Access;
pub use self::covenants::CovenantFile;
pub use self::fsck::Checked;
pub(crate) use self::fsck::check as check_health;
pub use self::key_life::EpochPurge;
pub use self::limits::Limit;
pub use self::linking::{LinkedPage, Side, Sought, SubjectLink};
pub use self::listing::{EntryFilter, EntryPage, Listed, StoredEntry};
pub use self::log::SignedCheckpoint;
pub use self::notices::{NewNotice, Notice};
pub use self::place::CheckpointPlace;
pub use self::readers::CovenantReaders;
pub use self::recalls::{Recall, Sent};
pub(crate) use self::retention::compaction_is_due;
pub use self::retention::{Purgeable, Purged};
pub(crate) use self::side::migrate as seal_side_records;
pub use self::signals::{SignalNo, Stored, TOMBSTONE_DAYS, Withdrawal, Work};
pub use self::store::{BrokerSettings, BrokerStore};
pub use self::told::{Told, ToldBy};
pub use self::withdrawn::{NotedWithdrawal, ProbeAlarm, UsedRight};
pub use self::witness::Witnessed;

use std::ops::Deref;
use std::sync::Arc;

use ledger::{Receipt, ReceiptEntry, tree};
use model::{Day, Digest};

use crate::error::StoreError;
use crate::expiry::put_until;
use crate::layout::{DECISION, Key};
use crate::logged::Decided;
use crate::requests::{self, Remembered, RequestKey};
use crate::tx::{Mark, Tx};
use crate::writer::Group;

/// What a reader may ask.
#[derive(Debug)]
pub struct BrokerView {
    pub(crate) tx: Tx,
    published: Arc<log::Published>,
}

/// One unit of work: reads see its writes, and those of units before it.
#[derive(Debug)]
pub struct BrokerTx {
    pub(crate) view: BrokerView,
    log: log::Log,
    mark: Mark,
}

/// Which commitments a receipt opens to the party that it is handed to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Opens {
    /// None.
    #[default]
    Nothing,
    /// The answer: for who gets a notice that somebody else's signal caused.
    Answer,
    /// Request and answer: for who asked.
    RequestAndAnswer,
}

impl Deref for BrokerTx {
    type Target = BrokerView;

    fn deref(&self) -> &BrokerView {
        &self.view
    }
}

impl BrokerView {
    /// A view of a state that no process has open, under the checkpoint that came with it.
    pub(crate) fn over(tx: Tx, signed: SignedCheckpoint) -> Self {
        Self {
            tx,
            published: Arc::new(log::Published::of(signed)),
        }
    }

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

    /// Proves that these leaves are in the log, under the newest signed checkpoint.
    fn receipt(&self, leaves: &[u64], opens: Opens) -> Result<Receipt, StoreError> {
        let signed = self.published.signed();
        let damaged = StoreError::Damaged { what: "log leaf" };
        let mut leaves = leaves.to_vec();
        leaves.sort_unstable();
        leaves.dedup();
        let entries = leaves
            .into_iter()
            .map(|index| {
                let leaf = self.leaf(index)?.ok_or(damaged.clone())?;
                let proof = log::read_tree(&self.tx, |read| {
                    tree::inclusion_proof(index, signed.size, read)
                })?;
                let (request, answer) = match opens {
                    Opens::Nothing => (None, None),
                    Opens::Answer => (None, self.openings(index)?.1),
                    Opens::RequestAndAnswer => self.openings(index)?,
                };
                Ok(ReceiptEntry {
                    index,
                    leaf,
                    proof,
                    request,
                    answer,
                })
            })
            .collect::<Result<Vec<_>, StoreError>>()?;
        Ok(Receipt {
            entries,
            checkpoint: signed.note,
        })
    }

    /// Whether a decision with this id was logged. An id is logged and noticed once.
    ///
    /// # Errors
    /// When the store can't read.
    pub fn is_decided(&self, id: &Digest) -> Result<bool, StoreError> {
        self.tx.has(&Key::of(DECISION).raw(id.as_bytes()).done())
    }
}

impl BrokerTx {
    /// Logs what was decided, in this unit's batch. Answers the places of its entries.
    fn log<T>(&mut self, decided: Decided<T>) -> Result<(Vec<u64>, T), StoreError> {
        let Decided {
            entries,
            disclosure,
            notices,
            links,
            told,
            remember,
            opens: _,
            pad_to,
        } = decided;
        if entries.is_empty() {
            return Err(StoreError::NothingToLog);
        }
        let leaves = self.log.append(&mut self.view.tx, entries, pad_to)?;
        let now = self.log.now();
        for notice in &notices {
            let of_notice = notice
                .entries
                .iter()
                .map(|index| leaves.get(*index).copied())
                .collect::<Option<Vec<_>>>()
                .filter(|leaves| !leaves.is_empty())
                .ok_or(StoreError::NothingToLog)?;
            self.put_notice(notice, &of_notice, now)?;
        }
        let place = |index: usize| leaves.get(index).copied().ok_or(StoreError::NothingToLog);
        for (index, link) in &links {
            self.put_link(place(*index)?, link)?;
        }
        for (index, told) in &told {
            self.put_told(place(*index)?, told)?;
        }
        if let Some(remember) = &remember {
            requests::remember(
                &mut self.view.tx,
                &remember.key,
                &remember.hash,
                &leaves,
                &remember.answer,
                remember.ends(now.day()),
            )?;
        }
        Ok((leaves, disclosure))
    }

    /// Remembers the answer to a request that has no entry of its own (a push).
    ///
    /// # Errors
    /// When the store fails.
    pub fn remember(
        &mut self,
        remember: &crate::logged::Remember,
        now: model::Timestamp,
    ) -> Result<(), StoreError> {
        let ends = remember.ends(now.day());
        let crate::logged::Remember {
            key, hash, answer, ..
        } = remember;
        requests::remember(&mut self.view.tx, key, hash, &[], answer, ends)
    }

    /// Forgets what was answered to a request: it is decided anew when it comes again.
    ///
    /// # Errors
    /// When the store fails.
    pub fn forget_answer(&mut self, key: &RequestKey) -> Result<(), StoreError> {
        requests::forget(&mut self.view.tx, key)
    }

    /// Takes note of a decision's id until the first moment of `ends`, which is after every
    /// signal in it has expired.
    ///
    /// # Errors
    /// When the store fails.
    pub fn put_decided(&mut self, id: &Digest, ends: Day) -> Result<(), StoreError> {
        let key = Key::of(DECISION).raw(id.as_bytes()).done();
        put_until(&mut self.view.tx, key, ends, &[])
    }
}

impl Group for BrokerTx {
    fn tx(&mut self) -> &mut Tx {
        &mut self.view.tx
    }

    fn begin_unit(&mut self) {
        self.mark = self.view.tx.mark();
        self.log.begin_unit();
    }

    fn undo_unit(&mut self) {
        self.view.tx.back_to(self.mark);
        self.log.undo_unit();
    }

    fn before_durable(&mut self) -> Result<(), StoreError> {
        self.log.before_durable(&mut self.view.tx)
    }

    fn after_durable(&mut self) -> Result<(), StoreError> {
        self.log.after_durable()
    }
}
