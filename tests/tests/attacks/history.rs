//! A broker that is set back to an older state.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use journeys::processes::get;
use journeys::realm::{Realm, eventually, quick};
use journeys::voice::reason;
use model::clock::SystemClock;
use sandbox::messages::{Home, home, visit};
use tonic::Status;
use wire::node_v1::CheckVisitResponse;

use crate::{CARETAKER, VISIT, VISITS};

fn copy(from: &Path, to: &Path) -> Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            std::fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

async fn ask(realm: &Realm, number: u32) -> Result<Result<CheckVisitResponse, Status>> {
    let client = realm.client("corporatie", "huismeester")?;
    let about = home(Home {
        postcode: "9999ZZ",
        number,
        shielded: false,
    });
    let request = visit(VISITS, VISIT, CARETAKER, about);
    Ok(client
        .checks()
        .check_visit(request)
        .await
        .map(tonic::Response::into_inner))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_broker_is_found_and_stops_signing() -> Result<()> {
    let mut realm = Realm::start(&quick()).await?;
    ask(&realm, 12).await?.context("the first question")?;
    let older = realm.log_size().await?;
    realm.stop_all().await?;
    let backup = realm.folder().join("backup");
    copy(&realm.world.broker.state, &backup)?;

    realm.start_all().await?;
    for number in 13..16 {
        ask(&realm, number).await?.context("a later question")?;
    }
    ensure!(realm.log_size().await? > older, "the log did not grow");
    realm.stop_all().await?;

    // Everything of the broker is set back, its second place of the checkpoint included.
    std::fs::remove_dir_all(&realm.world.broker.state)?;
    copy(&backup, &realm.world.broker.state)?;
    let clock = Arc::new(SystemClock);
    realm.start_broker(clock.clone()).await?;
    // A node that never saw more of the log finds nothing strange.
    assert_eq!(realm.log_size().await?, older);
    realm.start_node("corporatie", clock.clone()).await?;
    let admin = realm.world.broker.admin.clone();
    let page = eventually("the broker is not ready", async || {
        let page = get(&admin, "/readyz").await?;
        Ok(page.starts_with("HTTP/1.1 503").then_some(page))
    })
    .await?;
    ensure!(page.contains("disclosure log"), "{page}");

    // The node has what it saw and what it was shown, and says so.
    let admin = realm.node("corporatie")?.admin.clone();
    eventually("the node names it", async || {
        let page = get(&admin, "/readyz").await?;
        Ok(page.contains("is not the one seen before").then_some(()))
    })
    .await?;

    // From then on nothing is disclosed, to nobody.
    let refused = ask(&realm, 12)
        .await?
        .err()
        .context("an answer without a log")?;
    ensure!(
        [
            "LOG_UNAVAILABLE",
            "LOG_INCONSISTENT",
            "KEY_WAITING",
            "HELLO_REQUIRED"
        ]
        .contains(&reason(&refused).as_str()),
        "refused as {}",
        reason(&refused)
    );
    let other = journeys::voice::Voice::of(&realm, "corporatie", VISITS)?;
    let refused = other
        .ask(&other.question(CARETAKER, VISIT, [7; 32]))
        .await
        .err();
    ensure!(refused.is_some(), "the broker signs on");
    assert_eq!(
        realm.log_size().await?,
        older,
        "the log grew after the contradiction"
    );
    ensure!(
        !realm.running("corporatie")?.link().is_connected(),
        "the node stays connected"
    );
    realm.stop_all().await
}
