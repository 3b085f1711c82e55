//! The rules around a sled database, on real directories.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use ledger::LogSigner;
use model::clock::ManualClock;
use model::{Secret, Timestamp};
use store::{
    Batch, BrokerSettings, BrokerStore, Engine, NodeSettings, NodeStore, SledEngine, SledSettings,
    StoreError,
};

fn node(dir: &Path) -> Result<NodeStore, StoreError> {
    NodeStore::open(dir, NodeSettings::default())
}

fn put(store: &NodeStore, name: &'static str, bytes: Vec<u8>) {
    store
        .write_blocking::<_, StoreError>(move |tx| tx.put_note(name, &bytes))
        .unwrap();
}

fn note(store: &NodeStore, name: &str) -> Option<Vec<u8>> {
    store.read::<_, StoreError>(|view| view.note(name)).unwrap()
}

/// The state as it would be found after a stop without warning, by a copy of the open directory.
fn stop_dead(from: &Path, to: &Path) {
    let status = Command::new("cp").arg("-a").arg(from).arg(to).status();
    assert!(status.unwrap().success());
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn a_second_process_is_told_that_the_directory_is_in_use() {
    let dir = tempfile::tempdir().unwrap();
    let first = node(dir.path()).unwrap();
    let error = node(dir.path()).unwrap_err().to_string();
    assert!(error.contains("is in use by another process"), "{error}");
    first.close().unwrap();
    node(dir.path()).unwrap();
}

#[test]
fn nobody_else_may_read_the_directory() {
    let dir = tempfile::tempdir().unwrap();
    let state = dir.path().join("state");
    fs::create_dir(&state).unwrap();
    fs::set_permissions(&state, fs::Permissions::from_mode(0o755)).unwrap();
    let store = node(&state).unwrap();
    put(&store, "large", vec![7; 50_000]);
    for name in ["", "sled", "files"] {
        assert_eq!(mode(&state.join(name)), 0o700, "{name}");
    }
    let file = fs::read_dir(state.join("files")).unwrap().next().unwrap();
    assert_eq!(mode(&file.unwrap().path()), 0o600);
}

#[test]
fn after_an_unclean_stop_the_database_is_copied_once() {
    let dir = tempfile::tempdir().unwrap();
    let (live, dead) = (dir.path().join("live"), dir.path().join("dead"));
    let store = node(&live).unwrap();
    put(&store, "a", b"1".to_vec());
    stop_dead(&live, &dead);
    let found = node(&dead).unwrap();
    assert_eq!(note(&found, "a"), Some(b"1".to_vec()));
    let copy = dead.join("sled.copy");
    assert!(copy.join("db").exists(), "copied before opening");
    found.close().unwrap();
    fs::remove_dir_all(&copy).unwrap();
    let again = node(&dead).unwrap();
    assert!(!copy.exists(), "no copy after a clean stop");
    assert_eq!(note(&again, "a"), Some(b"1".to_vec()));
    drop(again);
    node(&dead).unwrap();
    assert!(
        !copy.exists(),
        "dropping the last handle is a clean stop too"
    );
}

#[test]
fn a_database_that_does_not_open_says_how_to_restore_it() {
    let dir = tempfile::tempdir().unwrap();
    let (live, dead) = (dir.path().join("live"), dir.path().join("dead"));
    let store = node(&live).unwrap();
    for i in 0..200_u8 {
        put(&store, "a", vec![i; 5_000]);
    }
    stop_dead(&live, &dead);
    // sled refuses a configuration it does not know; the data beside it is whole.
    let conf = dead.join("sled/conf");
    let good = fs::read(&conf).unwrap();
    fs::write(&conf, b"segment_size: none\n").unwrap();
    let StoreError::DoesNotOpen { restore, .. } = node(&dead).unwrap_err() else {
        panic!("it should not open");
    };
    assert!(restore.contains("sled.copy"), "{restore}");
    // A second attempt must not replace the copy by what the first attempt left.
    fs::write(dead.join("sled.copy/mark"), b"").unwrap();
    let error = node(&dead).unwrap_err();
    assert!(matches!(error, StoreError::DoesNotOpen { .. }), "{error}");
    assert!(dead.join("sled.copy/mark").exists());
    fs::remove_file(dead.join("sled.copy/mark")).unwrap();
    // What the operator does, with the cause repaired in the copy.
    fs::write(dead.join("sled.copy/conf"), good).unwrap();
    let command = restore
        .split_once("rm -r")
        .and_then(|(_, rest)| rest.split_once(';'))
        .map(|(command, _)| format!("rm -r{command}"))
        .unwrap();
    assert!(
        Command::new("sh")
            .arg("-c")
            .arg(command)
            .status()
            .unwrap()
            .success()
    );
    let restored = node(&dead).unwrap();
    assert_eq!(note(&restored, "a"), Some(vec![199; 5_000]));
}

#[test]
fn a_panic_inside_the_engine_becomes_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let (live, dead) = (dir.path().join("live"), dir.path().join("dead"));
    let store = node(&live).unwrap();
    for i in 0..100_u8 {
        put(&store, "a", vec![i; 4_000]);
    }
    stop_dead(&live, &dead);
    // sled 0.34.7 unwraps the name of every blob file as text.
    let name = std::ffi::OsStr::from_bytes(&[0xff]);
    fs::write(dead.join("sled/blobs").join(name), b"x").unwrap();
    match node(&dead) {
        Err(StoreError::DoesNotOpen { why, restore }) => {
            assert!(
                !why.is_empty() && restore.contains("rm -r"),
                "{why}: {restore}"
            );
        }
        Err(other) => panic!("another error: {other}"),
        Ok(_) => panic!("it should not open"),
    }
}

