//! What closes a covenant: suspension, withdrawal, and time.

use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use covenant::signoff::{Envelope, EventKind, Scope};
use journeys::realm::{Realm, eventually, quick, today};
use model::Digest;
use model::clock::{Clock as _, ManualClock, SystemClock};
use sha2::{Digest as _, Sha256};
use wire::audit_v1::{EntryFilter, ListEntriesRequest};
use wire::broker_v1::{self as pb, CovenantState};
use wire::node_v1::ListNoticesRequest;

use crate::{
    NUISANCE, VISITS, ask, attacked, comes_to, event, life, noise, resume, state, status, suspend,
    text,
};

fn id_of(envelope: &[u8]) -> Result<Digest> {
    let envelope = Envelope::parse(envelope)?;
    Ok(Digest::new(Sha256::digest(envelope.payload()).into()))
}

/// What the auditor reads of one kind of entry.
pub(crate) async fn outcomes(realm: &Realm, kind: &str) -> Result<Vec<ledger::Outcome>> {
    let filter = EntryFilter {
        kind: kind.to_owned(),
        ..EntryFilter::default()
    };
    let request = ListEntriesRequest {
        filter: Some(filter),
        page_size: 1000,
        ..ListEntriesRequest::default()
    };
    let page = realm.auditor()?.list_entries(request).await?.into_inner();
    let mut all = Vec::new();
    for entry in page.entries {
        let outcome = entry.outcome.context("the auditor reads it")?;
        all.push(ledger::Outcome::from_json(&outcome.content)?);
    }
    Ok(all)
}

async fn notices(realm: &Realm) -> Result<usize> {
    let client = realm.client("gemeente", "regisseur")?;
    let page = client
        .notices()
        .list_notices(ListNoticesRequest::default())
        .await?
        .into_inner();
    Ok(page.notices.len())
}

