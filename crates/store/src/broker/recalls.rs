//! Recalls: made when what was told loses its ground, sent in batches, repeated until the recipient
//! says what it did about them.

use model::{Day, RecallId, Timestamp};

use super::{BrokerTx, BrokerView};
use crate::codec::{Put, Take};
use crate::error::StoreError;
use crate::expiry::{get_until, put_until};
use crate::layout::{Key, RECALL, RECALL_BATCH, RECALL_DUE, RECALL_OF, day_in_key};

const LAST_BATCH: u8 = 1;
const WITHDRAWN: u8 = 2;
/// How many days a record stays after the last day on which it is looked at.
const AFTER: i32 = 2;

/// The place of a recall among those that are due: its day and its id.
type Due = (Day, RecallId);

/// A recall.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Recall {
    /// Its id, the same in every reminder.
    pub id: RecallId,
    /// The entry whose telling is recalled.
    pub seq: u64,
    /// Why: a word of the broker's.
    pub reason: String,
    /// The day of its first and of its last delivery, and how often it was repeated.
    pub sent: Option<Sent>,
    /// The day on which the recipient said what it did, and its word for that.
    pub acknowledged: Option<(Day, String)>,
    /// The first day on which it is not sent any more.
    pub ends: Day,
}

/// How often a recall was sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sent {
    /// First.
    pub first: Day,
    /// Last.
    pub last: Day,
    /// How often it was repeated.
    pub reminders: u32,
}

impl BrokerView {
    /// The recall with this id.
    ///
    /// # Errors
    /// When the store can't read.
    pub fn recall(&self, id: RecallId) -> Result<Option<Recall>, StoreError> {
        let found = get_until(&self.tx, &recall_key(id))?;
        found
            .map(|(_, record)| take_recall(id, &record))
            .transpose()
    }

    /// The recall of what an entry told.
    ///
    /// # Errors
    /// When the store can't read.
    pub fn recall_of(&self, seq: u64) -> Result<Option<Recall>, StoreError> {
        let Some((_, id)) = get_until(&self.tx, &of_key(seq))? else {
            return Ok(None);
        };
        match RecallId::from_slice(&id) {
            Some(id) => self.recall(id),
            None => Err(StoreError::Damaged {
                what: "recall of an entry",
            }),
        }
    }

    /// The recalls that are to go out by `today`, the longest waiting first, at most `limit`.
    ///
    /// # Errors
    /// When the store can't read.
    pub fn recalls_due(&self, today: Day, limit: usize) -> Result<Vec<Recall>, StoreError> {
        let end = Key::of(RECALL_DUE).day(today.plus_days(1)).done();
        let rows = self.tx.rows(&[RECALL_DUE], &[RECALL_DUE], limit)?;
        let mut due = Vec::new();
        for (key, _) in rows.iter().take_while(|(key, _)| *key < end) {
            let (_, id) = due_of(key)?;
            due.extend(self.recall(id)?);
        }
        Ok(due)
    }

    /// The recalls that wait for an answer or for their first delivery, at most `limit` behind `after`
    /// in the order in which they are due, and where the next ones begin.
    ///
    /// # Errors
    /// When the store can't read.
    pub fn recalls_waiting(
        &self,
        after: Option<Due>,
        limit: usize,
    ) -> Result<(Vec<Recall>, Option<Due>), StoreError> {
        let from = after.map_or_else(
            || vec![RECALL_DUE],
            |(day, id)| {
                let mut behind = due_key(day, id);
                behind.push(0);
                behind
            },
        );
        let rows = self.tx.rows(&[RECALL_DUE], &from, limit)?;
        let (mut waiting, mut last) = (Vec::new(), None);
        for (key, _) in &rows {
            let (day, id) = due_of(key)?;
            waiting.extend(self.recall(id)?);
            last = Some((day, id));
        }
        Ok((waiting, last.filter(|_| rows.len() == limit)))
    }

    /// When recalls last went out; `None` before the first batch.
    ///
    /// # Errors
    /// When the store can't read.
    pub fn last_recall_batch(&self) -> Result<Option<Timestamp>, StoreError> {
        match self.tx.get(&[RECALL_BATCH, LAST_BATCH])? {
            Some(record) => Take::new(&record, "time of a batch").time().map(Some),
            None => Ok(None),
        }
    }

    /// Whether a signal was withdrawn since the last batch.
    ///
    /// # Errors
    /// When the store can't read.
    pub fn withdrawn_since_batch(&self) -> Result<bool, StoreError> {
        self.tx.has(&[RECALL_BATCH, WITHDRAWN])
    }
}

impl BrokerTx {
    /// Makes a recall of what an entry told, to go out with the next batch. `false` when there is
    /// nothing to recall by `today`, or there is one already and `enough` says so of its reason; else
    /// the new one takes its place.
    ///
    /// # Errors
    /// When the store fails.
    pub fn make_recall(
        &mut self,
        seq: u64,
        reason: &str,
        today: Day,
        enough: impl Fn(&str) -> bool,
    ) -> Result<bool, StoreError> {
        let Some(told) = self.told(seq)?.filter(|told| today < told.ends) else {
            return Ok(false);
        };
        if let Some(before) = self.recall_of(seq)? {
            if enough(&before.reason) {
                return Ok(false);
            }
            self.no_longer_due(&before)?;
        }
        let recall = Recall {
            id: RecallId::fresh(),
            seq,
            reason: reason.to_owned(),
            sent: None,
            acknowledged: None,
            ends: told.ends,
        };
        let tx = &mut self.view.tx;
        let until = recall.ends.plus_days(AFTER);
        put_until(tx, of_key(seq), until, recall.id.as_bytes())?;
        self.put_recall(&recall)?;
        self.put_due(today, &recall)?;
        Ok(true)
    }

