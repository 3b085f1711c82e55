//! Recalls over time: repeated until somebody says what was done, while what was told may still be
//! held; and sent when signals expire only to who was told their kind. Real nodes, a real broker, and
//! a clock that the test moves.

use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use journeys::processes::get;
use journeys::realm::{Realm, eventually, quick, set, today};
use journeys::voice::Voice;
use journeys::witnesses::all_cosign;
use journeys::world::{NUISANCE, SAFE_VISIT, of};
use ledger::outcome::Fact;
use ledger::{Kind, Outcome};
use model::clock::{Clock as _, ManualClock, SystemClock};
use model::{Day, Timestamp};
use sandbox::messages::{Home, fresh_id, home};
use wire::audit_v1::{EntryFilter, ListEntriesRequest};
use wire::broker_v1::{CheckQuestion, Header};
use wire::node_v1::{
    AcknowledgeRecallRequest, ListNoticesRequest, ListRecallsRequest, Signal, StoredRecall,
    WithdrawSignalRequest,
};
use wire::type_v1::{RecallOutcome, RecallReason, WithdrawalReason};

/// Heard by the municipality alone, as a kind of signal (clause 4.1).
const NOISE: &str = "OVE.GEL";
/// Heard by the municipality as a kind (clause 4.1), and by the corporation as a hit and whom to call
/// (clause 4.3).
const THREAT: &str = "AGR.FYS";
const DAY: i64 = 86_400;

/// A world on a clock of its own, with recalls once a day and a reminder after three.
async fn world() -> Result<(Realm, Arc<ManualClock>)> {
    let mut realm = Realm::laid_out(&quick(), today())?;
    realm.configure_broker(|settings| set(settings, "recalls.remind_after_days", 3))?;
    let clock = Arc::new(ManualClock::at(SystemClock.now()));
    realm.start_all_at(clock.clone()).await?;
    Ok((realm, clock))
}

fn seen_on(day: Option<Day>, party: &str, code: &str, number: u32) -> Signal {
    let about = home(Home {
        postcode: "9999ZZ",
        number,
        shielded: false,
    });
    let made = of(party, NUISANCE, code, about);
    let at = |day: Day| prost_types::Timestamp {
        seconds: day.start().as_millis() / 1_000,
        nanos: 0,
    };
    Signal {
        observed_at: day.map(at).or(made.observed_at),
        ..made
    }
}

/// Corporation and municipality both know something about a house, and a role of a party is told of
/// it. Answers the corporation's signal.
async fn told(
    realm: &Realm,
    (day, code, number): (Option<Day>, &str, u32),
    (party, role): (&str, &str),
) -> Result<String> {
    let before = notices(realm, party, role).await?;
    let theirs = seen_on(day, "corporatie", code, number);
    let signal = realm.push("corporatie", theirs).await?;
    realm
        .push("gemeente", seen_on(day, "gemeente", code, number))
        .await?;
    eventually("somebody is told", async || {
        let now = notices(realm, party, role).await?;
        Ok((now > before).then_some(()))
    })
    .await?;
    Ok(signal)
}

async fn notices(realm: &Realm, party: &str, role: &str) -> Result<usize> {
    let request = ListNoticesRequest {
        page_size: 100,
        ..ListNoticesRequest::default()
    };
    let client = realm.client(party, role)?;
    let page = client.notices().list_notices(request).await?.into_inner();
    Ok(page.notices.len())
}

/// Takes a signal of the corporation's back, and waits until the broker knows.
async fn withdraw(realm: &Realm, signal: &str) -> Result<()> {
    let before = sent(realm).await?;
    let request = WithdrawSignalRequest {
        request_id: fresh_id(),
        signal_id: signal.to_owned(),
        reason: WithdrawalReason::EnteredInError.into(),
        validate_only: false,
    };
    let client = realm.client("corporatie", "partner")?;
    client.signals().withdraw_signal(request).await?;
    eventually("the withdrawal has gone", async || {
        Ok((sent(realm).await? > before).then_some(()))
    })
    .await
}

/// How much of the corporation's the broker has taken so far.
async fn sent(realm: &Realm) -> Result<u64> {
    let admin = realm.running("corporatie")?.admin.to_string();
    let metrics = get(&admin, "/metrics").await?;
    let taken = metrics
        .lines()
        .filter(|line| line.starts_with("covenant_node_outbox_sent_total{"))
        .filter(|line| !line.contains("later"));
    let counts = taken.filter_map(|line| line.rsplit_once(' ')?.1.parse::<u64>().ok());
    Ok(counts.sum())
}

