//! Putting a signal in the place of one that was wrong.

use super::*;
use crate::intake::{Amendment, Choice, Withdrawal, WithdrawalReason};
use crate::refusal::Reason;
use crate::testing::draft;

fn amendment(old: &str, new: Draft) -> Amendment {
    Amendment {
        request_id: model::RequestId::fresh().to_string(),
        signal_id: old.to_owned(),
        content: format!("inhoud van {}", new.id).into_bytes(),
        draft: Some(new),
        validate_only: false,
    }
}

#[tokio::test]
async fn the_old_one_is_withdrawn_and_the_new_one_goes_in_one_unit_once() {
    let pair = Pair::new().await;
    let old = pair.submit(draft()).await;
    until("the signal", || pair.state_of(&old) == State::Delivered).await;
    let (system, intake) = (pair.world.system(), &pair.world.intake);
    let amending = amendment(&old, draft());
    let new = amending.draft.as_ref().unwrap().id.clone();
    let only_checked = Amendment {
        validate_only: true,
        ..amending.clone()
    };
    let checked = intake.amend(&system, only_checked).await.unwrap();
    assert_eq!(checked.accepted().accepted_at(), None);
    assert_eq!(pair.state_of(&old), State::Delivered, "nothing happened");
    let first = intake.amend(&system, amending.clone()).await.unwrap();
    let again = intake.amend(&system, amending.clone()).await.unwrap();
    assert_eq!(first, again);
    assert_eq!(pair.state_of(&old), State::Withdrawn);
    until("the new one", || pair.state_of(&new) == State::Delivered).await;
    until("the withdrawal", || {
        pair.broker.state().withdrawn.len() == 2
    })
    .await;
    assert_eq!(pair.broker.state().pushed.len(), 4);
    // What is withdrawn can't be amended, and an altered request is another one.
    let refused = intake.amend(&system, amendment(&old, draft())).await;
    assert_eq!(refused.unwrap_err().reason(), Reason::SignalWithdrawn);
    let altered = Amendment {
        content: b"anders".to_vec(),
        ..amending
    };
    let refused = intake.amend(&system, altered).await.unwrap_err();
    assert_eq!(refused.reason(), Reason::RequestIdReused);
}

#[tokio::test]
async fn an_amendment_that_is_refused_leaves_the_old_one_as_it_was() {
    let pair = Pair::new().await;
    let old = pair.submit(draft()).await;
    until("the signal", || pair.state_of(&old) == State::Delivered).await;
    let (system, intake) = (pair.world.system(), &pair.world.intake);
    let with = |change: fn(&mut Draft)| {
        let mut new = draft();
        change(&mut new);
        amendment(&old, new)
    };
    let mut same = draft();
    same.id.clone_from(&old);
    let unknown = amendment(&crate::testing::fresh_v7(), draft());
    for (amending, reason) in [
        (with(|d| d.purposes = Vec::new()), Reason::FieldRequired),
        (
            with(|d| d.covenant = "ander".to_owned()),
            Reason::CovenantUnknown,
        ),
        (amendment(&old, same), Reason::SignalIdReused),
        (unknown, Reason::NotFound),
    ] {
        let refused = intake.amend(&system, amending).await.unwrap_err();
        assert_eq!(refused.reason(), reason);
    }
    let refused = intake.amend(&handler(), with(|_| ())).await.unwrap_err();
    assert_eq!(refused.reason(), Reason::RoleNotYours);
    assert_eq!(pair.state_of(&old), State::Delivered);
    assert!(pair.broker.state().withdrawn.is_empty());
}

#[tokio::test]
async fn a_withdrawal_for_restriction_keeps_the_content() {
    let pair = Pair::new().await;
    let id = pair.submit(draft()).await;
    let withdrawal = Withdrawal {
        request_id: model::RequestId::fresh().to_string(),
        signal_id: id.clone(),
        reason: Choice::Is(WithdrawalReason::Restriction),
        validate_only: false,
    };
    let system = pair.world.system();
    pair.world
        .intake
        .withdraw(&system, withdrawal)
        .await
        .unwrap();
    let kept = pair.world.intake.get(&system, &id).unwrap();
    assert_eq!(kept.state, State::Restricted);
    assert!(kept.content.is_some());
}
