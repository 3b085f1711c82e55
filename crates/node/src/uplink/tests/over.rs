//! After the end: what is owed goes on, and nothing else does.

use wire::type_v1::recall::Told;
use wire::word::RecallOutcome;

use super::*;
use crate::intake::{Amendment, Choice, Withdrawal, WithdrawalReason};
use crate::notices::{NoticeFilter, RecallAnswer, RecallFilter};
use crate::refusal::Reason;
use crate::testing::draft;

const ROLE: &str = "corporatie.huismeester";
/// Beyond the last day of the tests' covenant.
const PAST_THE_END: i64 = 400 * 86_400;

#[tokio::test]
async fn a_recall_comes_in_and_is_answered_and_a_notice_is_neither_kept_nor_acknowledged() {
    let (world, broker) = Pair::parts();
    world.clock.advance_seconds(PAST_THE_END);
    let notice = broker.notice(&[], &[ROLE]);
    let told = Told::NoticeId(model::NoticeId::fresh().to_string());
    let recall = broker.recall(told, &[ROLE]);
    broker.state().notices = vec![notice];
    broker.state().desk.recalls = vec![recall.clone()];
    let address = broker.serve(SocketAddr::from(([127, 0, 0, 1], 0))).await.0;
    let pair = Pair::at(world, broker, address);
    let acknowledged = || pair.broker.state().acknowledged.clone();
    until("the acknowledgement", || !acknowledged().is_empty()).await;
    assert!(acknowledged().iter().all(|id| *id == recall.id));
    let notices = pair
        .inbox
        .list(&handler(), &NoticeFilter::default(), 0, "")
        .unwrap();
    assert!(notices.notices.is_empty());
    let filter = RecallFilter {
        covenant: String::new(),
        unacknowledged: true,
    };
    let recalls = pair.inbox.list_recalls(&handler(), &filter, 0, "").unwrap();
    assert_eq!(recalls.recalls.len(), 1);

    let saying = RecallAnswer {
        request_id: model::RequestId::fresh().to_string(),
        recall_id: recall.recall_id.clone(),
        actor: "medewerker-17".to_owned(),
        outcome: Choice::Is(RecallOutcome::Deleted),
    };
    let said = pair.inbox.acknowledge_recall(&handler(), &saying).await;
    said.unwrap();
    until("the broker has it", || {
        pair.inbox.owed().unwrap().is_empty()
    })
    .await;
    let state = pair.broker.state();
    assert_eq!(state.desk.recalled.len(), 1);
    assert!(state.greeted.is_empty() && state.still_valid == 0);
}

#[tokio::test]
async fn a_withdrawal_goes_and_a_signal_and_a_question_do_not() {
    let (world, broker) = Pair::parts();
    let (first, waiting) = (draft(), draft());
    let name = first.id.clone();
    let system = world.system();
    for draft in [first, waiting] {
        let taken = world.intake.submit(&system, submission(draft)).await;
        taken.unwrap();
    }
    // The broker is not there yet: both wait.
    world.clock.advance_seconds(PAST_THE_END);
    let late = world.intake.submit(&system, submission(draft())).await;
    assert_eq!(late.unwrap_err().reason(), Reason::CovenantNotActive);
    let amendment = Amendment {
        request_id: model::RequestId::fresh().to_string(),
        signal_id: name.clone(),
        draft: Some(draft()),
        content: b"een ander signaal".to_vec(),
        validate_only: false,
    };
    let late = world.intake.amend(&system, amendment).await;
    assert_eq!(late.unwrap_err().reason(), Reason::CovenantNotActive);
    let own = model::SignalId::parse(&name).unwrap();
    let kept = world.intake.store.read(|view| view.own(own)).unwrap();
    let outside: Vec<String> = kept
        .unwrap()
        .outside
        .iter()
        .map(|one| one.id.to_string())
        .collect();
    let withdrawal = Withdrawal {
        request_id: model::RequestId::fresh().to_string(),
        signal_id: name,
        reason: Choice::Is(WithdrawalReason::Erasure),
        validate_only: false,
    };
    world.intake.withdraw(&system, withdrawal).await.unwrap();
    let address = broker.serve(SocketAddr::from(([127, 0, 0, 1], 0))).await.0;
    let pair = Pair::at(world, broker, address);
    until("room", || pair.world.waiting() == 0).await;
    let mut withdrawn = pair.broker.state().withdrawn.clone();
    withdrawn.sort();
    let mut expected = outside;
    expected.sort();
    assert_eq!(withdrawn, expected);
    let asked = pair.visit(question()).await;
    assert_eq!(asked.unwrap_err().reason(), Reason::CovenantNotActive);
    let state = pair.broker.state();
    assert!(state.pushed.is_empty() && state.questions.is_empty());
}
