//! What may not be kept any longer goes, in batches that a crash may interrupt; how much went is
//! counted in the same batches, until an entry of the log says it.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use ledger::{Kind, Part};
use model::{CovenantId, Day, Digest, Timestamp};

use super::listing::{EntryFilter, Listed};
use super::{BrokerTx, BrokerView, signals};
use crate::codec::{Put, Take};
use crate::error::StoreError;
use crate::expiry;
use crate::layout::{
    ACCESS, COSIGNATURE, DECISION, KEY, Key, LIMIT, LISTED, MATCHED, NONCE, NOTICE, PROBE, RECALL,
    REQUEST, RETENTION, SIGNAL, SIGNAL_ID, TOLD, key_end, last_u64,
};
use crate::tx::Tx;

const PROGRESS: u8 = 1;
const LAST_PURGE: u8 = 2;
const CURSOR: u8 = 3;
const LAST_COMPACTION: u8 = 4;

crate::purgeable::kinds! {
    /// A kind of record that has an end.
    Purgeable {
        /// Signals with their rows in the match index.
        Signals 1 "signals";
        /// Ids of signals that had ended.
        SignalIds 2 "signal_ids";
        /// Answers by request id.
        Answers 3 "answers";
        /// Nonces of signed messages.
        Nonces 4 "nonces";
        /// Counts towards limits.
        Tallies 5 "tallies";
        /// Ids of decisions.
        Decisions 6 "decision_ids";
        /// When signals last matched.
        MatchTimes 7 "match_times";
        /// Cosignatures of checkpoints.
        Cosignatures 8 "cosignatures";
        /// Notices that no node took.
        Notices 9 "notices";
        /// Signals that waited to be decided anew.
        Parked 10 "parked_signals";
        /// References of probes, and announcements of keys.
        Probes 11 "probes";
        /// Records of reads of the log.
        Accesses 12 "access_records";
        /// Entries of the log whose side records are gone.
        Entries 13 "entry_details";
        /// Anything else that had a last day.
        Other 14 "other_records";
        /// What was told and can't be recalled any more.
        Told 15 "told_records";
        /// Recalls that are over.
        Recalls 16 "recalls";
    }
}

/// How many records of a kind went.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Purged {
    /// Under which covenant; none for what belongs to no covenant, or to more than one.
    pub covenant: Option<CovenantId>,
    /// Of which kind.
    pub what: Purgeable,
    /// How many.
    pub count: u64,
    /// The day on which the oldest of them was due; for entries and reads of the log, and for
    /// notices, the day from which it was. None where the end of the covenant made them due.
    pub since: Option<Day>,
}

type Counts = BTreeMap<(Option<CovenantId>, Purgeable), (u64, Option<Day>)>;

impl BrokerView {
    /// What went since the log last said so.
    ///
    /// # Errors
    /// When the store can't read.
    pub fn purged(&self) -> Result<Vec<Purged>, StoreError> {
        let prefix = Key::of(RETENTION).raw(&[PROGRESS]).done();
        let rows = self.tx.rows(&prefix, &prefix, usize::MAX)?;
        rows.iter().map(|(_, record)| take_purged(record)).collect()
    }

    /// When a purge last came to its end.
    ///
    /// # Errors
    /// When the store can't read.
    pub fn last_purge(&self) -> Result<Option<Timestamp>, StoreError> {
        moment(&self.tx, LAST_PURGE)
    }

    /// When the database was last rewritten without what had been deleted.
    ///
    /// # Errors
    /// When the store can't read.
    pub fn last_compaction(&self) -> Result<Option<Timestamp>, StoreError> {
        moment(&self.tx, LAST_COMPACTION)
    }
}

