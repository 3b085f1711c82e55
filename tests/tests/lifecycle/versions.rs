//! New versions: proposed, signed by all, and taken over by the nodes.

use anyhow::{Context as _, Result, ensure};
use covenant::signoff::EventKind;
use journeys::realm::{Realm, quick, today};
use model::clock::SystemClock;
use wire::audit_v1::{EntryFilter, ListEntriesRequest};
use wire::broker_v1::{self as pb, CovenantState};

use crate::{
    VISITS, ask, attacked, comes_to, event, everybody_signs, hand_in_signature, life, next,
    propose, read, sign_off, state, status, text,
};

async fn logged(realm: &Realm, kind: &str) -> Result<usize> {
    let filter = EntryFilter {
        kind: kind.to_owned(),
        covenant: VISITS.to_owned(),
        ..EntryFilter::default()
    };
    let request = ListEntriesRequest {
        filter: Some(filter),
        page_size: 1000,
        ..ListEntriesRequest::default()
    };
    let page = realm.auditor()?.list_entries(request).await?.into_inner();
    Ok(page.entries.len())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_all_sign_comes_into_force_and_is_taken_over() -> Result<()> {
    let mut realm = Realm::start(&quick()).await?;
    realm.push("gemeente", attacked()).await?;
    assert_eq!(ask(&realm).await?, Ok("ga-met-twee".to_owned()));
    let (signed, activated) = (
        logged(&realm, "covenant-signed").await?,
        logged(&realm, "covenant-activated").await?,
    );
    ensure!(activated >= 1 && signed >= 2, "{activated} and {signed}");

    let first = text(&realm, VISITS)?;
    let second = next(&first)?;
    let proposed = propose(&realm, "gemeente", &second).await?;
    assert_eq!(proposed.state(), CovenantState::Proposed);
    // The same again is the same.
    assert_eq!(propose(&realm, "gemeente", &second).await?, proposed);
    let covenant = read(&second)?;
    let count = covenant.parties().len();
    let mut parties: Vec<&str> = covenant.parties().keys().map(|p| p.as_str()).collect();
    let last = parties.pop().context("a party")?;
    for party in &parties {
        let envelope = sign_off(&realm, &second, party, today())?;
        for _ in 0..2 {
            let told = hand_in_signature(&realm, party, envelope.clone()).await?;
            ensure!(told.signed.contains(&(*party).to_owned()), "{told:?}");
        }
    }
    let told = status(&realm, last, &second).await?;
    assert_eq!(told.awaited, [last]);
    assert_eq!(state(&told), CovenantState::Proposed);
    let so_far = format!("{} van {count}", count - 1);
    ensure!(
        told.sentence_nl.contains(last) && told.sentence_nl.contains(&so_far),
        "{}",
        told.sentence_nl
    );
    assert_eq!(ask(&realm).await?, Ok("ga-met-twee".to_owned()));

    let envelope = sign_off(&realm, &second, last, today())?;
    let told = hand_in_signature(&realm, last, envelope).await?;
    assert_eq!(state(&told), CovenantState::Active);
    let before = status(&realm, last, &first).await?;
    assert_eq!(state(&before), CovenantState::Replaced);
    // Every node verifies it and goes on under it; what was reported before counts still.
    comes_to(&realm, Ok("ga-met-twee")).await?;
    assert_eq!(logged(&realm, "covenant-signed").await?, signed + count);
    assert_eq!(logged(&realm, "covenant-activated").await?, activated + 1);

    // It survives a restart of everything, although the settings name version 1.
    realm.stop_all().await?;
    realm.start_all().await?;
    let told = status(&realm, last, &second).await?;
    assert_eq!(state(&told), CovenantState::Active);
    realm.push("corporatie", attacked()).await?;
    realm.stop_all().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rejection_shows_and_keeps_a_version_out() -> Result<()> {
    let mut realm = Realm::start(&quick()).await?;
    let second = next(&text(&realm, VISITS)?)?;
    propose(&realm, "gemeente", &second).await?;
    let no = event(&realm, &second, "politie", &SystemClock, EventKind::Reject)?;
    let request = pb::RejectCovenantRequest {
        envelope: no.into(),
    };
    life(&realm, "politie")?.reject_covenant(request).await?;
    for party in ["corporatie", "gemeente"] {
        let envelope = sign_off(&realm, &second, party, today())?;
        hand_in_signature(&realm, party, envelope).await?;
    }
    let told = status(&realm, "gemeente", &second).await?;
    assert_eq!(told.rejected, ["politie"]);
    assert_eq!(state(&told), CovenantState::Rejected);
    ensure!(told.sentence_nl.contains("politie"), "{}", told.sentence_nl);
    ensure!(told.sentence_en.contains("politie"), "{}", told.sentence_en);
    realm.stop_all().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fork_and_a_rollback_are_refused() -> Result<()> {
    let mut realm = Realm::start(&quick()).await?;
    let first = text(&realm, VISITS)?;
    let second = next(&first)?;
    propose(&realm, "gemeente", &second).await?;
    everybody_signs(&realm, &second, today()).await?;
    // Another second version, and one that leaves the second out.
    let other = second.replacen("uitleg", "uitleg ", 1);
    for text in [
        other,
        next(&first)?.replacen("versie       = 2", "versie       = 3", 1),
    ] {
        let refused = propose(&realm, "gemeente", &text).await.err();
        ensure!(refused.is_some(), "taken");
    }
    realm.stop_all().await
}
