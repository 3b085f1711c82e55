//! Each released format stays readable: its fixture is a whole small database, row by row.
//!
//! `STORE_WRITE_FIXTURES=1 cargo test -p store --test format` writes those of the present format;
//! those of a released one are never written again.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;

use data_encoding::HEXLOWER;
use ledger::outcome::Engine as Decider;
use ledger::word::Code;
use ledger::{Kind, LogSigner, NewEntry, Outcome};
use model::clock::ManualClock;
use model::{
    ActorId, CategoryCode, Certainty, CovenantId, Day, Digest, KeyEpoch, MatchKeyId, Neighbourhood,
    NoticeId, Oin, PartyId, PoliceArticle, ProtectionStatement, Pseudonym, PurposeId, RequestId,
    RoleRef, Secret, Signal, SignalId, Subject, SubjectKind, Token,
};
use store::{
    Batch, BrokerSettings, BrokerStore, CheckpointPlace, Decided, Engine, Limit, MemoryEngine,
    NewNotice, NodeSettings, NodeStore, OutsideId, OwnSignal, Remember, RequestKey, SledEngine,
    SledSettings, Step, StoreError, SubjectLink, Told, ToldBy,
};

const TODAY: Day = Day::from_days(20_454);

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(name)
}

fn writes() -> bool {
    std::env::var_os("STORE_WRITE_FIXTURES").is_some()
}

/// A database as text: one row a line, `<key> <value>` in hexadecimal; first the checkpoint.
fn dump(engine: &MemoryEngine, checkpoint: &[u8]) -> String {
    let mut lines = vec![HEXLOWER.encode(checkpoint)];
    engine
        .range(&[], &[0xff; 80], &mut |key, value| {
            lines.push(format!(
                "{} {}",
                HEXLOWER.encode(key),
                HEXLOWER.encode(value)
            ));
            Ok(ControlFlow::Continue(()))
        })
        .unwrap();
    lines.join("\n") + "\n"
}

fn load(text: &str) -> (MemoryEngine, CheckpointPlace) {
    let hex = |text: &str| HEXLOWER.decode(text.as_bytes()).unwrap();
    let mut lines = text.lines();
    let checkpoint = hex(lines.next().unwrap());
    let rows: Batch = lines
        .map(|line| {
            let (key, value) = line.split_once(' ').unwrap();
            (hex(key), Some(hex(value)))
        })
        .collect();
    let engine = MemoryEngine::new();
    engine.apply(&rows).unwrap();
    let place = CheckpointPlace::Memory(Arc::new(std::sync::Mutex::new(Some(checkpoint))));
    (engine, place)
}

fn broker(engine: &MemoryEngine, place: CheckpointPlace) -> Result<BrokerStore, StoreError> {
    let signer = LogSigner::from_seed("log.example/fixture", &Secret::new([7; 32])).unwrap();
    let clock = Arc::new(ManualClock::at(TODAY.start()));
    BrokerStore::in_memory(engine.reopen(), place, signer, clock)
}

fn covenant() -> CovenantId {
    CovenantId::parse("veilig-op-bezoek").unwrap()
}

fn signal(party: &str, id: u8) -> Signal {
    let key = MatchKeyId::parse("adres/postcode+huisnummer").unwrap();
    Signal {
        id: SignalId::from_slice(&[id; 16]).unwrap(),
        party: PartyId::parse(party).unwrap(),
        covenant: covenant(),
        epoch: KeyEpoch::FIRST,
        category: CategoryCode::parse("vera:AGR.FYS").unwrap(),
        purposes: vec![PurposeId::parse("veilig-bezoek").unwrap()],
        day: TODAY.plus_days(-1),
        neighbourhood: Some(Neighbourhood::parse("BU08550101").unwrap()),
        certainty: Certainty::Confirmed,
        reviewed_by_person: true,
        police_article: Some(PoliceArticle::Art8),
        expires_on: TODAY.plus_days(100),
        subjects: vec![Subject {
            kind: SubjectKind::Address,
            minor: ProtectionStatement::Absent,
            shielded_address: ProtectionStatement::Present,
            tokens: vec![Token {
                key,
                pseudonym: Pseudonym::from_bytes([1; 32]),
            }],
        }],
        content_commitment: Digest::new([2; 32]),
    }
}

fn request() -> RequestKey {
    RequestKey {
        client: "00000099000000002000".to_owned(),
        method: "Check".to_owned(),
        id: RequestId::parse("7f3d5a52-11aa-4c6b-9d7e-5a0c1b2d3e4f").unwrap(),
    }
}

