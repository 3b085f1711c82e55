//! A node's disk is gone: a backup that was made while it ran is put back elsewhere. Nothing that was
//! acknowledged before it is lost, and what the broker has already does no harm.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use journeys::realm::{Realm, eventually, quick, set};
use journeys::world::{NUISANCE, of};
use model::clock::SystemClock;
use node::{Restored, Restoring};
use sandbox::messages::{Home, fresh_id, home};
use wire::node_v1::{
    ListNoticesRequest, ListSignalsRequest, Signal, SubmitSignalRequest, WithdrawSignalRequest,
};
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

async fn notices(realm: &Realm) -> usize {
    let client = realm.client(PARTY, "regisseur").unwrap();
    let request = ListNoticesRequest::default();
    let page = client.notices().list_notices(request).await.unwrap();
    page.into_inner().notices.len()
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

#[tokio::test(flavor = "multi_thread")]
async fn a_node_comes_back_from_a_backup_and_what_is_sent_again_does_no_harm() {
    let mut realm = Realm::start(&quick()).await.unwrap();
    let place = realm.node(PARTY).unwrap().clone();
    let folder = realm.folder().to_path_buf();
    let delivered = realm.push(PARTY, signal(1)).await.unwrap();
    // The broker is away: what is acknowledged now waits in the outbox.
    realm.stop_node(PARTY).await.unwrap();
    let hold = |settings: &mut toml::Table| set(settings, "outbox.push_delay_ms", 3_600_000);
    realm.configure_node(PARTY, hold).unwrap();
    realm
        .start_node(PARTY, Arc::new(SystemClock))
        .await
        .unwrap();
    let waits = signal(2);
    submit(&realm, waits.clone()).await;

    let file = folder.join("node.backup");
    let out = file.clone();
    let told = on_files(&place.config, move |files| {
        node::back_up_to(files, &[], &out)
    })
    .await;
    assert!(told.unwrap().contains("records"));
    let before = signals(&realm).await;
    assert_eq!(before.len(), 2);

    // After the backup: one more, and all of it goes to the broker.
    realm.stop_node(PARTY).await.unwrap();
    let release = |settings: &mut toml::Table| set(settings, "outbox.push_delay_ms", 0);
    realm.configure_node(PARTY, release).unwrap();
    realm
        .start_node(PARTY, Arc::new(SystemClock))
        .await
        .unwrap();
    let after = signal(3);
    submit(&realm, after.clone()).await;
    realm.delivered(PARTY).await.unwrap();
    realm.stop_node(PARTY).await.unwrap();

    let over = restore(&place.config, &file, None, false).await;
    assert!(over.is_err(), "a state is there, and nothing to remember");
    let lost = folder.join("lost");
    std::fs::rename(&place.state, &lost).unwrap();
    let nothing = restore(&place.config, &file, None, false)
        .await
        .unwrap_err();
    assert!(nothing.to_string().contains("--witnessed"), "{nothing:#}");
    let verified = restore(&place.config, &file, Some(&lost), true)
        .await
        .unwrap();
    assert!(!place.state.exists(), "only verified");
    let restored = restore(&place.config, &file, Some(&lost), false)
        .await
        .unwrap();
    assert_eq!(verified, restored);
    assert_eq!(restored.checked.signals, 2);
    assert!(restored.checked.waiting >= 1, "the outbox resumes");
    let size = realm.log_size().await.unwrap();
    assert!(restored.remembers.unwrap() <= size);

    realm
        .start_node(PARTY, Arc::new(SystemClock))
        .await
        .unwrap();
    realm.delivered(PARTY).await.unwrap();
    let mut found = signals(&realm).await;
    found.sort();
    let mut expected = vec![delivered, waits.id.clone()];
    expected.sort();
    assert_eq!(
        found, expected,
        "nothing that was acknowledged before is lost"
    );
    // The partner system sends again what it sent since: the broker knows it, and it can be
    // withdrawn.
    let id = realm.push(PARTY, after).await.unwrap();
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
    // Each signal is at the broker once: what agrees with it is told once.
    let told = notices(&realm).await;
    let place_of_two = waits.subjects.first().unwrap().clone();
    let other = of("corporatie", NUISANCE, "OVE.GEL", place_of_two);
    realm.push("corporatie", other).await.unwrap();
    eventually("the match is told", async || {
        Ok((notices(&realm).await > told).then_some(()))
    })
    .await
    .unwrap();
    realm.stop_all().await.unwrap();
}
