//! Whether the log lists every entry that names this party. Questions that are refused openly have
//! an entry and no receipt, so receipts alone can't show a gap: this node fetches its own entries,
//! as an auditor of itself, and lays its receipts beside them.
//!
//! A review takes nothing from the broker on trust: each entry is proved under a checkpoint that
//! follows on what was seen before, numbers must have no gap, and what a receipt proved must be
//! listed. What is found is kept in a file and named in health.

mod evidence;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ledger::Skeleton;
use ledger::counters::selection::{By, Purpose, Selection};
use ledger::tree::{leaf_hash, verify_inclusion};
use model::clock::{Clock, Stopwatch};
use model::{Digest, PartyId, Timestamp};
use process::health::Check;
use store::NodeStore;
use tokio_util::sync::CancellationToken;
use wire::notice::Receipt;

use self::evidence::Evidence;
use crate::log::Log;
use crate::metrics::NodeMetrics;
use crate::notices::stored_notice;
use crate::refusal::Refused;
use crate::uplink::{Broker, ListedEntry, read_receipt};
use crate::vault::Vault;

/// How soon a review is tried again that could not be finished.
const AGAIN_AFTER: Duration = Duration::from_secs(60);
/// How far the reviews after the first one look back, in seconds.
const LOOK_BACK: i64 = 35 * 24 * 3_600;
/// How many records of the store are read at once.
const AT_ONCE: usize = 500;

/// The daily review of this party's own entries.
#[derive(Debug)]
pub(crate) struct OwnEntries {
    /// This party.
    pub(crate) party: PartyId,
    /// The receipts.
    pub(crate) store: NodeStore,
    /// Opens them.
    pub(crate) vault: Arc<Vault>,
    /// The log as this node has seen it.
    pub(crate) log: Arc<Log>,
    /// Who lists.
    pub(crate) broker: Broker,
    /// Counters.
    pub(crate) metrics: NodeMetrics,
    /// The time.
    pub(crate) clock: Arc<dyn Clock>,
    /// How often.
    pub(crate) every: Duration,
    /// Where the evidence goes.
    pub(crate) folder: PathBuf,
    /// What the operator is told.
    pub(crate) health: Check,
}

/// What a receipt proved: the leaf at a place, and its time.
type Held = BTreeMap<u64, (Digest, Timestamp)>;

/// A review in progress.
struct Review {
    selection: Selection,
    held: Held,
    before: Option<u64>,
    listed: u64,
    found: Evidence,
}

