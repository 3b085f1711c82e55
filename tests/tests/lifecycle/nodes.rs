//! Nodes keep to what they verified themselves.

use std::sync::Arc;

use anyhow::{Result, ensure};
use covenant::signoff::{EventKind, Scope};
use journeys::realm::{Realm, eventually, quick, set, today};
use model::clock::{Clock as _, ManualClock, SystemClock};
use wire::broker_v1::CovenantState;

use crate::{
    VISITS, ask, attacked, comes_to, event, everybody_signs, next, propose, state, status, text,
};

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
    comes_to(&realm, Err("COVENANT_NOT_ACTIVE")).await?;
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
    comes_to(&realm, Ok("geen-advies")).await?;
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

#[tokio::test(flavor = "multi_thread")]
async fn a_day_without_a_party_withholds_and_its_return_opens_again() -> Result<()> {
    let mut realm = Realm::laid_out(&quick(), today())?;
    let clock = Arc::new(ManualClock::at(SystemClock.now()));
    realm.start_all_at(clock.clone()).await?;
    realm.push("gemeente", attacked()).await?;
    assert_eq!(ask(&realm).await?, Ok("ga-met-twee".to_owned()));
    realm.stop_node("gemeente").await?;
    // Its cells are closed by then, and so is the log: a party that is away cosigns nothing either.
    clock.advance_seconds(25 * 3600);
    comes_to(&realm, Err("NOT_WITNESSED")).await?;
    realm.start_node("gemeente", clock.clone()).await?;
    comes_to(&realm, Ok("ga-met-twee")).await?;
    realm.stop_all().await
}

/// A broker that takes no event of a party, and tells nobody: as it looks from outside.
#[tokio::test(flavor = "multi_thread")]
async fn a_suspension_that_the_broker_holds_back_counts_within_a_day() -> Result<()> {
    let mut realm = Realm::laid_out(&quick(), today())?;
    realm.configure_node("gemeente", |settings| {
        set(settings, "broker.covenants_every_ms", 86_400_000);
    })?;
    let clock = Arc::new(ManualClock::at(SystemClock.now()));
    realm.start_all_at(clock.clone()).await?;
    realm.push("gemeente", attacked()).await?;
    // Without a suspension every node goes on confirming, whatever the hour.
    clock.advance_seconds(25 * 3600);
    comes_to(&realm, Ok("ga-met-twee")).await?;

    let file = text(&realm, VISITS)?;
    let whole = EventKind::Suspend(Scope::Whole);
    let stop = event(&realm, &file, "gemeente", clock.as_ref(), whole)?;
    std::fs::write(realm.home("gemeente")?.join("events/noodstop.json"), stop)?;
    let handed_in = || async {
        let told = status(&realm, "politie", &file).await?;
        Ok::<_, anyhow::Error>(state(&told) == CovenantState::Suspended)
    };
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    ensure!(!handed_in().await?, "the broker was to know nothing");
    clock.advance_seconds(25 * 3600);
    comes_to(&realm, Ok("geen-advies")).await?;
    // Its other covenant goes on being confirmed, and this one does not: also seconds later.
    tokio::time::sleep(std::time::Duration::from_secs(5)).await;
    assert_eq!(ask(&realm).await?, Ok("geen-advies".to_owned()));
    ensure!(!handed_in().await?, "the broker was to know nothing");
    realm.stop_all().await
}
