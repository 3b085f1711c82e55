//! A covenant ends, and what was promised under it does not: its parties answer data subjects and take
//! back what they told, and let nobody know anything new. Real nodes, a real broker, and a clock that
//! the test moves past the last day.

use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use journeys::desk::request;
use journeys::realm::{Realm, eventually, quick, set, strict, today};
use journeys::spoken::Spoken;
use journeys::voice::{Voice, reason};
use journeys::witnesses::all_cosign;
use journeys::world::{NUISANCE, SAFE_VISIT, of};
use ledger::outcome::Fact;
use ledger::{Kind, Outcome};
use model::Day;
use model::clock::{Clock as _, ManualClock};
use sandbox::Plan;
use sandbox::messages::{Home, fresh_id, home, submit, visit};
use tonic::Status;
use tonic::transport::Channel;
use wire::audit_v1::{EntryFilter, ListEntriesRequest};
use wire::broker_v1::{CheckQuestion, Header, PushBatch, connect_response};
use wire::node_v1::rights_service_client::RightsServiceClient;
use wire::node_v1::{
    AcknowledgeRecallRequest, AnswerCaseRequest, ApplyToSignalsRequest, Case, CaseItem, CaseKind,
    ConfirmCaseRequest, ItemRole, ListCasesRequest, ListNoticesRequest, ListRecallsRequest,
    PassOnCaseRequest, Signal, SignalAction,
};
use wire::type_v1::{RecallOutcome, RecallReason};

const DAY: i64 = 86_400;
/// Heard by the municipality as a kind of signal, which it keeps for three months (clause 4.1).
const NOISE: &str = "OVE.GEL";

/// The first day on which the covenants of this world do not hold any more.
fn end() -> Day {
    today().plus_months(12)
}

fn door(number: u32) -> Home {
    Home {
        postcode: "9999ZZ",
        number,
        shielded: false,
    }
}

/// A signal about a door, two days before the end.
fn noise(party: &str, number: u32) -> Signal {
    let seen = end().plus_days(-2).start();
    Signal {
        observed_at: Some(wire::field::timestamp(seen)),
        ..of(party, NUISANCE, NOISE, home(door(number)))
    }
}

/// A world on the day before the end, in which the municipality was told of a door. Answers the
/// corporation's signal as well.
async fn told(plan: &Plan) -> Result<(Realm, Arc<ManualClock>, String)> {
    let (realm, clock) = eve(plan).await?;
    let signal = realm.push("corporatie", noise("corporatie", 1)).await?;
    realm.push("gemeente", noise("gemeente", 1)).await?;
    eventually("the municipality is told", async || {
        Ok((notices(&realm).await? == 1).then_some(()))
    })
    .await?;
    Ok((realm, clock, signal))
}

/// A world on the day before the end.
async fn eve(plan: &Plan) -> Result<(Realm, Arc<ManualClock>)> {
    let mut realm = Realm::laid_out(plan, today())?;
    realm.configure_broker(|settings| set(settings, "recalls.every_seconds", 1))?;
    let noon = end().plus_days(-1).start().plus_seconds(12 * 3_600);
    let clock = Arc::new(ManualClock::at(noon));
    realm.start_all_at(clock.clone()).await?;
    Ok((realm, clock))
}

async fn notices(realm: &Realm) -> Result<usize> {
    let client = realm.client("gemeente", "regisseur")?;
    let request = ListNoticesRequest::default();
    let page = client.notices().list_notices(request).await?.into_inner();
    Ok(page.notices.len())
}

/// The outcomes of one kind of entry.
async fn outcomes(realm: &Realm, kind: Kind) -> Result<Vec<Outcome>> {
    let request = ListEntriesRequest {
        filter: Some(EntryFilter {
            kind: kind.as_str().to_owned(),
            ..EntryFilter::default()
        }),
        page_size: 1_000,
        ..ListEntriesRequest::default()
    };
    let page = realm.auditor()?.list_entries(request).await?.into_inner();
    let entries = page.entries.into_iter();
    let read = entries.map(|entry| {
        let outcome = entry.outcome.context("the auditor reads it")?;
        Ok(Outcome::from_json(&outcome.content)?)
    });
    read.collect()
}

