//! What the covenants do not let the broker keep goes, and the log says how much it was.

use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use journeys::realm::{Realm, eventually, quick, today};
use journeys::world::{NUISANCE, of};
use ledger::Outcome;
use ledger::outcome::Fact;
use model::clock::ManualClock;
use sandbox::messages::{Home, home};
use wire::audit_v1::{EntryFilter, ListEntriesRequest};

#[tokio::test(flavor = "multi_thread")]
async fn signals_of_a_covenant_that_is_over_go_at_the_start_and_the_auditor_reads_how_many()
-> Result<()> {
    let mut realm = Realm::start(&quick()).await?;
    for number in 1..=3 {
        let about = home(Home {
            postcode: "9999ZZ",
            number,
            shielded: false,
        });
        realm
            .push("gemeente", of("gemeente", NUISANCE, "OVE.GEL", about))
            .await?;
    }
    realm.delivered("gemeente").await?;
    ensure!(purges(&realm).await?.is_empty(), "nothing is due yet");
    realm.stop_all().await?;

    let later = today().plus_days(3_000).start();
    realm.start_broker(Arc::new(ManualClock::at(later))).await?;
    let purges = eventually("an entry of the purge", async || {
        let found = purges(&realm).await?;
        Ok((!found.is_empty()).then_some(found))
    })
    .await?;
    let signals = |outcome: &Outcome| {
        let facts = outcome.facts.iter();
        let mut found = facts.filter(|(name, _)| name.as_str() == "signals");
        found.next().map(|(_, fact)| fact.clone())
    };
    let told: Vec<Fact> = purges.iter().filter_map(signals).collect();
    ensure!(told == [Fact::Number(3)], "{purges:?}");
    for outcome in &purges {
        ensure!(outcome.subject_commitment.is_none() && outcome.reasons.is_empty());
        ensure!(
            outcome
                .facts
                .values()
                .all(|fact| matches!(fact, Fact::Number(_))),
            "numbers only: {outcome:?}"
        );
    }
    Ok(())
}

async fn purges(realm: &Realm) -> Result<Vec<Outcome>> {
    let request = ListEntriesRequest {
        filter: Some(EntryFilter {
            kind: "retention-purged".to_owned(),
            ..EntryFilter::default()
        }),
        page_size: 100,
        ..ListEntriesRequest::default()
    };
    let page = realm.auditor()?.list_entries(request).await?.into_inner();
    page.entries
        .into_iter()
        .map(|entry| {
            let outcome = entry.outcome.context("the auditor sees no outcome")?;
            Ok(Outcome::from_json(&outcome.content)?)
        })
        .collect()
}
