//! Who may read what of the disclosure log.
//!
//! The auditor of a covenant reads every detail under it. A party reads the leaves that name it:
//! what it asked and was answered as recipient, and as source the outcome where it revealed something.
//! Of everything else there is a hash. Who is the one here and the other there reads as both.

mod candidates;

use std::collections::BTreeSet;

use ledger::counters::Reader;
use ledger::export::{Disclosed, Shown};
use ledger::outcome::Basis;
use ledger::{Decided, Opening, Outcome};
use model::{CovenantId, Digest, KeyEpoch, Oin, PartyId, Token};
use store::{Access, BrokerView, EntryFilter, Listed, StoreError, StoredEntry};
use wire::reason::Reason;

use self::candidates::candidates;
use crate::Broker;
use crate::refusal::Refused;

/// Who a caller is to the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Caller {
    /// The covenant versions that it audits.
    audited: BTreeSet<Digest>,
    /// Its name in each version that it is a party of.
    names: BTreeSet<(Digest, PartyId)>,
}

impl Caller {
    /// A caller; `None` when it is nobody to the log.
    fn of(audited: BTreeSet<Digest>, names: BTreeSet<(Digest, PartyId)>) -> Option<Self> {
        let somebody = !audited.is_empty() || !names.is_empty();
        somebody.then_some(Self { audited, names })
    }

    /// The covenant versions that it audits or is a party of.
    pub(crate) fn versions(&self) -> BTreeSet<Digest> {
        let own = self.names.iter().map(|(digest, _)| *digest);
        self.audited.iter().copied().chain(own).collect()
    }

    /// The same for these versions only.
    fn narrowed(self, versions: &BTreeSet<Digest>) -> Option<Self> {
        let Self { audited, names } = self;
        Self::of(
            audited.intersection(versions).copied().collect(),
            names
                .into_iter()
                .filter(|(digest, _)| versions.contains(digest))
                .collect(),
        )
    }

    /// Of which audiences an export owes it everything: as an auditor where it is one. What it gets
    /// as a party besides is verified too, but that none of it was left out is not.
    pub(crate) fn reader(&self) -> Reader {
        if self.audited.is_empty() {
            Reader::Party(self.names.clone())
        } else {
            Reader::Auditor(self.audited.clone())
        }
    }
}

/// What a caller may see of an entry.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    /// Its place in the log, from 0.
    pub(crate) index: u64,
    /// `SHA-256(0x00 || leaf)`.
    pub(crate) leaf_hash: Digest,
    /// The leaf, where the caller may read it.
    pub(crate) leaf: Option<Vec<u8>>,
    /// Opens the request.
    pub(crate) request: Option<Opening>,
    /// Opens the answer.
    pub(crate) answer: Option<Opening>,
    /// Opens the outcome.
    pub(crate) outcome: Option<Opening>,
    /// Whether a part was erased, in the order of the leaf.
    erased: [bool; 3],
}

/// What a caller asks for beside what the store selects by.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wanted {
    /// What the store selects by. Its covenant and party are set from who asks.
    pub(crate) filter: EntryFilter,
    /// Only these covenant versions.
    pub(crate) covenants: Option<BTreeSet<Digest>>,
    /// This party in either role.
    pub(crate) party: Option<PartyId>,
    /// This class.
    pub(crate) class: Option<ledger::Class>,
    /// This legal basis, in either direction.
    pub(crate) basis: Option<String>,
    /// Linked to one of these pseudonyms; empty for every entry. For auditors alone.
    pub(crate) subject: Vec<(KeyEpoch, Token)>,
}

/// How many entries one look into the store examines.
const STEP: usize = 512;
/// How many looks one call takes; a page may be short, or empty, and still have a next one.
const LOOKS: usize = 64;

impl Broker {
    /// Who a caller is to the log: by every covenant version that was ever carried here, since its
    /// entries outlive it. With a covenant, for its versions only.
    ///
    /// # Errors
    /// `AUDITOR_ONLY` when no covenant, or not this one, names the organisation; `COVENANT_UNKNOWN`.
    pub(crate) fn caller(&self, oin: &Oin, only: Option<&CovenantId>) -> Result<Caller, Refused> {
        let mut audited = BTreeSet::new();
        let mut names = BTreeSet::new();
        for version in self.store().read(|view| view.covenant_readers())? {
            if version.auditors.contains(oin) {
                audited.insert(version.digest);
            }
            let own = version
                .parties
                .into_iter()
                .filter(|(their, _)| their == oin);
            names.extend(own.map(|(_, party)| (version.digest, party)));
        }
        let caller = Caller::of(audited, names).ok_or(Reason::AuditorOnly)?;
        let Some(id) = only else {
            return Ok(caller);
        };
        let versions = self.digests_of(id)?;
        if versions.is_empty() {
            return Err(Reason::CovenantUnknown.into());
        }
        caller
            .narrowed(&versions)
            .ok_or_else(|| Reason::AuditorOnly.into())
    }

