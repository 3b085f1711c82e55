//! What was purged at a node is counted, is not on disk any more, and a backup of a node comes back
//! whole or not at all.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};

use model::{CovenantId, Day, Digest, KeyEpoch, NoticeId, RequestId, SignalId};
use store::{
    NodePurgeable, NodeSettings, NodeStore, OutsideId, OwnSignal, RequestKey, StoreError,
    check_backup, restore_node,
};

const TODAY: Day = Day::from_days(20_454);
const CONTENT: &[u8] = b"planted-vault-content";
const STATE: &[u8] = b"planted-state";
const PUSH: &[u8] = b"planted-push";
const NOTICE: &[u8] = b"planted-notice";
const RECEIPT: &[u8] = b"planted-receipt";
const ANSWER: &[u8] = b"planted-answer";
const TALLY: &[u8] = b"planted-tally";
const PLANTED: [&[u8]; 7] = [CONTENT, STATE, PUSH, NOTICE, RECEIPT, ANSWER, TALLY];

fn open(dir: &Path) -> NodeStore {
    NodeStore::open(dir, NodeSettings::default()).unwrap()
}

fn own() -> SignalId {
    SignalId::from_slice(&[7; 16]).unwrap()
}

fn outside() -> OutsideId {
    OutsideId {
        covenant: CovenantId::parse("veilig-op-bezoek").unwrap(),
        epoch: KeyEpoch::FIRST,
        id: SignalId::parse("1d9c1a54-6a0b-4f0e-8f5a-3c2b1a0f9e8d").unwrap(),
    }
}

fn notice() -> NoticeId {
    NoticeId::parse("0d9c1a54-6a0b-4f0e-8f5a-3c2b1a0f9e8d").unwrap()
}

fn fill(store: &NodeStore) -> u64 {
    let key = RequestKey {
        client: "one".to_owned(),
        method: "test".to_owned(),
        id: RequestId::fresh(),
    };
    store
        .write_blocking::<_, StoreError>(move |tx| {
            tx.put_vault(b"content", CONTENT)?;
            let own_signal = OwnSignal {
                state: STATE.to_vec(),
                outside: vec![outside()],
            };
            tx.put_own(own(), &own_signal)?;
            tx.add_to_tally(TALLY, 1)?;
            let body = [NOTICE, &[b'x'; 9_000]].concat();
            tx.put_received(notice(), &body, TODAY.start())?;
            tx.put_receipt(b"receipt", RECEIPT, TODAY.plus_days(9))?;
            tx.remember(&key, &Digest::new([1; 32]), ANSWER, TODAY.start())?;
            tx.put_outbox("veilig-op-bezoek/1", PUSH)
        })
        .unwrap()
}

fn purge_all(store: &NodeStore, push: u64) {
    let later = TODAY.plus_days(40);
    store
        .write_blocking::<_, StoreError>(move |tx| {
            while tx.purge(later, 1)? == 1 {}
            tx.delete_vault(b"content")?;
            tx.delete_own(own())?;
            tx.add_to_tally(TALLY, -1)?;
            tx.count_purged(NodePurgeable::OwnSignals, 1, later)?;
            tx.count_purged(NodePurgeable::OwnSignals, 1, TODAY)?;
            tx.outbox_done("veilig-op-bezoek/1", push)?;
            let row = tx.received_by_id(notice())?.unwrap();
            tx.purge_received(&row, TODAY)
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

#[test]
fn after_purge_and_compaction_nothing_of_it_is_on_disk() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let push = fill(&store);
    purge_all(&store, push);
    assert!(
        !holding(dir.path(), CONTENT).is_empty(),
        "sled keeps what was deleted: without compaction this test proves nothing"
    );
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(store.compact()).unwrap();
    for planted in PLANTED {
        let found = holding(dir.path(), planted);
        let planted = planted.escape_ascii();
        assert!(found.is_empty(), "{planted} is in {found:?}");
    }
    store.close().unwrap();
    let again = open(dir.path());
    assert_eq!(again.read(|view| view.own(own())).unwrap(), None);
    assert_eq!(again.read(|view| view.inside_id(&outside())).unwrap(), None);
}

#[test]
fn an_erased_receipt_is_gone_at_once_and_off_the_disk_after_compaction() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    fill(&store);
    let on = |days| {
        let today = TODAY.plus_days(days);
        store
            .read(|view| view.receipt_on(b"receipt", today))
            .unwrap()
    };
    assert_eq!(on(8).as_deref(), Some(RECEIPT));
    assert_eq!(on(9), None, "its end has come, though no purge did");
    store
        .write_blocking::<_, StoreError>(|tx| tx.erase_receipt(b"receipt"))
        .unwrap();
    assert_eq!(on(0), None);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(store.compact()).unwrap();
    assert!(holding(dir.path(), RECEIPT).is_empty());
    // The row that was to end it finds nothing, and goes.
    let purge = |tx: &mut store::NodeTx| tx.purge(TODAY.plus_days(9), 99);
    assert_eq!(
        store.write_blocking::<_, StoreError>(purge).unwrap(),
        2,
        "with the answer"
    );
}

#[test]
fn what_went_is_counted_over_a_crash_and_then_written_down_for_good() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let push = fill(&store);
    purge_all(&store, push);
    store.close().unwrap();
    let store = open(dir.path());
    let counted = store.read(|view| view.purged()).unwrap();
    let of = |what| {
        let one = counted.iter().find(|one| one.what == what).unwrap();
        (one.count, one.since)
    };
    assert_eq!(of(NodePurgeable::OwnSignals), (2, TODAY), "the oldest day");
    assert_eq!(of(NodePurgeable::Notices), (1, TODAY));
    assert_eq!(of(NodePurgeable::Receipts), (1, TODAY.plus_days(9)));
    assert_eq!(of(NodePurgeable::Answers).0, 1);

    let at = TODAY.start().plus_seconds(5);
    let end = move |tx: &mut store::NodeTx| tx.purge_ended(at);
    let ended = store.write_blocking::<_, StoreError>(end).unwrap();
    assert_eq!(ended, counted);
    assert!(
        store
            .write_blocking::<_, StoreError>(end)
            .unwrap()
            .is_empty()
    );
    store.close().unwrap();
    let store = open(dir.path());
    let purges = store.read(|view| view.purges(9)).unwrap();
    assert_eq!(purges.len(), 1, "one that removed nothing is no news");
    assert_eq!(purges[0].at, at);
    assert_eq!(purges[0].counts.len(), 4);
    assert_eq!(store.read(|view| view.last_purge()).unwrap(), Some(at));
}