/// The steps of the entries of one kind, in the log's order.
async fn steps(realm: &Realm, kind: Kind) -> Result<Vec<String>> {
    let all = facts(realm, kind, "step").await?;
    let step = |fact| match fact {
        Fact::Word(word) => Some(word.to_string()),
        _ => None,
    };
    Ok(all.into_iter().filter_map(step).collect())
}

/// What the entries of one kind say under one name, in the log's order.
async fn facts(realm: &Realm, kind: Kind, name: &str) -> Result<Vec<Fact>> {
    let all = outcomes(realm, kind).await?;
    let all = all.into_iter().flat_map(|outcome| outcome.facts);
    let named = all.filter(|(found, _)| found.as_str() == name);
    Ok(named.map(|(_, fact)| fact).collect())
}

/// Waits until the log says so of one kind of entry.
async fn logged(realm: &Realm, kind: Kind, expected: &[&str]) -> Result<()> {
    eventually("the log says it", async || {
        Ok((steps(realm, kind).await? == expected).then_some(()))
    })
    .await
    .with_context(|| format!("expected {expected:?}"))
}

/// The end comes, and the broker and its witnesses have seen it.
async fn ended(realm: &Realm, clock: &ManualClock) -> Result<()> {
    over(realm, clock).await?;
    all_cosign(realm).await
}

