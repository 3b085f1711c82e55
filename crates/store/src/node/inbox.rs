//! What came from the broker: notices, receipts, and the last checkpoint seen of its log.

use model::{Day, NoticeId, Timestamp};

use super::{NodeTx, NodeView};
use crate::codec::{Put, Take};
use crate::engine::Row;
use crate::error::StoreError;
use crate::expiry::{get_until, next_number, put_until};
use crate::layout::{Key, RECEIPT, RECEIVED, RECEIVED_ID, SEEN};

/// A notice that was received.
#[derive(Clone, PartialEq, Eq)]
pub struct Received {
    /// Its place in the order of arrival, from 1.
    pub number: u64,
    /// The broker's id of it.
    pub id: NoticeId,
    /// When it arrived.
    pub at: Timestamp,
    /// When a person or system of the party acknowledged it.
    pub acknowledged: Option<Timestamp>,
    /// What it says.
    pub body: Vec<u8>,
}

/// The newest checkpoint of a log that this node verified.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SeenCheckpoint {
    /// The tree size it is of.
    pub size: u64,
    /// The signed note.
    pub note: Vec<u8>,
}

impl std::fmt::Debug for Received {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Received")
            .field("number", &self.number)
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl NodeView {
    /// Notices after number `after` (0 for all), in order of arrival.
    ///
    /// # Errors
    /// When the store can't read.
    pub fn received(&self, after: u64, limit: usize) -> Result<Vec<Received>, StoreError> {
        let from = Key::of(RECEIVED).u64(after.saturating_add(1)).done();
        self.tx
            .rows(&[RECEIVED], &from, limit)?
            .into_iter()
            .map(|(_, record)| take_received(&record))
            .collect()
    }

    /// The notice with this id.
    ///
    /// # Errors
    /// When the store can't read.
    pub fn received_by_id(&self, id: NoticeId) -> Result<Option<Received>, StoreError> {
        let Some(number) = self.tx.get(&id_key(id))? else {
            return Ok(None);
        };
        let number = Take::new(&number, "notice id").u64()?;
        let record = self.tx.get(&Key::of(RECEIVED).u64(number).done())?;
        record.as_deref().map(take_received).transpose()
    }

    /// The newest checkpoint seen of the log with this origin.
    ///
    /// # Errors
    /// When the store can't read.
    pub fn seen_checkpoint(&self, origin: &str) -> Result<Option<SeenCheckpoint>, StoreError> {
        let Some(record) = self.tx.get(&Key::of(SEEN).text(origin).done())? else {
            return Ok(None);
        };
        let mut take = Take::new(&record, "checkpoint");
        Ok(Some(SeenCheckpoint {
            size: take.u64()?,
            note: take.rest().to_vec(),
        }))
    }

    /// A receipt by the name it was put under.
    ///
    /// # Errors
    /// When the store can't read.
    pub fn receipt(&self, name: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let found = get_until(&self.tx, &Key::of(RECEIPT).raw(name).done())?;
        Ok(found.map(|(_, receipt)| receipt))
    }

    /// A receipt by its name, unless its last day is over: it may be asked for before the purge comes.
    ///
    /// # Errors
    /// When the store can't read.
    pub fn receipt_on(&self, name: &[u8], today: Day) -> Result<Option<Vec<u8>>, StoreError> {
        let found = get_until(&self.tx, &Key::of(RECEIPT).raw(name).done())?;
        Ok(found
            .filter(|(ends, _)| today < *ends)
            .map(|(_, receipt)| receipt))
    }

    /// A page of receipts in order of name, each with its name: those after `after`.
    ///
    /// # Errors
    /// When the store can't read.
    pub fn receipts_after(
        &self,
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Row>, StoreError> {
        self.after(RECEIPT, after, limit)?
            .into_iter()
            .map(|(key, record)| {
                let mut take = Take::new(&record, "receipt");
                take.day()?;
                let name = key.get(1..).unwrap_or_default().to_vec();
                Ok((name, take.rest().to_vec()))
            })
            .collect()
    }
}

impl NodeTx {
    /// Keeps a notice. `false` when it was received before: the broker delivers at least once.
    ///
    /// # Errors
    /// When the store fails.
    pub fn put_received(
        &mut self,
        id: NoticeId,
        body: &[u8],
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        if self.tx.has(&id_key(id))? {
            return Ok(false);
        }
        let number = next_number(&mut self.view.tx, "received")?;
        self.view.tx.put_small(id_key(id), &number.to_be_bytes())?;
        self.put_notice(&Received {
            number,
            id,
            at,
            acknowledged: None,
            body: body.to_vec(),
        })?;
        Ok(true)
    }

    /// Notes that the party acknowledged a notice. `false` when there is none with this id; a
    /// second time changes nothing.
    ///
    /// # Errors
    /// When the store fails.
    pub fn acknowledge_received(
        &mut self,
        id: NoticeId,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let Some(mut notice) = self.received_by_id(id)? else {
            return Ok(false);
        };
        if notice.acknowledged.is_none() {
            notice.acknowledged = Some(at);
            self.put_notice(&notice)?;
        }
        Ok(true)
    }

    /// Keeps the newest checkpoint that was verified; one of a smaller tree changes nothing.
    ///
    /// # Errors
    /// When the store fails.
    pub fn put_seen_checkpoint(
        &mut self,
        origin: &str,
        seen: &SeenCheckpoint,
    ) -> Result<(), StoreError> {
        if let Some(known) = self.seen_checkpoint(origin)?
            && known.size > seen.size
        {
            return Ok(());
        }
        let record = Put::default().u64(seen.size).raw(&seen.note).done();
        self.view.tx.put(Key::of(SEEN).text(origin).done(), &record)
    }

    /// Keeps a receipt until the first moment of `ends`.
    ///
    /// # Errors
    /// When the store fails.
    pub fn put_receipt(
        &mut self,
        name: &[u8],
        receipt: &[u8],
        ends: Day,
    ) -> Result<(), StoreError> {
        put_until(
            &mut self.view.tx,
            Key::of(RECEIPT).raw(name).done(),
            ends,
            receipt,
        )
    }

    /// Erases a receipt before its end; that there is none is no error.
    ///
    /// # Errors
    /// When the store fails.
    pub fn erase_receipt(&mut self, name: &[u8]) -> Result<(), StoreError> {
        self.view.tx.delete(Key::of(RECEIPT).raw(name).done())
    }

    /// Puts a notice under another number, so that it comes after those that are there.
    pub(super) fn move_received(
        &mut self,
        notice: &Received,
        number: u64,
    ) -> Result<(), StoreError> {
        let old = Key::of(RECEIVED).u64(notice.number).done();
        self.view.tx.delete(old)?;
        self.view
            .tx
            .put_small(id_key(notice.id), &number.to_be_bytes())?;
        self.put_notice(&Received {
            number,
            ..notice.clone()
        })
    }

    pub(super) fn delete_received(&mut self, notice: &Received) -> Result<(), StoreError> {
        self.view.tx.delete(id_key(notice.id))?;
        self.view
            .tx
            .delete(Key::of(RECEIVED).u64(notice.number).done())
    }

    fn put_notice(&mut self, notice: &Received) -> Result<(), StoreError> {
        let record = Put::default()
            .u64(notice.number)
            .raw(notice.id.as_bytes())
            .time(notice.at)
            .u8(u8::from(notice.acknowledged.is_some()))
            .time(notice.acknowledged.unwrap_or(notice.at))
            .raw(&notice.body)
            .done();
        self.view
            .tx
            .put(Key::of(RECEIVED).u64(notice.number).done(), &record)
    }
}

fn take_received(record: &[u8]) -> Result<Received, StoreError> {
    let mut take = Take::new(record, "notice");
    let number = take.u64()?;
    let id = NoticeId::from_slice(&take.array::<16>()?).ok_or(take.damaged())?;
    let at = take.time()?;
    let is_acknowledged = take.u8()? == 1;
    let acknowledged = take.time()?;
    Ok(Received {
        number,
        id,
        at,
        acknowledged: is_acknowledged.then_some(acknowledged),
        body: take.rest().to_vec(),
    })
}

fn id_key(id: NoticeId) -> Vec<u8> {
    Key::of(RECEIVED_ID).raw(id.as_bytes()).done()
}
