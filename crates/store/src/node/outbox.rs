//! What waits to go to the broker: first in, first out per queue, bounded over all queues.

use super::{NodeTx, NodeView};
use crate::codec::{Put, Take};
use crate::error::StoreError;
use crate::expiry::next_number;
use crate::layout::{Key, OUTBOX, OUTBOX_TOTAL, last_u64};

/// Something that waits to be sent.
#[derive(Clone, PartialEq, Eq)]
pub struct OutboxItem {
    /// Its place in the order, and its name for [`NodeTx::outbox_done`].
    pub number: u64,
    /// The bytes that were put.
    pub body: Vec<u8>,
}

/// How full the outbox is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct OutboxTotals {
    /// Items waiting.
    pub items: u64,
    /// Their bytes.
    pub bytes: u64,
}

impl std::fmt::Debug for OutboxItem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OutboxItem")
            .field("number", &self.number)
            .field("bytes", &self.body.len())
            .finish()
    }
}

impl NodeView {
    /// The oldest items of a queue (one per covenant, so that a blocked one holds up no other),
    /// those after number `after`; 0 for all.
    ///
    /// # Errors
    /// When the store can't read.
    pub fn outbox(
        &self,
        queue: &str,
        after: u64,
        limit: usize,
    ) -> Result<Vec<OutboxItem>, StoreError> {
        let prefix = Key::of(OUTBOX).text(queue).done();
        let from = Key(prefix.clone()).u64(after.saturating_add(1)).done();
        self.tx
            .rows(&prefix, &from, limit)?
            .into_iter()
            .map(|(key, body)| {
                let number = last_u64(&key).ok_or(StoreError::Damaged {
                    what: "outbox item",
                })?;
                Ok(OutboxItem { number, body })
            })
            .collect()
    }

    /// How full the outbox is.
    ///
    /// # Errors
    /// When the store can't read.
    pub fn outbox_totals(&self) -> Result<OutboxTotals, StoreError> {
        let Some(record) = self.tx.get(&[OUTBOX_TOTAL])? else {
            return Ok(OutboxTotals::default());
        };
        let mut take = Take::new(&record, "outbox total");
        Ok(OutboxTotals {
            items: take.u64()?,
            bytes: take.u64()?,
        })
    }
}

impl NodeTx {
    /// Puts an item at the end of a queue, and gives its number.
    ///
    /// # Errors
    /// [`StoreError::OutboxFull`] when it would pass the limits of the settings.
    pub fn put_outbox(&mut self, queue: &str, body: &[u8]) -> Result<u64, StoreError> {
        let totals = self.outbox_totals()?;
        let more = OutboxTotals {
            items: totals.items.saturating_add(1),
            bytes: totals.bytes.saturating_add(size(body)),
        };
        if more.items > self.settings.outbox_items || more.bytes > self.settings.outbox_bytes {
            return Err(StoreError::OutboxFull {
                items: totals.items,
                bytes: totals.bytes,
            });
        }
        let number = next_number(&mut self.view.tx, "outbox")?;
        let key = Key::of(OUTBOX).text(queue).u64(number).done();
        self.view.tx.put(key, body)?;
        self.put_totals(more)?;
        Ok(number)
    }

    /// Removes an item that the broker has durably. `false` when it was gone already.
    ///
    /// # Errors
    /// When the store fails.
    pub fn outbox_done(&mut self, queue: &str, number: u64) -> Result<bool, StoreError> {
        let key = Key::of(OUTBOX).text(queue).u64(number).done();
        let Some(body) = self.tx.get(&key)? else {
            return Ok(false);
        };
        let totals = self.outbox_totals()?;
        self.view.tx.delete(key)?;
        self.put_totals(OutboxTotals {
            items: totals.items.saturating_sub(1),
            bytes: totals.bytes.saturating_sub(size(&body)),
        })?;
        Ok(true)
    }

    fn put_totals(&mut self, totals: OutboxTotals) -> Result<(), StoreError> {
        let record = Put::default().u64(totals.items).u64(totals.bytes).done();
        self.view.tx.put_small(vec![OUTBOX_TOTAL], &record)
    }
}

fn size(body: &[u8]) -> u64 {
    u64::try_from(body.len()).unwrap_or(u64::MAX)
}