/// Every recall that a role of a party sees, oldest first.
async fn recalls(realm: &Realm, party: &str, role: &str) -> Result<Vec<StoredRecall>> {
    let client = realm.client(party, role)?;
    let request = ListRecallsRequest::default();
    let page = client.notices().list_recalls(request).await?.into_inner();
    Ok(page.recalls.into_iter().rev().collect())
}

fn reminders(all: &[StoredRecall]) -> Vec<u32> {
    let bodies = all.iter().filter_map(|one| one.recall.as_ref());
    bodies.map(|body| body.reminder).collect()
}

/// The steps of recalls in the log, in its order: which recall, and what was done.
async fn logged(realm: &Realm) -> Result<Vec<(String, String)>> {
    let request = ListEntriesRequest {
        filter: Some(EntryFilter {
            kind: Kind::Recall.as_str().to_owned(),
            ..EntryFilter::default()
        }),
        page_size: 1_000,
        ..ListEntriesRequest::default()
    };
    let page = realm.auditor()?.list_entries(request).await?.into_inner();
    let mut all = Vec::new();
    for entry in page.entries {
        let outcome = entry.outcome.context("the auditor reads it")?;
        let outcome = Outcome::from_json(&outcome.content)?;
        let mut facts = outcome.facts.iter();
        let step = facts.find(|(name, _)| name.as_str() == "step");
        let Some((_, Fact::Word(step))) = step else {
            anyhow::bail!("a recall without its step: {outcome:?}");
        };
        let recall = outcome.transaction_id.context("which recall")?;
        all.push((recall.to_string(), step.to_string()));
    }
    Ok(all)
}