    /// Every version of a covenant that was ever carried here.
    ///
    /// # Errors
    /// [`Refused`] when the store can't be read.
    pub(crate) fn digests_of(&self, id: &CovenantId) -> Result<BTreeSet<Digest>, Refused> {
        let all = self.store().read(|view| view.covenant_readers())?;
        let of_it = all.into_iter().filter(|version| version.covenant == *id);
        Ok(of_it.map(|version| version.digest).collect())
    }

    /// Records that somebody reads the log. What can't be recorded is not shown.
    ///
    /// # Errors
    /// [`Refused`] when the store can't be written.
    pub(crate) async fn record_access(&self, by: &Oin, method: &str) -> Result<(), Refused> {
        let access = Access {
            at: self.clock().now(),
            by: by.clone(),
            method: method.to_owned(),
        };
        self.store().write(move |tx| tx.put_access(&access)).await?;
        tracing::debug!(method, organisation = %by, "the disclosure log was read");
        Ok(())
    }

    /// A page of entries, by index, and where to go on.
    ///
    /// # Errors
    /// [`Refused`] when the store can't be read.
    pub(crate) fn list(
        &self,
        caller: &Caller,
        wanted: &Wanted,
        from: u64,
        limit: usize,
    ) -> Result<(Vec<Seen>, Option<u64>), Refused> {
        // A party would learn by it which questions of others were about whom.
        if !wanted.subject.is_empty() && caller.audited.is_empty() {
            return Err(Refused::at(Reason::AuditorOnly, "filter.subject"));
        }
        let mut found = Vec::new();
        let mut from = from;
        // Readers hold off the writer: each look is one read, and a call looks so often only.
        for _ in 0..LOOKS {
            let full = self.store().read(|view| -> Result<_, Refused> {
                let (seqs, next) = candidates(view, caller, wanted, from)?;
                for seq in &seqs {
                    if found.len() == limit {
                        return Ok(Some(Some(*seq)));
                    }
                    if let Some(seen) = see(view, caller, *seq)?
                        && selected(&seen, wanted)
                    {
                        found.push(seen);
                    }
                }
                match next {
                    Some(next) => from = next,
                    None => return Ok(Some(None)),
                }
                Ok(None)
            })?;
            if let Some(next) = full {
                return Ok((found, next));
            }
        }
        Ok((found, Some(from)))
    }

    /// One entry, as far as the caller may see it.
    ///
    /// # Errors
    /// `NOT_FOUND`.
    pub(crate) fn entry(&self, caller: &Caller, index: u64) -> Result<Seen, Refused> {
        self.store()
            .read(|view| see(view, caller, index).map_err(Refused::from))?
            .ok_or_else(|| Reason::NotFound.into())
    }
}

/// What a reader may see of an entry; `None` when there is no such entry.
pub(crate) fn see(
    view: &BrokerView,
    caller: &Caller,
    seq: u64,
) -> Result<Option<Seen>, StoreError> {
    let Some(entry) = view.entry(seq)? else {
        return Ok(None);
    };
    let (leaf, request, outcome) = rights(caller, &entry);
    let erased = [
        request && entry.request.is_none(),
        request && entry.answer.is_none(),
        outcome && entry.outcome.is_none(),
    ];
    Ok(Some(Seen {
        index: seq,
        leaf_hash: ledger::tree::leaf_hash(&entry.leaf),
        leaf: leaf.then_some(entry.leaf),
        request: entry.request.filter(|_| request),
        answer: entry.answer.filter(|_| request),
        outcome: entry.outcome.filter(|_| outcome),
        erased,
    }))
}

/// Whether a party is who asked or was told, and whether it is who let another know something. What
/// it may read of an entry beside the leaf follows from these two, wherever it reads it.
pub(crate) fn stands(listed: &Listed, is: impl Fn(&PartyId) -> bool) -> (bool, bool) {
    let named = |party: &Option<PartyId>| party.as_ref().is_some_and(&is);
    let revealed = listed.decision == Some(Decided::Revealed);
    (
        named(&listed.named_recipient),
        named(&listed.named_source) && revealed,
    )
}

