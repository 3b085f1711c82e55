//! What went from a node because it may not be kept any longer: counted in the same batches in
//! which it goes, and written down for good when the purge has come to its end.

use std::collections::BTreeMap;

use model::{Day, Timestamp};

use super::{NodeTx, NodeView, Received};
use crate::codec::{Put, Take};
use crate::error::StoreError;
use crate::expiry::{self, next_number};
use crate::layout::{KEY_EPOCH, Key, RECEIPT, RECEIVED, RECEIVED_ID, REQUEST, RETENTION};

const PROGRESS: u8 = 1;
const LAST_PURGE: u8 = 2;
const LAST_COMPACTION: u8 = 4;
const HISTORY: u8 = 5;

crate::purgeable::kinds! {
    /// A kind of record of a node that has an end.
    NodePurgeable {
        /// Own signals: content, state, ids outside and tallies.
        OwnSignals 1 "own_signals";
        /// Pushes that waited until their signal had expired.
        Pushes 2 "expired_pushes";
        /// Notices with their receipts.
        Notices 3 "notices";
        /// Receipts of answers.
        Receipts 4 "receipts";
        /// Answers by request id.
        Answers 5 "answers";
        /// Anything else that had a last day.
        Other 6 "other_records";
        /// Key epochs that were remembered.
        KeyEpochs 7 "key_epochs";
    }
}

/// How many records of a kind went, or would.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NodePurged {
    /// Of which kind.
    pub what: NodePurgeable,
    /// How many.
    pub count: u64,
    /// The day on which the oldest of them was due.
    pub since: Day,
}

/// One purge that came to its end and removed something.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NodePurge {
    /// When it came to its end.
    pub at: Timestamp,
    /// What went, each kind once.
    pub counts: Vec<(NodePurgeable, u64)>,
}

impl NodeView {
    /// What went since a purge last came to its end.
    ///
    /// # Errors
    /// When the store can't read.
    pub fn purged(&self) -> Result<Vec<NodePurged>, StoreError> {
        let prefix = Key::of(RETENTION).raw(&[PROGRESS]).done();
        let rows = self.tx.rows(&prefix, &prefix, usize::MAX)?;
        rows.iter().map(|(_, record)| take_purged(record)).collect()
    }

    /// The newest purges that removed something, newest first, at most `limit`.
    ///
    /// # Errors
    /// When the store can't read.
    pub fn purges(&self, limit: usize) -> Result<Vec<NodePurge>, StoreError> {
        let prefix = Key::of(RETENTION).raw(&[HISTORY]).done();
        let rows = self.tx.rows(&prefix, &prefix, usize::MAX)?;
        let newest = rows.iter().rev().take(limit);
        newest
            .map(|(_, record)| {
                let mut take = Take::new(record, "record of a purge");
                Ok(NodePurge {
                    at: take.time()?,
                    counts: take.list(|take| Ok((kind(take)?, take.u64()?)))?,
                })
            })
            .collect()
    }

    /// When a purge last came to its end.
    ///
    /// # Errors
    /// When the store can't read.
    pub fn last_purge(&self) -> Result<Option<Timestamp>, StoreError> {
        self.moment(LAST_PURGE)
    }

    /// When the database was last rewritten without what had been deleted.
    ///
    /// # Errors
    /// When the store can't read.
    pub fn last_compaction(&self) -> Result<Option<Timestamp>, StoreError> {
        self.moment(LAST_COMPACTION)
    }

    fn moment(&self, which: u8) -> Result<Option<Timestamp>, StoreError> {
        match self.tx.get(&[RETENTION, which])? {
            Some(record) => Take::new(&record, "time of a purge").time().map(Some),
            None => Ok(None),
        }
    }
}