fn notice_id() -> NoticeId {
    NoticeId::parse("0d9c1a54-6a0b-4f0e-8f5a-3c2b1a0f9e8d").unwrap()
}

fn oin() -> Oin {
    Oin::parse("00000099000000002000").unwrap()
}

fn limit() -> Limit {
    Limit::ActorPerDay {
        covenant: covenant(),
        party: PartyId::parse("gemeente").unwrap(),
        actor: ActorId::parse("m-17").unwrap(),
        day: TODAY,
    }
}

fn entry() -> NewEntry {
    let decider = Decider {
        name: Code::parse("covenant").unwrap(),
        version: Code::parse("0.1.0").unwrap(),
        table_digest: None,
    };
    NewEntry {
        covenant: Some(Digest::new([5; 32])),
        recipient: Some(PartyId::parse("gemeente").unwrap()),
        source: Some(PartyId::parse("politie").unwrap()),
        purpose: Some(PurposeId::parse("veilig-bezoek").unwrap()),
        request: b"request".to_vec(),
        answer: b"answer".to_vec(),
        outcome: Outcome::of(Kind::CheckAnswered, decider),
    }
}

fn fill_broker(store: &BrokerStore) {
    store
        .write_blocking::<_, StoreError>(|tx| {
            let stored = tx.put_signals(&[signal("politie", 1), signal("gemeente", 2)])?;
            tx.put_signals(&[signal("zorg", 3)])?;
            let gone = signal("zorg", 3);
            tx.withdraw_signal(&gone.covenant, gone.epoch, &gone.party, gone.id)?;
            assert_eq!(stored.len(), 2);
            tx.count(&limit())?;
            tx.accept_once(&oin(), b"nonce", TODAY.plus_days(1).start(), TODAY.start())
        })
        .unwrap();
    store
        .commit_step_blocking::<_, StoreError>(|_| {
            let mut decided = Decided::for_asker(vec![entry(), entry()], ());
            decided.notices.push(NewNotice {
                to: oin(),
                id: notice_id(),
                body: b"notice".to_vec(),
                entries: vec![1],
            });
            decided.links.push((0, link()));
            decided.told.push((0, told()));
            decided.remember = Some(Remember {
                key: request(),
                hash: Digest::new([3; 32]),
                answer: b"remembered".to_vec(),
                until: None,
            });
            Ok(Step::Decided(decided))
        })
        .unwrap();
    store
        .write_blocking::<_, StoreError>(|tx| tx.make_recall(0, "erasure", TODAY, |_| true))
        .unwrap();
}

#[test]
fn a_broker_of_format_1_is_migrated_and_its_side_records_are_sealed() {
    let engine = a_broker_is_read(&path("format-1-broker.txt"));
    let hex = |text: &[u8]| HEXLOWER.encode(text);
    let old = std::fs::read_to_string(path("format-1-broker.txt")).unwrap();
    let new = dump(&engine, b"");
    let clear = hex(b"\"kind\":\"check-answered\"");
    assert!(old.contains(&clear), "else this shows nothing");
    assert!(!new.contains(&clear));
}

/// On a disk: a copy first, and after the next compaction neither it nor sled has anything in clear.
#[test]
fn a_migration_on_disk_keeps_a_copy_until_the_next_compaction() {
    let text = std::fs::read_to_string(path("format-1-broker.txt")).unwrap();
    let (old, place) = load(&text);
    let dir = tempfile::tempdir().unwrap();
    let sled = SledEngine::open(dir.path(), SledSettings::default()).unwrap();
    let mut rows = Batch::new();
    old.range(&[], &[0xff; 80], &mut |key, value| {
        rows.insert(key.to_vec(), Some(value.to_vec()));
        Ok(ControlFlow::Continue(()))
    })
    .unwrap();
    sled.apply(&rows).unwrap();
    sled.close().unwrap();
    std::fs::write(
        dir.path().join("checkpoint"),
        place.read().unwrap().unwrap(),
    )
    .unwrap();
    let signer = LogSigner::from_seed("log.example/fixture", &Secret::new([7; 32])).unwrap();
    let clock = Arc::new(ManualClock::at(TODAY.start()));
    let settings = BrokerSettings::default();
    let store = BrokerStore::open(dir.path(), &settings, signer, clock).unwrap();
    assert_eq!(store.log_stopped(), None);
    let copy = dir.path().join("sled.copy.format-1");
    let clear = |file: PathBuf| {
        let bytes = std::fs::read(file).unwrap();
        bytes.windows(15).any(|w| w == b"\"check-answered")
    };
    assert!(clear(copy.join("db")), "the copy is of what was there");
    let due = store.read::<_, StoreError>(|view| view.last_compaction());
    assert_eq!(due.unwrap(), Some(model::Timestamp::from_millis(0)));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(store.compact()).unwrap();
    assert!(!copy.exists());
    assert!(!clear(dir.path().join("sled/db")));
    assert_eq!(store.fsck().unwrap().leaves, 2);
    assert!(
        store
            .read::<_, StoreError>(|view| Ok(view.entry(1)?.unwrap().outcome.is_some()))
            .unwrap()
    );
}