    /// Takes note that a recall went out, and when it is to be repeated.
    ///
    /// # Errors
    /// When the store fails.
    pub fn recall_sent(
        &mut self,
        recall: &Recall,
        today: Day,
        again: Day,
    ) -> Result<(), StoreError> {
        let sent = match recall.sent {
            None => Sent {
                first: today,
                last: today,
                reminders: 0,
            },
            Some(sent) => Sent {
                last: today,
                reminders: sent.reminders.saturating_add(1),
                ..sent
            },
        };
        self.no_longer_due(recall)?;
        let recall = Recall {
            sent: Some(sent),
            ..recall.clone()
        };
        self.put_recall(&recall)?;
        self.put_due(again, &recall)
    }

    /// Takes note of what the recipient did about a recall. `false` when it had said so before.
    ///
    /// # Errors
    /// When the store fails.
    pub fn recall_acknowledged(
        &mut self,
        recall: &Recall,
        today: Day,
        outcome: &str,
    ) -> Result<bool, StoreError> {
        self.no_longer_due(recall)?;
        if recall.acknowledged.is_some() {
            return Ok(false);
        }
        self.put_recall(&Recall {
            acknowledged: Some((today, outcome.to_owned())),
            ..recall.clone()
        })?;
        Ok(true)
    }

    /// Stops repeating a recall: the recipient may not hold what was told any more.
    ///
    /// # Errors
    /// When the store fails.
    pub fn recall_over(&mut self, recall: &Recall) -> Result<(), StoreError> {
        self.no_longer_due(recall)
    }

    /// Takes note that a batch went out.
    ///
    /// # Errors
    /// When the store fails.
    pub fn recall_batch_done(&mut self, at: Timestamp) -> Result<(), StoreError> {
        let tx = &mut self.view.tx;
        tx.delete(vec![RECALL_BATCH, WITHDRAWN])?;
        let record = Put::default().time(at).done();
        tx.put_small(vec![RECALL_BATCH, LAST_BATCH], &record)
    }

    /// Takes note that a signal was withdrawn, so that a batch follows whether or not it was told.
    ///
    /// # Errors
    /// When the store fails.
    pub fn note_for_batch(&mut self) -> Result<(), StoreError> {
        self.view.tx.put_small(vec![RECALL_BATCH, WITHDRAWN], &[])
    }

    fn put_due(&mut self, day: Day, recall: &Recall) -> Result<(), StoreError> {
        let until = recall.ends.plus_days(AFTER);
        put_until(&mut self.view.tx, due_key(day, recall.id), until, &[])?;
        let key = due_of_key(recall.id);
        put_until(
            &mut self.view.tx,
            key,
            until,
            &Put::default().day(day).done(),
        )
    }

    fn no_longer_due(&mut self, recall: &Recall) -> Result<(), StoreError> {
        let key = due_of_key(recall.id);
        if let Some((_, record)) = get_until(&self.tx, &key)? {
            let day = Take::new(&record, "day of a recall").day()?;
            self.view.tx.delete(due_key(day, recall.id))?;
            self.view.tx.delete(key)?;
        }
        Ok(())
    }

    fn put_recall(&mut self, recall: &Recall) -> Result<(), StoreError> {
        let record = Put::default()
            .u64(recall.seq)
            .text(&recall.reason)
            .day(recall.ends);
        let record = match recall.sent {
            None => record.u8(0),
            Some(sent) => record
                .u8(1)
                .day(sent.first)
                .day(sent.last)
                .u32(sent.reminders),
        };
        let record = match &recall.acknowledged {
            None => record.u8(0),
            Some((day, outcome)) => record.u8(1).day(*day).text(outcome),
        };
        let until = recall.ends.plus_days(AFTER);
        put_until(
            &mut self.view.tx,
            recall_key(recall.id),
            until,
            &record.done(),
        )
    }
}

fn recall_key(id: RecallId) -> Vec<u8> {
    Key::of(RECALL).raw(id.as_bytes()).done()
}

/// Beside the recall: on which day it is due.
fn due_of_key(id: RecallId) -> Vec<u8> {
    Key::of(RECALL).raw(id.as_bytes()).raw(b"due").done()
}

fn of_key(seq: u64) -> Vec<u8> {
    Key::of(RECALL_OF).u64(seq).done()
}

fn due_key(day: Day, id: RecallId) -> Vec<u8> {
    Key::of(RECALL_DUE).day(day).raw(id.as_bytes()).done()
}

/// What [`due_key`] is of.
fn due_of(key: &[u8]) -> Result<Due, StoreError> {
    let mut take = Take::new(key.get(1..).unwrap_or_default(), "recall due");
    let day = day_in_key(take.array()?);
    let id = take.array::<16>()?;
    let id = RecallId::from_slice(&id).ok_or(take.damaged())?;
    Ok((day, id))
}

fn take_recall(id: RecallId, record: &[u8]) -> Result<Recall, StoreError> {
    let mut take = Take::new(record, "recall");
    let seq = take.u64()?;
    let reason = take.text()?.to_owned();
    let ends = take.day()?;
    let sent = match take.u8()? {
        0 => None,
        _ => Some(Sent {
            first: take.day()?,
            last: take.day()?,
            reminders: take.u32()?,
        }),
    };
    let acknowledged = match take.u8()? {
        0 => None,
        _ => Some((take.day()?, take.text()?.to_owned())),
    };
    Ok(Recall {
        id,
        seq,
        reason,
        sent,
        acknowledged,
        ends,
    })
}
