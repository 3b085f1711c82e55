//! A backup is whole and newest, or it is not restored.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;

use ledger::outcome::Engine as Decider;
use ledger::word::Code;
use ledger::{Kind, LogSigner, NewEntry, Outcome};
use model::clock::ManualClock;
use model::{Digest, NoticeId, Oin, PartyId, Secret, Timestamp};
use store::{
    BackedUp, BrokerSettings, BrokerStore, Decided, NewNotice, Restored, Restoring, Step,
    StoreError, restore, verify_backup,
};

fn signer(seed: u8) -> LogSigner {
    LogSigner::from_seed("log.example/backup", &Secret::new([seed; 32])).unwrap()
}

fn open(dir: &Path) -> BrokerStore {
    let clock = Arc::new(ManualClock::at(Timestamp::from_millis(1_767_225_600_000)));
    BrokerStore::open(dir, &BrokerSettings::default(), signer(7), clock).unwrap()
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
        source: None,
        purpose: None,
        request: b"request".to_vec(),
        answer: b"answer".to_vec(),
        outcome: Outcome::of(Kind::CheckAnswered, decider),
    }
}

fn oin() -> Oin {
    Oin::parse("00000099000000002000").unwrap()
}

/// One entry, with a notice that has a file of its own.
fn fill(store: &BrokerStore) {
    let step = |_: &mut store::BrokerTx| {
        let mut decided = Decided::for_asker(vec![entry()], ());
        decided.notices.push(NewNotice {
            to: oin(),
            id: NoticeId::from_slice(model::id::random_32().get(..16).unwrap()).unwrap(),
            body: vec![b'x'; 20_000],
            entries: vec![0],
        });
        Ok(Step::Decided(decided))
    };
    store.commit_step_blocking::<_, StoreError>(step).unwrap();
}

fn back_up(store: &BrokerStore, to: &Path) -> BackedUp {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let out = File::create(to).unwrap();
    runtime.block_on(store.back_up(out)).unwrap()
}

fn try_restore(from: &Path, to: &Path, witnessed: &[Vec<u8>]) -> Result<Restored, StoreError> {
    let signer = signer(7);
    let what = Restoring {
        from,
        log: signer.verifier(),
        witnessed,
        checkpoint_file: None,
    };
    restore(&what, to)
}

#[test]
fn a_backup_of_a_running_store_comes_back_whole() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    let store = open(&at("live"));
    fill(&store);
    fill(&store);
    let held = back_up(&store, &at("backup"));
    assert_eq!((held.leaves, held.payloads), (2, 2));
    let note = store.checkpoint().note;
    let restored = try_restore(&at("backup"), &at("again"), std::slice::from_ref(&note)).unwrap();
    assert_eq!((restored.checked.leaves, restored.witnessed), (2, Some(2)));
    assert!(!at("again.restoring").exists());
    let again = open(&at("again"));
    assert_eq!((again.log_stopped(), again.checkpoint().note), (None, note));
    assert_eq!(again.pending(&oin(), 0, 9).unwrap().len(), 2);
    fill(&again);
    assert_eq!(again.fsck().unwrap().leaves, 3);
    // Never over what is there.
    let over = try_restore(&at("backup"), &at("again"), &[]).unwrap_err();
    assert!(
        over.to_string().contains("there is a state already"),
        "{over}"
    );
}

#[test]
fn a_backup_behind_what_others_saw_or_of_another_history_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    let store = open(&at("live"));
    fill(&store);
    back_up(&store, &at("backup"));
    let older = store.checkpoint().note;
    fill(&store);
    let newer = store.checkpoint().note;
    let other = open(&at("other"));
    fill(&other);
    let another_history = other.checkpoint().note;
    let foreign = signer(8).sign(1, Digest::new([0; 32]));
    for (witnessed, why) in [
        (newer.clone(), "behind what others have seen"),
        (another_history, "another history"),
        (foreign, "not signed by this log's key"),
    ] {
        let refused = try_restore(&at("backup"), &at("again"), &[older.clone(), witnessed]);
        let refused = refused.unwrap_err().to_string();
        assert!(refused.contains(why), "{refused}");
        assert!(!at("again").exists());
    }
    // The checkpoint file on another disk counts as well.
    fs::write(at("second-place"), &newer).unwrap();
    let signer = signer(7);
    let place = at("second-place");
    let what = Restoring {
        from: &at("backup"),
        log: signer.verifier(),
        witnessed: &[],
        checkpoint_file: Some(&place),
    };
    let refused = verify_backup(&what, &at("again")).unwrap_err().to_string();
    assert!(refused.contains("behind"), "{refused}");
    fs::write(&place, &older).unwrap();
    verify_backup(&what, &at("again")).unwrap();
    assert!(!at("again").exists(), "only verified");
}

#[test]
fn no_cut_or_changed_backup_is_restored() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    let store = open(&at("live"));
    fill(&store);
    back_up(&store, &at("backup"));
    let good = fs::read(at("backup")).unwrap();
    let mut bad = vec![good[..good.len() - 1].to_vec(), good[..40].to_vec(), vec![]];
    bad.push([&good[..], b"x"].concat());
    for at in (0..good.len()).step_by(good.len() / 40) {
        let mut changed = good.clone();
        changed[at] ^= 1;
        bad.push(changed);
    }
    for bytes in bad {
        fs::write(at("bad"), bytes).unwrap();
        let refused = try_restore(&at("bad"), &at("again"), &[]);
        assert!(refused.is_err());
        assert!(!at("again").exists());
        assert!(store::check_backup(&at("bad")).is_err());
    }
    store::check_backup(&at("backup")).unwrap();
}
