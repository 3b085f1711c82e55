//! Pushing in order to look, and reading what is not one's own.

use std::collections::BTreeSet;
use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use journeys::realm::{LogClient, Realm, eventually, quick, set};
use journeys::voice::{Voice, reason};
use model::clock::{Clock as _, ManualClock, SystemClock};
use sandbox::messages::{Home, fresh_id, home, signal, visit};
use tonic::Code;
use wire::audit_v1::{
    Entry, EntryFilter, ExportRequest, GetCheckpointRequest, GetConsistencyProofRequest,
    GetEntryRequest, GetInclusionProofRequest, ListEntriesRequest,
};
use wire::node_v1::{
    CheckVisitResponse, GetSignalRequest, ListNoticesRequest, Signal, SignalState,
    SubmitSignalRequest, WithdrawSignalRequest,
};
use wire::type_v1::{PoliceArticle, WithdrawalReason};

use crate::{ATTACKED, CARETAKER, INTIMIDATED, NOISE, NUISANCE, STOP_NUISANCE, VISIT, VISITS};

const fn at(number: u32) -> Home {
    Home {
        postcode: "9999ZZ",
        number,
        shielded: false,
    }
}

async fn ask(realm: &Realm, number: u32) -> Result<CheckVisitResponse> {
    let client = realm.client("corporatie", "huismeester")?;
    let request = visit(VISITS, VISIT, CARETAKER, home(at(number)));
    Ok(client.checks().check_visit(request).await?.into_inner())
}

fn attacked(number: u32) -> Signal {
    signal(VISITS, VISIT, ATTACKED, home(at(number)))
}

fn intimidated(party: &str, number: u32) -> Signal {
    let mut made = signal(NUISANCE, STOP_NUISANCE, INTIMIDATED, home(at(number)));
    if party == "politie" {
        made.police_article = PoliceArticle::PoliceArticle8.into();
    }
    made
}

/// Every entry that a reader may list.
async fn listed(mut log: LogClient, filter: EntryFilter) -> Result<Vec<Entry>> {
    let mut all = Vec::new();
    let mut page_token = String::new();
    loop {
        let filter = Some(filter.clone());
        let request = ListEntriesRequest {
            filter,
            page_size: 1000,
            page_token,
            ..ListEntriesRequest::default()
        };
        let page = log.list_entries(request).await?.into_inner();
        all.extend(page.entries);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return Ok(all);
        }
    }
}

/// The entries of a kind with their outcomes, as the auditor sees them.
async fn of_kind(realm: &Realm, kind: &str) -> Result<Vec<(u64, ledger::Outcome)>> {
    let filter = EntryFilter {
        kind: kind.to_owned(),
        ..EntryFilter::default()
    };
    let mut found = Vec::new();
    for entry in listed(realm.auditor()?, filter).await? {
        let opening = entry.outcome.context("the auditor sees no outcome")?;
        found.push((entry.index, ledger::Outcome::from_json(&opening.content)?));
    }
    Ok(found)
}

async fn exported(mut log: LogClient) -> Result<Vec<u8>> {
    let mut stream = log.export(ExportRequest::default()).await?.into_inner();
    let mut lines = Vec::new();
    while let Some(piece) = stream.message().await? {
        lines.extend_from_slice(&piece.lines);
    }
    Ok(lines)
}

#[tokio::test(flavor = "multi_thread")]
async fn own_signals_never_count() -> Result<()> {
    let mut realm = Realm::start(&quick()).await?;
    for _ in 0..3 {
        realm.push("corporatie", attacked(12)).await?;
    }
    assert_eq!(ask(&realm, 12).await?.advice, "geen-advies");
    let answered = of_kind(&realm, "check-answered").await?;
    let facts: Vec<_> = answered.iter().map(|(_, outcome)| &outcome.facts).collect();
    ensure!(!facts.is_empty(), "no check was logged");
    for facts in facts {
        let json = format!("{facts:?}");
        ensure!(json.contains("live.hits"), "the facts have no hits: {json}");
        let hits = facts.iter().find(|(name, _)| name.as_str() == "live.hits");
        assert_eq!(
            hits.map(|(_, fact)| fact),
            Some(&ledger::outcome::Fact::Number(0))
        );
    }
    // The same of continuous matching: one party alone is no match, however often it reports.
    let before = realm.log_size().await?;
    for _ in 0..3 {
        let noise = signal(NUISANCE, STOP_NUISANCE, NOISE, home(at(12)));
        realm.push("corporatie", noise).await?;
    }
    realm.grown_beyond(before).await?;
    assert_eq!(of_kind(&realm, "match-decided").await?, []);
    // Positive control: somebody else's signal counts.
    realm.push("gemeente", attacked(12)).await?;
    assert_eq!(ask(&realm, 12).await?.advice, "ga-met-twee");
    realm.stop_all().await
}

