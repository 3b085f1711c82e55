//! What a case does to the party's own signals, and to what links entries to a data subject.

use super::*;
use crate::refusal::Reason;
use crate::rights::Action;

#[tokio::test]
async fn a_restricted_signal_is_out_of_the_broker_and_comes_back_under_fresh_ids() {
    let pair = Pair::new().await;
    let id = pair.submit_message(today().plus_days(-3)).await;
    until("the signal", || pair.broker.state().pushed.len() == 2).await;
    until("its state", || pair.state_of(&id) == State::Delivered).await;
    let case = pair
        .confirmed(pb::CaseKind::Restriction)
        .await
        .id
        .to_string();
    let shown = pair.apply(&case, &[&id], Action::Restrict).await.unwrap();
    assert_eq!(shown.states, [State::Restricted]);
    until("the withdrawal", || {
        pair.broker.state().withdrawn.len() == 2
    })
    .await;
    let system = pair.world.system();
    let kept = pair.world.intake.get(&system, &id).unwrap();
    assert!(kept.content.is_some(), "the content is kept");
    // It is found by a later case too.
    let later = pair.confirmed(pb::CaseKind::Access).await;
    assert_eq!(later.states, [State::Restricted]);
    pair.apply(&case, &[&id], Action::Lift).await.unwrap();
    until("the signal again", || pair.broker.state().pushed.len() == 4).await;
    until("its state", || pair.state_of(&id) == State::Delivered).await;
    let mut outside: Vec<String> = {
        let state = pair.broker.state();
        state
            .pushed
            .iter()
            .map(|signal| signal.id.clone())
            .collect()
    };
    outside.sort();
    outside.dedup();
    assert_eq!(outside.len(), 4, "fresh ids");
    // Lifted once more nothing happens, and withdrawn it is gone under every id.
    pair.apply(&case, &[&id], Action::Lift).await.unwrap();
    let objection = pair.confirmed(pb::CaseKind::Objection).await.id.to_string();
    pair.apply(&objection, &[&id], Action::Withdraw)
        .await
        .unwrap();
    until("all withdrawn", || {
        let state = pair.broker.state();
        outside.iter().all(|id| state.withdrawn.contains(id))
    })
    .await;
    assert_eq!(pair.state_of(&id), State::Withdrawn);
    assert_eq!(pair.broker.state().pushed.len(), 4);
}

#[tokio::test]
async fn what_expired_meanwhile_does_not_come_back() {
    let pair = Pair::new().await;
    let id = pair.submit_message(today().plus_days(-300)).await;
    let case = pair
        .confirmed(pb::CaseKind::Restriction)
        .await
        .id
        .to_string();
    pair.apply(&case, &[&id], Action::Restrict).await.unwrap();
    pair.world.clock.advance_seconds(70 * 24 * 3600);
    let refused = pair.apply(&case, &[&id], Action::Lift).await.err().unwrap();
    assert_eq!(refused.reason(), Reason::SignalExpired);
    assert_eq!(wrong(&refused), [("signal_ids[0]", "SIGNAL_EXPIRED")]);
    assert_eq!(pair.state_of(&id), State::Restricted);
}

#[tokio::test]
async fn under_a_covenant_that_is_over_a_restriction_stays_and_the_signal_can_be_erased() {
    let pair = Pair::new().await;
    let id = pair.submit_message(today().plus_days(-3)).await;
    until("its state", || pair.state_of(&id) == State::Delivered).await;
    let restriction = pair.confirmed(pb::CaseKind::Restriction).await.id;
    // Past the last day of the covenant, and not of the signal.
    pair.world.clock.advance_seconds(345 * 24 * 3600);
    let case = restriction.to_string();
    pair.apply(&case, &[&id], Action::Restrict).await.unwrap();
    let refused = pair.apply(&case, &[&id], Action::Lift).await.err().unwrap();
    assert_eq!(refused.reason(), Reason::CovenantNotActive);
    assert_eq!(pair.state_of(&id), State::Restricted);
    let erasure = pair.confirmed(pb::CaseKind::Erasure).await.id.to_string();
    pair.apply(&erasure, &[&id], Action::Withdraw)
        .await
        .unwrap();
    until("both withdrawals", || {
        pair.broker.state().withdrawn.len() == 4
    })
    .await;
    assert_eq!(pair.broker.state().pushed.len(), 2, "it does not come back");
}

#[tokio::test]
async fn what_was_pushed_under_an_epoch_that_is_over_is_withdrawn_there_too() {
    let pair = Pair::new().await;
    let id = pair.submit_message(today().plus_days(-3)).await;
    until("its state", || pair.state_of(&id) == State::Delivered).await;
    let pushed = pair.broker.state().pushed.len();
    pair.world
        .with_other_keys(|covenant| crate::testing::for_look_ups(covenant, 1));
    pair.submit(crate::testing::draft()).await;
    let case = pair.confirmed(pb::CaseKind::Erasure).await.id.to_string();
    pair.apply(&case, &[&id], Action::Withdraw).await.unwrap();
    until("both withdrawals", || {
        pair.broker.state().withdrawn.len() == 2
    })
    .await;
    until("the push", || {
        pair.broker.state().pushed.len() == pushed + 1
    })
    .await;
}

