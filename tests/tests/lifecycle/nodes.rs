//! Nodes keep to what they verified themselves.

use std::sync::Arc;

use anyhow::{Result, ensure};
use covenant::signoff::{EventKind, Scope};
use journeys::realm::{Realm, eventually, quick, today};
use model::clock::SystemClock;
use wire::broker_v1::CovenantState;

use crate::{VISITS, ask, event, everybody_signs, next, propose, state, status, text};

#[tokio::test(flavor = "multi_thread")]
async fn a_suspension_counts_at_the_node_first_and_reaches_the_broker_later() -> Result<()> {
    let mut realm = Realm::start(&quick()).await?;
    let file = text(&realm, VISITS)?;
    ensure!(ask(&realm).await?.is_ok(), "a question before");
    let clock = Arc::new(SystemClock);
    // The broker is away. The corporation suspends at its own node all the same.
    let parties = ["corporatie", "gemeente", "politie", "zorg"];
    realm.stop_all().await?;
    realm.start_node("corporatie", clock.clone()).await?;
    assert_eq!(ask(&realm).await?, Err("BROKER_UNREACHABLE".to_owned()));
    let stop = event(
        &realm,
        &file,
        "corporatie",
        clock.as_ref(),
        EventKind::Suspend(Scope::Whole),
    )?;
    std::fs::write(realm.home("corporatie")?.join("events/noodstop.json"), stop)?;
    eventually("the node refuses", async || {
        Ok((ask(&realm).await? == Err("COVENANT_NOT_ACTIVE".to_owned())).then_some(()))
    })
    .await?;
    // It stands after a restart, and reaches the broker as soon as that is there.
    realm.stop_node("corporatie").await?;
    std::fs::remove_file(realm.home("corporatie")?.join("events/noodstop.json"))?;
    realm.start_broker(clock.clone()).await?;
    for party in parties {
        realm.start_node(party, clock.clone()).await?;
    }
    eventually("the broker knows", async || {
        let told = status(&realm, "gemeente", &file).await?;
        Ok((state(&told) == CovenantState::Suspended).then_some(()))
    })
    .await?;
    assert_eq!(ask(&realm).await?, Err("COVENANT_NOT_ACTIVE".to_owned()));
    realm.stop_all().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_is_set_back_can_t_take_a_node_back() -> Result<()> {
    let mut realm = Realm::start(&quick()).await?;
    let second = next(&text(&realm, VISITS)?)?;
    propose(&realm, "gemeente", &second).await?;
    everybody_signs(&realm, &second, today()).await?;
    eventually("the nodes work by version 2", async || {
        Ok(ask(&realm).await?.is_ok().then_some(()))
    })
    .await?;
    realm.stop_all().await?;
    // A broker that knows of version 1 alone.
    std::fs::remove_dir_all(&realm.world.broker.state)?;
    let clock = Arc::new(SystemClock);
    realm.start_broker(clock.clone()).await?;
    realm.start_node("corporatie", clock).await?;
    let refused = eventually("the node refuses", async || Ok(ask(&realm).await?.err())).await?;
    ensure!(
        [
            "COVENANT_DIFFERS",
            "HELLO_REQUIRED",
            "KEY_WAITING",
            "BROKER_UNREACHABLE",
            "LOG_INCONSISTENT"
        ]
        .contains(&refused.as_str()),
        "{refused}"
    );
    realm.stop_all().await
}
