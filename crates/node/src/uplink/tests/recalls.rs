//! Recalls: verified, kept, shown to who was told, and answered until the broker has it.

use wire::type_v1::recall::Told;
use wire::word::RecallOutcome;

use super::*;
use crate::intake::{Choice, Findings};
use crate::notices::{KeptRecall, NoticeFilter, RecallAnswer, RecallFilter};
use crate::refusal::Reason;

const ROLE: &str = "corporatie.huismeester";

/// A node that got a notice, and then what takes it back.
async fn recalled(told: impl Fn(&TestBroker) -> Told) -> (Pair, wire::type_v1::Recall) {
    let pair = Pair::new().await;
    let recall = pair.broker.recall(told(&pair.broker), &[ROLE]);
    pair.broker.state().desk.recalls = vec![recall.clone()];
    pair.broker.send_more();
    let acknowledged = || pair.broker.state().acknowledged.clone();
    until("the acknowledgement", || {
        acknowledged().contains(&recall.id)
    })
    .await;
    (pair, recall)
}

fn listed(pair: &Pair, caller: &Caller, unacknowledged: bool) -> Vec<KeptRecall> {
    let filter = RecallFilter {
        covenant: String::new(),
        unacknowledged,
    };
    let page = pair.inbox.list_recalls(caller, &filter, 0, "").unwrap();
    page.recalls
}

fn answer(recall: &wire::type_v1::Recall, outcome: RecallOutcome) -> RecallAnswer {
    RecallAnswer {
        request_id: model::RequestId::fresh().to_string(),
        recall_id: recall.recall_id.clone(),
        actor: "medewerker-17".to_owned(),
        outcome: Choice::Is(outcome),
    }
}

#[tokio::test]
async fn a_recall_is_for_the_roles_that_were_told_and_nobody_else() {
    let told = |_: &TestBroker| Told::NoticeId(model::NoticeId::fresh().to_string());
    let (pair, recall) = recalled(told).await;
    assert_eq!(listed(&pair, &handler(), true).len(), 1);
    let health = process::health::Health::new();
    pair.desk.look(&health);
    assert_eq!(health.remarks().len(), 1, "an operator reads that it waits");
    let other = caller("x", &["corporatie.systeem"]);
    assert!(listed(&pair, &other, false).is_empty());
    let saying = answer(&recall, RecallOutcome::Deleted);
    let refused = pair.inbox.acknowledge_recall(&other, &saying).await;
    assert_eq!(refused.unwrap_err().reason(), Reason::NotFound);
    let nobody = RecallAnswer {
        actor: String::new(),
        outcome: Choice::Unspecified,
        ..saying.clone()
    };
    let refused = pair.inbox.acknowledge_recall(&handler(), &nobody).await;
    let fields: Vec<String> = refused
        .unwrap_err()
        .0
        .violations
        .iter()
        .map(|v| v.field.clone())
        .collect();
    assert_eq!(fields, ["actor", "outcome"]);
    let first = pair
        .inbox
        .acknowledge_recall(&handler(), &saying)
        .await
        .unwrap();
    pair.world.clock.advance_seconds(9);
    let again = pair
        .inbox
        .acknowledge_recall(&handler(), &saying)
        .await
        .unwrap();
    assert_eq!(first, again);
    assert!(listed(&pair, &handler(), true).is_empty());
    pair.desk.look(&health);
    assert!(health.remarks().is_empty());
    let all = listed(&pair, &handler(), false);
    assert_eq!(all[0].acknowledged.unwrap().1, RecallOutcome::Deleted);
    until("the broker", || {
        !pair.broker.state().desk.recalled.is_empty()
    })
    .await;
    until("nothing owed", || pair.inbox.owed().unwrap().is_empty()).await;
    let state = pair.broker.state();
    let said = &state.desk.recalled[0];
    let actor = said.header.as_ref().unwrap().actor.clone();
    assert_eq!(actor.as_deref(), Some("medewerker-17"));
    assert_eq!(said.recalls[0].recall_id, recall.recall_id);
}

#[tokio::test]
async fn a_recalled_notice_comes_again_and_goes_when_somebody_dealt_with_it() {
    let (world, broker) = Pair::parts();
    let notice = broker.notice(&[], &[ROLE]);
    broker.state().notices = vec![notice.clone()];
    let address = broker.serve(SocketAddr::from(([127, 0, 0, 1], 0))).await.0;
    let pair = Pair::at(world, broker, address);
    until("the notice", || *pair.inbox.newest.borrow() == 1).await;
    let reading = crate::notices::Acknowledgement {
        request_id: model::RequestId::fresh().to_string(),
        notice_id: notice.id.clone(),
        actor: String::new(),
    };
    pair.inbox.acknowledge(&handler(), &reading).await.unwrap();
    let recall = pair
        .broker
        .recall(Told::NoticeId(notice.id.clone()), &[ROLE]);
    pair.broker.state().desk.recalls = vec![recall.clone()];
    pair.broker.send_more();
    // Whoever watches hears of it, though the notice was read.
    until("the notice again", || *pair.inbox.newest.borrow() == 2).await;
    let filter = NoticeFilter {
        unacknowledged: true,
        ..NoticeFilter::default()
    };
    let wanted = pair.inbox.wanted(&handler(), &filter, Findings::default());
    let watched = pair
        .inbox
        .after(&wanted.unwrap().and_recalled(), 1)
        .unwrap()
        .0;
    assert_eq!(watched.len(), 1);
    let id = watched[0].recall.unwrap().to_string();
    assert_eq!(id, recall.recall_id);
    let unread = pair.inbox.list(&handler(), &filter, 0, "").unwrap();
    assert!(unread.notices.is_empty(), "it was read, and stays so");
    // A restriction keeps it; a deletion does not.
    let all = NoticeFilter::default();
    let there = |pair: &Pair| {
        pair.inbox
            .list(&handler(), &all, 0, "")
            .unwrap()
            .notices
            .len()
    };
    assert_eq!(there(&pair), 1);
    let saying = answer(&recall, RecallOutcome::Deleted);
    pair.inbox
        .acknowledge_recall(&handler(), &saying)
        .await
        .unwrap();
    assert_eq!(there(&pair), 0);
    // Delivered again by a broker that lost the acknowledgement, it does not come back.
    let notice = wire::notice::Notice::try_from(notice).unwrap();
    let note = notice.receipt.checkpoint.clone();
    let followed = pair
        .inbox
        .log
        .follow(&note, |from, to| pair.checks.broker.consistency(from, to));
    let delivered = vec![(notice, followed.await.unwrap())];
    assert_eq!(pair.inbox.keep(delivered).await.unwrap().len(), 1);
    assert_eq!(there(&pair), 0);
}

