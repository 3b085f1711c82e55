//! A withdrawal needs no key, and waits for no word about one.

use std::collections::BTreeSet;

use wire::broker_v1 as pb;
use wire::word::WithdrawalReason;

use super::*;
use crate::intake::{Choice, Withdrawal};
use crate::testing::draft;
use crate::uplink::item;

/// Beyond the last day of the tests' covenant.
const PAST_THE_END: i64 = 400 * 86_400;

fn proef() -> model::CovenantId {
    model::CovenantId::parse("proef").unwrap()
}

/// A node that knows which epochs it has, and a signal of it that the broker has under both.
async fn delivered() -> (Pair, String) {
    let pair = Pair::new().await;
    remember(&pair.world).await;
    let id = pair.submit(draft()).await;
    until("delivery", || pair.world.waiting() == 0).await;
    (pair, id)
}

async fn remember(world: &World) {
    let intake = &world.intake;
    let remembered = intake.covenants.recall(&intake.store, world.now()).await;
    remembered.unwrap();
}

async fn erase(world: &World, id: &str) {
    let withdrawal = Withdrawal {
        request_id: model::RequestId::fresh().to_string(),
        signal_id: id.to_owned(),
        reason: Choice::Is(WithdrawalReason::Erasure),
        validate_only: false,
    };
    let erased = world.intake.withdraw(&world.system(), withdrawal).await;
    erased.unwrap();
}

/// Whether everything that the broker was sent was taken back.
fn all_is_taken_back(broker: &TestBroker) -> bool {
    let state = broker.state();
    let pushed: BTreeSet<&str> = state.pushed.iter().map(|one| one.id.as_str()).collect();
    let withdrawn = state.withdrawn.iter().map(String::as_str).collect();
    pushed.len() == 2 && pushed == withdrawn
}

#[tokio::test]
async fn a_withdrawal_goes_under_an_epoch_whose_key_is_gone() {
    for over in [false, true] {
        let (pair, id) = delivered().await;
        pair.world.with_other_keys(|covenant| {
            covenant.keys.remove(0);
        });
        if over {
            pair.world.clock.advance_seconds(PAST_THE_END);
        }
        erase(&pair.world, &id).await;
        until("both are taken back", || all_is_taken_back(&pair.broker)).await;
        until("nothing waits", || pair.world.waiting() == 0).await;
    }
}

#[tokio::test]
async fn a_withdrawal_goes_under_an_epoch_that_the_settings_say_was_not_here() {
    let world = World::after_first_epoch("corporatie", false);
    remember(&world).await;
    world.with_other_keys(|covenant| covenant.first_epoch = 2);
    let active = world.intake.covenants.all_active(world.now());
    let broker = TestBroker::of(active[0].covenant());
    let (own, outside) = (model::SignalId::fresh(), model::SignalId::fresh());
    let body = item::withdraw(own, outside, WithdrawalReason::Erasure, world.now());
    let queue = item::queue(&proef(), model::KeyEpoch::FIRST);
    let put = move |tx: &mut store::NodeTx| tx.put_outbox(&queue, &body);
    world.intake.store.write(put).await.unwrap();
    let address = broker.serve(SocketAddr::from(([127, 0, 0, 1], 0))).await.0;
    let pair = Pair::at(world, broker, address);
    until("nothing waits", || pair.world.waiting() == 0).await;
    assert_eq!(pair.broker.state().withdrawn, [outside.to_string()]);
}

#[tokio::test]
async fn what_waits_to_be_pushed_without_a_key_makes_room_when_the_covenant_is_over() {
    let (world, broker) = Pair::parts();
    remember(&world).await;
    let draft = draft();
    let id = draft.id.clone();
    let system = world.system();
    let taken = world.intake.submit(&system, submission(draft)).await;
    taken.unwrap();
    world.with_other_keys(|covenant| {
        covenant.keys.remove(0);
    });
    world.clock.advance_seconds(PAST_THE_END);
    let address = broker.serve(SocketAddr::from(([127, 0, 0, 1], 0))).await.0;
    let pair = Pair::at(world, broker, address);
    until("room", || pair.world.waiting() == 0).await;
    assert_eq!(pair.state_of(&id), State::Refused);
    assert!(pair.broker.state().pushed.is_empty());
}

#[tokio::test]
async fn a_withdrawal_goes_while_an_epoch_has_no_reference_and_a_signal_does_not() {
    let (pair, id) = delivered().await;
    // As of an epoch that the broker has purged.
    pair.broker.key(pb::KeyState::WaitingForReference);
    let link = pair.world.intake.link.clone();
    until("both keys wait", || link.obstacles().len() == 2).await;
    let waits = pair.submit(draft()).await;
    erase(&pair.world, &id).await;
    until("both are taken back", || all_is_taken_back(&pair.broker)).await;
    assert_eq!(pair.world.waiting(), 2);
    assert_eq!(pair.state_of(&waits), State::Queued);
}

#[tokio::test]
async fn a_withdrawal_goes_when_the_covenant_is_over_for_the_broker_alone() {
    // Or when a version without this party has followed there.
    for over in ["COVENANT_NOT_ACTIVE", "NOT_A_PARTY"] {
        let (pair, id) = delivered().await;
        let link = &pair.world.intake.link;
        link.set_refused(proef(), "COVENANT_DIFFERS".to_owned());
        let waits = pair.submit(draft()).await;
        erase(&pair.world, &id).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert_eq!(pair.world.waiting(), 4, "it works by another file");
        link.set_refused(proef(), over.to_owned());
        until("both are taken back", || all_is_taken_back(&pair.broker)).await;
        assert_eq!(pair.world.waiting(), 2);
        assert_eq!(pair.state_of(&waits), State::Queued);
    }
}

#[tokio::test]
async fn a_withdrawal_waits_while_the_last_version_does_not_hold_here() {
    let (pair, id) = delivered().await;
    let covenants = &pair.world.intake.covenants;
    let last = |since: i64| {
        covenants.write(|all| {
            let carried = all.get_mut(&proef()).unwrap();
            (carried.active, carried.former) = (None, None);
            let last = carried.last.as_mut().unwrap();
            last.since = model::Timestamp::from_millis(since);
        });
    };
    let since = pair.world.now().as_millis();
    pair.world.clock.advance_seconds(PAST_THE_END);
    // Nobody's signature was there yet.
    last(0);
    assert!(covenants.answerable(&proef(), pair.world.now()).is_none());
    erase(&pair.world, &id).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(pair.world.waiting(), 2, "it is owed still");
    last(since);
    pair.world.intake.link.wake();
    until("both are taken back", || all_is_taken_back(&pair.broker)).await;
}