impl BrokerTx {
    /// Removes at most `limit` records whose day has come (expired signals with their rows in
    /// the match index, tombstones, answers, nonces, counts); fewer removed means that none are
    /// left.
    ///
    /// # Errors
    /// When the store fails.
    pub fn purge(&mut self, today: Day, limit: usize) -> Result<usize, StoreError> {
        let mut counts = Counts::new();
        let handled = expiry::purge(&mut self.view.tx, today, limit, |tx, key, since| {
            let (covenant, what) = match (key.first(), last_u64(key)) {
                (Some(&SIGNAL), Some(no)) => {
                    let signal = signals::end_signal(tx, no)?;
                    (signal.map(|s| s.covenant), Purgeable::Signals)
                }
                _ => {
                    tx.delete(key.to_vec())?;
                    what_had_a_day(key)
                }
            };
            count_one(&mut counts, covenant, what, Some(since));
            Ok(())
        })?;
        self.add_up(counts)?;
        Ok(handled)
    }

    /// Removes at most `limit` records of a covenant that is over: its signals and their ids, what
    /// was parked, probes and announced keys. Fewer removed means that none are left. What was
    /// signed over the covenant stays: it explains the log.
    ///
    /// # Errors
    /// When the store fails.
    pub fn purge_covenant(
        &mut self,
        covenant: &CovenantId,
        limit: usize,
    ) -> Result<usize, StoreError> {
        let mut counts = Counts::new();
        let mut add = |what, count: usize| {
            let count = u64::try_from(count).unwrap_or(u64::MAX);
            if count > 0 {
                counts.insert((Some(covenant.clone()), what), (count, None));
            }
        };
        let prefix = Key::of(SIGNAL_ID).text(covenant.as_str()).done();
        let ids = self.tx.rows(&prefix, &prefix, limit)?;
        let mut live = 0;
        for (key, record) in &ids {
            let mut take = Take::new(record, "signal id");
            take.day()?;
            let ended = signals::end_signal(&mut self.view.tx, take.u64()?)?;
            live += usize::from(ended.is_some());
            self.view.tx.delete(key.clone())?;
        }
        add(Purgeable::Signals, live);
        add(Purgeable::SignalIds, ids.len());
        let mut handled = ids.len();
        let parked = self.drop_parked(covenant, limit.saturating_sub(handled))?;
        add(Purgeable::Parked, parked);
        handled = handled.saturating_add(parked);
        for space in [PROBE, KEY] {
            let prefix = Key::of(space).text(covenant.as_str()).done();
            let rows = self
                .tx
                .rows(&prefix, &prefix, limit.saturating_sub(handled))?;
            for (key, _) in &rows {
                self.view.tx.delete(key.clone())?;
            }
            handled = handled.saturating_add(rows.len());
            if space == PROBE {
                add(Purgeable::Probes, rows.len());
            }
        }
        self.add_up(counts)?;
        Ok(handled)
    }

    /// Takes back at most `limit` notices that were made before a moment and that no node has
    /// taken since; fewer means that none are left.
    ///
    /// # Errors
    /// When the store fails.
    pub fn purge_notices(&mut self, before: Timestamp, limit: usize) -> Result<usize, StoreError> {
        let mut due = Vec::new();
        self.tx
            .range(&[NOTICE], &key_end(&[NOTICE]), |key, record| {
                let notice = super::notices::take_notice(record)?;
                if notice.at < before {
                    due.push((key.to_vec(), notice));
                }
                Ok(if due.len() < limit {
                    ControlFlow::Continue(())
                } else {
                    ControlFlow::Break(())
                })
            })?;
        let mut counts = Counts::new();
        let handled = due.len();
        for (key, notice) in due {
            self.let_go(key, &notice)?;
            let day = notice.at.day();
            count_one(&mut counts, None, Purgeable::Notices, Some(day));
        }
        self.add_up(counts)?;
        Ok(handled)
    }

