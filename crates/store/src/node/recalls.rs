//! Recalls of what this party was told, and what its people said about them that the broker does
//! not have yet.

use std::ops::ControlFlow;

use model::{NoticeId, RecallId, Timestamp};

use super::{NodeTx, NodeView};
use crate::codec::{Put, Take};
use crate::error::StoreError;
use crate::expiry::next_number;
use crate::layout::{Key, NODE_RECALL, RECALL_ID, RECALL_OWED, RECALLED, key_end};

/// A recall as it is kept.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredRecall {
    /// Its place in the order of arrival, from 1.
    pub number: u64,
    /// Its id, the same in every reminder.
    pub id: RecallId,
    /// When it first arrived.
    pub at: Timestamp,
    /// When somebody said what was done, and the word for it.
    pub acknowledged: Option<(Timestamp, String)>,
    /// What it says, as it was last delivered.
    pub body: Vec<u8>,
}

impl std::fmt::Debug for StoredRecall {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StoredRecall")
            .field("number", &self.number)
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl NodeView {
    /// The recall with this id.
    ///
    /// # Errors
    /// When the store can't read.
    pub fn recall(&self, id: RecallId) -> Result<Option<StoredRecall>, StoreError> {
        let Some(number) = self.tx.get(&recall_id_key(id))? else {
            return Ok(None);
        };
        let number = Take::new(&number, "recall id").u64()?;
        let record = self.tx.get(&recall_key(number))?;
        record.as_deref().map(take_recall).transpose()
    }

    /// Recalls before number `before`, newest first; `None` for the newest ones.
    ///
    /// # Errors
    /// When the store can't read.
    pub fn recalls(
        &self,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<StoredRecall>, StoreError> {
        let newest = before.unwrap_or(u64::MAX).saturating_sub(1);
        self.tx
            .rows(&[NODE_RECALL], &recall_key(newest), limit)?
            .into_iter()
            .map(|(_, record)| take_recall(&record))
            .collect()
    }

    /// How many recalls nobody said anything about yet.
    ///
    /// # Errors
    /// When the store can't read.
    pub fn open_recalls(&self) -> Result<u64, StoreError> {
        let mut open: u64 = 0;
        self.tx
            .range(&[NODE_RECALL], &key_end(&[NODE_RECALL]), |_, record| {
                let is_open = take_recall(record)?.acknowledged.is_none();
                open = open.saturating_add(u64::from(is_open));
                Ok(ControlFlow::Continue(()))
            })?;
        Ok(open)
    }

    /// What people said about recalls that the broker does not have yet.
    ///
    /// # Errors
    /// When the store can't read.
    pub fn owed_recalls(&self, limit: usize) -> Result<Vec<(RecallId, Vec<u8>)>, StoreError> {
        self.tx
            .rows(&[RECALL_OWED], &[RECALL_OWED], limit)?
            .into_iter()
            .map(|(key, body)| {
                let id = RecallId::from_slice(key.get(1..).unwrap_or_default());
                Ok((
                    id.ok_or(StoreError::Damaged {
                        what: "recall owed",
                    })?,
                    body,
                ))
            })
            .collect()
    }

    /// The recall that takes a notice back.
    ///
    /// # Errors
    /// When the store can't read.
    pub fn recalled_by(&self, notice: NoticeId) -> Result<Option<RecallId>, StoreError> {
        let id = self.tx.get(&recalled_key(notice))?;
        Ok(id.and_then(|id| RecallId::from_slice(&id)))
    }
}

impl NodeTx {
    /// Keeps a recall; of one that is known, only what it says is replaced. `true` when it is new.
    ///
    /// # Errors
    /// When the store fails.
    pub fn put_recall(
        &mut self,
        id: RecallId,
        body: &[u8],
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        if let Some(mut known) = self.recall(id)? {
            known.body = body.to_vec();
            self.write_recall(&known)?;
            return Ok(false);
        }
        let number = next_number(&mut self.view.tx, "recall")?;
        let key = recall_id_key(id);
        self.view.tx.put_small(key, &number.to_be_bytes())?;
        self.write_recall(&StoredRecall {
            number,
            id,
            at,
            acknowledged: None,
            body: body.to_vec(),
        })?;
        Ok(true)
    }

    /// A notice is taken back by this recall. A notice that is here comes again, under a new number.
    ///
    /// # Errors
    /// When the store fails.
    pub fn take_back(&mut self, notice: NoticeId, recall: RecallId) -> Result<(), StoreError> {
        let key = recalled_key(notice);
        self.view.tx.put_small(key, recall.as_bytes())?;
        if let Some(known) = self.received_by_id(notice)? {
            let number = next_number(&mut self.view.tx, "received")?;
            self.move_received(&known, number)?;
        }
        Ok(())
    }

    /// Notes what was done about a recall; a second time changes nothing. `owed` is what the broker
    /// is to be told: it waits until [`NodeTx::recall_taken`]. `false` when there is no such recall.
    ///
    /// # Errors
    /// When the store fails.
    pub fn acknowledge_recall(
        &mut self,
        id: RecallId,
        at: Timestamp,
        outcome: &str,
        owed: &[u8],
    ) -> Result<bool, StoreError> {
        let Some(mut recall) = self.recall(id)? else {
            return Ok(false);
        };
        if recall.acknowledged.is_none() {
            recall.acknowledged = Some((at, outcome.to_owned()));
            self.write_recall(&recall)?;
            self.view.tx.put(owed_key(id), owed)?;
        }
        Ok(true)
    }

    /// The broker has what was said about a recall.
    ///
    /// # Errors
    /// When the store fails.
    pub fn recall_taken(&mut self, id: RecallId) -> Result<(), StoreError> {
        self.view.tx.delete(owed_key(id))
    }

    /// Erases a notice that was received. That it was recalled stays known.
    ///
    /// # Errors
    /// When the store fails.
    pub fn erase_received(&mut self, notice: NoticeId) -> Result<(), StoreError> {
        match self.received_by_id(notice)? {
            Some(known) => self.delete_received(&known),
            None => Ok(()),
        }
    }

    fn write_recall(&mut self, recall: &StoredRecall) -> Result<(), StoreError> {
        let StoredRecall {
            number,
            id,
            at,
            acknowledged,
            body,
        } = recall;
        let (when, outcome) = match acknowledged {
            Some((when, outcome)) => (*when, Some(outcome.as_str())),
            None => (*at, None),
        };
        let record = Put::default()
            .u64(*number)
            .raw(id.as_bytes())
            .time(*at)
            .time(when)
            .optional(outcome)
            .raw(body)
            .done();
        self.view.tx.put(recall_key(*number), &record)
    }
}

fn take_recall(record: &[u8]) -> Result<StoredRecall, StoreError> {
    let mut take = Take::new(record, "recall");
    let number = take.u64()?;
    let id = RecallId::from_slice(&take.array::<16>()?).ok_or(take.damaged())?;
    let at = take.time()?;
    let when = take.time()?;
    let outcome: Option<String> = take.optional()?;
    Ok(StoredRecall {
        number,
        id,
        at,
        acknowledged: outcome.map(|outcome| (when, outcome)),
        body: take.rest().to_vec(),
    })
}

/// In order of key the newest comes first.
fn recall_key(number: u64) -> Vec<u8> {
    Key::of(NODE_RECALL)
        .u64(u64::MAX.saturating_sub(number))
        .done()
}

fn recall_id_key(id: RecallId) -> Vec<u8> {
    Key::of(RECALL_ID).raw(id.as_bytes()).done()
}

fn owed_key(id: RecallId) -> Vec<u8> {
    Key::of(RECALL_OWED).raw(id.as_bytes()).done()
}

fn recalled_key(notice: NoticeId) -> Vec<u8> {
    Key::of(RECALLED).raw(notice.as_bytes()).done()
}