#[tokio::test]
async fn what_the_law_keeps_is_marked_and_stays() {
    let (world, broker) = Pair::parts();
    let notice = broker.notice(&[], &[ROLE]);
    let recall = broker.recall(Told::NoticeId(notice.id.clone()), &[ROLE]);
    broker.state().notices = vec![notice];
    broker.state().desk.recalls = vec![recall.clone()];
    let address = broker.serve(SocketAddr::from(([127, 0, 0, 1], 0))).await.0;
    let pair = Pair::at(world, broker, address);
    until("the recall", || listed(&pair, &handler(), false).len() == 1).await;
    let saying = answer(&recall, RecallOutcome::KeptByLaw);
    pair.inbox
        .acknowledge_recall(&handler(), &saying)
        .await
        .unwrap();
    let page = pair
        .inbox
        .list(&handler(), &NoticeFilter::default(), 0, "")
        .unwrap();
    assert!(page.notices[0].recall.is_some());
}

#[tokio::test]
async fn the_recall_of_an_answer_names_the_clients_own_question() {
    let pair = Pair::new().await;
    let asked = question();
    let own = asked.request_id.clone();
    pair.visit(asked).await.unwrap();
    let outside = pair.broker.state().questions[0]
        .header
        .clone()
        .unwrap()
        .request_id;
    assert_ne!(outside, own);
    let recall = pair.broker.recall(Told::CheckRequestId(outside), &[ROLE]);
    pair.broker.state().desk.recalls = vec![recall.clone()];
    pair.broker.send_more();
    until("the recall", || listed(&pair, &handler(), true).len() == 1).await;
    let kept = listed(&pair, &handler(), true).remove(0);
    let expected = wire::recall::ToldBy::Check(model::RequestId::parse(&own).unwrap());
    assert_eq!(kept.recall.told, expected);
    // A reminder takes its place.
    let mut reminder = recall;
    reminder.id = model::NoticeId::fresh().to_string();
    reminder.reminder = 1;
    pair.broker.state().desk.recalls = vec![reminder];
    pair.broker.send_more();
    until("the reminder", || {
        listed(&pair, &handler(), true)[0].recall.reminder == 1
    })
    .await;
    assert_eq!(listed(&pair, &handler(), true).len(), 1);
}

#[tokio::test]
async fn a_recall_that_the_log_does_not_bear_out_is_neither_kept_nor_acknowledged() {
    let pair = Pair::new().await;
    let told = || Told::NoticeId(model::NoticeId::fresh().to_string());
    let mut other_covenant = pair.broker.recall(told(), &[ROLE]);
    other_covenant.covenant_digest = vec![0; 32].into();
    let mut other_recall = pair.broker.recall(told(), &[ROLE]);
    other_recall.recall_id = model::RecallId::fresh().to_string();
    let mut of_a_decision = pair.broker.recall(told(), &[ROLE]);
    of_a_decision.receipt = pair.broker.notice(&[], &[ROLE]).receipt;
    let other_version = pair.broker.under(pair.world.second_covenant());
    let of_another = other_version.recall(told(), &[ROLE]);
    let good = pair.broker.recall(told(), &[ROLE]);
    let forged = [other_covenant, other_recall, of_a_decision, of_another];
    pair.broker.state().desk.recalls = forged.iter().chain([&good]).cloned().collect();
    pair.broker.send_more();
    let acknowledged = || pair.broker.state().acknowledged.clone();
    until("the good one", || !acknowledged().is_empty()).await;
    assert_eq!(acknowledged(), [good.id]);
    assert_eq!(listed(&pair, &handler(), false).len(), 1);
}

#[tokio::test]
async fn what_people_did_waits_until_the_broker_has_taken_it() {
    let told = |_: &TestBroker| Told::NoticeId(model::NoticeId::fresh().to_string());
    let (pair, recall) = recalled(told).await;
    pair.broker.state().desk.silent = true;
    let saying = answer(&recall, RecallOutcome::NothingLeft);
    pair.inbox
        .acknowledge_recall(&handler(), &saying)
        .await
        .unwrap();
    until("the first attempt", || {
        !pair.broker.state().desk.recalled.is_empty()
    })
    .await;
    assert_eq!(pair.inbox.owed().unwrap().len(), 1, "it is not taken");
    // After a restart it is said again, under the same id.
    let mut inbox = pair.inbox.clone();
    pair.world.intake.store.close().unwrap();
    inbox.store = pair.world.restarted();
    let owed = inbox.owed().unwrap();
    assert_eq!(owed[0].outcome, RecallOutcome::NothingLeft);
    inbox.told_broker(owed[0].recall).await.unwrap();
    assert!(inbox.owed().unwrap().is_empty());
}
