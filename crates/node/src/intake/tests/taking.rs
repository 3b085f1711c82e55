//! What is taken, is kept sealed, once, and leaves as tokens.

use super::*;
use crate::refusal::Reason as Why;
use crate::testing::{draft, fresh_v7, subject, submission, today};
use crate::uplink::item;

#[tokio::test]
async fn a_signal_is_taken_once_for_every_live_epoch() {
    let world = world();
    let one = submission(draft());
    let accepted = world
        .intake
        .submit(&world.system(), one.clone())
        .await
        .unwrap();
    assert_eq!(accepted.comparisons(), ["adres"]);
    assert_eq!(accepted.accepted_at(), Some(world.now()));
    assert_eq!(accepted.expires_on(), today().plus_days(-3).plus_months(12));
    assert_eq!(world.waiting(), 2, "one item per epoch");
    let again = world
        .intake
        .submit(&world.system(), one.clone())
        .await
        .unwrap();
    assert_eq!(again, accepted);
    let other_request = Submission {
        request_id: model::RequestId::fresh().to_string(),
        ..one.clone()
    };
    let again = world
        .intake
        .submit(&world.system(), other_request.clone())
        .await
        .unwrap();
    assert_eq!(again, accepted, "the same id is the same signal");
    assert_eq!(world.waiting(), 2);
    let altered = Submission {
        content: b"anders".to_vec(),
        ..one
    };
    let refused = world
        .intake
        .submit(&world.system(), altered.clone())
        .await
        .unwrap_err();
    assert_eq!(refused.reason(), Why::RequestIdReused);
    let altered = Submission {
        request_id: model::RequestId::fresh().to_string(),
        ..altered
    };
    let refused = world
        .intake
        .submit(&world.system(), altered)
        .await
        .unwrap_err();
    assert_eq!(refused.reason(), Why::SignalIdReused);
}

#[tokio::test]
async fn only_checking_says_the_same_and_stores_nothing() {
    let world = world();
    let mut one = submission(draft());
    one.validate_only = true;
    let checked = world
        .intake
        .submit(&world.system(), one.clone())
        .await
        .unwrap();
    assert_eq!((checked.accepted_at(), world.waiting()), (None, 0));
    one.validate_only = false;
    let taken = world.intake.submit(&world.system(), one).await.unwrap();
    assert_eq!(checked.comparisons(), taken.comparisons());
    assert!(taken.accepted_at().is_some());
}

#[tokio::test]
async fn a_persons_address_feeds_the_person_and_epochs_share_nothing() {
    let world = world();
    let mut one = draft();
    one.subjects = vec![subject(&[
        ("person.given_names", "Jan"),
        ("person.surname", "Jansen"),
        ("person.birth_date", "19700102"),
        ("person.address.postcode", "1234AB"),
        ("person.address.house_number", "12"),
    ])];
    let accepted = world
        .intake
        .submit(&world.system(), submission(one))
        .await
        .unwrap();
    assert_eq!(accepted.comparisons(), ["bewoner", "persoon"]);
    let read = |queue: &str| {
        let items = world
            .intake
            .store
            .read(|view| view.outbox(queue, 0, 10))
            .unwrap();
        item::Item::decode(&items[0].body).unwrap()
    };
    let (first, second) = (read("proef/1"), read("proef/2"));
    assert_eq!(first.own, second.own);
    assert_ne!(first.outside, second.outside);
    assert_ne!(
        Some(first.outside),
        accepted.id(),
        "the own id stays inside"
    );
    let pushed = |item: &item::Item| match &item.errand {
        item::Errand::Push(signal) => signal.clone(),
        item::Errand::Withdraw(_) => panic!("a push"),
    };
    let (first, second) = (pushed(&first), pushed(&second));
    assert_ne!(first.content_commitment, second.content_commitment);
    assert_eq!(first.subjects[0].pseudonyms.len(), 2);
    for (one, two) in first.subjects[0]
        .pseudonyms
        .iter()
        .zip(&second.subjects[0].pseudonyms)
    {
        assert_eq!(one.match_key, two.match_key);
        assert_ne!(one.value, two.value);
    }
}

#[tokio::test]
async fn nothing_raw_is_in_the_outbox_or_readable_in_the_vault() {
    let world = world();
    let one = submission(draft());
    let content = one.content.clone();
    world.intake.submit(&world.system(), one).await.unwrap();
    let (items, vault) = world
        .intake
        .store
        .read(|view| {
            let items = view.outbox("proef/1", 0, 10)?;
            Ok::<_, store::StoreError>((items, view.vault_after(None, 10)?))
        })
        .unwrap();
    let holds = |bytes: &[u8], word: &[u8]| bytes.windows(word.len()).any(|w| w == word);
    assert_eq!((items.len(), vault.len()), (1, 1));
    for word in [
        b"1234AB".as_slice(),
        b"1234 AB",
        b"ZAAK-1",
        b"Geschreeuw",
        &content,
    ] {
        assert!(!holds(&items[0].body, word) && !holds(&vault[0].1, word));
    }
}

#[tokio::test]
async fn a_full_outbox_refuses_with_a_hint_and_keeps_what_it_has() {
    let world = World::of("corporatie", 2);
    world
        .intake
        .submit(&world.system(), submission(draft()))
        .await
        .unwrap();
    let refused = world
        .intake
        .submit(&world.system(), submission(draft()))
        .await
        .unwrap_err();
    assert_eq!(refused.reason(), Why::OutboxFull);
    assert!(refused.0.retry_after.is_some());
    assert_eq!(world.waiting(), 2);
    assert_eq!(
        world
            .intake
            .list(&world.system(), &everything())
            .unwrap()
            .signals
            .len(),
        1
    );
}

