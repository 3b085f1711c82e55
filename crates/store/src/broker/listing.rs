//! Reading the log back: entries by number, by what they are about, and their side records.

use std::ops::ControlFlow;

use ledger::{Kind, NewEntry, Opening, Part};
use model::{ClauseNo, Digest, PartyId, PurposeId, Timestamp};

use super::{BrokerTx, BrokerView, side};
use crate::codec::{Put, Take};
use crate::error::StoreError;
use crate::layout::{Key, LEAF, LISTED, LISTED_BY, key_end, last_u64};
use crate::tx::Tx;

/// How many entries one call looks at, found or not, so that no reader holds up the writer.
const LOOKED_AT: usize = 10_000;

/// Which entries to list; every field that is there must hold.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct EntryFilter {
    /// Under this covenant version.
    pub covenant: Option<Digest>,
    /// The leaf names this party, in either role. What a party may list is this, with the
    /// covenant in which it has that name.
    pub named: Option<PartyId>,
    /// For this recipient, named in the leaf or only in the outcome.
    pub recipient: Option<PartyId>,
    /// From this source, named in the leaf or only in the outcome.
    pub source: Option<PartyId>,
    /// For this purpose.
    pub purpose: Option<PurposeId>,
    /// By this clause.
    pub clause: Option<ClauseNo>,
    /// Of this kind.
    pub kind: Option<Kind>,
    /// With this decision.
    pub decision: Option<ledger::Decided>,
    /// Not before this moment.
    pub from: Option<Timestamp>,
    /// Before this moment.
    pub until: Option<Timestamp>,
}

/// A page of a listing.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct EntryPage {
    /// The numbers of the entries, rising.
    pub seqs: Vec<u64>,
    /// Where to go on; `None` when there is no more. A page may be short, even empty, and still
    /// have a next one.
    pub next: Option<u64>,
}

/// An entry as it is stored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoredEntry {
    /// Its place in the log, from 0.
    pub seq: u64,
    /// The leaf's exact bytes.
    pub leaf: Vec<u8>,
    /// What it is about, as far as it was not erased.
    pub listed: Listed,
    /// Opens the request; `None` when erased.
    pub request: Option<Opening>,
    /// Opens the answer; `None` when erased.
    pub answer: Option<Opening>,
    /// Opens the outcome; `None` when erased.
    pub outcome: Option<Opening>,
}

/// What an entry is listed by. Stays when the outcome is erased.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Listed {
    /// When it was appended.
    pub at: Timestamp,
    /// The covenant version.
    pub covenant: Option<Digest>,
    /// The recipient in the leaf.
    pub named_recipient: Option<PartyId>,
    /// The source in the leaf.
    pub named_source: Option<PartyId>,
    /// The recipient, in the leaf or the outcome.
    pub recipient: Option<PartyId>,
    /// The source, in the leaf or the outcome.
    pub source: Option<PartyId>,
    /// The purpose.
    pub purpose: Option<PurposeId>,
    /// The clause.
    pub clause: Option<ClauseNo>,
    /// The kind.
    pub kind: Kind,
    /// The decision.
    pub decision: Option<ledger::Decided>,
}

impl Listed {
    pub(super) fn of(entry: &NewEntry, at: Timestamp) -> Self {
        let outcome = &entry.outcome;
        let cell = outcome.cell.as_ref();
        let recipient = entry.recipient.clone();
        let source = entry.source.clone();
        let purpose = entry.purpose.clone().or_else(|| outcome.purpose.clone());
        Self {
            at,
            covenant: entry.covenant,
            recipient: recipient
                .clone()
                .or_else(|| outcome.recipient.as_ref().map(|r| r.role.party()))
                .or_else(|| cell.map(|c| c.role.party())),
            source: source.clone().or_else(|| cell.map(|c| c.source.clone())),
            purpose: purpose.or_else(|| cell.map(|c| c.purpose.clone())),
            named_recipient: recipient,
            named_source: source,
            clause: outcome.clause.clone(),
            kind: outcome.kind,
            decision: outcome.decision,
        }
    }