/// The end comes, and the broker has seen it.
async fn over(realm: &Realm, clock: &ManualClock) -> Result<()> {
    clock.advance_seconds(2 * DAY);
    eventually("the covenants are over", async || {
        let over = outcomes(realm, Kind::CovenantExpired).await?.len();
        Ok((over == realm.world.covenants.len()).then_some(()))
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn rights_and_recalls_outlive_the_covenant() -> Result<()> {
    let (mut realm, clock, signal) = told(&quick()).await?;
    ended(&realm, &clock).await?;
    nothing_new_is_done(&realm, &clock).await?;
    access_is_answered(&realm, &clock).await?;
    what_was_told_is_taken_back(&realm, &clock, &signal).await?;
    nothing_new_is_done(&realm, &clock).await?;
    realm.stop_all().await
}

#[tokio::test(flavor = "multi_thread")]
async fn rights_and_recalls_outlive_the_covenant_after_a_restart() -> Result<()> {
    let (mut realm, clock, signal) = told(&quick()).await?;
    realm.stop_all().await?;
    // The end comes while nothing runs: whoever starts has never seen it in force.
    clock.advance_seconds(2 * DAY);
    realm.start_all_at(clock.clone()).await?;
    all_cosign(&realm).await?;
    nothing_new_is_done(&realm, &clock).await?;
    access_is_answered(&realm, &clock).await?;
    what_was_told_is_taken_back(&realm, &clock, &signal).await?;
    realm.stop_all().await?;
    realm.start_all_at(clock.clone()).await?;
    let case = confirmed(&realm, &clock, "corporatie", CaseKind::Access).await?;
    let item = item(&case, ItemRole::Provided)?;
    ensure!(item.recall_acknowledged_on.is_some(), "{item:?}");
    realm.stop_all().await
}

/// What is told to a data subject waits for witnesses as the parties signed, and gets them.
#[tokio::test(flavor = "multi_thread")]
async fn rights_and_recalls_outlive_a_covenant_that_says_strikt() -> Result<()> {
    let (mut realm, clock, signal) = told(&strict()).await?;
    ended(&realm, &clock).await?;
    access_is_answered(&realm, &clock).await?;
    what_was_told_is_taken_back(&realm, &clock, &signal).await?;
    realm.stop_all().await
}

/// Whoever read a notice and lost the connection before saying so has it all the same.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_never_acknowledged_is_recalled_once_it_was_handed_out() -> Result<()> {
    let (mut realm, clock) = eve(&quick()).await?;
    realm.push("gemeente", noise("gemeente", 1)).await?;
    realm.stop_node("gemeente").await?;
    let mut spoken = Spoken::open(&realm, "gemeente").await?;
    let signal = realm.push("corporatie", noise("corporatie", 1)).await?;
    let told = loop {
        if let connect_response::Message::Notices(batch) = spoken.next().await? {
            break batch.notices;
        }
    };
    ensure!(told.len() == 1, "{told:?}");
    drop(spoken);
    over(&realm, &clock).await?;
    let stopped = facts(&realm, Kind::CovenantExpired, "notices_stopped").await?;
    ensure!(stopped.contains(&Fact::Number(1)), "{stopped:?}");
    realm.start_node("gemeente", clock.clone()).await?;
    realm.connected().await?;
    all_cosign(&realm).await?;
    ensure!(notices(&realm).await? == 0, "a notice came after the end");
    what_was_told_is_taken_back(&realm, &clock, &signal).await?;
    realm.stop_all().await
}

fn desk(realm: &Realm, party: &str) -> Result<RightsServiceClient<Channel>> {
    Ok(realm.client(party, "officer")?.desk())
}

/// Takes a request in, and has another employee confirm it.
async fn confirmed(
    realm: &Realm,
    clock: &ManualClock,
    party: &str,
    kind: CaseKind,
) -> Result<Case> {
    let mut desk = desk(realm, party)?;
    let request = request(NUISANCE.0, kind, home(door(1)), clock.now());
    let opened = desk.open_case(request).await?.into_inner().case;
    confirm(realm, party, &opened.context("a case")?.id, "balie-2").await
}

async fn confirm(realm: &Realm, party: &str, case: &str, actor: &str) -> Result<Case> {
    let request = ConfirmCaseRequest {
        request_id: fresh_id(),
        case_id: case.to_owned(),
        actor: actor.to_owned(),
    };
    let answer = desk(realm, party)?.confirm_case(request).await?;
    answer.into_inner().case.context("a case")
}

fn item(case: &Case, role: ItemRole) -> Result<&CaseItem> {
    let mut items = case.items.iter();
    let found = items.find(|item| item.role() == role);
    found.with_context(|| format!("{role:?} among {} items", case.items.len()))
}

/// Source and recipient each answer for what they did, and a request is passed on.
async fn access_is_answered(realm: &Realm, clock: &ManualClock) -> Result<()> {
    let case = confirmed(realm, clock, "corporatie", CaseKind::Access).await?;
    ensure!(item(&case, ItemRole::Provided)?.other_party == "gemeente");
    ensure!(case.signals.len() == 1, "the party's own signal is found");
    let request = AnswerCaseRequest {
        request_id: fresh_id(),
        case_id: case.id.clone(),
        actor: "balie-3".to_owned(),
    };
    let mut source = desk(realm, "corporatie")?;
    let answer = source.answer_case(request).await?.into_inner();
    let json: serde_json::Value = serde_json::from_slice(&answer.answer_json)?;
    let told = json
        .pointer("/items/0/other_party")
        .and_then(|party| party.as_str());
    ensure!(told == Some("gemeente"), "{json}");
    logged(realm, Kind::AccessRequestAnswered, &["answered"]).await?;

    let theirs = confirmed(realm, clock, "gemeente", CaseKind::Access).await?;
    item(&theirs, ItemRole::Told)?;

    let request = PassOnCaseRequest {
        request_id: fresh_id(),
        case_id: case.id,
        actor: "balie-2".to_owned(),
        parties: vec!["gemeente".to_owned()],
    };
    source.pass_on_case(request).await?;
    let recipient = desk(realm, "gemeente")?;
    let arrived = eventually("it arrives", async || {
        let request = ListCasesRequest::default();
        let page = recipient.clone().list_cases(request).await?.into_inner();
        let mut cases = page.cases.into_iter();
        Ok(cases.find(|case| case.passed_on_by == "corporatie"))
    })
    .await?;
    confirm(realm, "gemeente", &arrived.id, "loket-1").await?;
    let passed = confirm(realm, "gemeente", &arrived.id, "loket-2").await?;
    item(&passed, ItemRole::Told)?;
    Ok(())
}

/// The source erases its signal, the recipient hears of it and says what it did; all is logged.
async fn what_was_told_is_taken_back(
    realm: &Realm,
    clock: &ManualClock,
    signal: &str,
) -> Result<()> {
    let case = confirmed(realm, clock, "corporatie", CaseKind::Erasure).await?;
    let request = ApplyToSignalsRequest {
        request_id: fresh_id(),
        case_id: case.id,
        actor: "balie-2".to_owned(),
        signal_ids: vec![signal.to_owned()],
        action: SignalAction::Withdraw.into(),
    };
    desk(realm, "corporatie")?.apply_to_signals(request).await?;
    logged(realm, Kind::Erasure, &["applied_to_signal"]).await?;
    clock.advance_seconds(2);
    let client = realm.client("gemeente", "regisseur")?;
    let recall = eventually("the municipality hears of it", async || {
        let request = ListRecallsRequest::default();
        let page = client.notices().list_recalls(request).await?.into_inner();
        Ok(page.recalls.into_iter().next())
    })
    .await?;
    let body = recall.recall.context("a recall")?;
    ensure!(body.reason() == RecallReason::Erasure);
    let request = AcknowledgeRecallRequest {
        request_id: fresh_id(),
        recall_id: body.recall_id,
        actor: "medewerker-0017".to_owned(),
        outcome: RecallOutcome::Deleted.into(),
    };
    client.notices().acknowledge_recall(request).await?;
    logged(realm, Kind::Recall, &["sent", "acknowledged"]).await
}

/// Whether something was refused because the covenant is over.
fn is_over(answer: Result<impl std::fmt::Debug, Status>) -> Result<()> {
    match answer {
        Err(status) => ensure!(reason(&status) == "COVENANT_NOT_ACTIVE", "{status:?}"),
        Ok(answer) => anyhow::bail!("it was done: {answer:?}"),
    }
    Ok(())
}

/// No check and no signal, neither at the node nor at the broker behind it, and no notice.
async fn nothing_new_is_done(realm: &Realm, clock: &ManualClock) -> Result<()> {
    let asker = realm.client("corporatie", "handler")?;
    let question = visit(SAFE_VISIT.0, SAFE_VISIT.1, &asker.role, home(door(1)));
    is_over(asker.checks().check_visit(question).await)?;
    let partner = realm.client("gemeente", "partner")?;
    let signal = submit(noise("gemeente", 1));
    is_over(partner.signals().submit_signal(signal).await)?;

    let asker = Voice::of(realm, "corporatie", SAFE_VISIT.0)?;
    let question = CheckQuestion {
        header: Some(Header {
            actor: Some("medewerker-0017".to_owned()),
            ..asker.header_at(clock.now())
        }),
        ..asker.question("corporatie.huismeester", SAFE_VISIT.1, [7; 32])
    };
    is_over(asker.ask(&question).await)?;
    let source = Voice::of(realm, "gemeente", NUISANCE.0)?;
    let batch = PushBatch {
        header: Some(source.header_at(clock.now())),
        ..source.batch(NUISANCE.1, NOISE, [7; 32])
    };
    let pushed = source.push(&batch).await?;
    ensure!(
        pushed == Err("COVENANT_NOT_ACTIVE".to_owned()),
        "{pushed:?}"
    );
    ensure!(notices(realm).await? <= 1, "no other notice came");
    Ok(())
}