#[test]
fn values_too_large_for_the_engine_are_refused_there() {
    let dir = tempfile::tempdir().unwrap();
    let engine = SledEngine::open(dir.path(), SledSettings::default()).unwrap();
    let batch: Batch = [(b"a".to_vec(), Some(vec![0; store::LARGEST_VALUE + 1]))].into();
    let error = engine.apply(&batch).unwrap_err();
    assert!(matches!(error, StoreError::TooLarge { .. }), "{error}");
    assert_eq!(
        fs::read_dir(dir.path().join("sled/blobs")).unwrap().count(),
        0
    );
}

#[test]
fn large_records_have_files_that_come_and_go_with_them() {
    let dir = tempfile::tempdir().unwrap();
    let files = || fs::read_dir(dir.path().join("files")).unwrap().count();
    let store = node(dir.path()).unwrap();
    put(&store, "a", vec![1; 20_000]);
    put(&store, "b", vec![2; 20_000]);
    assert_eq!(files(), 2);
    put(&store, "a", vec![3; 30_000]);
    assert_eq!(files(), 2, "a replaced record's file is gone");
    put(&store, "b", vec![4; 10]);
    assert_eq!(files(), 1, "a small record needs none");
    let failed = store.write_blocking(|tx| {
        tx.put_note("c", &[5; 20_000])?;
        Err::<(), StoreError>(StoreError::Expired)
    });
    assert!(failed.is_err());
    assert_eq!(files(), 1, "a failed unit leaves none");
    store.close().unwrap();
    fs::write(
        dir.path().join("files/00112233445566778899aabbccddeeff"),
        b"litter",
    )
    .unwrap();
    let store = node(dir.path()).unwrap();
    assert_eq!(files(), 1, "litter of a crash is swept");
    assert_eq!(note(&store, "a"), Some(vec![3; 30_000]));
    let file = fs::read_dir(dir.path().join("files"))
        .unwrap()
        .next()
        .unwrap();
    fs::write(file.unwrap().path(), vec![9; 30_000]).unwrap();
    let damaged = store
        .read::<_, StoreError>(|view| view.note("a"))
        .unwrap_err();
    assert!(matches!(damaged, StoreError::Damaged { .. }), "{damaged}");
}

#[test]
fn the_checkpoint_file_is_beside_the_database_or_where_it_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let open = |settings: &BrokerSettings, state: &str| {
        let signer = LogSigner::from_seed("log.example/test", &Secret::new([1; 32])).unwrap();
        let clock = Arc::new(ManualClock::at(Timestamp::from_millis(0)));
        BrokerStore::open(&dir.path().join(state), settings, signer, clock).unwrap()
    };
    let store = open(&BrokerSettings::default(), "one");
    let file = fs::read(dir.path().join("one/checkpoint")).unwrap();
    assert_eq!(file, store.checkpoint().note);
    let elsewhere = BrokerSettings {
        checkpoint_file: Some(dir.path().join("second.place")),
        ..BrokerSettings::default()
    };
    let store = open(&elsewhere, "two");
    let file = fs::read(dir.path().join("second.place")).unwrap();
    assert_eq!(file, store.checkpoint().note);
    store.close().unwrap();
    fs::remove_file(dir.path().join("second.place")).unwrap();
    let store = open(&elsewhere, "two");
    let why = store.log_stopped().unwrap();
    assert!(why.contains("missing"), "{why}");
    assert!(!dir.path().join("second.place").exists());
}