    pub(super) fn put(&self, tx: &mut Tx, seq: u64) -> Result<(), StoreError> {
        let record = Put::default()
            .time(self.at)
            .optional(self.covenant.map(|c| c.to_hex()).as_deref())
            .optional(self.named_recipient.as_ref().map(PartyId::as_str))
            .optional(self.named_source.as_ref().map(PartyId::as_str))
            .optional(self.recipient.as_ref().map(PartyId::as_str))
            .optional(self.source.as_ref().map(PartyId::as_str))
            .optional(self.purpose.as_ref().map(PurposeId::as_str))
            .optional(self.clause.as_ref().map(ClauseNo::as_str))
            .text(self.kind.as_str())
            .u8(decision_number(self.decision))
            .done();
        tx.put_small(Key::of(LISTED).u64(seq).done(), &record)?;
        for prefix in self.prefixes() {
            tx.put_small(Key(prefix).u64(seq).done(), &[])?;
        }
        Ok(())
    }

    /// The index rows that this entry has.
    pub(super) fn prefixes(&self) -> Vec<Vec<u8>> {
        let covenant = self.covenant.map(|c| c.to_hex());
        let mut prefixes = vec![prefix(By::Kind, self.kind.as_str())];
        let mut add = |by, text: Option<&str>| prefixes.extend(text.map(|t| prefix(by, t)));
        add(By::Covenant, covenant.as_deref());
        add(By::Recipient, self.recipient.as_ref().map(PartyId::as_str));
        add(By::Source, self.source.as_ref().map(PartyId::as_str));
        add(By::Purpose, self.purpose.as_ref().map(PurposeId::as_str));
        add(By::Clause, self.clause.as_ref().map(ClauseNo::as_str));
        add(
            By::Named,
            self.named_recipient.as_ref().map(PartyId::as_str),
        );
        add(By::Named, self.named_source.as_ref().map(PartyId::as_str));
        prefixes
    }

    fn take(record: &[u8]) -> Result<Self, StoreError> {
        let mut take = Take::new(record, "listed entry");
        let at = take.time()?;
        let covenant = match take.u8()? {
            0 => None,
            _ => Some(Digest::from_hex(take.text()?).ok_or(take.damaged())?),
        };
        Ok(Self {
            at,
            covenant,
            named_recipient: take.optional()?,
            named_source: take.optional()?,
            recipient: take.optional()?,
            source: take.optional()?,
            purpose: take.optional()?,
            clause: take.optional()?,
            kind: Kind::parse(take.text()?).ok_or(take.damaged())?,
            decision: DECISIONS
                .into_iter()
                .nth(usize::from(take.u8()?))
                .ok_or(take.damaged())?,
        })
    }
}

impl EntryFilter {
    /// Whether an entry is one of those.
    #[must_use]
    pub fn holds(&self, entry: &Listed) -> bool {
        fn is<T: PartialEq>(wanted: Option<&T>, found: Option<&T>) -> bool {
            wanted.is_none_or(|wanted| found == Some(wanted))
        }
        let named = self.named.as_ref();
        is(self.covenant.as_ref(), entry.covenant.as_ref())
            && (is(named, entry.named_recipient.as_ref()) || is(named, entry.named_source.as_ref()))
            && is(self.recipient.as_ref(), entry.recipient.as_ref())
            && is(self.source.as_ref(), entry.source.as_ref())
            && is(self.purpose.as_ref(), entry.purpose.as_ref())
            && is(self.clause.as_ref(), entry.clause.as_ref())
            && is(self.kind.as_ref(), Some(&entry.kind))
            && is(self.decision.as_ref(), entry.decision.as_ref())
            && self.from.is_none_or(|from| entry.at >= from)
            && self.until.is_none_or(|until| entry.at < until)
    }

    /// The rows to walk: those of the field that is likely the rarest.
    fn prefix(&self) -> Vec<u8> {
        let by = |by, text: Option<&str>| text.map(|t| prefix(by, t));
        let covenant = self.covenant.map(|c| c.to_hex());
        by(By::Clause, self.clause.as_ref().map(ClauseNo::as_str))
            .or_else(|| by(By::Named, self.named.as_ref().map(PartyId::as_str)))
            .or_else(|| by(By::Recipient, self.recipient.as_ref().map(PartyId::as_str)))
            .or_else(|| by(By::Source, self.source.as_ref().map(PartyId::as_str)))
            .or_else(|| by(By::Purpose, self.purpose.as_ref().map(PurposeId::as_str)))
            .or_else(|| by(By::Kind, self.kind.map(Kind::as_str)))
            .or_else(|| by(By::Covenant, covenant.as_deref()))
            .unwrap_or_else(|| vec![LISTED])
    }
}

