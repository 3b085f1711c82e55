//! Signals: unique by covenant, party, id and epoch; withdrawn ones leave a tombstone.

use model::{CovenantId, Day, Digest, KeyEpoch, PartyId, Signal, SignalId};

use super::{BrokerTx, BrokerView};
use crate::codec::{Put, Take, put_signal, take_signal};
use crate::error::StoreError;
use crate::expiry::{get_until, next_number, put_until};
use crate::files::digest;
use crate::layout::{INDEX, Key, SIGNAL, SIGNAL_ID, WORK, index_space, last_u64};
use crate::tx::Tx;

/// How many days after expiry a signal's id stays taken.
pub const TOMBSTONE_DAYS: i32 = 30;

/// The store's own number of a signal. Never leaves the broker.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct SignalNo(pub(crate) u64);

/// What became of a signal that was put.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stored {
    /// It is new, and waits to be matched.
    New(SignalNo),
    /// It was here already, with the same content; or it was, and has been withdrawn or purged.
    Again,
}

/// What became of a withdrawal.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Withdrawal {
    /// The signal no longer matches; this is what it was.
    Withdrawn(Box<Signal>),
    /// It was withdrawn or purged before.
    Already,
    /// No such signal of this party.
    Unknown,
}

/// A signal that waits to be matched.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Work {
    /// For [`BrokerTx::work_done`].
    pub no: SignalNo,
    /// The signal.
    pub signal: Signal,
}

/// The record under a signal's id.
struct IdRecord {
    no: u64,
    live: bool,
    content: Digest,
}

impl BrokerView {
    /// The live signal with this id.
    ///
    /// # Errors
    /// When the store can't read.
    pub fn signal(
        &self,
        covenant: &CovenantId,
        epoch: KeyEpoch,
        party: &PartyId,
        id: SignalId,
    ) -> Result<Option<Signal>, StoreError> {
        match id_record(&self.tx, &id_key(covenant, epoch, party, id))? {
            Some((_, record)) if record.live => self.signal_by_no(record.no),
            _ => Ok(None),
        }
    }

    /// Whether this id is taken: by a live signal, a withdrawn or a purged one.
    ///
    /// # Errors
    /// When the store can't read.
    pub fn is_taken(
        &self,
        covenant: &CovenantId,
        epoch: KeyEpoch,
        party: &PartyId,
        id: SignalId,
    ) -> Result<bool, StoreError> {
        self.tx.has(&id_key(covenant, epoch, party, id))
    }

    /// The oldest signals that wait to be matched, at most `limit`.
    ///
    /// # Errors
    /// When the store can't read.
    pub fn work(&self, limit: usize) -> Result<Vec<Work>, StoreError> {
        let mut work = Vec::new();
        for (key, _) in self.tx.rows(&[WORK], &[WORK], limit)? {
            let no = last_u64(&key).ok_or(StoreError::Damaged { what: "work row" })?;
            let signal = self
                .signal_by_no(no)?
                .ok_or(StoreError::Damaged { what: "work row" })?;
            work.push(Work {
                no: SignalNo(no),
                signal,
            });
        }
        Ok(work)
    }

    /// Whether this signal still waits to be matched. Two workers that took the same work learn
    /// here which of them is late.
    ///
    /// # Errors
    /// When the store can't read.
    pub fn is_work(&self, no: SignalNo) -> Result<bool, StoreError> {
        self.tx.has(&Key::of(WORK).u64(no.0).done())
    }

    pub(super) fn signal_by_no(&self, no: u64) -> Result<Option<Signal>, StoreError> {
        signal_by_no(&self.tx, no)
    }
}

impl BrokerTx {
    /// Puts a batch: each signal, its rows in the match index, and its place in the queue of what
    /// waits to be matched. All of it or nothing.
    ///
    /// # Errors
    /// [`StoreError::SignalIdReused`] when an id is taken by other content.
    pub fn put_signals(&mut self, batch: &[Signal]) -> Result<Vec<Stored>, StoreError> {
        batch
            .iter()
            .enumerate()
            .map(|(index, signal)| self.put_signal(index, signal))
            .collect()
    }

    /// Withdraws a party's own signal. It matches nothing from now on; its id stays taken until
    /// [`TOMBSTONE_DAYS`] after its expiry.
    ///
    /// # Errors
    /// When the store fails.
    pub fn withdraw_signal(
        &mut self,
        covenant: &CovenantId,
        epoch: KeyEpoch,
        party: &PartyId,
        id: SignalId,
    ) -> Result<Withdrawal, StoreError> {
        let key = id_key(covenant, epoch, party, id);
        let Some((_, record)) = id_record(&self.tx, &key)? else {
            return Ok(Withdrawal::Unknown);
        };
        match end_signal(&mut self.view.tx, record.no)? {
            Some(signal) => Ok(Withdrawal::Withdrawn(Box::new(signal))),
            None => Ok(Withdrawal::Already),
        }
    }

    /// Takes a signal out of the queue of what waits to be matched.
    ///
    /// # Errors
    /// When the store fails.
    pub fn work_done(&mut self, no: SignalNo) -> Result<(), StoreError> {
        self.view.tx.delete(Key::of(WORK).u64(no.0).done())
    }

