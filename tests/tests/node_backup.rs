//! A node's disk is gone: a backup that was made while it ran is put back elsewhere. Nothing that was
//! acknowledged before it is lost, and what the broker has already does no harm.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use journeys::realm::{Realm, eventually, quick, set};
use journeys::world::{NUISANCE, of};
use model::clock::SystemClock;
use node::{Restored, Restoring};
use sandbox::messages::{Home, fresh_id, home};
use wire::node_v1::{ListSignalsRequest, Signal, SubmitSignalRequest, WithdrawSignalRequest};
use wire::type_v1::WithdrawalReason;

const PARTY: &str = "gemeente";

fn signal(number: u32) -> Signal {
    let place = home(Home {
        postcode: "9999ZZ",
        number,
        shielded: false,
    });
    of(PARTY, NUISANCE, "OVE.GEL", place)
}

/// Hands a signal in and waits for nothing.
async fn submit(realm: &Realm, signal: Signal) {
    let request = SubmitSignalRequest {
        request_id: fresh_id(),
        signal: Some(signal),
        validate_only: false,
    };
    let client = realm.client(PARTY, "partner").unwrap();
    client.signals().submit_signal(request).await.unwrap();
}

async fn signals(realm: &Realm) -> Vec<String> {
    let client = realm.client(PARTY, "partner").unwrap();
    let request = ListSignalsRequest {
        page_size: 100,
        ..ListSignalsRequest::default()
    };
    let page = client.signals().list_signals(request).await.unwrap();
    let found = page.into_inner().signals.into_iter();
    found.filter_map(|one| Some(one.signal?.id)).collect()
}

async fn on_files<T: Send + 'static>(
    config: &Path,
    work: impl FnOnce(&[PathBuf]) -> T + Send + 'static,
) -> T {
    let files = vec![config.to_path_buf()];
    tokio::task::spawn_blocking(move || work(&files))
        .await
        .unwrap()
}

async fn restore(
    config: &Path,
    from: &Path,
    old: Option<&Path>,
    verify_only: bool,
) -> anyhow::Result<Restored> {
    let (from, old) = (from.to_path_buf(), old.map(Path::to_path_buf));
    on_files(config, move |files| {
        let what = Restoring {
            from: &from,
            old: old.as_deref(),
            witnessed: &[],
            verify_only,
        };
        node::restore(files, &[], &what)
    })
    .await
}

/// Restarts the node with signals that wait so long before they leave.
async fn restart(realm: &mut Realm, delay_ms: i64) {
    realm.stop_node(PARTY).await.unwrap();
    let hold = |settings: &mut toml::Table| set(settings, "outbox.push_delay_ms", delay_ms);
    realm.configure_node(PARTY, hold).unwrap();
    let clock = Arc::new(SystemClock);
    realm.start_node(PARTY, clock).await.unwrap();
}

/// Moves the state away and puts the backup back; what must be refused is tried first.
async fn put_back(realm: &Realm, file: &Path) {
    let place = realm.node(PARTY).unwrap();
    let lost = realm.folder().join("lost");
    let over = restore(&place.config, file, Some(&place.state), false).await;
    let over = format!("{:#}", over.unwrap_err());
    assert!(over.contains("there is a state already"), "{over}");
    std::fs::rename(&place.state, &lost).unwrap();
    let nothing = restore(&place.config, file, None, false).await;
    let nothing = format!("{:#}", nothing.unwrap_err());
    assert!(nothing.contains("--witnessed"), "{nothing}");
    let verified = restore(&place.config, file, Some(&lost), true).await;
    assert!(!place.state.exists(), "only verified");
    let restored = restore(&place.config, file, Some(&lost), false).await;
    let restored = restored.unwrap();
    assert_eq!(verified.unwrap(), restored);
    assert_eq!(restored.checked.signals, 2);
    assert!(restored.checked.waiting >= 1, "the outbox resumes");
    let size = realm.log_size().await.unwrap();
    assert!(
        restored
            .remembers
            .is_some_and(|seen| 0 < seen && seen <= size)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_comes_back_from_a_backup_and_what_is_sent_again_does_no_harm() {
    let mut realm = Realm::start(&quick()).await.unwrap();
    let config = realm.node(PARTY).unwrap().config.clone();
    let delivered = realm.push(PARTY, signal(1)).await.unwrap();
    // What is acknowledged now waits in the outbox.
    restart(&mut realm, 3_600_000).await;
    let waits = signal(2);
    submit(&realm, waits.clone()).await;
    let file = realm.folder().join("node.backup");
    let out = file.clone();
    let told = on_files(&config, move |files| node::back_up_to(files, &[], &out)).await;
    assert!(told.unwrap().contains("records"));
    assert_eq!(signals(&realm).await.len(), 2);

    // After the backup: one more, and all of it goes to the broker.
    restart(&mut realm, 0).await;
    let after = signal(3);
    submit(&realm, after.clone()).await;
    realm.delivered(PARTY).await.unwrap();
    realm.stop_node(PARTY).await.unwrap();
    put_back(&realm, &file).await;
    let clock = Arc::new(SystemClock);
    realm.start_node(PARTY, clock).await.unwrap();
    realm.delivered(PARTY).await.unwrap();
    let found: BTreeSet<String> = signals(&realm).await.into_iter().collect();
    let expected = BTreeSet::from([delivered, waits.id.clone()]);
    assert_eq!(found, expected, "nothing that was acknowledged is lost");

    // The partner system sends again what it sent since: the broker knows it.
    let id = realm.push(PARTY, after).await.unwrap();
    assert_eq!(at_the_broker(&realm).await, 3, "each once");
    withdraw(&realm, id).await;
    assert_eq!(at_the_broker(&realm).await, 2, "and it can be withdrawn");
    realm.stop_all().await.unwrap();
}

async fn withdraw(realm: &Realm, id: String) {
    let withdrawal = WithdrawSignalRequest {
        request_id: fresh_id(),
        signal_id: id,
        reason: WithdrawalReason::EnteredInError.into(),
        validate_only: false,
    };
    let client = realm.client(PARTY, "partner").unwrap();
    client.signals().withdraw_signal(withdrawal).await.unwrap();
    eventually("the withdrawal is at the broker", async || {
        Ok((realm.running(PARTY)?.waiting()? == 0).then_some(()))
    })
    .await
    .unwrap();
}

/// How many signals the broker has, as its backup says.
async fn at_the_broker(realm: &Realm) -> u64 {
    let config = realm.world.broker.config.clone();
    let out = realm.folder().join(format!("{}.backup", fresh_id()));
    on_files(&config, move |files| {
        broker::back_up_to(files, &[], &out).unwrap();
        let verified = broker::restore(files, &[], &out, &[], true).unwrap();
        verified.checked.signals
    })
    .await
}
