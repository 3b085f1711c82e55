//! Only checking has every rule, and leaves nothing.

use super::*;
use crate::refusal::Reason as Why;
use crate::testing::{draft, submission};

fn only_checked(one: &Submission) -> Submission {
    Submission {
        validate_only: true,
        ..one.clone()
    }
}

fn fresh() -> String {
    model::RequestId::fresh().to_string()
}

/// That checking refuses as doing does, and does nothing.
async fn refused_alike(world: &World, one: &Submission, why: Why) {
    let waiting = world.waiting();
    let system = world.system();
    let checked = world.intake.submit(&system, only_checked(one)).await;
    let done = world.intake.submit(&system, one.clone()).await;
    assert_eq!(checked, done);
    assert_eq!(done.unwrap_err().reason(), why);
    assert_eq!(world.waiting(), waiting);
}

#[tokio::test]
async fn what_the_store_refuses_is_refused_when_only_checked() {
    let world = world();
    let one = submission(draft());
    world
        .intake
        .submit(&world.system(), one.clone())
        .await
        .unwrap();
    let altered = Submission {
        content: b"anders".to_vec(),
        ..one.clone()
    };
    refused_alike(&world, &altered, Why::RequestIdReused).await;
    let altered = Submission {
        request_id: fresh(),
        ..altered
    };
    refused_alike(&world, &altered, Why::SignalIdReused).await;
    let id = one.draft.as_ref().unwrap().id.clone();
    withdraw(&world, &id, Reason::EnteredInError).await.unwrap();
    let again = Submission {
        request_id: fresh(),
        ..one
    };
    refused_alike(&world, &again, Why::SignalWithdrawn).await;
}

#[tokio::test]
async fn a_full_outbox_refuses_what_is_only_checked() {
    let world = World::of("corporatie", 1);
    refused_alike(&world, &submission(draft()), Why::OutboxFull).await;
}

#[tokio::test]
async fn a_checked_request_can_still_be_made_with_other_content() {
    let world = world();
    let one = submission(draft());
    let system = world.system();
    let checked = world.intake.submit(&system, only_checked(&one)).await;
    assert_eq!(checked.unwrap().accepted_at(), None);
    let altered = Submission {
        content: b"anders".to_vec(),
        ..one
    };
    let taken = world.intake.submit(&system, altered).await.unwrap();
    assert!(taken.accepted_at().is_some());
}

#[tokio::test]
async fn a_withdrawal_that_is_only_checked_has_every_rule() {
    let world = world();
    let system = world.system();
    let (one, two) = (submission(draft()), submission(draft()));
    let id = |s: &Submission| s.draft.as_ref().unwrap().id.clone();
    for one in [&one, &two] {
        world.intake.submit(&system, one.clone()).await.unwrap();
    }
    let waiting = world.waiting();
    let check = |signal_id: String, request_id: &str| Withdrawal {
        request_id: request_id.to_owned(),
        signal_id,
        reason: Choice::Is(Reason::EnteredInError),
        validate_only: true,
    };
    let request = fresh();
    let checked = world
        .intake
        .withdraw(&system, check(id(&one), &request))
        .await
        .unwrap();
    assert_eq!((checked.at(), world.waiting()), (None, waiting));
    let stored = world.intake.get(&system, &id(&one)).unwrap();
    assert_eq!(stored.state, State::Queued);
    let done = Withdrawal {
        validate_only: false,
        ..check(id(&one), &request)
    };
    world.intake.withdraw(&system, done).await.unwrap();
    let refused = world
        .intake
        .withdraw(&system, check(id(&two), &request))
        .await;
    assert_eq!(refused.unwrap_err().reason(), Why::RequestIdReused);
    let unknown = world
        .intake
        .withdraw(&system, check(crate::testing::fresh_v7(), &fresh()))
        .await;
    assert_eq!(unknown.unwrap_err().reason(), Why::NotFound);
}
