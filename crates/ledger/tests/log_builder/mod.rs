//! A log in memory, with fixed salts and times, for the tests of this crate.

use std::collections::BTreeMap;

use ledger::export::{Disclosed, Exporter, Shown};
use ledger::outcome::{Cell, Engine, Fact, Recipient};
use ledger::word::Code;
use ledger::{
    AudienceKey, Counters, Decided, Kind, LogSigner, NewEntry, NodeId, Outcome, Placement, Salt,
    Salts, Sealed, tree,
};
use model::{ActorId, ClauseNo, Digest, PartyId, PurposeId, RoleRef, Secret, Timestamp};
use sha2::{Digest as _, Sha256};

pub(crate) const ORIGIN: &str = "log.delinde.example/convenanten";

pub(crate) struct Log {
    pub(crate) signer: LogSigner,
    pub(crate) nodes: BTreeMap<NodeId, Digest>,
    pub(crate) entries: Vec<Sealed>,
    pub(crate) hashes: Vec<Digest>,
    pub(crate) leaves: Vec<Vec<u8>>,
    counters: BTreeMap<AudienceKey, u64>,
    start: Timestamp,
}

impl Log {
    pub(crate) fn new() -> Self {
        Self {
            signer: LogSigner::from_seed(ORIGIN, &Secret::new([42; 32])).unwrap(),
            nodes: BTreeMap::new(),
            entries: Vec::new(),
            hashes: Vec::new(),
            leaves: Vec::new(),
            counters: BTreeMap::new(),
            start: Timestamp::from_rfc3339("2026-11-23T20:15:00.000Z").unwrap(),
        }
    }

    pub(crate) fn size(&self) -> u64 {
        self.hashes.len() as u64
    }

    /// Appends with the numbers and times that an honest broker gives.
    pub(crate) fn append(&mut self, entry: NewEntry) {
        let counters = self.count(&entry);
        let at = self
            .start
            .plus_seconds(7 * i64::try_from(self.size()).unwrap());
        self.append_with(entry, counters, at);
    }

    pub(crate) fn count(&mut self, entry: &NewEntry) -> Counters {
        let audiences = entry.audiences();
        let mut next = |key: AudienceKey| {
            let number = self.counters.entry(key).or_default();
            *number += 1;
            *number
        };
        Counters {
            recipient: audiences.recipient.map(&mut next),
            source: audiences.source.map(&mut next),
            purpose: next(audiences.purpose),
        }
    }

    pub(crate) fn append_with(&mut self, entry: NewEntry, counters: Counters, at: Timestamp) {
        let seq = self.size();
        let sealed = entry.seal(placement(seq, at, counters)).unwrap();
        self.append_leaf(sealed.leaf.clone(), sealed);
    }

    /// Appends whatever bytes, as a broker that cheats could.
    pub(crate) fn append_leaf(&mut self, leaf: Vec<u8>, sealed: Sealed) {
        let hash = tree::leaf_hash(&leaf);
        let read = |id| self.nodes.get(&id).copied();
        let made = tree::append(self.size(), hash, read).unwrap();
        self.nodes.extend(made);
        self.hashes.push(hash);
        self.leaves.push(leaf);
        self.entries.push(sealed);
    }

    pub(crate) fn read(&self) -> impl FnMut(NodeId) -> Option<Digest> {
        |id| self.nodes.get(&id).copied()
    }

    pub(crate) fn root(&self) -> Digest {
        tree::root(self.size(), self.read()).unwrap()
    }

    pub(crate) fn note(&self) -> Vec<u8> {
        self.signer.sign(self.size(), self.root())
    }

    /// Everything that the log has of one entry.
    pub(crate) fn shown(&self, index: usize) -> Shown {
        let sealed = &self.entries[index];
        Shown::Leaf {
            leaf: self.leaves[index].clone(),
            request: Disclosed::Open(sealed.request.clone()),
            answer: Disclosed::Open(sealed.answer.clone()),
            outcome: Disclosed::Open(sealed.outcome.clone()),
        }
    }

    /// The lines of an export, without line feeds.
    pub(crate) fn lines(
        &self,
        reader: ledger::counters::Reader,
        from: u64,
        show: impl Fn(usize) -> Shown,
    ) -> Vec<String> {
        let exporter = Exporter::new(self.signer.verifier(), &self.note(), reader, from).unwrap();
        let mut lines = vec![exporter.header(self.read()).unwrap()];
        for index in from..exporter.size() {
            let shown = show(usize::try_from(index).unwrap());
            lines.push(exporter.line(index, &shown, self.read()).unwrap());
        }
        lines
            .iter()
            .map(|line| line.trim_end().to_owned())
            .collect()
    }
}

