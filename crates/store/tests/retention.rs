//! What was purged is not on disk any more, and nothing that must stay went with it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ledger::export::{Disclosed, Exporter, Shown};
use ledger::outcome::Engine as Decider;
use ledger::word::{Code, TransactionId};
use ledger::{Kind, LogSigner, NewEntry, Outcome};
use model::clock::ManualClock;
use model::{
    CategoryCode, Certainty, CovenantId, Day, Digest, KeyEpoch, MatchKeyId, NoticeId, Oin, PartyId,
    ProtectionStatement, Pseudonym, PurposeId, Secret, Signal, SignalId, Subject, SubjectKind,
    Token,
};
use store::{
    Access, BrokerSettings, BrokerStore, Decided, NewNotice, Purgeable, SledEngine, SledSettings,
    Step, StoreError,
};

const TODAY: Day = Day::from_days(20_454);
const PSEUDONYM: &[u8; 32] = b"planted-pseudonym-planted-pseudo";
const REQUEST: &[u8] = b"planted-request";
const ANSWER: &[u8] = b"planted-answer";
const OUTCOME: &str = "planted-outcome";
const NOTICE: &[u8] = b"planted-notice";
const METHOD: &str = "planted-method";

fn covenant() -> CovenantId {
    CovenantId::parse("veilig-op-bezoek").unwrap()
}

fn version() -> Digest {
    Digest::new([5; 32])
}

fn oin() -> Oin {
    Oin::parse("00000099000000002000").unwrap()
}

fn signer() -> LogSigner {
    LogSigner::from_seed("log.example/retention", &Secret::new([7; 32])).unwrap()
}

fn open(dir: &Path) -> BrokerStore {
    let clock = Arc::new(ManualClock::at(TODAY.start()));
    BrokerStore::open(dir, &BrokerSettings::default(), signer(), clock).unwrap()
}

fn signal(id: u8, days: i32) -> Signal {
    Signal {
        id: SignalId::from_slice(&[id; 16]).unwrap(),
        party: PartyId::parse("politie").unwrap(),
        covenant: covenant(),
        epoch: KeyEpoch::FIRST,
        category: CategoryCode::parse("vera:AGR.FYS").unwrap(),
        purposes: vec![PurposeId::parse("veilig-bezoek").unwrap()],
        day: TODAY,
        neighbourhood: None,
        certainty: Certainty::Confirmed,
        reviewed_by_person: true,
        police_article: None,
        expires_on: TODAY.plus_days(days),
        subjects: vec![Subject {
            kind: SubjectKind::Address,
            minor: ProtectionStatement::Absent,
            shielded_address: ProtectionStatement::Absent,
            tokens: vec![Token {
                key: MatchKeyId::parse("adres/postcode+huisnummer").unwrap(),
                pseudonym: Pseudonym::from_bytes(*PSEUDONYM),
            }],
        }],
        content_commitment: Digest::new([2; 32]),
    }
}

fn entry() -> NewEntry {
    let decider = Decider {
        name: Code::parse("covenant").unwrap(),
        version: Code::parse("0.1.0").unwrap(),
        table_digest: None,
    };
    let mut outcome = Outcome::of(Kind::CheckAnswered, decider);
    outcome.transaction_id = Some(TransactionId::parse(OUTCOME).unwrap());
    NewEntry {
        covenant: Some(version()),
        recipient: Some(PartyId::parse("gemeente").unwrap()),
        source: Some(PartyId::parse("politie").unwrap()),
        purpose: Some(PurposeId::parse("veilig-bezoek").unwrap()),
        request: REQUEST.to_vec(),
        answer: ANSWER.to_vec(),
        outcome,
    }
}

fn fill(store: &BrokerStore) {
    let step = |tx: &mut store::BrokerTx| {
        tx.put_signals(&[signal(1, 10), signal(2, 20)])?;
        tx.put_access(&Access {
            at: TODAY.start(),
            by: oin(),
            method: METHOD.to_owned(),
        })?;
        let mut decided = Decided::for_asker(vec![entry(), entry()], ());
        decided.notices.push(NewNotice {
            to: oin(),
            id: NoticeId::parse("0d9c1a54-6a0b-4f0e-8f5a-3c2b1a0f9e8d").unwrap(),
            body: [NOTICE, &[b'x'; 9_000]].concat(),
            entries: vec![1],
        });
        Ok(Step::Decided(decided))
    };
    store.commit_step_blocking::<_, StoreError>(step).unwrap();
}

fn purge_all(store: &BrokerStore) {
    let later = TODAY.plus_days(400);
    store
        .write_blocking::<_, StoreError>(move |tx| {
            while tx.purge(later, 1)? == 1 {}
            while tx.purge_notices(later.start(), 1)? == 1 {}
            while tx.purge_accesses(later.start(), 1)? == 1 {}
            while tx.purge_entries(&covenant(), &version(), later.start(), 1)? == 1 {}
            Ok(())
        })
        .unwrap();
}