impl BrokerView {
    /// Entries from number `from` on that the filter lets through, in the order of the log, at
    /// most `limit`.
    ///
    /// # Errors
    /// When the store can't read.
    pub fn entries(
        &self,
        filter: &EntryFilter,
        from: u64,
        limit: usize,
    ) -> Result<EntryPage, StoreError> {
        let prefix = filter.prefix();
        let start = match filter.from {
            Some(at) => from.max(self.first_entry_at(at)?),
            None => from,
        };
        let mut page = EntryPage::default();
        let mut looked_at: usize = 0;
        let start = Key(prefix.clone()).u64(start).done();
        self.tx.range(&start, &key_end(&prefix), |key, _| {
            let seq = last_u64(key).ok_or(StoreError::Damaged {
                what: "listing row",
            })?;
            if page.seqs.len() >= limit || looked_at >= LOOKED_AT {
                page.next = Some(seq);
                return Ok(ControlFlow::Break(()));
            }
            looked_at += 1;
            let listed = self.listed(seq)?;
            if filter.until.is_some_and(|until| listed.at >= until) {
                return Ok(ControlFlow::Break(()));
            }
            if filter.holds(&listed) {
                page.seqs.push(seq);
            }
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(page)
    }

    /// An entry with its side records; `None` beyond the end of the log.
    ///
    /// # Errors
    /// When the store can't read.
    pub fn entry(&self, seq: u64) -> Result<Option<StoredEntry>, StoreError> {
        let Some(leaf) = self.leaf(seq)? else {
            return Ok(None);
        };
        let (request, answer) = self.openings(seq)?;
        let outcome = side::opening(&self.tx, seq, Part::Outcome)?;
        Ok(Some(StoredEntry {
            seq,
            leaf,
            listed: self.listed(seq)?,
            request,
            answer,
            outcome,
        }))
    }

    /// A leaf's exact bytes; `None` beyond the end of the log.
    ///
    /// # Errors
    /// When the store can't read.
    pub fn leaf(&self, seq: u64) -> Result<Option<Vec<u8>>, StoreError> {
        self.tx.get(&Key::of(LEAF).u64(seq).done())
    }

    /// What opens the request and the answer of an entry.
    pub(super) fn openings(
        &self,
        seq: u64,
    ) -> Result<(Option<Opening>, Option<Opening>), StoreError> {
        Ok((
            side::opening(&self.tx, seq, Part::Request)?,
            side::opening(&self.tx, seq, Part::Answer)?,
        ))
    }

    /// What an entry is listed by, without its leaf and side records; `None` beyond the end of the
    /// log.
    ///
    /// # Errors
    /// When the store can't read.
    pub fn listing(&self, seq: u64) -> Result<Option<Listed>, StoreError> {
        let record = self.tx.get(&Key::of(LISTED).u64(seq).done())?;
        record.as_deref().map(Listed::take).transpose()
    }

    fn listed(&self, seq: u64) -> Result<Listed, StoreError> {
        self.listing(seq)?.ok_or(StoreError::Damaged {
            what: "listed entry",
        })
    }

    /// The number of the first entry not before `at`: entries are in order of time.
    fn first_entry_at(&self, at: Timestamp) -> Result<u64, StoreError> {
        let (mut low, mut high) = (0, self.checkpoint().size);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.listed(middle)?.at < at {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        Ok(low)
    }
}

impl BrokerTx {
    /// Erases what opens one part of an entry: nobody can show any more what was committed to,
    /// and every proof still holds. `false` when there was nothing to erase.
    ///
    /// # Errors
    /// When the store fails.
    pub fn erase(&mut self, seq: u64, part: Part) -> Result<bool, StoreError> {
        side::erase(&mut self.view.tx, seq, part)
    }
}

/// What listing rows are by.
#[derive(Clone, Copy)]
enum By {
    Covenant = 1,
    Named = 2,
    Recipient = 3,
    Source = 4,
    Purpose = 5,
    Clause = 6,
    Kind = 7,
}

fn prefix(by: By, text: &str) -> Vec<u8> {
    Key::of(LISTED_BY).raw(&[by as u8]).text(text).done()
}

const DECISIONS: [Option<ledger::Decided>; 4] = [
    None,
    Some(ledger::Decided::Revealed),
    Some(ledger::Decided::Withheld),
    Some(ledger::Decided::Refused),
];

const fn decision_number(decision: Option<ledger::Decided>) -> u8 {
    match decision {
        None => 0,
        Some(ledger::Decided::Revealed) => 1,
        Some(ledger::Decided::Withheld) => 2,
        Some(ledger::Decided::Refused) => 3,
    }
}
