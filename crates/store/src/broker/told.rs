//! What was told on the strength of a source's signals, so that it can be recalled (AVG 19, Wpg 28(5)).
//!
//! Kept by the number of its entry for as long as the recipient may still hold it, and found by each
//! signal that it rests on.

use model::{
    CovenantId, Day, Digest, KeyEpoch, NoticeId, Oin, PartyId, PurposeId, RequestId, RoleRef,
    SignalId,
};

use super::{BrokerTx, BrokerView};
use crate::codec::{Put, Take};
use crate::error::StoreError;
use crate::expiry::{get_until, put_until};
use crate::layout::{Key, TOLD, TOLD_BY, TOLD_ENDS, last_u64};

/// How many days a record stays after the last day on which it is looked at.
const AFTER: i32 = 2;

/// What was told to one recipient about one source's signals.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Told {
    /// The covenant.
    pub covenant: CovenantId,
    /// SHA-256 of its file.
    pub digest: Digest,
    /// The key's epoch.
    pub epoch: KeyEpoch,
    /// The source.
    pub source: PartyId,
    /// The source's signals that it rests on.
    pub signals: Vec<SignalId>,
    /// The recipient's organisation.
    pub to: Oin,
    /// The recipient's name in the covenant.
    pub recipient: PartyId,
    /// By what it was told.
    pub by: ToldBy,
    /// Which roles were told.
    pub roles: Vec<RoleRef>,
    /// What for.
    pub purpose: PurposeId,
    /// The day on which it was told.
    pub on: Day,
    /// The first day on which the time is over for which the recipient promised to keep it.
    pub kept_until: Option<Day>,
    /// The first day on which it is not recalled any more.
    pub ends: Day,
    /// The first day on which none of the signals lives any more, where the recipient is then told.
    pub lapses: Option<Day>,
}

/// By what something was told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ToldBy {
    /// A notice.
    Notice(NoticeId),
    /// The answer to a question.
    Check(RequestId),
}

impl BrokerView {
    /// What an entry told, while it can be recalled.
    ///
    /// # Errors
    /// When the store can't read.
    pub fn told(&self, seq: u64) -> Result<Option<Told>, StoreError> {
        let found = get_until(&self.tx, &Key::of(TOLD).u64(seq).done())?;
        found.map(|(_, record)| take_told(&record)).transpose()
    }

    /// The numbers of the entries that rest on a signal.
    ///
    /// # Errors
    /// When the store can't read.
    pub fn told_by(
        &self,
        covenant: &CovenantId,
        epoch: KeyEpoch,
        source: &PartyId,
        signal: SignalId,
    ) -> Result<Vec<u64>, StoreError> {
        let prefix = by_prefix(covenant, epoch, source, signal);
        let rows = self.tx.rows(&prefix, &prefix, usize::MAX)?;
        Ok(rows.iter().filter_map(|(key, _)| last_u64(key)).collect())
    }
}

impl BrokerTx {
    pub(super) fn put_told(&mut self, seq: u64, told: &Told) -> Result<(), StoreError> {
        let ends = told.ends.plus_days(AFTER);
        let (by, id) = match &told.by {
            ToldBy::Notice(id) => (1, id.as_bytes()),
            ToldBy::Check(id) => (2, id.as_bytes()),
        };
        let day = |out: Put, day: Option<Day>| match day {
            Some(day) => out.u8(1).day(day),
            None => out.u8(0),
        };
        let record = Put::default()
            .text(told.covenant.as_str())
            .raw(told.digest.as_bytes())
            .u32(told.epoch.get())
            .text(told.source.as_str())
            .list(&told.signals, |out, id| out.raw(id.as_bytes()))
            .text(told.to.as_str())
            .text(told.recipient.as_str())
            .u8(by)
            .raw(id)
            .list(&told.roles, |out, role| out.text(role.as_str()))
            .text(told.purpose.as_str())
            .day(told.on);
        let record = day(record, told.kept_until).day(told.ends);
        let record = day(record, told.lapses).done();
        let tx = &mut self.view.tx;
        put_until(tx, Key::of(TOLD).u64(seq).done(), ends, &record)?;
        for signal in &told.signals {
            let prefix = by_prefix(&told.covenant, told.epoch, &told.source, *signal);
            put_until(tx, Key(prefix).u64(seq).done(), ends, &[])?;
        }
        match told.lapses.filter(|lapses| *lapses < told.ends) {
            Some(lapses) => put_until(tx, lapse_key(lapses, seq), ends, &[]),
            None => Ok(()),
        }
    }

