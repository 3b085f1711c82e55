//! Which entries a reader may want: found by what the store lists them by, before it is judged what
//! the reader may see of them.

use std::collections::BTreeSet;

use model::{CovenantId, Digest};
use store::{BrokerView, EntryFilter, Side, Sought, StoreError};

use super::{Caller, STEP, Wanted};

/// The next entries that may be wanted, rising, and where to look further.
pub(super) fn candidates(
    view: &BrokerView,
    caller: &Caller,
    wanted: &Wanted,
    from: u64,
) -> Result<(Vec<u64>, Option<u64>), StoreError> {
    let among = |digest: &Digest| {
        let only = wanted.covenants.as_ref();
        only.is_none_or(|covenants| covenants.contains(digest))
    };
    if !wanted.subject.is_empty() {
        let versions = caller.audited.iter().copied().filter(|one| among(one));
        return about_subject(view, &versions.collect(), wanted, from);
    }
    let as_auditor = caller
        .audited
        .iter()
        .filter(|digest| among(digest))
        .map(|digest| EntryFilter {
            covenant: Some(*digest),
            ..wanted.filter.clone()
        });
    // What stands in a detail must not select for a party: that is judged on what it may see.
    let as_party = caller
        .names
        .iter()
        .filter(|(digest, _)| among(digest) && !caller.audited.contains(digest))
        .map(|(digest, party)| EntryFilter {
            covenant: Some(*digest),
            named: Some(party.clone()),
            from: wanted.filter.from,
            until: wanted.filter.until,
            ..EntryFilter::default()
        });
    let filters: Vec<EntryFilter> = as_auditor.chain(as_party).collect();
    let mut all = BTreeSet::new();
    // No entry at or beyond the nearest continuation may be given out yet.
    let mut horizon: Option<u64> = None;
    for filter in &filters {
        let page = view.entries(filter, from, STEP)?;
        all.extend(page.seqs);
        if let Some(next) = page.next {
            horizon = Some(horizon.map_or(next, |h| h.min(next)));
        }
    }
    let seqs = all
        .into_iter()
        .filter(|seq| horizon.is_none_or(|h| *seq < h))
        .collect();
    Ok((seqs, horizon))
}

/// The next entries under these versions that are linked to one of the pseudonyms.
fn about_subject(
    view: &BrokerView,
    versions: &BTreeSet<Digest>,
    wanted: &Wanted,
    from: u64,
) -> Result<(Vec<u64>, Option<u64>), StoreError> {
    let readers = view.covenant_readers()?.into_iter();
    let covenants: BTreeSet<CovenantId> = readers
        .filter(|version| versions.contains(&version.digest))
        .map(|version| version.covenant)
        .collect();
    let sides = [Side::Recipient, Side::Source];
    let mut all = Vec::new();
    for covenant in &covenants {
        for (epoch, token) in &wanted.subject {
            all.extend(sides.map(|side| Sought {
                covenant,
                epoch: *epoch,
                key: &token.key,
                pseudonym: &token.pseudonym,
                side,
            }));
        }
    }
    let page = view.linked_to_any(&all, from, STEP)?;
    let mut seqs = Vec::new();
    for seq in page.entries.into_keys() {
        let listed = view.listing(seq)?.filter(|listed| {
            let here = listed.covenant.is_some_and(|one| versions.contains(&one));
            here && wanted.filter.holds(listed)
        });
        seqs.extend(listed.map(|_| seq));
    }
    Ok((seqs, page.next))
}