impl OwnEntries {
    /// Reviews at the start, and then again and again, until `stop` is cancelled.
    pub(crate) async fn run(self, stop: CancellationToken) {
        self.health.ok();
        let mut whole = true;
        let mut finished = Stopwatch::start();
        loop {
            let reviewed = tokio::select! {
                () = stop.cancelled() => return,
                reviewed = self.review(whole) => reviewed,
            };
            let wait = match reviewed {
                Ok(review) => {
                    self.tell(review).await;
                    whole = false;
                    finished = Stopwatch::start();
                    self.every
                }
                Err(refused) => {
                    self.unfinished(&refused, &finished);
                    AGAIN_AFTER.min(self.every)
                }
            };
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    /// A broker that lists nothing at all must not pass for one that is away for a moment.
    fn unfinished(&self, refused: &Refused, finished: &Stopwatch) {
        let reason = refused.reason();
        if finished.elapsed() > self.every.saturating_mul(2) {
            tracing::error!(%reason, "this party's entries could not be fetched for two reviews on end");
        } else {
            tracing::info!(%reason, "this party's entries can't be fetched now");
        }
    }

    /// Lists everything, or what the last weeks brought.
    async fn review(&self, whole: bool) -> Result<Review, Refused> {
        let since = (!whole).then(|| self.clock.now().plus_seconds(-LOOK_BACK));
        // What was proved before the listing began must be in it.
        let mut held = self.held()?;
        held.retain(|_, (_, at)| since.is_none_or(|since| *at >= since));
        let mut review = Review {
            selection: Selection::new(By::Everything, whole),
            held,
            before: None,
            listed: 0,
            found: Evidence::default(),
        };
        let mut page_token = String::new();
        loop {
            let page = self.broker.listing(since, page_token).await?;
            let follow = self.log.follow(&page.checkpoint, |from, to| {
                self.broker.consistency(from, to)
            });
            let followed = follow.await?;
            let (size, root) = (followed.checkpoint().size, followed.checkpoint().root);
            self.store.write(move |tx| followed.keep(tx)).await?;
            for entry in &page.entries {
                if !entry.leaf.is_empty() {
                    review.take(&self.party, entry, (size, &root), &page.checkpoint);
                }
            }
            page_token = page.next;
            if page_token.is_empty() {
                return Ok(review);
            }
        }
    }

    /// What the receipts of answers and notices proved.
    fn held(&self) -> Result<Held, Refused> {
        let mut held = Held::new();
        self.receipts(|receipt| {
            for entry in &receipt.entries {
                // It was verified when it came in.
                if let Ok(leaf) = Skeleton::from_leaf(&entry.leaf) {
                    held.insert(entry.index, (leaf_hash(&entry.leaf), leaf.at));
                }
            }
        })?;
        Ok(held)
    }

    /// Gives every receipt that this node holds to `take`.
    fn receipts(&self, mut take: impl FnMut(&Receipt)) -> Result<(), Refused> {
        let mut after: Option<Vec<u8>> = None;
        loop {
            let page = self
                .store
                .read(|view| view.receipts_after(after.as_deref(), AT_ONCE))?;
            let Some((last, _)) = page.last() else {
                break;
            };
            after = Some(last.clone());
            for (name, sealed) in &page {
                if let Some(receipt) = read_receipt(&self.vault.open(name, sealed)?) {
                    take(&receipt);
                }
            }
        }
        let mut after = 0;
        loop {
            let page = self.store.read(|view| view.received(after, AT_ONCE))?;
            let Some(last) = page.last() else {
                return Ok(());
            };
            after = last.number;
            for received in &page {
                if let Some(notice) = stored_notice(&self.vault, received)? {
                    take(&notice.receipt);
                }
            }
        }
    }

    async fn tell(&self, review: Review) {
        let (listed, mut found) = (review.listed, review.found);
        found.unlisted = review.held.into_keys().collect();
        found.gaps_of(review.selection.missing());
        let missing = found.count();
        let now = self.clock.now();
        self.metrics.own_entries(listed, missing, now);
        if missing == 0 {
            tracing::info!(
                entries = listed,
                "the log lists every entry of this party that is known of"
            );
            self.health.ok();
            return;
        }
        if let Err(refused) = self.receipts(|receipt| found.receipt(receipt)) {
            tracing::error!(reason = %refused.reason(), "a receipt can't be read back");
        }
        let kept = found.keep(&self.folder, now).await;
        if let Err(error) = kept {
            tracing::error!(%error, "the evidence could not be kept");
        }
        tracing::error!(
            entries = listed,
            missing,
            "the log's listing leaves out entries of this party, or shows what does not hold; the evidence is in the state folder"
        );
        self.health.fail(
            "the log's listing leaves out entries of this party: the evidence is in the state folder (log-omission); call the other parties and the auditor",
        );
    }
}

impl Review {
    fn take(
        &mut self,
        party: &PartyId,
        entry: &ListedEntry,
        (size, root): (u64, &Digest),
        note: &[u8],
    ) {
        let hash = leaf_hash(&entry.leaf);
        let stands = verify_inclusion(hash, entry.index, size, &entry.proof, root).is_ok();
        let leaf = Skeleton::from_leaf(&entry.leaf).ok();
        let Some(leaf) = leaf.filter(|leaf| stands && leaf.seq == entry.index) else {
            self.found.unproved.push(entry.index);
            return;
        };
        if self.before.is_some_and(|before| entry.index <= before) {
            self.found.out_of_order.push(entry.index);
            return;
        }
        self.before = Some(entry.index);
        if self
            .held
            .get(&entry.index)
            .is_some_and(|(held, _)| *held == hash)
        {
            self.held.remove(&entry.index);
        }
        let named = [&leaf.recipient, &leaf.source];
        let names_us = named.into_iter().flatten().any(|name| name == party);
        let Some(covenant) = leaf.covenant.filter(|_| names_us) else {
            return;
        };
        self.listed = self.listed.saturating_add(1);
        self.selection.is_named(covenant, party.clone());
        let before = self.selection.missing().len();
        self.selection.observe(&leaf, Purpose::Unknown);
        if self.selection.missing().len() > before {
            self.found.after(entry, note);
        }
    }
}