    /// Forgets what an entry told: nobody heard it, or nobody may hold it any more.
    ///
    /// # Errors
    /// When the store fails.
    pub fn forget_told(&mut self, seq: u64) -> Result<(), StoreError> {
        let Some(told) = self.told(seq)? else {
            return Ok(());
        };
        let tx = &mut self.view.tx;
        for signal in &told.signals {
            let prefix = by_prefix(&told.covenant, told.epoch, &told.source, *signal);
            tx.delete(Key(prefix).u64(seq).done())?;
        }
        if let Some(lapses) = told.lapses {
            tx.delete(lapse_key(lapses, seq))?;
        }
        tx.delete(Key::of(TOLD).u64(seq).done())
    }

    /// Takes at most `limit` entries of which every signal has lapsed by `today` out of the queue of
    /// those that are then recalled.
    ///
    /// # Errors
    /// When the store fails.
    pub fn take_lapsed(&mut self, today: Day, limit: usize) -> Result<Vec<u64>, StoreError> {
        let end = Key::of(TOLD_ENDS).day(today.plus_days(1)).done();
        let rows = self.tx.rows(&[TOLD_ENDS], &[TOLD_ENDS], limit)?;
        let mut lapsed = Vec::new();
        for (key, _) in rows {
            if key >= end {
                break;
            }
            lapsed.extend(last_u64(&key));
            self.view.tx.delete(key)?;
        }
        Ok(lapsed)
    }
}

fn by_prefix(
    covenant: &CovenantId,
    epoch: KeyEpoch,
    source: &PartyId,
    signal: SignalId,
) -> Vec<u8> {
    Key::of(TOLD_BY)
        .text(covenant.as_str())
        .u32(epoch.get())
        .text(source.as_str())
        .raw(signal.as_bytes())
        .done()
}

fn lapse_key(lapses: Day, seq: u64) -> Vec<u8> {
    Key::of(TOLD_ENDS).day(lapses).u64(seq).done()
}

fn take_told(record: &[u8]) -> Result<Told, StoreError> {
    let mut take = Take::new(record, "what was told");
    let covenant = take.name()?;
    let digest = take.digest()?;
    let epoch = KeyEpoch::new(take.u32()?).ok_or(take.damaged())?;
    let source = take.name()?;
    let signals =
        take.list(|take| SignalId::from_slice(&take.array::<16>()?).ok_or(take.damaged()))?;
    let to = take.name()?;
    let recipient = take.name()?;
    let kind = take.u8()?;
    let id = take.array::<16>()?;
    let by = match kind {
        1 => NoticeId::from_slice(&id).map(ToldBy::Notice),
        2 => RequestId::from_slice(&id).map(ToldBy::Check),
        _ => None,
    };
    let day = |take: &mut Take<'_>| match take.u8()? {
        0 => Ok(None),
        _ => take.day().map(Some),
    };
    Ok(Told {
        covenant,
        digest,
        epoch,
        source,
        signals,
        to,
        recipient,
        by: by.ok_or(take.damaged())?,
        roles: take.list(Take::name)?,
        purpose: take.name()?,
        on: take.day()?,
        kept_until: day(&mut take)?,
        ends: take.day()?,
        lapses: day(&mut take)?,
    })
}