#[tokio::test]
async fn a_token_that_is_too_frequent_is_left_out_and_reported() {
    let world = world();
    let both = || {
        let mut one = draft();
        one.subjects
            .push(subject(&[("contact.phone", "06 12345678")]));
        one
    };
    let mut taken = Vec::new();
    for _ in 0..3 {
        let accepted = world
            .intake
            .submit(&world.system(), submission(both()))
            .await
            .unwrap();
        taken.push((
            accepted.comparisons().to_vec(),
            accepted.too_frequent().to_vec(),
        ));
    }
    let whole = (vec!["adres".to_owned(), "telefoon".to_owned()], Vec::new());
    let part = (vec!["adres".to_owned()], vec!["telefoon".to_owned()]);
    assert_eq!(taken, [whole.clone(), whole, part]);
    let items = world
        .intake
        .store
        .read(|view| view.outbox("proef/1", 0, 10))
        .unwrap();
    let keys: Vec<usize> = items
        .iter()
        .map(
            |item| match item::Item::decode(&item.body).unwrap().errand {
                item::Errand::Push(signal) => {
                    signal.subjects.iter().map(|s| s.pseudonyms.len()).sum()
                }
                item::Errand::Withdraw(_) => 0,
            },
        )
        .collect();
    assert_eq!(keys[0], keys[2] + 1, "the token left all the same");
}

#[tokio::test]
async fn a_signal_with_nothing_but_too_frequent_tokens_is_refused_until_one_is_withdrawn() {
    let world = world();
    let phone = || {
        let mut one = draft();
        one.subjects = vec![subject(&[("contact.phone", "06 12345678")])];
        one
    };
    let first = phone();
    let first_id = first.id.clone();
    world
        .intake
        .submit(&world.system(), submission(first))
        .await
        .unwrap();
    world
        .intake
        .submit(&world.system(), submission(phone()))
        .await
        .unwrap();
    let refused = world
        .intake
        .submit(&world.system(), submission(phone()))
        .await
        .unwrap_err();
    assert_eq!(refused.0.violations[0].rule, "TOO_FREQUENT");
    withdraw(&world, &first_id, Reason::EnteredInError)
        .await
        .unwrap();
    world
        .intake
        .submit(&world.system(), submission(phone()))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_withdrawal_takes_the_push_out_of_the_outbox_and_goes_in_its_place() {
    let world = world();
    let one = draft();
    let id = one.id.clone();
    world
        .intake
        .submit(&world.system(), submission(one))
        .await
        .unwrap();
    let withdrawn = withdraw(&world, &id, Reason::Objection).await.unwrap();
    assert_eq!(withdrawn.at(), Some(world.now()));
    let items = world
        .intake
        .store
        .read(|view| view.outbox("proef/1", 0, 10))
        .unwrap();
    assert_eq!(items.len(), 1);
    let item = item::Item::decode(&items[0].body).unwrap();
    assert_eq!(item.errand, item::Errand::Withdraw(Reason::Objection));
    world.clock.advance_seconds(60);
    let again = withdraw(&world, &id, Reason::Objection).await.unwrap();
    assert_eq!(again, withdrawn, "a second time changes nothing");
    assert_eq!(world.waiting(), 2);
    let stored = world.intake.get(&world.system(), &id).unwrap();
    assert_eq!(stored.state, State::Withdrawn);
    assert!(stored.content.is_some());
    withdraw(&world, &id, Reason::Erasure).await.unwrap();
    let stored = world.intake.get(&world.system(), &id).unwrap();
    assert_eq!((stored.state, stored.content), (State::Withdrawn, None));
}

#[tokio::test]
async fn a_withdrawal_is_checked_and_of_own_signals_only() {
    let world = world();
    let refused = withdraw(&world, &fresh_v7(), Reason::Erasure)
        .await
        .unwrap_err();
    assert_eq!(refused.reason(), Why::NotFound);
    let wrong = Withdrawal {
        request_id: "x".to_owned(),
        signal_id: String::new(),
        reason: Choice::Unspecified,
        validate_only: false,
    };
    let refused = world
        .intake
        .withdraw(&world.system(), wrong)
        .await
        .unwrap_err();
    let rules: Vec<_> = refused
        .0
        .violations
        .iter()
        .map(|v| v.rule.as_str())
        .collect();
    assert_eq!(rules, ["UUID_FORM", "REQUIRED", "UNSPECIFIED"]);
}

#[tokio::test]
async fn what_was_taken_is_answered_so_again_even_after_the_covenant_is_over() {
    let world = world();
    let one = submission(draft());
    let taken = world.intake.submit(&world.system(), one.clone()).await;
    world.clock.advance_seconds(400 * 86_400);
    let again = world.intake.submit(&world.system(), one.clone()).await;
    assert_eq!(taken, again);
    let only_checked = Submission {
        validate_only: true,
        ..one
    };
    let refused = world.intake.submit(&world.system(), only_checked).await;
    assert_eq!(refused.unwrap_err().reason(), Why::CovenantNotActive);
}

#[tokio::test]
async fn a_withdrawn_signal_is_not_taken_again() {
    let world = world();
    let one = submission(draft());
    world
        .intake
        .submit(&world.system(), one.clone())
        .await
        .unwrap();
    let id = one.draft.as_ref().unwrap().id.clone();
    withdraw(&world, &id, Reason::EnteredInError).await.unwrap();
    let again = Submission {
        request_id: model::RequestId::fresh().to_string(),
        ..one
    };
    let refused = world
        .intake
        .submit(&world.system(), again)
        .await
        .unwrap_err();
    assert_eq!(refused.reason(), Why::SignalWithdrawn);
}
