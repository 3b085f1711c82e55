//! Commits: signal, count and log entry in one batch, a signed checkpoint before the answer.

use std::path::Path;
use std::sync::Arc;

use ledger::outcome::Engine;
use ledger::word::Code;
use ledger::{Kind, LogSigner, NewEntry, Outcome};
use model::clock::SystemClock;
use model::{
    CategoryCode, Certainty, CovenantId, Day, Digest, KeyEpoch, MatchKeyId, PartyId,
    ProtectionStatement, Pseudonym, Secret, Signal, SignalId, Subject, SubjectKind, Token,
};
use store::{BrokerSettings, BrokerStore, BrokerTx, BrokerView, Decided, Limit, Step, StoreError};

use super::{Acked, Failure, payload, say};

/// How many threads commit, numbered after those that write batches.
pub(super) const THREADS: u64 = 2;
const DAY: Day = Day::from_days(20_454);

pub(super) fn open(dir: &Path) -> Result<BrokerStore, Failure> {
    let signer = LogSigner::from_seed("log.example/power-cut", &Secret::new([1; 32]))?;
    Ok(BrokerStore::open(
        &dir.join("broker"),
        &BrokerSettings::default(),
        signer,
        Arc::new(SystemClock),
    )?)
}

/// Commits until the process is stopped; acknowledges with the checkpoint's size and root.
pub(super) fn write(store: &BrokerStore, thread: u64) -> Result<(), Failure> {
    let count = limit(thread)?;
    let mut number = store.read::<_, StoreError>(|view| view.counted(&count))?;
    loop {
        number += 1;
        let logged = store
            .commit_step_blocking(move |tx| decide(tx, thread, number).map(Step::Decided))?
            .ok_or("nothing was logged")?;
        let note = String::from_utf8(logged.receipt().checkpoint.clone())?;
        let mut lines = note.lines().skip(1);
        let (size, root) = (lines.next().unwrap_or(""), lines.next().unwrap_or(""));
        say(&format!("{thread} {number} {size} {root}"));
    }
}

fn decide(tx: &mut BrokerTx, thread: u64, number: u64) -> Result<Decided<()>, Failure> {
    tx.put_signals(&[signal(thread, number)?])?;
    tx.count(&limit(thread)?)?;
    let engine = Engine {
        name: Code::parse("power-cut")?,
        version: Code::parse("1")?,
        table_digest: None,
    };
    let entry = NewEntry {
        covenant: None,
        recipient: Some(party(thread)?),
        source: None,
        purpose: None,
        request: payload(thread, number, 100),
        answer: payload(thread, number, 300),
        outcome: Outcome::of(Kind::MatchDecided, engine),
    };
    Ok(Decided::new(vec![entry], ()))
}

/// Opens the broker's state: it may sign, its tree is whole, holds every acknowledged root, and
/// every commit is there wholly or not at all.
pub(super) fn check(dir: &Path, acked: &[Acked]) -> Result<u64, Failure> {
    let store = open(dir)?;
    if let Some(why) = store.log_stopped() {
        return Err(format!("the log is not signed: {why}").into());
    }
    let checked = store.fsck()?;
    let mut commits = 0;
    for (thread, acked) in acked
        .iter()
        .enumerate()
        .skip(usize::try_from(super::THREADS)?)
    {
        let thread = u64::try_from(thread)?;
        commits += store.read(|view| check_thread(view, thread, acked))?;
    }
    if (checked.leaves, checked.signals) != (commits, commits) {
        return Err("leaves, signals and counts do not belong together".into());
    }
    store.close()?;
    Ok(checked.leaves)
}

fn check_thread(view: &BrokerView, thread: u64, acked: &Acked) -> Result<u64, Failure> {
    let found = view.counted(&limit(thread)?)?;
    if found < acked.number {
        let acked = acked.number;
        return Err(format!("thread {thread}: acknowledged commit {acked}, found {found}").into());
    }
    if let Some((size, root)) = acked.more.split_once(' ') {
        let expected = data_encoding::BASE64.decode(root.as_bytes())?;
        if view.root(size.parse()?)?.as_bytes() != expected.as_slice() {
            return Err("the log does not contain an acknowledged checkpoint".into());
        }
    }
    for number in 1..=found {
        let signal = signal(thread, number)?;
        let stored = view.signal(&signal.covenant, signal.epoch, &signal.party, signal.id)?;
        if stored.as_ref() != Some(&signal) {
            return Err(format!("thread {thread}: signal {number} is not whole").into());
        }
    }
    Ok(found)
}

fn party(thread: u64) -> Result<PartyId, Failure> {
    Ok(PartyId::parse(&format!("party-{thread}"))?)
}

fn limit(thread: u64) -> Result<Limit, Failure> {
    Ok(Limit::NamedPerDay {
        covenant: CovenantId::parse("power-cut")?,
        party: party(thread)?,
        name: "commits",
        day: DAY,
    })
}

fn signal(thread: u64, number: u64) -> Result<Signal, Failure> {
    let bytes = payload(thread, number, 32);
    let pseudonym: [u8; 32] = bytes.as_slice().try_into()?;
    let id = bytes.get(..16).and_then(SignalId::from_slice);
    Ok(Signal {
        id: id.ok_or("id")?,
        party: party(thread)?,
        covenant: CovenantId::parse("power-cut")?,
        epoch: KeyEpoch::FIRST,
        category: CategoryCode::parse("vera:AGR.FYS")?,
        purposes: Vec::new(),
        day: DAY,
        neighbourhood: None,
        certainty: Certainty::Reported,
        reviewed_by_person: false,
        police_article: None,
        expires_on: DAY.plus_days(1),
        subjects: vec![Subject {
            kind: SubjectKind::Address,
            minor: ProtectionStatement::Absent,
            shielded_address: ProtectionStatement::Absent,
            tokens: vec![Token {
                key: MatchKeyId::parse("adres/postcode+huisnummer")?,
                pseudonym: Pseudonym::from_bytes(pseudonym),
            }],
        }],
        content_commitment: Digest::new([0; 32]),
    })
}