/// Pushes at a home, withdraws, and says by how much the log grew each time, as the party itself
/// can see it.
async fn probe(realm: &Realm, number: u32) -> Result<[u64; 2]> {
    let before = realm.log_size().await?;
    let id = realm
        .push("corporatie", intimidated("corporatie", number))
        .await?;
    let pushed = realm.grown_beyond(before).await?;
    let request = WithdrawSignalRequest {
        request_id: fresh_id(),
        signal_id: id,
        reason: WithdrawalReason::EnteredInError.into(),
        validate_only: false,
    };
    realm
        .client("corporatie", "partner")?
        .signals()
        .withdraw_signal(request)
        .await?;
    let withdrawn = realm.grown_beyond(pushed).await?;
    Ok([pushed - before, withdrawn - pushed])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawal_alarms_the_auditor_and_tells_the_prober_nothing() -> Result<()> {
    let mut realm = Realm::start(&quick()).await?;
    let before = realm.log_size().await?;
    realm.push("politie", intimidated("politie", 8)).await?;
    realm.grown_beyond(before).await?;

    // Here the police knows something, which the covenant withholds from the corporation.
    let known = probe(&realm, 8).await?;
    assert_eq!(
        of_kind(&realm, "match-decided").await?.len(),
        1,
        "it did not match"
    );
    let alarms = of_kind(&realm, "quota-exceeded").await?;
    assert_eq!(
        alarms.len(),
        1,
        "no alarm after a withdrawal soon after a match"
    );
    let outcome = &alarms[0].1;
    let party = outcome
        .facts
        .iter()
        .find(|(name, _)| name.as_str() == "party");
    let party = party
        .map(|(_, fact)| serde_json::to_value(fact))
        .transpose()?;
    assert_eq!(
        party,
        Some("corporatie".into()),
        "the auditor reads who probed"
    );
    assert_eq!(
        outcome.reasons[0].code.as_str(),
        "withdrawn_soon_after_match"
    );

    // Here nobody knows anything.
    let unknown = probe(&realm, 10).await?;
    assert_eq!(
        of_kind(&realm, "quota-exceeded").await?.len(),
        1,
        "a false alarm"
    );
    assert_eq!(known, unknown, "the log's growth tells whether it matched");

    // No party can read the alarm, or tell that one is there.
    for (index, _) in alarms {
        for party in ["corporatie", "gemeente", "politie", "zorg"] {
            let entry = realm
                .log_of(party)?
                .get_entry(GetEntryRequest { index })
                .await?;
            let entry = entry.into_inner().entry.context("an entry")?;
            ensure!(entry.leaf.is_empty(), "{party} reads the alarm");
        }
    }
    // And nobody was told anything.
    let notices = realm.client("corporatie", "leefbaarheid")?.notices();
    let told = notices
        .clone()
        .list_notices(ListNoticesRequest::default())
        .await?
        .into_inner();
    assert_eq!(told.notices, []);
    realm.stop_all().await
}

#[tokio::test(flavor = "multi_thread")]
async fn pushes_are_limited_per_party_and_day() -> Result<()> {
    let mut realm = Realm::laid_out(&quick(), journeys::realm::today())?;
    realm.configure_broker(|settings| set(settings, "limits.pushes_per_party_per_day", 3))?;
    let clock = Arc::new(ManualClock::at(SystemClock.now()));
    realm.start_all_at(clock.clone()).await?;
    let voice = Voice::of(&realm, "corporatie", VISITS)?;
    let mut first = None;
    for place in 0..3 {
        let batch = voice.batch(VISIT, ATTACKED, [place; 32]);
        assert_eq!(voice.push(&batch).await?, Ok(1));
        first = first.or(batch.signals.into_iter().next());
    }
    let over = voice.batch(VISIT, ATTACKED, [9; 32]);
    assert_eq!(voice.push(&over).await?, Err("LIMIT_REACHED".to_owned()));
    // A withdrawal gives nothing back.
    let first = first.context("a signal")?;
    voice.withdraw(&voice.withdrawal(&first.id)).await?;
    assert_eq!(voice.push(&over).await?, Err("LIMIT_REACHED".to_owned()));
    // Others have their own number.
    let other = Voice::of(&realm, "gemeente", VISITS)?;
    assert_eq!(
        other.push(&other.batch(VISIT, ATTACKED, [9; 32])).await?,
        Ok(1)
    );
    // What a node took is not lost: it waits there, and goes the next day.
    let state = async |id: &str| -> Result<SignalState> {
        let request = GetSignalRequest {
            signal_id: id.to_owned(),
        };
        let signals = realm.client("corporatie", "partner")?.signals();
        let stored = signals.clone().get_signal(request).await?.into_inner();
        Ok(stored.signal.context("a stored signal")?.state())
    };
    let submit = async |number: u32| -> Result<String> {
        let made = attacked(number);
        let id = made.id.clone();
        let request = SubmitSignalRequest {
            request_id: fresh_id(),
            signal: Some(made),
            validate_only: false,
        };
        let partner = realm.client("corporatie", "partner")?;
        partner.signals().submit_signal(request).await?;
        Ok(id)
    };
    let waits = submit(12).await?;
    eventually("the node tried", async || {
        let admin = realm.running("corporatie")?.admin.to_string();
        let metrics = journeys::processes::get(&admin, "/metrics").await?;
        Ok(metrics.contains("outcome=\"later\"} 1").then_some(()))
    })
    .await?;
    assert_eq!(state(&waits).await?, SignalState::Queued);
    clock.advance_seconds(86_400);
    let today = submit(13).await?;
    for id in [&waits, &today] {
        eventually("it was delivered the next day", async || {
            Ok((state(id).await? == SignalState::Delivered).then_some(()))
        })
        .await?;
    }
    realm.stop_all().await
}

#[tokio::test(flavor = "multi_thread")]
async fn other_parties_leaves_are_hashes_only() -> Result<()> {
    let mut realm = Realm::start(&quick()).await?;
    realm.push("gemeente", attacked(12)).await?;
    assert_eq!(ask(&realm, 12).await?.advice, "ga-met-twee");
    assert_eq!(ask(&realm, 14).await?.advice, "geen-advies");
    let checks = of_kind(&realm, "check-answered").await?;
    assert_eq!(checks.len(), 2);
    for (index, outcome) in checks {
        let revealed = outcome.decision == Some(ledger::Decided::Revealed);
        let entry = async |party: &str| -> Result<Entry> {
            let request = GetEntryRequest { index };
            let answer = realm.log_of(party)?.get_entry(request).await?.into_inner();
            answer.entry.context("an entry")
        };
        let stranger = entry("politie").await?;
        assert_eq!(stranger.leaf_hash.len(), 32);
        let parts = [&stranger.request, &stranger.answer, &stranger.outcome];
        ensure!(
            stranger.leaf.is_empty() && parts.iter().all(|p| p.is_none()),
            "{stranger:?}"
        );
        // Who asked reads what it asked and was told, and not what that rested on: the number of
        // signals and their kind would be more than the advice.
        let asker = entry("corporatie").await?;
        ensure!(!asker.leaf.is_empty() && asker.request.is_some() && asker.answer.is_some());
        ensure!(
            asker.outcome.is_none(),
            "the asker reads the facts behind the advice"
        );
        // The source reads the decision where it revealed something.
        let source = entry("gemeente").await?;
        ensure!(!source.leaf.is_empty() && source.request.is_none() && source.answer.is_none());
        assert_eq!(source.outcome.is_some(), revealed);
    }
    let strangers = listed(realm.log_of("politie")?, EntryFilter::default()).await?;
    assert_eq!(strangers, []);
    let verifier = ledger::LogVerifier::parse(&realm.world.broker.log_key)?;
    for (party, leaves) in [("politie", 0), ("corporatie", 2), ("gemeente", 2)] {
        let export = exported(realm.log_of(party)?).await?;
        let report = ledger::verify::verify(export.as_slice(), &verifier)?;
        ensure!(report.is_good(), "{party}: {:?}", report.bad);
        assert_eq!(report.leaves, leaves, "{party}");
    }
    realm.stop_all().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_withheld_match_is_a_hash_to_parties_and_open_to_the_auditor() -> Result<()> {
    let mut realm = Realm::start(&quick()).await?;
    let before = realm.log_size().await?;
    realm.push("politie", intimidated("politie", 8)).await?;
    let between = realm.grown_beyond(before).await?;
    realm
        .push("corporatie", intimidated("corporatie", 8))
        .await?;
    realm.grown_beyond(between).await?;
    let matches = of_kind(&realm, "match-decided").await?;
    ensure!(!matches.is_empty(), "nothing matched");
    for (index, outcome) in &matches {
        assert_eq!(outcome.decision, Some(ledger::Decided::Withheld));
        let clauses: BTreeSet<_> = outcome
            .reasons
            .iter()
            .filter_map(|r| r.clause.as_ref())
            .map(|c| c.as_str())
            .collect();
        ensure!(
            clauses.contains("4.9"),
            "no prohibition is named: {:?}",
            outcome.reasons
        );
        for party in ["corporatie", "gemeente", "politie", "zorg"] {
            let mut log = realm.log_of(party)?;
            let entry = log
                .get_entry(GetEntryRequest { index: *index })
                .await?
                .into_inner();
            let entry = entry.entry.context("an entry")?;
            ensure!(
                entry.leaf.is_empty() && entry.outcome.is_none(),
                "{party} reads it"
            );
            let seen = listed(realm.log_of(party)?, EntryFilter::default()).await?;
            ensure!(
                seen.iter().all(|seen| seen.index != *index),
                "{party} finds it"
            );
        }
    }
    realm.stop_all().await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outsider_reads_nothing() -> Result<()> {
    let mut realm = Realm::start(&quick()).await?;
    let world = &realm.world;
    let files = &world.outsider;
    let channel = sandbox::clients::connect(&world.audit.grpc, &world.ca, &files.cert, &files.key)?;
    let mut log = wire::client::disclosure_log(channel.clone());
    let mut refusals = Vec::new();
    refusals.extend(log.list_entries(ListEntriesRequest::default()).await.err());
    refusals.extend(log.get_entry(GetEntryRequest { index: 0 }).await.err());
    refusals.extend(log.get_checkpoint(GetCheckpointRequest {}).await.err());
    let inclusion = GetInclusionProofRequest {
        index: 0,
        tree_size: 1,
    };
    refusals.extend(log.get_inclusion_proof(inclusion).await.err());
    let consistency = GetConsistencyProofRequest {
        from_size: 1,
        to_size: 1,
    };
    refusals.extend(log.get_consistency_proof(consistency).await.err());
    refusals.extend(log.export(ExportRequest::default()).await.err());
    assert_eq!(refusals.len(), 6);
    for status in &refusals {
        assert_eq!(
            (status.code(), reason(status).as_str()),
            (Code::PermissionDenied, "AUDITOR_ONLY")
        );
    }
    let voice = Voice {
        channel,
        ..Voice::of(&realm, "corporatie", VISITS)?
    };
    let refused = voice
        .ask(&voice.question(CARETAKER, VISIT, [7; 32]))
        .await
        .err();
    assert_eq!(refused.as_ref().map(reason).as_deref(), Some("NOT_A_PARTY"));
    // At a party's node the right authority is not enough either.
    for (party, place) in &world.nodes {
        let channel = sandbox::clients::connect(&place.grpc, &world.ca, &files.cert, &files.key)?;
        let mut notices = wire::client::notices(channel);
        let refused = notices
            .list_notices(ListNoticesRequest::default())
            .await
            .err();
        let reason = refused.as_ref().map(reason);
        assert_eq!(reason.as_deref(), Some("OTHER_ORGANISATION"), "{party}");
    }
    realm.stop_all().await
}