#[test]
fn a_broker_of_format_2_is_read() {
    a_broker_is_read(&path("format-2-broker.txt"));
}

#[test]
fn a_broker_of_format_3_is_read() {
    let file = path("format-3-broker.txt");
    if writes() {
        let (engine, place) = (MemoryEngine::new(), CheckpointPlace::in_memory());
        let store = broker(&engine, place).unwrap();
        fill_broker(&store);
        let note = store.checkpoint().note;
        store.close().unwrap();
        std::fs::write(&file, dump(&engine.reopen(), &note)).unwrap();
    }
    let (engine, place) = load(&std::fs::read_to_string(&file).unwrap());
    let store = broker(&engine, place).unwrap();
    store
        .read::<_, StoreError>(|view| {
            assert_eq!(view.link(0)?, Some(link()));
            assert_eq!(view.told(0)?, Some(told()));
            let recall = view.recall_of(0)?.unwrap();
            assert_eq!(recall.reason, "erasure");
            let due = view.recalls_due(TODAY, 9)?;
            assert_eq!(due, [recall]);
            Ok(())
        })
        .unwrap();
    a_broker_is_read(&file);
}

fn link() -> SubjectLink {
    let subject = signal("politie", 1).subjects.remove(0);
    SubjectLink {
        covenant: covenant(),
        epoch: KeyEpoch::FIRST,
        salt: ledger::Salt::new([4; 32]),
        recipient: subject.tokens.clone(),
        source: subject.tokens,
    }
}

fn told() -> Told {
    Told {
        covenant: covenant(),
        digest: Digest::new([5; 32]),
        epoch: KeyEpoch::FIRST,
        source: PartyId::parse("politie").unwrap(),
        signals: vec![SignalId::from_slice(&[1; 16]).unwrap()],
        to: oin(),
        recipient: PartyId::parse("gemeente").unwrap(),
        by: ToldBy::Notice(notice_id()),
        roles: vec![RoleRef::parse("gemeente.toezichthouder").unwrap()],
        purpose: PurposeId::parse("veilig-bezoek").unwrap(),
        on: TODAY,
        kept_until: Some(TODAY.plus_days(30)),
        ends: TODAY.plus_days(30),
        lapses: Some(TODAY.plus_days(20)),
    }
}

fn a_broker_is_read(file: &std::path::Path) -> MemoryEngine {
    let (engine, place) = load(&std::fs::read_to_string(file).unwrap());
    let store = broker(&engine, place).unwrap();
    assert_eq!(store.log_stopped(), None);
    assert_eq!(store.fsck().unwrap().leaves, 2);
    store
        .read::<_, StoreError>(|view| {
            let matches = view.matches(&signal("politie", 1), TODAY)?;
            assert_eq!(
                matches[0].candidates.len(),
                1,
                "the withdrawn one does not match"
            );
            assert_eq!(matches[0].candidates[0].signal, signal("gemeente", 2));
            assert_eq!(view.work(9)?.len(), 2);
            assert_eq!(view.counted(&limit())?, 1);
            let answer = view.answered(&request(), &Digest::new([3; 32]))?.unwrap();
            assert_eq!(answer.answer(), b"remembered");
            let kept = view.entry(1)?.unwrap();
            let outcome = kept.outcome.unwrap();
            let leaf = ledger::Skeleton::from_leaf(&kept.leaf).unwrap();
            assert!(outcome.opens(ledger::Part::Outcome, &leaf.outcome));
            // An outcome of before some fields were recorded reads as one without them.
            assert_eq!(Outcome::from_json(&outcome.bytes).unwrap(), entry().outcome);
            Ok(())
        })
        .unwrap();
    let pending = store.pending(&oin(), 0, 9).unwrap();
    assert_eq!(pending[0].disclosure().id, notice_id());
    let signer = LogSigner::from_seed("log.example/fixture", &Secret::new([7; 32])).unwrap();
    pending[0].receipt().verify(signer.verifier()).unwrap();
    let replayed = store.write_blocking(|tx| {
        tx.accept_once(&oin(), b"nonce", TODAY.plus_days(1).start(), TODAY.start())
    });
    assert!(matches!(replayed, Err(StoreError::Replayed)));
    // It goes on from there, in the same format.
    fill_more(&store);
    engine.reopen()
}