    /// Removes at most `limit` records of reads of the log before a moment; fewer means that none
    /// are left.
    ///
    /// # Errors
    /// When the store fails.
    pub fn purge_accesses(&mut self, before: Timestamp, limit: usize) -> Result<usize, StoreError> {
        let mut counts = Counts::new();
        let mut handled = 0;
        for (key, record) in self.tx.rows(&[ACCESS], &[ACCESS], limit)? {
            let at = Take::new(&record, "access record").time()?;
            if at >= before {
                break;
            }
            self.view.tx.delete(key)?;
            handled += 1;
            count_one(&mut counts, None, Purgeable::Accesses, Some(at.day()));
        }
        self.add_up(counts)?;
        Ok(handled)
    }

    /// Erases the side records of at most `limit` entries under one version of a covenant that
    /// were appended before a moment: request, answer and outcome, and what they were listed by
    /// besides what the leaf itself says. Fewer means that none are left. Every proof still holds.
    ///
    /// # Errors
    /// When the store fails.
    pub fn purge_entries(
        &mut self,
        covenant: &CovenantId,
        version: &Digest,
        before: Timestamp,
        limit: usize,
    ) -> Result<usize, StoreError> {
        let filter = EntryFilter {
            covenant: Some(*version),
            until: Some(before),
            ..EntryFilter::default()
        };
        self.purge_listed(&filter, version, Some(covenant), limit)
    }

    /// The same for entries that stand for nothing, which are under no covenant.
    ///
    /// # Errors
    /// When the store fails.
    pub fn purge_padding(&mut self, before: Timestamp, limit: usize) -> Result<usize, StoreError> {
        let filter = EntryFilter {
            kind: Some(Kind::Padding),
            until: Some(before),
            ..EntryFilter::default()
        };
        self.purge_listed(&filter, &Digest::new([0; 32]), None, limit)
    }

    /// Takes note that a purge came to its end, in the unit that logs what went.
    ///
    /// # Errors
    /// When the store fails.
    pub fn purge_reported(&mut self, at: Timestamp) -> Result<(), StoreError> {
        let prefix = Key::of(RETENTION).raw(&[PROGRESS]).done();
        for (key, _) in self.tx.rows(&prefix, &prefix, usize::MAX)? {
            self.view.tx.delete(key)?;
        }
        put_moment(&mut self.view.tx, LAST_PURGE, at)
    }

    /// Takes note that the database was rewritten.
    ///
    /// # Errors
    /// When the store fails.
    pub fn compacted(&mut self, at: Timestamp) -> Result<(), StoreError> {
        put_moment(&mut self.view.tx, LAST_COMPACTION, at)
    }

    fn purge_listed(
        &mut self,
        filter: &EntryFilter,
        cursor: &Digest,
        covenant: Option<&CovenantId>,
        limit: usize,
    ) -> Result<usize, StoreError> {
        let cursor = Key::of(RETENTION)
            .raw(&[CURSOR])
            .raw(cursor.as_bytes())
            .done();
        let from = expiry::number(&self.tx, &cursor)?;
        let page = self.entries(filter, from, limit)?;
        let mut counts = Counts::new();
        for seq in &page.seqs {
            let mut erased = false;
            for part in [Part::Request, Part::Answer, Part::Outcome] {
                erased |= self.erase(*seq, part)?;
            }
            erased |= self.unlink(*seq)?;
            let day = self.list_by_leaf_alone(*seq)?;
            if erased {
                count_one(&mut counts, covenant.cloned(), Purgeable::Entries, day);
            }
        }
        self.add_up(counts)?;
        let last = page.seqs.last().map(|seq| seq.saturating_add(1));
        if let Some(next) = page.next.or(last) {
            self.view.tx.put_small(cursor, &next.to_be_bytes())?;
        }
        Ok(match page.next {
            Some(_) => limit,
            None => page.seqs.len(),
        })
    }

    /// What the listing had from the outcome is a copy of it, and goes with it. Answers the day of
    /// the entry.
    fn list_by_leaf_alone(&mut self, seq: u64) -> Result<Option<Day>, StoreError> {
        let Some(entry) = self.entry(seq)? else {
            return Ok(None);
        };
        let before = entry.listed;
        let after = Listed {
            recipient: before.named_recipient.clone(),
            source: before.named_source.clone(),
            purpose: None,
            clause: None,
            decision: None,
            ..before.clone()
        };
        for prefix in before.prefixes() {
            self.view.tx.delete(Key(prefix).u64(seq).done())?;
        }
        self.view.tx.delete(Key::of(LISTED).u64(seq).done())?;
        after.put(&mut self.view.tx, seq)?;
        Ok(Some(before.at.day()))
    }

