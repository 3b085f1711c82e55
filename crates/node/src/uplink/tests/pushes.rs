//! What waits, goes, is refused, and is taken back.

use wire::broker_v1 as pb;

use super::*;
use crate::intake::{Filter, Withdrawal};
use crate::refusal::Reason;
use crate::testing::{draft, subject};

#[tokio::test]
async fn a_signal_reaches_the_broker_once_per_epoch_and_leaves_the_outbox() {
    let pair = Pair::new().await;
    let id = pair.submit(draft()).await;
    until("delivery", || pair.world.waiting() == 0).await;
    assert_eq!(pair.state_of(&id), State::Delivered);
    let state = pair.broker.state();
    assert_eq!(state.pushed.len(), 2);
    assert_ne!(state.pushed[0].id, state.pushed[1].id);
    assert!(
        state.pushed.iter().all(|signal| signal.id != id),
        "the own id stays inside"
    );
    assert!(state.still_valid >= 1);
}

#[tokio::test]
async fn a_broker_that_comes_late_gets_everything_in_few_batches() {
    let (world, broker) = Pair::parts();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    drop(taken);
    let pair = Pair::at(world, broker, address);
    for _ in 0..20 {
        pair.submit(draft()).await;
    }
    assert_eq!(pair.world.waiting(), 40);
    assert!(!pair.world.intake.link.is_connected());
    let refused = pair.visit(question()).await.unwrap_err();
    assert_eq!(refused.reason(), Reason::BrokerUnreachable);
    pair.broker.serve(address).await;
    until("delivery", || pair.world.waiting() == 0).await;
    let state = pair.broker.state();
    assert_eq!(state.pushed.len(), 40);
    assert!(state.batches <= 4, "{} batches", state.batches);
}

#[tokio::test]
async fn what_the_broker_refuses_is_told_with_the_signal_and_holds_up_nothing() {
    let pair = Pair::new().await;
    pair.broker.state().refused_code = Some("AGR.FYS".to_owned());
    let refused = pair.submit(draft()).await;
    until("an answer", || pair.world.waiting() == 0).await;
    pair.broker.state().refused_code = None;
    let taken = pair.submit(draft()).await;
    until("delivery", || pair.world.waiting() == 0).await;
    assert_eq!(pair.state_of(&refused), State::Refused);
    assert_eq!(pair.state_of(&taken), State::Delivered);
    let stored = pair
        .world
        .intake
        .get(&pair.world.system(), &refused)
        .unwrap();
    assert_eq!(stored.refusal.unwrap().reason(), Reason::CategoryNotYours);
}

#[tokio::test]
async fn without_a_reference_everything_waits_and_then_goes() {
    let (world, broker) = Pair::parts();
    broker.key(pb::KeyState::WaitingForReference);
    let address = broker.serve(SocketAddr::from(([127, 0, 0, 1], 0))).await.0;
    let pair = Pair::at(world, broker, address);
    let link = pair.world.intake.link.clone();
    until("connection", || link.is_connected()).await;
    pair.submit(draft()).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(pair.world.waiting(), 2);
    assert!(
        link.obstacles()[0].contains("waits for the announcement"),
        "{:?}",
        link.obstacles()
    );
    let refused = pair.visit(question()).await.unwrap_err();
    assert_eq!(refused.reason(), Reason::KeyWaiting);
    pair.broker.key(pb::KeyState::Agreed);
    until("delivery", || pair.world.waiting() == 0).await;
}

#[tokio::test]
async fn a_blocked_match_key_holds_up_only_what_needs_it() {
    let (world, broker) = Pair::parts();
    broker.state().blocked = vec!["telefoon/telefoon".to_owned()];
    broker.key(pb::KeyState::Blocked);
    let address = broker.serve(SocketAddr::from(([127, 0, 0, 1], 0))).await.0;
    let pair = Pair::at(world, broker, address);
    let mut phone = draft();
    phone.subjects = vec![subject(&[("contact.phone", "06 12345678")])];
    let waits = pair.submit(phone).await;
    let goes = pair.submit(draft()).await;
    until("delivery of one", || pair.world.waiting() == 2).await;
    assert_eq!(pair.state_of(&goes), State::Delivered);
    assert_eq!(pair.state_of(&waits), State::Queued);
    let obstacles = pair.world.intake.link.obstacles();
    assert!(obstacles[0].contains("telefoon/telefoon"), "{obstacles:?}");
    let phone = subject(&[("contact.phone", "06 12345678")]);
    let refused = pair
        .visit(Visit {
            subject: Some(phone),
            ..question()
        })
        .await
        .unwrap_err();
    assert_eq!(refused.reason(), Reason::KeyMismatch);
    pair.broker.key(pb::KeyState::Agreed);
    until("delivery of the other", || pair.world.waiting() == 0).await;
}

#[tokio::test]
async fn a_withdrawal_follows_the_signal() {
    let pair = Pair::new().await;
    let id = pair.submit(draft()).await;
    until("delivery", || pair.world.waiting() == 0).await;
    let withdrawal = Withdrawal {
        request_id: model::RequestId::fresh().to_string(),
        signal_id: id.clone(),
        reason: crate::intake::Choice::Is(crate::intake::Reason::Objection),
        validate_only: false,
    };
    pair.world
        .intake
        .withdraw(&pair.world.system(), withdrawal)
        .await
        .unwrap();
    until("the withdrawal", || pair.world.waiting() == 0).await;
    assert_eq!(pair.state_of(&id), State::Withdrawn);
    let state = pair.broker.state();
    let mut pushed: Vec<_> = state.pushed.iter().map(|s| s.id.clone()).collect();
    let mut withdrawn = state.withdrawn.clone();
    pushed.sort();
    withdrawn.sort();
    assert_eq!(pushed, withdrawn);
}

#[tokio::test]
async fn own_signals_are_listed_by_their_state() {
    let pair = Pair::new().await;
    pair.submit(draft()).await;
    until("delivery", || pair.world.waiting() == 0).await;
    let filter = Filter {
        covenant: String::new(),
        state: crate::intake::Choice::Is(State::Delivered),
        observed_from: None,
        observed_until: None,
        page_size: 0,
        page_token: String::new(),
    };
    let page = pair
        .world
        .intake
        .list(&pair.world.system(), &filter)
        .unwrap();
    assert_eq!(page.signals.len(), 1);
}

#[tokio::test]
async fn what_waits_under_a_covenant_that_is_over_makes_room_and_says_why() {
    let (world, broker) = Pair::parts();
    let id = draft();
    let name = id.id.clone();
    let system = world.system();
    world.intake.submit(&system, submission(id)).await.unwrap();
    world.clock.advance_seconds(400 * 86_400);
    let address = broker.serve(SocketAddr::from(([127, 0, 0, 1], 0))).await.0;
    let pair = Pair::at(world, broker, address);
    until("room", || pair.world.waiting() == 0).await;
    let stored = pair.world.intake.get(&system, &name).unwrap();
    assert_eq!(stored.state, State::Refused);
    let why = stored.refusal.unwrap();
    assert_eq!(why.reason(), Reason::CovenantNotActive);
    assert!(pair.broker.state().pushed.is_empty());
}
