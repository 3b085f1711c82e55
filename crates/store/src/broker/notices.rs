//! Notices that wait to be delivered: at least once, in order, under one id.
//!
//! A notice is made only by a commit that logs it ([`crate::Decided::notices`]) and leaves the
//! store only as [`crate::Logged`]. Before it goes to its node that is noted here: a node may have what
//! it never acknowledged, so only what was never handed out is forgotten as told.

use model::{NoticeId, Oin, Timestamp};

use super::{BrokerTx, BrokerView};
use crate::codec::{Put, Take};
use crate::error::StoreError;
use crate::expiry::{count, next_number};
use crate::layout::{Key, NOTICE, NOTICE_ID};

/// A notice as a commit makes it.
#[derive(Clone, PartialEq, Eq)]
pub struct NewNotice {
    /// Whose node gets it: the organisation, not the covenant's name for it, which two covenants
    /// may use for two organisations.
    pub to: Oin,
    /// Its id, which never changes.
    pub id: NoticeId,
    /// What it says: the exact bytes that will be sent.
    pub body: Vec<u8>,
    /// Which entries of the commit it rests on: indices into [`crate::Decided::entries`]; at
    /// least one.
    pub entries: Vec<usize>,
}

/// A notice as it is delivered.
#[derive(Clone, PartialEq, Eq)]
pub struct Notice {
    /// Whose node gets it.
    pub to: Oin,
    /// Its id, the same on every delivery.
    pub id: NoticeId,
    /// Its place in the recipient's order.
    pub number: u64,
    /// When it was decided.
    pub at: Timestamp,
    /// What it says.
    pub body: Vec<u8>,
    pub(crate) leaves: Vec<u64>,
}

impl std::fmt::Debug for NewNotice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewNotice")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Notice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Notice")
            .field("id", &self.id)
            .field("number", &self.number)
            .finish_non_exhaustive()
    }
}

impl BrokerView {
    /// How many notices wait for this recipient.
    ///
    /// # Errors
    /// When the store can't read.
    pub fn pending_count(&self, to: &Oin) -> Result<u64, StoreError> {
        count(&self.tx, &Key::of(NOTICE).text(to.as_str()).done())
    }

    /// Undelivered notices with a number above `after`, in order.
    pub(super) fn notices_after(
        &self,
        to: &Oin,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Notice>, StoreError> {
        let prefix = Key::of(NOTICE).text(to.as_str()).done();
        let from = Key(prefix.clone()).u64(after.saturating_add(1)).done();
        self.tx
            .rows(&prefix, &from, limit)?
            .into_iter()
            .map(|(_, record)| take_notice(&record))
            .collect()
    }
}

impl BrokerTx {
    /// Notes that a recipient has a notice durably. `false` when it had said so before, or when
    /// there is no such notice.
    ///
    /// # Errors
    /// When the store fails.
    pub fn acknowledge(&mut self, by: &Oin, id: NoticeId) -> Result<bool, StoreError> {
        let id_key = notice_id_key(by, id);
        let Some(record) = self.tx.get(&id_key)? else {
            return Ok(false);
        };
        let (number, _) = take_id(&record)?;
        self.view.tx.delete(id_key)?;
        self.view.tx.delete(notice_key(by, number))?;
        Ok(true)
    }

    /// Notes that these notices are about to go to their node, each once. Answers those that still
    /// wait: what was taken back meanwhile must not go.
    ///
    /// # Errors
    /// When the store fails.
    pub fn hand_out(&mut self, to: &Oin, ids: &[NoticeId]) -> Result<Vec<NoticeId>, StoreError> {
        let mut waiting = Vec::with_capacity(ids.len());
        for id in ids {
            let key = notice_id_key(to, *id);
            let Some(record) = self.tx.get(&key)? else {
                continue;
            };
            let (number, may_be_there) = take_id(&record)?;
            if !may_be_there {
                self.view.tx.put_small(key, &id_record(number, true))?;
            }
            waiting.push(*id);
        }
        Ok(waiting)
    }

    /// Takes back every notice that no node has acknowledged and that `which` picks, for what may
    /// not be told any more. Answers how many.
    ///
    /// # Errors
    /// When the store fails.
    pub fn drop_notices(&mut self, which: impl Fn(&Notice) -> bool) -> Result<u64, StoreError> {
        let mut dropped = 0_u64;
        for (key, record) in self.tx.rows(&[NOTICE], &[NOTICE], usize::MAX)? {
            let notice = take_notice(&record)?;
            if which(&notice) {
                self.let_go(key, &notice)?;
                dropped = dropped.saturating_add(1);
            }
        }
        Ok(dropped)
    }

    /// Removes a notice that was not acknowledged. What it told can be recalled still, unless it was
    /// never handed out: then nobody heard it.
    pub(super) fn let_go(&mut self, key: Vec<u8>, notice: &Notice) -> Result<(), StoreError> {
        let id_key = notice_id_key(&notice.to, notice.id);
        let record = self.tx.get(&id_key)?;
        let known = record.as_deref().map(take_id).transpose()?;
        if let Some((_, false)) = known {
            for leaf in &notice.leaves {
                self.forget_told(*leaf)?;
            }
        }
        self.view.tx.delete(id_key)?;
        self.view.tx.delete(key)
    }

    pub(super) fn put_notice(
        &mut self,
        notice: &NewNotice,
        leaves: &[u64],
        at: Timestamp,
    ) -> Result<Notice, StoreError> {
        let tx = &mut self.view.tx;
        let number = next_number(tx, "notice")?;
        let notice = Notice {
            to: notice.to.clone(),
            id: notice.id,
            number,
            at,
            body: notice.body.clone(),
            leaves: leaves.to_vec(),
        };
        tx.put_small(
            notice_id_key(&notice.to, notice.id),
            &id_record(number, false),
        )?;
        let record = Put::default()
            .text(notice.to.as_str())
            .raw(notice.id.as_bytes())
            .u64(number)
            .time(at)
            .list(leaves, |out, leaf| out.u64(*leaf))
            .raw(&notice.body)
            .done();
        tx.put(notice_key(&notice.to, number), &record)?;
        Ok(notice)
    }
}

pub(super) fn take_notice(record: &[u8]) -> Result<Notice, StoreError> {
    let mut take = Take::new(record, "notice");
    Ok(Notice {
        to: take.name()?,
        id: NoticeId::from_slice(&take.array::<16>()?).ok_or(take.damaged())?,
        number: take.u64()?,
        at: take.time()?,
        leaves: take.list(Take::u64)?,
        body: take.rest().to_vec(),
    })
}

fn id_record(number: u64, may_be_there: bool) -> Vec<u8> {
    let state = u8::from(may_be_there);
    Put::default().u64(number).u8(state).done()
}

/// A notice's number, and whether its node may have it. Of one from before this was noted nobody
/// knows that it has not.
fn take_id(record: &[u8]) -> Result<(u64, bool), StoreError> {
    let mut take = Take::new(record, "notice id");
    let number = take.u64()?;
    let may_be_there = take.is_empty() || take.u8()? != 0;
    Ok((number, may_be_there))
}

fn notice_key(to: &Oin, number: u64) -> Vec<u8> {
    Key::of(NOTICE).text(to.as_str()).u64(number).done()
}

fn notice_id_key(to: &Oin, id: NoticeId) -> Vec<u8> {
    Key::of(NOTICE_ID)
        .text(to.as_str())
        .raw(id.as_bytes())
        .done()
}