#[tokio::test(flavor = "multi_thread")]
async fn one_party_suspends_at_once_and_two_resume() -> Result<()> {
    let mut realm = Realm::start(&quick()).await?;
    let file = text(&realm, VISITS)?;
    realm.push("gemeente", attacked()).await?;
    assert_eq!(ask(&realm).await?, Ok("ga-met-twee".to_owned()));
    let stop = event(
        &realm,
        &file,
        "politie",
        &SystemClock,
        EventKind::Suspend(Scope::Whole),
    )?;
    let told = suspend(&realm, "politie", stop.clone()).await?;
    assert_eq!(state(&told), CovenantState::Suspended);
    assert_eq!(told.suspensions.len(), 1);
    // Nobody waits for anything: the very next question is refused.
    assert_eq!(ask(&realm).await?, Err("COVENANT_NOT_ACTIVE".to_owned()));
    // Also after a restart of the broker and of a node.
    realm.stop_all().await?;
    realm.start_broker(Arc::new(SystemClock)).await?;
    let told = status(&realm, "gemeente", &file).await?;
    assert_eq!(state(&told), CovenantState::Suspended);
    realm
        .start_node("corporatie", Arc::new(SystemClock))
        .await?;
    comes_to(&realm, Err("COVENANT_NOT_ACTIVE")).await?;
    for party in ["gemeente", "politie", "zorg"] {
        realm.start_node(party, Arc::new(SystemClock)).await?;
    }

    let kind = EventKind::Resume(id_of(&stop)?);
    let own = event(&realm, &file, "politie", &SystemClock, kind.clone())?;
    let told = resume(&realm, "politie", own).await?;
    assert_eq!(state(&told), CovenantState::Suspended);
    let suspension = told.suspensions.first().context("it is suspended")?;
    assert_eq!(suspension.resumed_by, ["politie"]);
    let other = event(&realm, &file, "gemeente", &SystemClock, kind)?;
    let told = resume(&realm, "gemeente", other).await?;
    assert_eq!(state(&told), CovenantState::Active);
    comes_to(&realm, Ok("ga-met-twee")).await?;
    realm.stop_all().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspension_stops_notices_on_their_way() -> Result<()> {
    let mut realm = Realm::start(&quick()).await?;
    let file = text(&realm, NUISANCE)?;
    realm.push("gemeente", noise()).await?;
    // The municipality is away: what it is to be told waits at the broker.
    realm.stop_node("gemeente").await?;
    let before = realm.log_size().await?;
    realm.push("corporatie", noise()).await?;
    realm.grown_beyond(before).await?;
    let stop = event(
        &realm,
        &file,
        "corporatie",
        &SystemClock,
        EventKind::Suspend(Scope::Whole),
    )?;
    suspend(&realm, "corporatie", stop).await?;
    // It was decided and logged, and taken back before anybody had it.
    let suspended = outcomes(&realm, "covenant-suspended").await?;
    let facts = serde_json::to_string(&suspended.first().context("an entry")?)?;
    ensure!(
        facts.contains("\"notices_stopped\":") && !facts.contains("\"notices_stopped\":0"),
        "{facts}"
    );
    realm.start_node("gemeente", Arc::new(SystemClock)).await?;
    eventually("the node is connected", async || {
        Ok(realm
            .running("gemeente")?
            .link()
            .is_connected()
            .then_some(()))
    })
    .await?;
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    assert_eq!(notices(&realm).await?, 0);
    realm.stop_all().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawal_ends_a_covenant_for_good() -> Result<()> {
    let mut realm = Realm::start(&quick()).await?;
    let file = text(&realm, VISITS)?;
    let end = event(&realm, &file, "politie", &SystemClock, EventKind::Withdraw)?;
    let request = pb::WithdrawCovenantRequest {
        envelope: end.into(),
    };
    let told = life(&realm, "politie")?
        .withdraw_covenant(request)
        .await?
        .into_inner();
    let told = told.status.context("the status")?;
    assert_eq!(state(&told), CovenantState::Withdrawn);
    assert_eq!(ask(&realm).await?, Err("COVENANT_NOT_ACTIVE".to_owned()));
    realm.stop_all().await?;
    // The other covenant goes on, and the broker starts with one that is over.
    realm.start_broker(Arc::new(SystemClock)).await?;
    assert_eq!(
        state(&status(&realm, "politie", &file).await?),
        CovenantState::Withdrawn
    );
    let other = text(&realm, NUISANCE)?;
    assert_eq!(
        state(&status(&realm, "gemeente", &other).await?),
        CovenantState::Active
    );
    realm.stop_all().await
}

#[tokio::test(flavor = "multi_thread")]
async fn thirty_days_suspended_and_it_lapses() -> Result<()> {
    let mut realm = Realm::laid_out(&quick(), today())?;
    let clock = Arc::new(ManualClock::at(SystemClock.now()));
    realm.start_all_at(clock.clone()).await?;
    let file = text(&realm, VISITS)?;
    let stop = event(
        &realm,
        &file,
        "politie",
        clock.as_ref(),
        EventKind::Suspend(Scope::Whole),
    )?;
    suspend(&realm, "politie", stop.clone()).await?;
    clock.advance_seconds(31 * 24 * 3600);
    let kind = EventKind::Resume(id_of(&stop)?);
    for party in ["politie", "gemeente"] {
        let late = event(&realm, &file, party, clock.as_ref(), kind.clone())?;
        let told = resume(&realm, party, late).await?;
        assert_eq!(state(&told), CovenantState::Lapsed, "resumed too late");
    }
    ensure!(ask(&realm).await?.is_err(), "a lapsed covenant answers");
    eventually("its end is logged", async || {
        let ended = outcomes(&realm, "covenant-expired").await?;
        Ok((ended.len() == 1).then_some(()))
    })
    .await?;
    assert_eq!(outcomes(&realm, "covenant-resumed").await?.len(), 2);
    realm.stop_all().await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_covenant_does_not_keep_the_others_from_starting() -> Result<()> {
    let mut realm = Realm::laid_out(&quick(), today())?;
    let clock = Arc::new(ManualClock::at(SystemClock.now()));
    realm.start_all_at(clock.clone()).await?;
    realm.stop_all().await?;
    let file = text(&realm, VISITS)?;
    clock.advance_seconds(13 * 31 * 24 * 3600);
    realm.start_broker(clock.clone()).await?;
    assert_eq!(
        state(&status(&realm, "politie", &file).await?),
        CovenantState::Expired
    );
    realm.stop_all().await
}