fn fill_more(store: &BrokerStore) {
    let logged = store.commit_step_blocking::<_, StoreError>(|tx| {
        tx.put_signals(&[signal("zorg", 9)])?;
        Ok(Step::Decided(Decided::new(vec![entry()], ())))
    });
    let receipt = logged.unwrap().unwrap().into_parts().1;
    let signer = LogSigner::from_seed("log.example/fixture", &Secret::new([7; 32])).unwrap();
    let verified = receipt.verify(signer.verifier()).unwrap();
    assert_eq!(verified.leaves[0].counters.recipient, Some(3));
}

#[test]
fn a_node_of_format_1_is_read() {
    a_node_is_read("format-1-node.txt", false);
}

#[test]
fn a_node_of_format_2_is_read() {
    a_node_is_read("format-2-node.txt", false);
}

#[test]
fn a_node_of_format_3_is_read() {
    a_node_is_read("format-3-node.txt", writes());
}

fn a_node_is_read(name: &str, writes: bool) {
    let file = path(name);
    let outside = OutsideId {
        covenant: covenant(),
        epoch: KeyEpoch::FIRST,
        id: SignalId::from_slice(&[8; 16]).unwrap(),
    };
    let id = SignalId::from_slice(&[9; 16]).unwrap();
    let own = OwnSignal {
        state: b"pushed".to_vec(),
        outside: vec![outside.clone()],
    };
    if writes {
        let engine = MemoryEngine::new();
        let store = NodeStore::in_memory(engine.reopen(), NodeSettings::default()).unwrap();
        let own = own.clone();
        store
            .write_blocking::<_, StoreError>(move |tx| {
                tx.put_vault(b"name", b"sealed")?;
                tx.put_outbox("queue", b"push")?;
                tx.put_own(id, &own)?;
                tx.put_received(notice_id(), b"notice", TODAY.start())?;
                tx.remember(&request(), &Digest::new([3; 32]), b"answer", TODAY.start())
            })
            .unwrap();
        store.close().unwrap();
        std::fs::write(&file, dump(&engine.reopen(), b"")).unwrap();
    }
    let (engine, _) = load(&std::fs::read_to_string(file).unwrap());
    let store = NodeStore::in_memory(engine, NodeSettings::default()).unwrap();
    store
        .read::<_, StoreError>(|view| {
            assert_eq!(view.key_epochs(&covenant())?, [], "it knows of none");
            assert_eq!(view.vault(b"name")?, Some(b"sealed".to_vec()));
            assert_eq!(view.outbox("queue", 0, 9)?[0].body, b"push");
            assert_eq!(view.outbox_totals()?.bytes, 4);
            assert_eq!(view.own(id)?, Some(own));
            assert_eq!(view.inside_id(&outside)?, Some(id));
            assert_eq!(view.received(0, 9)?[0].id, notice_id());
            let answer = view.answered(&request(), &Digest::new([3; 32]))?.unwrap();
            assert_eq!(answer.answer(), b"answer");
            Ok(())
        })
        .unwrap();
}

#[test]
fn a_newer_format_is_refused_by_its_number() {
    let engine = MemoryEngine::new();
    let store = NodeStore::in_memory(engine.reopen(), NodeSettings::default()).unwrap();
    store.close().unwrap();
    let record = engine.get(&[0]).unwrap().unwrap();
    let mut newer = record.clone();
    newer[4] += 1;
    assert_eq!(record[1..5], store::FORMAT.to_be_bytes());
    let put = |record: Vec<u8>| engine.apply(&[(vec![0], Some(record))].into()).unwrap();
    put(newer);
    let open = || NodeStore::in_memory(engine.reopen(), NodeSettings::default());
    let error = open().unwrap_err().to_string();
    assert!(
        error.contains("has format 4") && error.contains("up to 3"),
        "{error}"
    );
    put(record);
    open().unwrap();
}
