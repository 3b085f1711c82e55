//! A party that has not confirmed its covenant for a day is told nothing, and nothing is lost.

use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use journeys::realm::{Realm, eventually, quick, today};
use ledger::Decided;
use model::clock::{Clock as _, ManualClock, SystemClock};
use sandbox::messages::{Home, home, signal};
use wire::audit_v1::{EntryFilter, ListEntriesRequest};
use wire::node_v1::{ListNoticesRequest, Signal};

const NUISANCE: &str = "woonoverlast-roosdonk";

fn noise() -> Signal {
    let place = home(Home {
        postcode: "9999ZZ",
        number: 8,
        shielded: false,
    });
    signal(NUISANCE, "woonoverlast", "OVE.GEL", place)
}

/// Every decision on a match so far: what was decided, and the first reason.
async fn decisions(realm: &Realm) -> Result<Vec<(Option<Decided>, Option<String>)>> {
    let filter = EntryFilter {
        kind: "match-decided".to_owned(),
        ..EntryFilter::default()
    };
    let request = ListEntriesRequest {
        filter: Some(filter),
        page_size: 100,
        ..ListEntriesRequest::default()
    };
    let page = realm.auditor()?.list_entries(request).await?.into_inner();
    let mut all = Vec::new();
    for entry in page.entries {
        let outcome = entry.outcome.context("the auditor reads it")?;
        let outcome = ledger::Outcome::from_json(&outcome.content)?;
        let reason = outcome.reasons.first().map(|r| r.code.to_string());
        all.push((outcome.decision, reason));
    }
    Ok(all)
}

async fn notices(realm: &Realm) -> Result<usize> {
    let client = realm.client("gemeente", "regisseur")?;
    let request = ListNoticesRequest::default();
    let page = client.notices().list_notices(request).await?.into_inner();
    Ok(page.notices.len())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waited_for_a_party_is_decided_when_it_confirms_again() -> Result<()> {
    let mut realm = Realm::laid_out(&quick(), today())?;
    let clock = Arc::new(ManualClock::at(SystemClock.now()));
    realm.start_all_at(clock.clone()).await?;
    realm.push("gemeente", noise()).await?;
    for party in ["gemeente", "corporatie"] {
        realm.stop_node(party).await?;
    }
    clock.advance_seconds(25 * 3600);
    realm.start_node("corporatie", clock.clone()).await?;
    let before = realm.log_size().await?;
    realm.push("corporatie", noise()).await?;
    realm.grown_beyond(before).await?;
    let unconfirmed = decisions(&realm).await?;
    ensure!(!unconfirmed.is_empty(), "nothing matched");
    for (decided, reason) in &unconfirmed {
        assert_eq!(*decided, Some(Decided::Withheld));
        assert_eq!(reason.as_deref(), Some("party_not_confirmed"));
    }
    realm.start_node("gemeente", clock).await?;
    eventually("the municipality is told after all", async || {
        Ok((notices(&realm).await? > 0).then_some(()))
    })
    .await?;
    let after = decisions(&realm).await?;
    ensure!(after.len() > unconfirmed.len(), "{after:?}");
    ensure!(after.iter().any(|(d, _)| *d == Some(Decided::Revealed)));
    realm.stop_all().await
}