/// Whether a reader may see the leaf, the request and answer, and the outcome.
fn rights(caller: &Caller, entry: &StoredEntry) -> (bool, bool, bool) {
    let listed = &entry.listed;
    let Some(digest) = listed.covenant else {
        return (false, false, false);
    };
    if caller.audited.contains(&digest) {
        return (true, true, true);
    }
    let is = |party: &PartyId| caller.names.contains(&(digest, party.clone()));
    let (recipient, revealed) = stands(listed, is);
    let source = listed.named_source.as_ref().is_some_and(is);
    // The outcome names what an answer does not: the kind of signal, how many there were. The
    // recipient reads what it asked and was told.
    (recipient || source, recipient, revealed)
}

/// Whether what a caller may see of an entry has what the caller asked for.
fn selected(seen: &Seen, wanted: &Wanted) -> bool {
    let skeleton = seen
        .leaf
        .as_deref()
        .and_then(|leaf| ledger::Skeleton::from_leaf(leaf).ok());
    let outcome = seen
        .outcome
        .as_ref()
        .and_then(|opening| Outcome::from_json(&opening.bytes).ok());
    let outcome = outcome.as_ref();
    let cell = outcome.and_then(|o| o.cell.as_ref());
    let recipient = skeleton
        .as_ref()
        .and_then(|s| s.recipient.clone())
        .or_else(|| {
            outcome
                .and_then(|o| o.recipient.as_ref())
                .map(|r| r.role.party())
        });
    let source = skeleton
        .as_ref()
        .and_then(|s| s.source.clone())
        .or_else(|| cell.map(|c| c.source.clone()));
    let filter = &wanted.filter;
    let holds = |asked: bool, answer: bool| !asked || answer;
    let party = wanted.party.as_ref();
    let basis = |text: &String| {
        outcome
            .and_then(|o| o.basis.as_ref())
            .is_some_and(|b| rests_on(b, text))
    };
    holds(
        party.is_some(),
        party == recipient.as_ref() || party == source.as_ref(),
    ) && holds(filter.recipient.is_some(), filter.recipient == recipient)
        && holds(filter.source.is_some(), filter.source == source)
        && holds(
            filter.purpose.is_some(),
            outcome.is_some_and(|o| o.purpose == filter.purpose),
        )
        && holds(
            filter.clause.is_some(),
            outcome.is_some_and(|o| o.clause == filter.clause),
        )
        && holds(
            filter.kind.is_some(),
            outcome.is_some_and(|o| Some(o.kind) == filter.kind),
        )
        && holds(
            filter.decision.is_some(),
            outcome.is_some_and(|o| o.decision == filter.decision),
        )
        && holds(
            wanted.class.is_some(),
            skeleton
                .as_ref()
                .is_some_and(|s| Some(s.class) == wanted.class),
        )
        && wanted.basis.as_ref().is_none_or(basis)
}

/// Whether a pair of bases has this ground, exception or decision. A ground is found with and
/// without the law behind it: `AVG 6.1.e` finds `AVG 6.1.e (Gemeentewet 172)`.
fn rests_on(basis: &Basis, text: &str) -> bool {
    let exceptions = basis
        .exception
        .provide
        .iter()
        .chain(&basis.exception.receive);
    let mut all = [&basis.provide, &basis.receive]
        .into_iter()
        .chain(&basis.decision_ref)
        .chain(exceptions);
    all.any(|stated| {
        let rest = stated.as_str().strip_prefix(text);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(" ("))
    })
}

impl Seen {
    /// The same for an export.
    #[must_use]
    pub(crate) fn shown(self) -> Shown {
        let Some(leaf) = self.leaf else {
            return Shown::Hash(self.leaf_hash);
        };
        let [request, answer, outcome] = self.erased;
        let part = |opening: Option<Opening>, erased: bool| match opening {
            Some(opening) => Disclosed::Open(opening),
            None if erased => Disclosed::Erased,
            None => Disclosed::Hidden,
        };
        Shown::Leaf {
            leaf,
            request: part(self.request, request),
            answer: part(self.answer, answer),
            outcome: part(self.outcome, outcome),
        }
    }
}

#[cfg(test)]
mod tests;