/// The files under `dir` that hold these bytes.
fn holding(dir: &Path, needle: &[u8]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(holding(&path, needle));
        } else if fs::read(&path)
            .unwrap()
            .windows(needle.len())
            .any(|w| w == needle)
        {
            found.push(path);
        }
    }
    found
}

const PLANTED: [&[u8]; 6] = [
    PSEUDONYM,
    REQUEST,
    ANSWER,
    OUTCOME.as_bytes(),
    NOTICE,
    METHOD.as_bytes(),
];

#[test]
fn after_purge_and_compaction_nothing_of_it_is_on_disk() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    fill(&store);
    store.close().unwrap();
    fs::remove_file(dir.path().join("clean-stop")).unwrap();
    let store = open(dir.path());
    assert!(dir.path().join("sled.copy").exists(), "made at the opening");
    let note = store.checkpoint().note;
    purge_all(&store);
    assert!(
        !holding(dir.path(), PSEUDONYM).is_empty(),
        "sled keeps what was deleted: without compaction this test proves nothing"
    );
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(store.compact()).unwrap();
    for planted in PLANTED {
        let found = holding(dir.path(), planted);
        assert!(
            found.is_empty(),
            "{} is in {found:?}",
            planted.escape_ascii()
        );
    }
    // The log is what it was, goes on, and survives a restart.
    assert_eq!(store.checkpoint().note, note);
    assert_eq!(store.fsck().unwrap().leaves, 2);
    fill(&store);
    store.close().unwrap();
    let store = open(dir.path());
    assert_eq!(store.log_stopped(), None);
    assert_eq!(store.fsck().unwrap().leaves, 4);
}

#[test]
fn what_went_is_counted_by_kind_until_it_is_reported() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    fill(&store);
    purge_all(&store);
    store.close().unwrap();
    let store = open(dir.path());
    let purged = store.read::<_, StoreError>(|view| view.purged()).unwrap();
    let mut found: Vec<_> = purged
        .iter()
        .map(|p| (p.covenant.is_some(), p.what, p.count))
        .collect();
    found.sort();
    assert_eq!(
        found,
        [
            (false, Purgeable::Notices, 1),
            (false, Purgeable::Accesses, 1),
            (true, Purgeable::Signals, 2),
            (true, Purgeable::SignalIds, 2),
            (true, Purgeable::Entries, 2),
        ]
    );
    // Nothing is erased, or counted, twice.
    purge_all(&store);
    assert_eq!(
        store.read::<_, StoreError>(|view| view.purged()).unwrap(),
        purged
    );
    store
        .write_blocking::<_, StoreError>(|tx| tx.purge_reported(TODAY.start()))
        .unwrap();
    let left = store.read::<_, StoreError>(|view| Ok((view.purged()?, view.last_purge()?)));
    assert_eq!(left.unwrap(), (Vec::new(), Some(TODAY.start())));
}

#[test]
fn only_what_is_due_goes_and_every_proof_still_holds() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    fill(&store);
    let before = store
        .write_blocking::<_, StoreError>(|tx| {
            assert_eq!(tx.purge(TODAY.plus_days(10), 9)?, 1);
            assert_eq!(tx.purge_notices(TODAY.start(), 9)?, 0);
            assert_eq!(tx.purge_accesses(TODAY.start(), 9)?, 0);
            assert_eq!(
                tx.purge_entries(&covenant(), &version(), TODAY.start(), 9)?,
                0
            );
            assert_eq!(tx.work(9)?.len(), 1, "the later signal still waits");
            Ok(tx.entry(0)?.unwrap())
        })
        .unwrap();
    assert!(before.outcome.is_some());
    purge_all(&store);
    store
        .read::<_, StoreError>(|view| {
            let after = view.entry(0)?.unwrap();
            assert_eq!(after.leaf, before.leaf);
            assert_eq!(
                (after.request, after.answer, after.outcome),
                (None, None, None)
            );
            assert_eq!(after.listed.decision, None);
            assert_eq!(after.listed.purpose, None);
            let size = view.checkpoint().size;
            let proof = view.inclusion_proof(0, size)?;
            let hash = ledger::tree::leaf_hash(&after.leaf);
            ledger::tree::verify_inclusion(hash, 0, size, &proof, &view.root(size)?).unwrap();
            Ok(())
        })
        .unwrap();
    store.fsck().unwrap();
}

