//! What a review found, as a file that others can check without this node.

use std::path::Path;

use ledger::counters::selection::{Missing, Whose};
use ledger::tree::leaf_hash;
use model::{Digest, Timestamp};
use serde::Serialize;
use wire::notice::Receipt;

use crate::log::write_whole;
use crate::uplink::ListedEntry;

/// How many entries are kept with their proofs, of each sort.
const KEPT: usize = 100;

/// What does not hold.
#[derive(Debug, Default, Serialize)]
pub(super) struct Evidence {
    /// Numbers of an audience that were not listed.
    numbers: Vec<Gap>,
    /// The entries that stand after a gap: each proves that there are entries before it.
    after: Vec<Proved>,
    /// Places of entries of which this node holds a receipt, and that were not listed.
    pub(super) unlisted: Vec<u64>,
    /// What the receipts of these prove.
    receipts: Vec<Proved>,
    /// Places of entries whose proof or leaf does not hold.
    pub(super) unproved: Vec<u64>,
    /// Places of entries that stand after one with the same or a higher place.
    pub(super) out_of_order: Vec<u64>,
}

#[derive(Debug, Serialize)]
struct Gap {
    covenant: String,
    counter: &'static str,
    first: u64,
    last: u64,
}

#[derive(Debug, Serialize)]
struct Proved {
    index: u64,
    leaf: String,
    proof: Vec<String>,
    checkpoint: String,
}

impl Evidence {
    /// Takes over the gaps in the numbers.
    pub(super) fn gaps_of(&mut self, missing: &[Missing]) {
        let gap = |missing: &Missing| Gap {
            covenant: missing.audience.covenant.to_hex(),
            counter: match missing.audience.whose {
                Whose::Recipient(_) => "recipient",
                Whose::Source(_) => "source",
                Whose::Purpose(..) => "purpose",
            },
            first: missing.first,
            last: missing.last,
        };
        self.numbers = missing.iter().map(gap).collect();
    }

    /// An entry that stands after a gap.
    pub(super) fn after(&mut self, entry: &ListedEntry, note: &[u8]) {
        if self.after.len() < KEPT {
            let proved = proved(entry.index, &entry.leaf, &entry.proof, note);
            self.after.push(proved);
        }
    }

    /// Keeps what a receipt proves of the entries that were not listed.
    pub(super) fn receipt(&mut self, receipt: &Receipt) {
        for entry in &receipt.entries {
            if self.receipts.len() < KEPT && self.unlisted.contains(&entry.index) {
                let (leaf, proof) = (&entry.leaf, &entry.inclusion_proof);
                let proved = proved(entry.index, leaf, proof, &receipt.checkpoint);
                self.receipts.push(proved);
            }
        }
    }

    /// How many things do not hold.
    pub(super) fn count(&self) -> u64 {
        let numbers = self.numbers.iter();
        let missing = numbers.map(|gap| (gap.last - gap.first).saturating_add(1));
        let others = self.unlisted.len() + self.unproved.len() + self.out_of_order.len();
        missing
            .fold(0_u64, u64::saturating_add)
            .saturating_add(u64::try_from(others).unwrap_or(u64::MAX))
    }

    /// Keeps it in `folder`; the same finding of the same day is kept once.
    pub(super) async fn keep(&self, folder: &Path, now: Timestamp) -> std::io::Result<()> {
        let what = (
            &self.numbers,
            &self.unlisted,
            &self.unproved,
            &self.out_of_order,
        );
        let name = leaf_hash(&serde_json::to_vec(&what)?).to_hex();
        let name = name.get(..8).unwrap_or_default();
        let path = folder.join(format!("log-omission-{}-{name}.json", now.day()));
        let bytes = serde_json::to_vec_pretty(self)?;
        let written = tokio::task::spawn_blocking(move || {
            if path.try_exists()? {
                return Ok(());
            }
            write_whole(&path, &bytes)
        });
        written.await.map_err(std::io::Error::other)?
    }
}

fn proved(index: u64, leaf: &[u8], proof: &[Digest], note: &[u8]) -> Proved {
    Proved {
        index,
        leaf: String::from_utf8_lossy(leaf).into_owned(),
        proof: proof.iter().map(Digest::to_hex).collect(),
        checkpoint: String::from_utf8_lossy(note).into_owned(),
    }
}