fn back_up(store: &NodeStore, to: &Path) {
    let file = fs::File::create(to).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(store.back_up(file)).unwrap();
}

#[test]
fn a_backup_of_a_running_node_is_put_back_with_everything_in_it() {
    let dir = tempfile::tempdir().unwrap();
    let (state, file) = (dir.path().join("state"), dir.path().join("backup"));
    let store = open(&state);
    fill(&store);
    back_up(&store, &file);
    let store_later = |tx: &mut store::NodeTx| tx.put_note("later", b"not in it");
    store.write_blocking::<_, StoreError>(store_later).unwrap();
    check_backup(&file).unwrap();

    let amend = |tx: &mut store::NodeTx| tx.put_note("amended", b"yes");
    let over = restore_node::<_, StoreError>(&file, &state, false, amend).unwrap_err();
    assert!(
        over.to_string().contains("there is a state already"),
        "{over}"
    );
    let new = dir.path().join("new");
    restore_node::<_, StoreError>(&file, &new, true, amend).unwrap();
    assert!(!new.exists(), "only verified");
    let (checked, ()) = restore_node::<_, StoreError>(&file, &new, false, amend).unwrap();
    assert_eq!(
        (checked.signals, checked.waiting, checked.notices),
        (1, 1, 1)
    );
    assert!(!dir.path().join("new.restoring").exists());

    let restored = open(&new);
    assert_eq!(
        restored
            .read(|view| view.vault(b"content"))
            .unwrap()
            .unwrap(),
        CONTENT
    );
    assert_eq!(
        restored.read(|view| view.inside_id(&outside())).unwrap(),
        Some(own())
    );
    let row = restored.read(|view| view.received_by_id(notice())).unwrap();
    assert_eq!(row.unwrap().body.len(), NOTICE.len() + 9_000, "a payload");
    assert_eq!(restored.read(|view| view.note("later")).unwrap(), None);
    assert!(
        restored
            .read(|view| view.note("amended"))
            .unwrap()
            .is_some()
    );
}

#[test]
fn a_file_that_is_cut_off_changed_or_a_brokers_is_not_put_back() {
    let dir = tempfile::tempdir().unwrap();
    let (state, file) = (dir.path().join("state"), dir.path().join("backup"));
    let store = open(&state);
    fill(&store);
    back_up(&store, &file);
    let whole = fs::read(&file).unwrap();
    let new = dir.path().join("new");
    let refused = |bytes: &[u8]| {
        fs::write(&file, bytes).unwrap();
        let refused = restore_node::<_, StoreError>(&file, &new, false, |_| Ok(())).unwrap_err();
        assert!(!new.exists() && !dir.path().join("new.restoring").exists());
        refused.to_string()
    };
    assert!(refused(&whole[..whole.len() - 1]).contains("cut off"));
    let mut changed = whole.clone();
    changed[whole.len() / 2] ^= 1;
    assert!(refused(&changed).contains("changed"));
    let broker = [b"covenant-broker backup 1\n".as_slice(), &whole[23..]].concat();
    assert!(refused(&broker).contains("covenant-node backup"));
    fs::write(&file, &whole).unwrap();
    let no = StoreError::NotRestored { why: "no".into() };
    let refused = restore_node::<(), _>(&file, &new, false, move |_| Err(no)).unwrap_err();
    assert!(refused.to_string().contains("no") && !new.exists());
}
