//! A log in memory, and its export.

use std::collections::BTreeMap;

use covenant::decide::Past;
use ledger::counters::Reader;
use ledger::export::{Disclosed, Exporter, Shown};
use ledger::verify::{Seen, Verifier};
use ledger::{
    AudienceKey, Counters, LogSigner, NewEntry, NodeId, Outcome, Placement, Salt, Salts, Sealed,
    tree,
};
use model::{Digest, Secret, Timestamp};
use replay::again::{Replay, Report};
use sha2::{Digest as _, Sha256};

pub(crate) struct Log {
    signer: LogSigner,
    entries: Vec<NewEntry>,
}

impl Log {
    pub(crate) fn new() -> Self {
        Self {
            signer: LogSigner::from_seed("log.delinde.example/proef", &Secret::new([42; 32]))
                .unwrap(),
            entries: Vec::new(),
        }
    }

    pub(crate) fn append(&mut self, entry: NewEntry) {
        self.entries.push(entry);
    }

    pub(crate) fn size(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn entries(&self) -> &[NewEntry] {
        &self.entries
    }

    /// The same log, had this outcome been written in one place: a broker that lies.
    pub(crate) fn forged(&self, place: usize, outcome: Outcome) -> Self {
        let mut entries = self.entries.clone();
        entries[place].outcome = outcome;
        Self {
            signer: LogSigner::from_seed("log.delinde.example/proef", &Secret::new([42; 32]))
                .unwrap(),
            entries,
        }
    }

    /// Exports all of it, verifies the export, and makes its decisions again. `hide` leaves out the
    /// outcome of these places.
    pub(crate) fn replay(&self, pasts: &BTreeMap<Digest, Past>, hide: &[usize]) -> Report {
        let mut replay = Replay::new(pasts);
        self.export(hide, |seen| replay.take(seen));
        replay.finish()
    }

    /// Exports all of it, verifies the export, and gives what each record shows to `take`.
    pub(crate) fn each_seen(&self, take: impl FnMut(Seen)) {
        self.export(&[], take);
    }

    fn export(&self, hide: &[usize], mut take: impl FnMut(Seen)) {
        let mut verifier = Verifier::new(self.signer.verifier());
        for line in self.lines(hide) {
            verifier.line(line.trim_end().as_bytes()).unwrap();
            if let Some(seen) = verifier.take_seen() {
                take(seen);
            }
        }
        assert!(verifier.finish().is_good());
    }

    fn lines(&self, hide: &[usize]) -> Vec<String> {
        let mut nodes: BTreeMap<NodeId, Digest> = BTreeMap::new();
        let mut counts: BTreeMap<AudienceKey, u64> = BTreeMap::new();
        let mut sealed: Vec<Sealed> = Vec::new();
        let start = Timestamp::from_rfc3339("2026-11-23T12:00:00.000Z").unwrap();
        for entry in &self.entries {
            let seq = sealed.len() as u64;
            let audiences = entry.audiences();
            let mut next = |key: AudienceKey| {
                let number = counts.entry(key).or_default();
                *number += 1;
                *number
            };
            let counters = Counters {
                recipient: audiences.recipient.map(&mut next),
                source: audiences.source.map(&mut next),
                purpose: next(audiences.purpose),
            };
            let one = entry.clone().seal(placement(seq, start, counters)).unwrap();
            let hash = tree::leaf_hash(&one.leaf);
            let made = tree::append(seq, hash, |id| nodes.get(&id).copied()).unwrap();
            nodes.extend(made);
            sealed.push(one);
        }
        let size = sealed.len() as u64;
        let read = |id| nodes.get(&id).copied();
        let note = self.signer.sign(size, tree::root(size, read).unwrap());
        // A party is owed less than the auditor, so that an outcome may be left out.
        let reader = if hide.is_empty() {
            Reader::Operator
        } else {
            Reader::Party([].into())
        };
        let exporter = Exporter::new(self.signer.verifier(), &note, reader, 0).unwrap();
        let mut lines = vec![exporter.header(read).unwrap()];
        for (place, one) in sealed.iter().enumerate() {
            let shown = Shown::Leaf {
                leaf: one.leaf.clone(),
                request: Disclosed::Open(one.request.clone()),
                answer: Disclosed::Open(one.answer.clone()),
                outcome: if hide.contains(&place) {
                    Disclosed::Hidden
                } else {
                    Disclosed::Open(one.outcome.clone())
                },
            };
            lines.push(exporter.line(place as u64, &shown, read).unwrap());
        }
        lines
    }
}

fn placement(seq: u64, at: Timestamp, counters: Counters) -> Placement {
    let bytes = |what: &str| <[u8; 32]>::from(Sha256::digest(format!("{what} {seq}")));
    Placement {
        seq,
        at,
        counters,
        nonce: bytes("nonce"),
        salts: Salts {
            request: Salt::new(bytes("request")),
            answer: Salt::new(bytes("answer")),
            outcome: Salt::new(bytes("outcome")),
        },
    }
}