pub(crate) fn placement(seq: u64, at: Timestamp, counters: Counters) -> Placement {
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

pub(crate) fn covenant() -> Digest {
    Digest::new(Sha256::digest(b"veilig op bezoek, version 1").into())
}

pub(crate) fn other_covenant() -> Digest {
    Digest::new(Sha256::digest(b"ernstige overlast, version 1").into())
}

pub(crate) fn party(name: &str) -> PartyId {
    PartyId::parse(name).unwrap()
}

pub(crate) fn code(text: &str) -> Code {
    Code::parse(text).unwrap()
}

pub(crate) fn engine() -> Engine {
    Engine {
        name: code("covenant"),
        version: code("0.1.0"),
        table_digest: Some(covenant().into()),
    }
}

/// A check of the corporation that a source's signals were in question for.
pub(crate) fn check(source: &str, revealed: bool) -> NewEntry {
    let purpose = PurposeId::parse("veilig-bezoek").unwrap();
    let role = RoleRef::parse("corporatie.huismeester").unwrap();
    let answer = if revealed {
        "ga-met-twee"
    } else {
        "geen-advies"
    };
    NewEntry {
        covenant: Some(covenant()),
        recipient: Some(party("corporatie")),
        source: Some(party(source)),
        purpose: Some(purpose.clone()),
        request: b"the signed check, exact bytes".to_vec(),
        answer: answer.as_bytes().to_vec(),
        outcome: Outcome {
            clause: Some(ClauseNo::parse("1").unwrap()),
            cell: Some(Cell {
                role: role.clone(),
                purpose: purpose.clone(),
                source: party(source),
                signal: None,
                shows: Some(code("handelingsadvies")),
            }),
            recipient: Some(Recipient {
                role,
                actor: Some(ActorId::parse("a-7f3c").unwrap()),
            }),
            purpose: Some(purpose),
            facts: BTreeMap::from([(code("treffers"), Fact::Number(i64::from(revealed)))]),
            decision: Some(if revealed {
                Decided::Revealed
            } else {
                Decided::Withheld
            }),
            output_kind: revealed.then(|| code("handelingsadvies")),
            duties: vec![code("vastleggen")],
            ..Outcome::of(Kind::CheckAnswered, engine())
        },
    }
}

/// A continuous match; withheld, it names nobody in its leaf.
pub(crate) fn matched(revealed: bool) -> NewEntry {
    let purpose = PurposeId::parse("overlast").unwrap();
    let decision = if revealed {
        Decided::Revealed
    } else {
        Decided::Withheld
    };
    let named = |name: &str| revealed.then(|| party(name));
    NewEntry {
        covenant: Some(other_covenant()),
        recipient: named("gemeente"),
        source: named("politie"),
        purpose: Some(purpose.clone()),
        request: Vec::new(),
        answer: Vec::new(),
        outcome: Outcome {
            purpose: Some(purpose),
            decision: Some(decision),
            ..Outcome::of(Kind::MatchDecided, engine())
        },
    }
}

/// An event that concerns no party: a covenant's, or a dummy.
pub(crate) fn event(kind: Kind, covenant: Option<Digest>) -> NewEntry {
    NewEntry::unnamed(covenant, Outcome::of(kind, engine()))
}

/// Eleven entries of every sort.
pub(crate) fn busy_log() -> Log {
    let mut log = Log::new();
    log.append(event(Kind::CovenantActivated, Some(covenant())));
    log.append(event(Kind::CovenantActivated, Some(other_covenant())));
    log.append(check("gemeente", true));
    log.append(check("politie", false));
    log.append(matched(false));
    log.append(matched(true));
    log.append(event(Kind::Padding, None));
    log.append(check("gemeente", false));
    log.append(check("politie", false));
    log.append(event(Kind::QuotaExceeded, Some(covenant())));
    log.append(matched(true));
    log
}

/// Four entries.
pub(crate) fn small_log() -> Log {
    let mut log = Log::new();
    log.append(check("politie", true));
    log.append(matched(false));
    log.append(check("gemeente", false));
    log.append(event(Kind::Padding, None));
    log
}