#[tokio::test]
async fn under_a_covenant_that_is_over_keys_for_look_ups_suffice() {
    let pair = Pair::new().await;
    let id = pair.submit_message(today().plus_days(-3)).await;
    until("its state", || pair.state_of(&id) == State::Delivered).await;
    pair.world.clock.advance_seconds(345 * 24 * 3600);
    pair.world
        .with_other_keys(|covenant| crate::testing::for_look_ups(covenant, 2));
    let case = pair.confirmed(pb::CaseKind::Erasure).await;
    assert_eq!(case.record.signals.len(), 1, "the own signal is found");
    let case = case.id.to_string();
    pair.apply(&case, &[&id], Action::Withdraw).await.unwrap();
    until("both withdrawals", || {
        pair.broker.state().withdrawn.len() == 2
    })
    .await;
    // With no key at all a case is refused: nobody could say anything about it.
    pair.world.with_other_keys(|covenant| covenant.keys.clear());
    let refused = pair.open(&request(pb::CaseKind::Access)).await;
    assert_eq!(refused.err().unwrap().reason(), Reason::KeyMissing);
}

#[tokio::test]
async fn an_erased_signal_leaves_no_content_and_the_letter_says_so() {
    let pair = Pair::new().await;
    let id = pair.submit_message(today().plus_days(-3)).await;
    let case = pair.confirmed(pb::CaseKind::Erasure).await.id.to_string();
    pair.apply(&case, &[&id], Action::Withdraw).await.unwrap();
    let kept = pair.world.intake.get(&pair.world.system(), &id).unwrap();
    assert_eq!((kept.state, kept.content), (State::Withdrawn, None));
    let answered = pair
        .desk
        .answer(&desk_clerk(), step(&case, TWO))
        .await
        .unwrap();
    assert!(
        answered.letter_nl.contains(
            "Onze melding van 21 november 2026 (een medewerker is bedreigd) is verwijderd."
        )
    );
    assert!(answered.letter_nl.contains("krijgt daarover bericht"));
    let json: serde_json::Value = serde_json::from_slice(&answered.json).unwrap();
    assert_eq!(json["done"][0]["what"], "erased");
    // A later case finds no trace of whom it was about.
    let later = pair.confirmed(pb::CaseKind::Access).await;
    assert!(later.record.signals.is_empty());
}

#[tokio::test]
async fn each_right_asks_for_its_own_actions_and_names_its_own_signals() {
    let pair = Pair::new().await;
    let id = pair.submit_message(today().plus_days(-3)).await;
    let access = pair.confirmed(pb::CaseKind::Access).await.id.to_string();
    for action in [Action::Withdraw, Action::Restrict, Action::Lift] {
        let refused = pair.apply(&access, &[&id], action).await.err().unwrap();
        assert_eq!(wrong(&refused), [("action", "NOT_FOR_THIS_RIGHT")]);
    }
    let objection = pair.confirmed(pb::CaseKind::Objection).await.id.to_string();
    let other = fresh_v7();
    let refused = pair.apply(&objection, &[&other], Action::Withdraw).await;
    assert_eq!(
        wrong(&refused.err().unwrap()),
        [("signal_ids[0]", "NOT_OF_THIS_CASE")]
    );
    assert_eq!(pair.broker.state().withdrawn.len(), 0);
}

#[tokio::test]
async fn links_are_erased_in_a_case_about_erasure_by_a_second_employee() {
    let pair = Pair::new().await;
    let commitment = [7; 32];
    pair.broker
        .asked(&commitment, "geen-advies", &["gemeente", "politie"]);
    let access = pair.confirmed(pb::CaseKind::Access).await;
    let index = access.record.items[0].index;
    let unlink = async |case: &str, actor: &str| {
        let step = step(case, actor);
        pair.desk.unlink(&desk_clerk(), step, &[index]).await
    };
    let refused = unlink(&access.id.to_string(), TWO).await.err().unwrap();
    assert_eq!(wrong(&refused), [("case_id", "NOT_FOR_THIS_RIGHT")]);
    let erasure = pair.confirmed(pb::CaseKind::Erasure).await.id.to_string();
    let refused = unlink(&erasure, ONE).await.err().unwrap();
    assert_eq!(refused.reason(), Reason::SecondEmployeeNeeded);
    let case = unlink(&erasure, TWO).await.unwrap();
    assert!(case.record.items[0].unlinked);
    let state = pair.broker.state();
    let sent = &state.desk.unlinkings[0];
    assert_eq!(
        sent.indices, case.record.items[0].indices,
        "every entry of the question"
    );
    assert_eq!(sent.second_actor, ONE);
}

#[tokio::test]
async fn pseudonyms_are_made_for_a_confirmed_case_only() {
    let pair = Pair::new().await;
    let id = pair.opened(pb::CaseKind::Access).await;
    let clerk = desk_clerk();
    let early = pair.desk.pseudonyms(&clerk, &id, ONE).err().unwrap();
    assert_eq!(early.reason(), Reason::CaseNotReady);
    pair.confirm(&id, TWO).await.unwrap();
    let all = pair.desk.pseudonyms(&clerk, &id, ONE).unwrap();
    let epochs: std::collections::BTreeSet<u32> = all.iter().map(|p| p.epoch.get()).collect();
    assert_eq!(epochs, std::collections::BTreeSet::from([1, 2]));
    let state = pair.broker.state();
    let asked = &state.desk.questions[0].subjects[0].subject;
    let asked = &asked.as_ref().unwrap().pseudonyms[0];
    let is_it =
        |p: &crate::rights::CasePseudonym| p.value.as_bytes().as_slice() == &asked.value[..];
    assert!(all.iter().any(is_it), "what the broker was asked");
}
