//! One batch of a purge: what is due of what stands after a place.

use std::sync::Arc;

use covenant::language::span::Span;
use model::{Day, SignalId};
use store::{NodePurgeable, NodeTx, NodeView, OwnSignal, Received, StoreError};
use wire::notice::Notice;

use crate::intake::{Record, content_name};
use crate::notices;
use crate::uplink::{item, read_notice};
use crate::vault::Vault;

/// By what it is decided what goes.
#[derive(Debug)]
pub(super) struct Rules {
    pub(super) today: Day,
    /// How many days after their end own signals go.
    pub(super) own_signals_days: i32,
    /// How many days after the decision notices go whose clause promises nothing.
    pub(super) notices_days: i32,
    /// How many records are looked at in one unit of work.
    pub(super) batch: usize,
    pub(super) vault: Arc<Vault>,
}

/// How far a purge is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Place {
    /// At what has a last day of its own.
    #[default]
    Dated,
    /// At own signals, after this one.
    Own(Option<SignalId>),
    /// At notices, after this number.
    Notices(u64),
    /// At the end.
    Done,
}

impl Place {
    pub(super) const fn kind(&self) -> u8 {
        match self {
            Self::Dated => 0,
            Self::Own(_) => 1,
            Self::Notices(_) => 2,
            Self::Done => 3,
        }
    }

    /// Whether the next batch begins behind this one, whatever has gone.
    pub(super) const fn has_cursor(&self) -> bool {
        !matches!(self, Self::Dated)
    }
}

/// Removes what is due of one batch. Answers where to go on; `None` at the end.
pub(super) fn step(
    rules: &Rules,
    tx: &mut NodeTx,
    place: &Place,
) -> Result<Option<Place>, StoreError> {
    match *place {
        Place::Dated => {
            let removed = tx.purge(rules.today, rules.batch)?;
            Ok(Some(if removed < rules.batch {
                Place::Own(None)
            } else {
                Place::Dated
            }))
        }
        Place::Own(after) => {
            let page = tx.own_after(after, rules.batch)?;
            let last = page.last().map(|(id, _)| *id);
            let ended = page.len() < rules.batch;
            for (id, own) in page {
                own_signal(rules, tx, id, own)?;
            }
            Ok(Some(if ended {
                Place::Notices(0)
            } else {
                Place::Own(last)
            }))
        }
        Place::Notices(after) => {
            let page = tx.received(after, rules.batch)?;
            let last = page.last().map_or(after, |notice| notice.number);
            let ended = page.len() < rules.batch;
            for notice in &page {
                if let Some(since) = notice_due(rules, notice) {
                    tx.purge_received(notice, since)?;
                }
            }
            Ok((!ended).then_some(Place::Notices(last)))
        }
        Place::Done => Ok(None),
    }
}

fn own_signal(
    rules: &Rules,
    tx: &mut NodeTx,
    id: SignalId,
    mut own: OwnSignal,
) -> Result<(), StoreError> {
    // One that does not read back is named in the log lines and stays for whoever mends it.
    let Ok(mut record) = Record::decode(&own.state) else {
        return Ok(());
    };
    let due = record.ended_on().plus_days(rules.own_signals_days);
    if due <= rules.today {
        drop_pushes(rules, tx, &mut record)?;
        for tally in &record.tallies {
            tx.add_to_tally(tally.as_bytes(), -1)?;
        }
        tx.delete_vault(&content_name(record.accepted_at(), id))?;
        tx.delete_own(id)?;
        return tx.count_purged(NodePurgeable::OwnSignals, 1, due);
    }
    if drop_pushes(rules, tx, &mut record)? {
        own.state = record.encode();
        tx.put_own(id, &own)?;
    }
    Ok(())
}

/// What still waits of a signal that has expired can't match any more. A withdrawal waits on,
/// whatever the signal's state: the broker may have it.
fn drop_pushes(rules: &Rules, tx: &mut NodeTx, record: &mut Record) -> Result<bool, StoreError> {
    if rules.today < record.expires_on() {
        return Ok(false);
    }
    let before = record.waiting.len();
    for (queue, number) in std::mem::take(&mut record.waiting) {
        if is_withdrawal(tx, &queue, number)? {
            record.waiting.push((queue, number));
        } else if tx.outbox_done(&queue, number)? {
            tx.count_purged(NodePurgeable::Pushes, 1, record.expires_on())?;
        }
    }
    Ok(record.waiting.len() != before)
}

fn is_withdrawal(view: &NodeView, queue: &str, number: u64) -> Result<bool, StoreError> {
    let waiting = view.outbox(queue, number.saturating_sub(1), 1)?;
    let mut waiting = waiting.iter().filter(|one| one.number == number);
    Ok(waiting.any(|one| item::is_withdrawal(&one.body)))
}

/// Since when a notice is due; `None` when it is not.
fn notice_due(rules: &Rules, row: &Received) -> Option<Day> {
    let sealed = rules.vault.open(&notices::vault_name(row.id), &row.body);
    let notice = sealed.ok().and_then(|bytes| read_notice(&bytes));
    let due = match &notice {
        Some(notice) => match promised(notice) {
            Some(span) => span.after(notice.day),
            None => notice.day.plus_days(rules.notices_days),
        },
        // One that does not read back has no day but that of its arrival.
        None => row.at.day().plus_days(rules.notices_days),
    };
    (due <= rules.today).then_some(due)
}

/// How long the recipient promised to keep it (`bewaren`).
fn promised(notice: &Notice) -> Option<Span> {
    let mut promises = notice.promises.iter();
    let found = promises.find(|promise| promise.code == "bewaren")?;
    Span::parse(&found.value)
}