impl NodeTx {
    /// Removes at most `limit` records whose day has come (answers, receipts), and counts them;
    /// fewer removed means that none are left.
    ///
    /// # Errors
    /// When the store fails.
    pub fn purge(&mut self, today: Day, limit: usize) -> Result<usize, StoreError> {
        let mut counts: BTreeMap<NodePurgeable, (u64, Day)> = BTreeMap::new();
        let handled = expiry::purge(&mut self.view.tx, today, limit, |tx, key, since| {
            let what = match key.first() {
                Some(&REQUEST) => NodePurgeable::Answers,
                Some(&RECEIPT) => NodePurgeable::Receipts,
                Some(&KEY_EPOCH) => NodePurgeable::KeyEpochs,
                _ => NodePurgeable::Other,
            };
            tx.delete(key.to_vec())?;
            let (count, oldest) = counts.entry(what).or_insert((0, since));
            *count = count.saturating_add(1);
            *oldest = since.min(*oldest);
            Ok(())
        })?;
        for (what, (count, since)) in counts {
            self.count_purged(what, count, since)?;
        }
        Ok(handled)
    }

    /// Forgets a notice, and counts it as due since that day.
    ///
    /// # Errors
    /// When the store fails.
    pub fn purge_received(&mut self, notice: &Received, since: Day) -> Result<(), StoreError> {
        let by_id = Key::of(RECEIVED_ID).raw(notice.id.as_bytes()).done();
        self.view.tx.delete(by_id)?;
        self.view
            .tx
            .delete(Key::of(RECEIVED).u64(notice.number).done())?;
        self.count_purged(NodePurgeable::Notices, 1, since)
    }

    /// Counts what went in this unit of work, due since that day.
    ///
    /// # Errors
    /// When the store fails.
    pub fn count_purged(
        &mut self,
        what: NodePurgeable,
        count: u64,
        since: Day,
    ) -> Result<(), StoreError> {
        let key = Key::of(RETENTION).raw(&[PROGRESS, what.number()]).done();
        let before = match self.tx.get(&key)? {
            Some(record) => take_purged(&record)?,
            None => NodePurged {
                what,
                count: 0,
                since,
            },
        };
        let record = Put::default()
            .u8(what.number())
            .u64(before.count.saturating_add(count))
            .day(before.since.min(since))
            .done();
        self.view.tx.put_small(key, &record)
    }

    /// Takes note that a purge came to its end: what went is written down for good, and counted
    /// anew from here. Answers what it was.
    ///
    /// # Errors
    /// When the store fails.
    pub fn purge_ended(&mut self, at: Timestamp) -> Result<Vec<NodePurged>, StoreError> {
        let purged = self.purged()?;
        for one in &purged {
            let key = Key::of(RETENTION).raw(&[PROGRESS, one.what.number()]);
            self.view.tx.delete(key.done())?;
        }
        if !purged.is_empty() {
            let number = next_number(&mut self.view.tx, "purge")?;
            let record = Put::default()
                .time(at)
                .list(&purged, |out, one| out.u8(one.what.number()).u64(one.count));
            let key = Key::of(RETENTION).raw(&[HISTORY]).u64(number).done();
            self.view.tx.put(key, &record.done())?;
        }
        self.put_moment(LAST_PURGE, at)?;
        Ok(purged)
    }

    /// Takes note that the database was rewritten.
    ///
    /// # Errors
    /// When the store fails.
    pub fn compacted(&mut self, at: Timestamp) -> Result<(), StoreError> {
        self.put_moment(LAST_COMPACTION, at)
    }

    fn put_moment(&mut self, which: u8, at: Timestamp) -> Result<(), StoreError> {
        let record = Put::default().time(at).done();
        self.view.tx.put_small(vec![RETENTION, which], &record)
    }
}

fn take_purged(record: &[u8]) -> Result<NodePurged, StoreError> {
    let mut take = Take::new(record, "count of a purge");
    Ok(NodePurged {
        what: kind(&mut take)?,
        count: take.u64()?,
        since: take.day()?,
    })
}

fn kind(take: &mut Take<'_>) -> Result<NodePurgeable, StoreError> {
    NodePurgeable::of_number(take.u8()?).ok_or(take.damaged())
}
