//! The disclosure log in the words of two Dutch standards, for readers of other logs.
//!
//! - [`mod@adl`]: Authorization Decision Log (Logius), one record per decision
//! - [`ldv`]: Logboek Dataverwerkingen (Logius), one line per data subject
//!
//! Both are views: the proof stays in the log, and every record says where. Ids are derived from the
//! leaf's hash, which 32 random bytes make unguessable: the same entry gets the same ids in every
//! export, so that a receiver can tell a repeated line from a new one. No id derives from a person.

pub mod adl;
pub mod ldv;

use ledger::export::Disclosed;
use ledger::verify::Seen;
use ledger::{Outcome, Skeleton, tree};
use model::Digest;
use sha2::Digest as _;

/// An entry that was verified, with the log that it stands in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// The log's name.
    pub origin: String,
    /// The leaf.
    pub leaf: Skeleton,
    /// `SHA-256(0x00 || leaf)`.
    pub leaf_hash: Digest,
    /// The side record, as far as this reader gets it.
    pub outcome: Opened,
}

/// An outcome as far as a reader gets it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Opened {
    /// Opened.
    Outcome(Box<Outcome>),
    /// Not for this reader.
    Hidden,
    /// Erased, for everybody.
    Erased,
}

/// An entry can't be written in the words of a standard.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Unfit {
    /// The leaf or its outcome is not of this version.
    #[error("entry {0} of the log is not of this version: use the version that wrote it")]
    Version(u64),
}

impl Entry {
    /// Takes what a verified record shows.
    ///
    /// # Errors
    /// [`Unfit`].
    pub fn of(origin: &str, seen: Seen) -> Result<Self, Unfit> {
        let unfit = || Unfit::Version(seen.leaf.seq);
        let leaf = seen.leaf.to_leaf().map_err(|_| unfit())?;
        let outcome = match &seen.outcome {
            Disclosed::Hidden => Opened::Hidden,
            Disclosed::Erased => Opened::Erased,
            Disclosed::Open(opening) => {
                let outcome = Outcome::from_json(&opening.bytes).map_err(|_| unfit())?;
                Opened::Outcome(Box::new(outcome))
            }
        };
        Ok(Self {
            origin: origin.to_owned(),
            leaf_hash: tree::leaf_hash(&leaf),
            leaf: seen.leaf,
            outcome,
        })
    }

    fn outcome(&self) -> Option<&Outcome> {
        match &self.outcome {
            Opened::Outcome(outcome) => Some(outcome),
            Opened::Hidden | Opened::Erased => None,
        }
    }

    /// Milliseconds since 1970.
    fn millis(&self) -> u64 {
        u64::try_from(self.leaf.at.as_millis()).unwrap_or(0)
    }

    /// The W3C trace that it happened in; without one, a trace of its own.
    fn trace_id(&self) -> [u8; 16] {
        let own = || derived("covenant-log/1/trace", &self.leaf_hash);
        let recorded = self.outcome().and_then(|o| o.trace_id.as_ref());
        recorded.map_or_else(own, |id| from_hex(id.as_str()).unwrap_or_else(own))
    }
}

/// The first bytes of a hash of the leaf's hash, under a label.
fn derived<const N: usize>(label: &str, leaf_hash: &Digest) -> [u8; N] {
    let hash = sha2::Sha256::new()
        .chain_update(label)
        .chain_update([0])
        .chain_update(leaf_hash.as_bytes())
        .finalize();
    let mut out = [0; N];
    for (to, from) in out.iter_mut().zip(hash) {
        *to = from;
    }
    out
}

fn from_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut out = [0; N];
    if text.len() != N.checked_mul(2)? {
        return None;
    }
    for (place, to) in out.iter_mut().enumerate() {
        let start = place.checked_mul(2)?;
        *to = u8::from_str_radix(text.get(start..start.checked_add(2)?)?, 16).ok()?;
    }
    Some(out)
}

fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