    fn add_up(&mut self, counts: Counts) -> Result<(), StoreError> {
        for ((covenant, what), (count, since)) in counts {
            let name = covenant.as_ref().map_or("", CovenantId::as_str);
            let key = Key::of(RETENTION)
                .raw(&[PROGRESS])
                .text(name)
                .raw(&[what.number()])
                .done();
            let before = match self.tx.get(&key)? {
                Some(record) => Some(take_purged(&record)?),
                None => None,
            };
            let count = before
                .as_ref()
                .map_or(0, |one| one.count)
                .saturating_add(count);
            let since = before
                .and_then(|one| one.since)
                .into_iter()
                .chain(since)
                .min();
            let record = Put::default()
                .optional(covenant.as_ref().map(CovenantId::as_str))
                .u8(what.number())
                .u64(count);
            let record = match since {
                Some(day) => record.u8(1).day(day),
                None => record,
            }
            .done();
            self.view.tx.put_small(key, &record)?;
        }
        Ok(())
    }
}

fn count_one(
    counts: &mut Counts,
    covenant: Option<CovenantId>,
    what: Purgeable,
    since: Option<Day>,
) {
    let (count, oldest) = counts.entry((covenant, what)).or_default();
    *count = count.saturating_add(1);
    *oldest = oldest.iter().copied().chain(since).min();
}

fn take_purged(record: &[u8]) -> Result<Purged, StoreError> {
    let mut take = Take::new(record, "count of a purge");
    Ok(Purged {
        covenant: take.optional()?,
        what: Purgeable::of_number(take.u8()?).ok_or(take.damaged())?,
        count: take.u64()?,
        // A count that was begun by an earlier version of the program has no day.
        since: match take.u8() {
            Ok(1) => Some(take.day()?),
            _ => None,
        },
    })
}

/// What a record with a last day was, and of which covenant, by its key.
fn what_had_a_day(key: &[u8]) -> (Option<CovenantId>, Purgeable) {
    let covenant = |skip: usize| {
        let mut take = Take::new(key.get(skip..).unwrap_or_default(), "key");
        take.name().ok()
    };
    match key.first() {
        Some(&SIGNAL_ID) => (covenant(1), Purgeable::SignalIds),
        Some(&MATCHED) => (covenant(1), Purgeable::MatchTimes),
        // A byte for its kind and a day come before the name.
        Some(&LIMIT) => (covenant(6), Purgeable::Tallies),
        Some(&REQUEST) => (None, Purgeable::Answers),
        Some(&NONCE) => (None, Purgeable::Nonces),
        Some(&DECISION) => (None, Purgeable::Decisions),
        Some(&COSIGNATURE) => (None, Purgeable::Cosignatures),
        Some(&TOLD) => (None, Purgeable::Told),
        Some(&RECALL) => (None, Purgeable::Recalls),
        _ => (None, Purgeable::Other),
    }
}

/// Has the next purge rewrite the database, whenever that was done last.
pub(crate) fn compaction_is_due(tx: &mut Tx) -> Result<(), StoreError> {
    put_moment(tx, LAST_COMPACTION, Timestamp::from_millis(0))
}

fn moment(tx: &Tx, which: u8) -> Result<Option<Timestamp>, StoreError> {
    match tx.get(&[RETENTION, which])? {
        Some(record) => Take::new(&record, "time of a purge").time().map(Some),
        None => Ok(None),
    }
}

fn put_moment(tx: &mut Tx, which: u8, at: Timestamp) -> Result<(), StoreError> {
    tx.put_small(vec![RETENTION, which], &Put::default().time(at).done())
}
