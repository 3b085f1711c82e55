//! What the covenants do not let the broker keep goes, and the log says how much it was.

use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use journeys::realm::{Realm, eventually, quick, set, today};
use journeys::world::{NUISANCE, of};
use ledger::Outcome;
use ledger::outcome::Fact;
use model::clock::ManualClock;
use sandbox::messages::{Home, home};
use wire::audit_v1::{EntryFilter, ListEntriesRequest};
use wire::node_v1::ListSignalsRequest;

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

#[tokio::test(flavor = "multi_thread")]
async fn what_the_next_purge_would_remove_is_told_and_nothing_is_removed() -> Result<()> {
    let mut realm = Realm::start(&quick()).await?;
    let place = home(Home {
        postcode: "9999ZZ",
        number: 1,
        shielded: false,
    });
    for _ in 0..3 {
        let signal = of("gemeente", NUISANCE, "OVE.GEL", place.clone());
        realm.push("gemeente", signal).await?;
    }
    let ends = first_end(&realm).await?;
    realm.stop_all().await?;

    // The purge at the start comes before the signals end, the next one of that day long after.
    realm.configure_broker(|settings| set(settings, "retention.daily_at", "23:00"))?;
    let evening = ends.plus_days(-1).start().plus_seconds(23 * 3_600 + 1_800);
    let clock = Arc::new(ManualClock::at(evening));
    realm.start_broker(clock.clone()).await?;
    eventually("the purge at the start", async || {
        Ok((!purges(&realm).await?.is_empty()).then_some(()))
    })
    .await?;
    clock.advance_seconds(3_600);
    let logged = purges(&realm).await?.len();
    let told = due(&realm).await?;
    let signals = |told: &str| {
        let line = told.lines().find(|line| line.contains("  signals  "));
        line.map(str::to_owned)
    };
    let line = signals(&told).with_context(|| told.clone())?;
    ensure!(line.contains("signals  3"), "{line}");
    ensure!(line.contains(&format!("oldest of {ends}")), "{line}");
    ensure!(told.contains("manifest.json"), "{told}");
    assert_eq!(due(&realm).await?, told, "it is the same when asked again");
    assert_eq!(purges(&realm).await?.len(), logged, "nothing was logged");

    let files = [realm.world.broker.config.clone()];
    let purge = move || broker::purge_now(&files, &[]);
    tokio::task::spawn_blocking(purge).await??;
    let all = purges(&realm).await?;
    ensure!(all.len() > logged);
    let told = due(&realm).await?;
    ensure!(signals(&told).is_none(), "{told}");
    let three = |outcome: &Outcome| {
        let mut facts = outcome.facts.iter();
        facts.any(|(name, fact)| name.as_str() == "signals" && *fact == Fact::Number(3))
    };
    ensure!(all.iter().any(three), "they were still there: {all:?}");
    Ok(())
}

/// The first day on which a signal of the municipality does not match any more.
async fn first_end(realm: &Realm) -> Result<model::Day> {
    let request = ListSignalsRequest {
        page_size: 100,
        ..ListSignalsRequest::default()
    };
    let client = realm.client("gemeente", "partner")?;
    let page = client.signals().list_signals(request).await?.into_inner();
    let first = page.signals.into_iter().next().context("a signal")?;
    Ok(wire::field::day(first.expires_on, "expires_on")?)
}

async fn due(realm: &Realm) -> Result<String> {
    let files = [realm.world.broker.config.clone()];
    let ask = move || broker::retention(&files, &[]);
    tokio::task::spawn_blocking(ask).await?
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