    /// Removes at most `limit` signals of an epoch; fewer removed means that none are left.
    /// Their ids stay taken.
    ///
    /// # Errors
    /// When the store fails.
    pub fn purge_epoch(
        &mut self,
        covenant: &CovenantId,
        epoch: KeyEpoch,
        limit: usize,
    ) -> Result<usize, StoreError> {
        let prefix = epoch_prefix(covenant, epoch);
        let mut live = Vec::new();
        self.tx
            .range(&prefix, &crate::layout::key_end(&prefix), |_, value| {
                let mut take = Take::new(value, "signal id");
                take.day()?;
                let record = take_id_record(&mut take)?;
                live.extend(record.live.then_some(record.no));
                Ok(if live.len() < limit {
                    std::ops::ControlFlow::Continue(())
                } else {
                    std::ops::ControlFlow::Break(())
                })
            })?;
        for no in &live {
            end_signal(&mut self.view.tx, *no)?;
        }
        Ok(live.len())
    }

    fn put_signal(&mut self, index: usize, signal: &Signal) -> Result<Stored, StoreError> {
        let key = id_key(&signal.covenant, signal.epoch, &signal.party, signal.id);
        let record = put_signal(Put::default(), signal).done();
        let content = digest(&record);
        match id_record(&self.tx, &key)? {
            Some((_, known)) if known.content == content => return Ok(Stored::Again),
            Some(_) => return Err(StoreError::SignalIdReused { index }),
            None => {}
        }
        let tx = &mut self.view.tx;
        let no = next_number(tx, "signal")?;
        let id = IdRecord {
            no,
            live: true,
            content,
        };
        put_id_record(tx, key, signal.expires_on, &id)?;
        let signal_key = Key::of(SIGNAL).u64(no).done();
        put_until(tx, signal_key, signal.expires_on, &record)?;
        for (row, subjects) in index_rows(signal, no) {
            let value = Put::default()
                .day(signal.expires_on)
                .list(&subjects, |out, s| out.u32(*s))
                .done();
            tx.put_small(row, &value)?;
        }
        tx.put_small(Key::of(WORK).u64(no).done(), &[])?;
        Ok(Stored::New(SignalNo(no)))
    }
}

/// Removes a live signal everywhere but under its id, where a tombstone stays. Answers what it
/// was; `None` when it had ended before.
pub(super) fn end_signal(tx: &mut Tx, no: u64) -> Result<Option<Signal>, StoreError> {
    let Some(signal) = signal_by_no(tx, no)? else {
        return Ok(None);
    };
    for (row, _) in index_rows(&signal, no) {
        tx.delete(row)?;
    }
    tx.delete(Key::of(SIGNAL).u64(no).done())?;
    tx.delete(Key::of(WORK).u64(no).done())?;
    let key = id_key(&signal.covenant, signal.epoch, &signal.party, signal.id);
    if let Some((_, mut record)) = id_record(tx, &key)? {
        record.live = false;
        put_id_record(tx, key, signal.expires_on, &record)?;
    }
    Ok(Some(signal))
}

pub(super) fn signal_by_no(tx: &Tx, no: u64) -> Result<Option<Signal>, StoreError> {
    match get_until(tx, &Key::of(SIGNAL).u64(no).done())? {
        Some((_, record)) => take_signal(&mut Take::new(&record, "signal")).map(Some),
        None => Ok(None),
    }
}

/// The rows of a signal in the match index, each with the places of the subjects that have the
/// token: one row per distinct token.
pub(super) fn index_rows(
    signal: &Signal,
    no: u64,
) -> std::collections::BTreeMap<Vec<u8>, Vec<u32>> {
    let mut rows = std::collections::BTreeMap::<Vec<u8>, Vec<u32>>::new();
    for (place, subject) in signal.subjects.iter().enumerate() {
        let place = u32::try_from(place).unwrap_or(u32::MAX);
        for token in &subject.tokens {
            let row = Key(index_space(&signal.covenant, signal.epoch, &token.key))
                .raw(token.pseudonym.as_bytes())
                .u64(no)
                .done();
            let places = rows.entry(row).or_default();
            if places.last() != Some(&place) {
                places.push(place);
            }
        }
    }
    debug_assert!(rows.keys().all(|k| k.first() == Some(&INDEX)));
    rows
}

fn epoch_prefix(covenant: &CovenantId, epoch: KeyEpoch) -> Vec<u8> {
    Key::of(SIGNAL_ID)
        .text(covenant.as_str())
        .u32(epoch.get())
        .done()
}

pub(super) fn id_key(
    covenant: &CovenantId,
    epoch: KeyEpoch,
    party: &PartyId,
    id: SignalId,
) -> Vec<u8> {
    Key(epoch_prefix(covenant, epoch))
        .text(party.as_str())
        .raw(id.as_bytes())
        .done()
}

/// The first day on which a signal's id is not taken any more; `None` where it is free.
pub(super) fn id_taken_until(tx: &Tx, key: &[u8]) -> Result<Option<Day>, StoreError> {
    Ok(id_record(tx, key)?.map(|(until, _)| until))
}

fn id_record(tx: &Tx, key: &[u8]) -> Result<Option<(Day, IdRecord)>, StoreError> {
    let Some((day, record)) = get_until(tx, key)? else {
        return Ok(None);
    };
    Ok(Some((
        day,
        take_id_record(&mut Take::new(&record, "signal id"))?,
    )))
}

fn take_id_record(take: &mut Take<'_>) -> Result<IdRecord, StoreError> {
    Ok(IdRecord {
        no: take.u64()?,
        live: take.u8()? == 1,
        content: take.digest()?,
    })
}

fn put_id_record(
    tx: &mut Tx,
    key: Vec<u8>,
    expires_on: Day,
    record: &IdRecord,
) -> Result<(), StoreError> {
    let bytes = Put::default()
        .u64(record.no)
        .u8(u8::from(record.live))
        .raw(record.content.as_bytes())
        .done();
    put_until(tx, key, expires_on.plus_days(TOMBSTONE_DAYS), &bytes)
}