/// Waits until the log says so much of recalls; answers the steps.
async fn steps(realm: &Realm, expected: &[&str]) -> Result<()> {
    let last = std::sync::Mutex::new(Vec::new());
    let found = eventually("the log says it", async || {
        let all = logged(realm).await?;
        let steps: Vec<String> = all.into_iter().map(|(_, step)| step).collect();
        let reached = steps.len() >= expected.len();
        if let Ok(mut last) = last.lock() {
            last.clone_from(&steps);
        }
        Ok(reached.then_some(steps))
    })
    .await
    .with_context(|| format!("expected {expected:?}, found {last:?}"))?;
    ensure!(found == expected, "{found:?} and not {expected:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recall_comes_again_until_somebody_says_what_was_done_or_its_time_is_over() -> Result<()>
{
    let (mut realm, clock) = world().await?;
    let to = ("gemeente", "regisseur");
    let mut signals = Vec::new();
    for number in 1..=3 {
        signals.push(told(&realm, (None, NOISE, number), to).await?);
    }
    withdraw(&realm, &signals[0]).await?;
    ensure!(
        recalls(&realm, to.0, to.1).await?.is_empty(),
        "not before the morning"
    );
    clock.advance_seconds(DAY);
    steps(&realm, &["sent"]).await?;
    // The second one's going out shows that the batch of that day came by, without a reminder.
    withdraw(&realm, &signals[1]).await?;
    clock.advance_seconds(2 * DAY);
    steps(&realm, &["sent", "sent"]).await?;
    clock.advance_seconds(DAY);
    steps(&realm, &["sent", "sent", "reminded"]).await?;
    let log = logged(&realm).await?;
    assert_eq!(log[2].0, log[0].0, "the one that was sent three days ago");
    let first = eventually("the reminder arrives", async || {
        let all = recalls(&realm, to.0, to.1).await?;
        Ok((reminders(&all) == [1, 0]).then(|| all[0].clone()))
    })
    .await?;
    let body = first.recall.context("a recall")?;
    assert_eq!(body.recall_id, log[0].0);
    people_are_waited_for(&realm).await?;

    let saying = AcknowledgeRecallRequest {
        request_id: fresh_id(),
        recall_id: body.recall_id.clone(),
        actor: "medewerker-0017".to_owned(),
        outcome: RecallOutcome::Deleted.into(),
    };
    let client = realm.client(to.0, to.1)?;
    client.notices().acknowledge_recall(saying).await?;
    steps(&realm, &["sent", "sent", "reminded", "acknowledged"]).await?;
    withdraw(&realm, &signals[2]).await?;
    clock.advance_seconds(3 * DAY);
    let before = ["sent", "sent", "reminded", "acknowledged"];
    let again = logged_beyond(&realm, before.len(), 2).await?;
    let mut again_steps: Vec<&str> = again.iter().map(|(_, step)| step.as_str()).collect();
    again_steps.sort_unstable();
    assert_eq!(again_steps, ["reminded", "sent"]);
    let is_first = |(id, _): &&(String, String)| *id == body.recall_id;
    assert_eq!(again.iter().filter(is_first).count(), 0, "that one is done");

    // What was told in November may not be held in March: nobody is reminded of it.
    clock.advance_seconds(100 * DAY);
    realm.connected().await?;
    let latest = told(&realm, (None, NOISE, 4), to).await?;
    withdraw(&realm, &latest).await?;
    clock.advance_seconds(DAY);
    let last = logged_beyond(&realm, before.len() + 2, 1).await?;
    assert_eq!(last.len(), 1, "{last:?}");
    assert_eq!(last[0].1, "sent");
    realm.stop_all().await
}

/// Waits for `more` steps of recalls beyond the first `count`; answers all of those.
async fn logged_beyond(realm: &Realm, count: usize, more: usize) -> Result<Vec<(String, String)>> {
    eventually("more is said of recalls", async || {
        let all = logged(realm).await?;
        let beyond = all.get(count..).unwrap_or_default();
        Ok((beyond.len() >= more).then(|| beyond.to_vec()))
    })
    .await
}

/// Operators see that two recalls wait at the municipality, and that the broker sent three, one of
/// them again.
async fn people_are_waited_for(realm: &Realm) -> Result<()> {
    let node = realm.running("gemeente")?.admin;
    eventually("the node says that people are waited for", async || {
        let waits = get(&node.to_string(), "/metrics")
            .await?
            .contains("recalls_unacknowledged 2");
        let ready = get(&node.to_string(), "/readyz").await?;
        let said = ready.contains("2 wait until somebody says what was done");
        Ok((waits && said && ready.starts_with("HTTP/1.1 200")).then_some(()))
    })
    .await?;
    let broker = &realm.world.broker.admin;
    let metrics = get(broker, "/metrics").await?;
    let sent = "covenant_broker_recalls_total{outcome=\"sent\"} 3";
    ensure!(metrics.contains(sent), "{metrics}");
    the_broker_says(realm, "repeated and unanswered: gemeente 1;").await?;
    let metrics = get(broker, "/metrics").await?;
    let unanswered = "covenant_broker_recalls_unanswered{party=\"gemeente\"} 1";
    ensure!(metrics.contains(unanswered), "{metrics}");
    Ok(())
}

/// Waits until the broker says it of recalls, and is ready all the same.
async fn the_broker_says(realm: &Realm, remark: &str) -> Result<()> {
    eventually("the broker says it of recalls", async || {
        let ready = get(&realm.world.broker.admin, "/readyz").await?;
        let said = ready.contains(remark) && ready.starts_with("HTTP/1.1 200");
        Ok(said.then_some(()))
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn signals_that_expire_are_recalled_from_who_was_told_their_kind_and_nobody_else()
-> Result<()> {
    let (mut realm, clock) = world().await?;
    let (kind, hit) = (("gemeente", "regisseur"), ("corporatie", "leefbaarheid"));
    // These live for twelve months, of which a few days are left.
    let seen = a_year_ago(clock.now()).plus_days(8);
    told(&realm, (Some(seen), THREAT, 1), kind).await?;
    eventually("the corporation is told of a hit", async || {
        Ok((notices(&realm, hit.0, hit.1).await? == 1).then_some(()))
    })
    .await?;
    let other = told(&realm, (None, NOISE, 2), kind).await?;
    withdraw(&realm, &other).await?;
    clock.advance_seconds(5 * DAY);
    steps(&realm, &["sent"]).await?;
    eventually("it arrives", async || {
        let all = recalls(&realm, kind.0, kind.1).await?;
        Ok((!all.is_empty()).then_some(()))
    })
    .await?;
    let reasons = async || {
        let all = recalls(&realm, kind.0, kind.1).await?;
        let bodies = all.into_iter().filter_map(|one| one.recall);
        Ok::<_, anyhow::Error>(bodies.map(|body| body.reason()).collect::<Vec<_>>())
    };
    ensure!(
        !reasons().await?.contains(&RecallReason::Expired),
        "nothing has expired yet"
    );

    // The signals expire together: what is sent about them goes out in one batch.
    clock.advance_seconds(5 * DAY);
    eventually("the expiry is told", async || {
        Ok(reasons()
            .await?
            .contains(&RecallReason::Expired)
            .then_some(()))
    })
    .await?;
    let expired = reasons().await?;
    let expired = expired.iter().filter(|r| **r == RecallReason::Expired);
    assert_eq!(expired.count(), 1);
    let sent: Vec<_> = logged(&realm).await?;
    let sent = sent.iter().filter(|(_, step)| step == "sent").count();
    assert_eq!(sent, 2, "the withdrawn one, and one that expired");
    let silent = recalls(&realm, hit.0, hit.1).await?;
    ensure!(silent.is_empty(), "a hit lapses in silence: {silent:?}");
    realm.stop_all().await
}

/// The same day of the year before.
fn a_year_ago(now: Timestamp) -> Day {
    now.day().plus_days(-365)
}

/// The same question again, as a node that lost what it knew of the answer would ask it.
fn again(asker: &Voice, asked: &CheckQuestion, now: Timestamp) -> Result<CheckQuestion> {
    let before = asked.header.as_ref().context("a header")?;
    Ok(CheckQuestion {
        header: Some(Header {
            request_id: before.request_id.clone(),
            actor: before.actor.clone(),
            ..asker.header_at(now)
        }),
        ..asked.clone()
    })
}

/// Asks, and answers the advice and the places in the log that it was given with.
async fn advice(asker: &Voice, question: &CheckQuestion) -> Result<(String, Vec<u64>)> {
    let answer = asker.ask(question).await?;
    let entries = answer.receipt.context("a receipt")?.entries;
    Ok((
        answer.advice,
        entries.iter().map(|entry| entry.index).collect(),
    ))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_broker_repeats_no_answer_that_was_recalled_or_may_not_be_held_any_longer() -> Result<()>
{
    let mut realm = Realm::laid_out(&quick(), today())?;
    realm.configure_broker(|settings| set(settings, "recalls.every_seconds", 1))?;
    let clock = Arc::new(ManualClock::at(SystemClock.now()));
    realm.start_all_at(clock.clone()).await?;
    let (covenant, purpose) = SAFE_VISIT;
    let source = Voice::of(&realm, "gemeente", covenant)?;
    let asker = Voice::of(&realm, "corporatie", covenant)?;
    let mut asked = Vec::new();
    for place in [7, 8] {
        let batch = source.batch(purpose, "AGR.FYS", [place; 32]);
        ensure!(source.push(&batch).await? == Ok(1));
        let question = asker.question("corporatie.huismeester", purpose, [place; 32]);
        let first = advice(&asker, &question).await?;
        ensure!(first.0 == "ga-met-twee", "{first:?}");
        let same = advice(&asker, &again(&asker, &question, clock.now())?).await?;
        assert_eq!(same, first, "the same answer, and no other entries");
        asked.push((question, first, batch.signals[0].id.clone()));
    }
    let (recalled, first, signal) = &asked[0];
    source.withdraw(&source.withdrawal(signal)).await?;
    // Until the recall goes out the repetition tells nobody that there will be one.
    let same = advice(&asker, &again(&asker, recalled, clock.now())?).await?;
    assert_eq!(same, *first);
    clock.advance_seconds(2);
    steps(&realm, &["sent"]).await?;
    let now = advice(&asker, &again(&asker, recalled, clock.now())?).await?;
    assert_eq!(now.0, "geen-advies");
    ensure!(now.1.iter().all(|place| !first.1.contains(place)));

    // What nobody recalled goes with the day for which the clause lets it be held.
    let (held, first, signal) = &asked[1];
    let same = advice(&asker, &again(&asker, held, clock.now())?).await?;
    assert_eq!(same, *first);
    clock.advance_seconds(DAY);
    realm.connected().await?;
    all_cosign(&realm).await?;
    let gone = source.withdrawal(signal);
    let gone = wire::broker_v1::WithdrawalBatch {
        header: Some(source.header_at(clock.now())),
        ..gone
    };
    source.withdraw(&gone).await?;
    let now = advice(&asker, &again(&asker, held, clock.now())?).await?;
    assert_eq!(now.0, "geen-advies", "it was decided anew");
    ensure!(now.1.iter().all(|place| !first.1.contains(place)));
    realm.stop_all().await
}