#[test]
fn side_records_are_never_on_disk_in_clear() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    fill(&store);
    store.close().unwrap();
    assert!(
        !holding(dir.path(), PSEUDONYM).is_empty(),
        "the search finds what is there"
    );
    for clear in [
        REQUEST,
        ANSWER,
        OUTCOME.as_bytes(),
        b"check-answered\",\"trans",
    ] {
        assert!(
            holding(dir.path(), clear).is_empty(),
            "{}",
            clear.escape_ascii()
        );
    }
}

#[test]
fn an_export_says_that_it_was_erased_and_two_programs_verify_it() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    fill(&store);
    purge_all(&store);
    let signer = signer();
    let note = store.checkpoint().note;
    let reader = ledger::counters::Reader::Operator;
    let exporter = Exporter::new(signer.verifier(), &note, reader, 0).unwrap();
    let export = store
        .read::<_, StoreError>(|view| {
            let node = |id| view.tree_node(id).unwrap();
            let mut export = exporter.header(node).unwrap();
            for seq in 0..exporter.size() {
                let entry = view.entry(seq)?.unwrap();
                let part = |opening: Option<ledger::Opening>| {
                    opening.map_or(Disclosed::Erased, Disclosed::Open)
                };
                let shown = Shown::Leaf {
                    leaf: entry.leaf,
                    request: part(entry.request),
                    answer: part(entry.answer),
                    outcome: part(entry.outcome),
                };
                export += &exporter.line(seq, &shown, node).unwrap();
            }
            Ok(export)
        })
        .unwrap();
    assert_eq!(export.matches("\"outcome\":\"erased\"").count(), 2);
    let report = ledger::verify::verify(export.as_bytes(), signer.verifier()).unwrap();
    assert!(report.is_good(), "{:?}", report.bad);
    assert_eq!(report.erased, 6);
    let file = dir.path().join("export.jsonl");
    fs::write(&file, export).unwrap();
    let program = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../tests/independent/verify.py"
    );
    let verified = std::process::Command::new("python3")
        .arg(program)
        .arg(&file)
        .args(["--vkey", &signer.verifier().to_vkey()])
        .output()
        .unwrap();
    assert!(verified.status.success(), "{verified:?}");
}

#[test]
fn a_covenant_that_is_over_leaves_no_signal() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    fill(&store);
    store
        .write_blocking::<_, StoreError>(|tx| {
            while tx.purge_covenant(&covenant(), 1)? == 1 {}
            assert!(tx.work(9)?.is_empty());
            assert!(!tx.is_taken(
                &covenant(),
                KeyEpoch::FIRST,
                &PartyId::parse("politie").unwrap(),
                SignalId::from_slice(&[1; 16]).unwrap()
            )?);
            Ok(())
        })
        .unwrap();
    assert_eq!(store.fsck().unwrap().signals, 0);
}

/// Every state of the folder that a power cut during the exchange can leave is opened, with all
/// that was there, and without the old database once it is open.
#[test]
fn a_compaction_that_is_cut_off_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let made = dir.path().join("made");
    fill(&open(&made));
    let cases: [(&str, &[(&str, &str)]); 5] = [
        ("writing", &[("sled", "sled"), ("part", "sled.rewriting")]),
        ("written", &[("sled", "sled"), ("sled", "sled.rewritten")]),
        (
            "half exchanged",
            &[("sled", "sled.rewritten"), ("sled", "sled.replaced")],
        ),
        ("exchanged", &[("sled", "sled"), ("sled", "sled.replaced")]),
        ("all but the old one", &[("sled", "sled.replaced")]),
    ];
    for (name, folders) in cases {
        let state = dir.path().join(name.replace(' ', "-"));
        fs::create_dir(&state).unwrap();
        fs::copy(made.join("checkpoint"), state.join("checkpoint")).unwrap();
        fs::create_dir(state.join("files")).unwrap();
        for file in fs::read_dir(made.join("files")).unwrap() {
            let file = file.unwrap();
            fs::copy(file.path(), state.join("files").join(file.file_name())).unwrap();
        }
        for (from, to) in folders {
            let to = state.join(to);
            if *from == "part" {
                fs::create_dir(&to).unwrap();
                fs::write(to.join("db"), b"half").unwrap();
            } else {
                let copied = std::process::Command::new("cp")
                    .arg("-a")
                    .arg(made.join(from))
                    .arg(&to)
                    .status();
                assert!(copied.unwrap().success());
            }
        }
        let store = open(&state);
        assert_eq!(store.log_stopped(), None, "{name}");
        assert_eq!(store.fsck().unwrap().signals, 2, "{name}");
        store.close().unwrap();
        for left in ["sled.rewriting", "sled.rewritten", "sled.replaced"] {
            assert!(!state.join(left).exists(), "{name} leaves {left}");
        }
    }
    SledEngine::open(&made, SledSettings::default()).unwrap();
}
