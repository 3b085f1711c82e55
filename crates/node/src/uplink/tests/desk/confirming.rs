//! Confirming: two employees, and nothing that the log does not bear out.

use super::super::super::test_broker::Lie;
use super::*;
use crate::refusal::Reason;
use crate::rights::{Role, Stage};

#[tokio::test]
async fn it_takes_two_employees_before_anything_is_looked_up() {
    let pair = Pair::new().await;
    let id = pair.opened(pb::CaseKind::Access).await;
    for same in [ONE, "Medewerker-1"] {
        let refused = pair.confirm(&id, same).await.err().unwrap();
        assert_eq!(refused.reason(), Reason::SecondEmployeeNeeded);
    }
    assert!(pair.broker.state().desk.questions.is_empty());
    let confirming = step(&id, TWO);
    let clerk = desk_clerk();
    let case = pair.desk.confirm(&clerk, confirming.clone()).await.unwrap();
    assert_eq!(case.record.stage, Stage::Confirmed);
    let asked = pair.broker.state().desk.questions.len();
    // Sent again it is answered as before, and nobody is asked.
    pair.desk.confirm(&clerk, confirming).await.unwrap();
    assert_eq!(pair.broker.state().desk.questions.len(), asked);
    let refused = pair.confirm(&id, TWO).await.err().unwrap();
    assert_eq!(refused.reason(), Reason::CaseNotReady);
    let state = pair.broker.state();
    for question in &state.desk.questions {
        let header = question.header.as_ref().unwrap();
        assert_eq!(header.actor.as_deref(), Some(ONE));
        assert_eq!(question.second_actor, TWO);
        let sent = question.encode_to_vec();
        for word in ["1234AB", "1234 AB", "Voorbeeld", "LOKET-7"] {
            assert!(!sent.windows(word.len()).any(|w| w == word.as_bytes()));
        }
    }
    let questions = state.desk.questions.iter();
    let epochs: Vec<_> = questions
        .map(|q| q.header.as_ref().unwrap().epoch)
        .collect();
    assert_eq!(
        epochs,
        [Some(1), Some(2)],
        "every epoch of which there is a key"
    );
}

#[tokio::test]
async fn what_was_asked_told_and_provided_is_found_and_no_more_of_it_than_was_known() {
    let pair = Pair::new().await;
    let asked = question();
    pair.broker.state().advice = "ga-met-twee".to_owned();
    pair.visit(asked).await.unwrap();
    let commitment = pair.broker.state().questions[0].request_commitment.clone();
    pair.broker
        .asked(&commitment, "ga-met-twee", &["gemeente", "politie"]);
    pair.broker.told();
    pair.broker.provided();
    let case = pair.confirmed(pb::CaseKind::Access).await;
    let roles: Vec<Role> = case.record.items.iter().map(|item| item.role).collect();
    assert_eq!(roles, [Role::Asked, Role::Told, Role::Provided]);
    let [asked, told, provided] = case.record.items.as_slice() else {
        panic!("three items")
    };
    assert_eq!(asked.indices.len(), 2, "one question is one item");
    assert_eq!(
        (asked.other_party.as_str(), asked.clause.as_str()),
        ("", "")
    );
    assert_eq!(asked.advice, "ga-met-twee");
    assert_eq!(asked.purpose, "bezoekveiligheid");
    assert_eq!(told.other_party, "gemeente");
    assert_eq!(told.shown, ["treffer"]);
    assert_eq!(provided.other_party, "gemeente");
    assert_eq!(provided.shown, ["treffer", "categorie"]);
    assert_eq!(provided.provided_on, "AVG 6.1.e");
    assert_eq!(provided.recalled_on, Some(today().as_days()));
    let answered = pair
        .desk
        .answer(&desk_clerk(), step(&case.id.to_string(), THREE))
        .await
        .unwrap();
    let all = format!("{}{}", answered.letter_nl, answered.letter_en);
    assert!(
        !all.contains("andermans-medewerker") && !all.contains(ONE),
        "{all}"
    );
}

#[tokio::test]
async fn the_key_of_an_epoch_that_is_over_finds_entries_and_makes_nothing_else() {
    for keeps in [true, false] {
        let world = crate::testing::World::after_first_epoch("corporatie", keeps);
        let active = world.intake.covenants.all_active(world.now()).remove(0);
        let broker = TestBroker::of(active.covenant());
        let address = broker.serve(SocketAddr::from(([127, 0, 0, 1], 0))).await.0;
        let pair = Pair::at(world, broker, address);
        let (store, now) = (pair.desk.store.clone(), pair.world.now());
        pair.desk.covenants.recall(&store, now).await.unwrap();
        // The tests' broker finds entries under the first epoch alone.
        pair.broker.told();
        let submitted = pair.submit(crate::testing::draft()).await;
        until("the push", || pair.state_of(&submitted) == State::Delivered).await;
        pair.visit(question()).await.unwrap();
        let case = pair.confirmed(pb::CaseKind::Access).await;
        assert_eq!(case.record.items.len(), usize::from(keeps));
        let unknown: Vec<_> = case.record.unknown.iter().map(|u| u.epoch).collect();
        assert_eq!(unknown, &[1][usize::from(keeps)..], "or else unknown");
        let of_looking = |state: &super::super::super::test_broker::State| {
            let questions = state.desk.questions.iter();
            questions
                .map(|q| q.header.as_ref().unwrap().epoch.unwrap())
                .collect::<Vec<_>>()
        };
        {
            let state = pair.broker.state();
            assert_eq!(of_looking(&state), &[2, 1][..1 + usize::from(keeps)]);
            assert_eq!(state.pushed.len(), 1, "one for every live epoch");
            let live = active.epochs()[0].number();
            let asked = state.questions[0].header.as_ref().unwrap().epoch;
            assert_eq!((live.get(), asked), (2, Some(2)));
            assert_eq!(state.greeted, [2], "nobody is shown its probes");
        }
        let id = case.id.to_string();
        let made = pair.desk.pseudonyms(&desk_clerk(), &id, ONE).unwrap();
        let epochs: std::collections::BTreeSet<u32> =
            made.iter().map(|one| one.epoch.get()).collect();
        assert_eq!(epochs.contains(&1), keeps, "an auditor finds as much");
        assert!(epochs.contains(&2));
    }
}

#[tokio::test]
async fn own_signals_are_found_without_an_index() {
    let pair = Pair::new().await;
    let recent = pair.submit_message(today().plus_days(-3)).await;
    // Before the data subject came to live there: not theirs.
    let mut asked = request(pb::CaseKind::Objection);
    asked.subjects[0].from = Some(date(today().plus_days(-30)));
    pair.submit_message(today().plus_days(-60)).await;
    pair.submit(crate::testing::draft()).await;
    let id = pair.open(&asked).await.unwrap().id.to_string();
    let case = pair.confirm(&id, TWO).await.unwrap();
    assert_eq!(case.record.signals.len(), 1);
    assert_eq!(case.record.signals[0].category, "vera:AGR.FYS");
    let found = model::SignalId::from_slice(&case.record.signals[0].id).unwrap();
    assert_eq!(found.to_string(), recent);
}

#[tokio::test]
async fn a_broker_that_lies_shows_nothing_and_the_case_stays_open() {
    let pair = Pair::new().await;
    pair.broker.told();
    pair.broker.provided();
    let id = pair.opened(pb::CaseKind::Access).await;
    for lie in [
        Lie::SomebodyElses,
        Lie::ForgedOutcome,
        Lie::OtherRole,
        Lie::NoReceipt,
        Lie::AnotherQuestion,
        Lie::Endless,
        Lie::NobodyAskedFor,
    ] {
        pair.broker.state().desk.lie = lie;
        let refused = pair.confirm(&id, TWO).await.err().unwrap();
        assert_eq!(refused.reason(), Reason::ReceiptInvalid, "{lie:?}");
        let case = pair.desk.get(&desk_clerk(), &id).unwrap();
        assert_eq!(case.record.stage, Stage::Open, "{lie:?}");
        assert!(case.record.items.is_empty());
    }
    pair.broker.state().desk.lie = Lie::Honest;
    let case = pair.confirm(&id, TWO).await.unwrap();
    assert_eq!(case.record.items.len(), 2);
}

#[tokio::test]
async fn a_broker_that_refuses_an_epoch_is_not_taken_to_have_found_nothing() {
    let pair = Pair::new().await;
    pair.broker.told();
    let id = pair.opened(pb::CaseKind::Access).await;
    for epoch in [1, 2] {
        for reason in [Reason::EpochUnknown, Reason::KeyWaiting] {
            pair.broker.state().desk.refuses = Some((epoch, reason));
            let refused = pair.confirm(&id, TWO).await.err().unwrap();
            assert_eq!(refused.reason(), reason);
            let case = pair.desk.get(&desk_clerk(), &id).unwrap();
            assert_eq!(case.record.stage, Stage::Open);
        }
    }
    pair.broker.state().desk.refuses = None;
    let case = pair.confirm(&id, TWO).await.unwrap();
    assert_eq!(case.record.items.len(), 1);
}

#[tokio::test]
async fn a_crash_between_looking_up_and_keeping_leaves_the_case_open() {
    let pair = Pair::new().await;
    for _ in 0..5 {
        pair.broker.told();
    }
    let id = pair.opened(pb::CaseKind::Access).await;
    pair.broker.state().desk.crash = Some(pair.world.intake.store.clone());
    let refused = pair.confirm(&id, TWO).await.err().unwrap();
    assert_eq!(refused.reason(), Reason::NodeFailed);
    let mut desk = pair.desk.clone();
    desk.store = pair.world.restarted();
    let case = desk.get(&desk_clerk(), &id).unwrap();
    assert_eq!(case.record.stage, Stage::Open);
    let first = pair.broker.state().desk.questions[0].clone();
    let case = desk.confirm(&desk_clerk(), step(&id, TWO)).await.unwrap();
    assert_eq!(case.record.items.len(), 5, "page by page");
    let ids = |q: &wire::broker_v1::LookUpQuestion| q.header.clone().unwrap().request_id;
    let state = pair.broker.state();
    let mut again = state.desk.questions.iter().map(ids);
    assert_eq!(
        again.position(|id| id == ids(&first)),
        Some(0),
        "it was asked first"
    );
    assert!(
        again.any(|id| id == ids(&first)),
        "the same question has the same id, and is counted once"
    );
}

#[tokio::test]
async fn without_a_broker_a_case_stays_open_and_says_why() {
    let (world, broker) = Pair::parts();
    let pair = Pair::at(world, broker, SocketAddr::from(([127, 0, 0, 1], 1)));
    let id = pair.opened(pb::CaseKind::Access).await;
    let refused = pair.confirm(&id, TWO).await.err().unwrap();
    assert_eq!(refused.reason(), Reason::BrokerUnreachable);
    let case = pair.desk.get(&desk_clerk(), &id).unwrap();
    assert_eq!(case.record.stage, Stage::Open);
}

#[tokio::test]
async fn what_is_unknown_does_not_show_whether_anything_was_found() {
    let pair = Pair::new().await;
    let (store, now) = (pair.desk.store.clone(), pair.world.now());
    pair.desk.covenants.recall(&store, now).await.unwrap();
    let health = process::health::Health::new();
    let remarked = |pair: &Pair| {
        pair.desk.look(&health);
        let remarks = health.remarks();
        remarks.into_iter().any(|(name, _)| name == "key epochs")
    };
    assert!(!remarked(&pair));
    pair.world.with_other_keys(|covenant| {
        covenant.keys.remove(1);
    });
    assert!(remarked(&pair), "the operator sees it");
    let nothing = pair.confirmed(pb::CaseKind::Access).await;
    let told = pair.broker.told();
    let something = pair.confirmed(pb::CaseKind::Access).await;
    assert_eq!(something.record.items.len(), 1);
    assert_eq!(nothing.record.unknown, something.record.unknown);
    let [unknown] = nothing.record.unknown.as_slice() else {
        panic!("one epoch")
    };
    assert_eq!((unknown.epoch, unknown.until), (2, today().as_days()));
    pair.hold(&something.id.to_string(), &[told], |_| ())
        .await
        .unwrap();
    let answer = async |case: &Case| {
        let step = step(&case.id.to_string(), ONE);
        let answer = pair.desk.answer(&desk_clerk(), step).await.unwrap();
        let json = String::from_utf8(answer.json).unwrap();
        let all = [json, answer.letter_nl, answer.letter_en].join("\n----\n");
        all.replace(&case.id.to_string(), "ZAAK")
    };
    let (one, two) = (answer(&nothing).await, answer(&something).await);
    assert_eq!(one, two);
    assert!(one.contains("onbekend"));
    // With the key back there is nothing unknown, and in what was confirmed before it stays.
    pair.world.with_other_keys(|covenant| {
        covenant.look_up_keys.clear();
    });
    assert!(!remarked(&pair));
    let later = pair.confirmed(pb::CaseKind::Access).await;
    assert!(later.record.unknown.is_empty());
    let kept = pair.desk.get(&desk_clerk(), &nothing.id.to_string());
    assert_eq!(kept.unwrap().record.unknown.len(), 1);
}

#[tokio::test]
async fn an_epoch_from_before_the_time_that_is_asked_about_is_not_unknown() {
    let pair = Pair::new().await;
    let (store, now) = (pair.desk.store.clone(), pair.world.now());
    pair.desk.covenants.recall(&store, now).await.unwrap();
    pair.world.with_other_keys(|covenant| {
        covenant.keys.remove(0);
    });
    // Signals live for a year: after it nothing can have come under the first epoch.
    for (days, unknown) in [(365, 1), (366, 0)] {
        let then = today().plus_days(days).start();
        let ahead = then.millis_since(pair.world.now()) / 1_000;
        pair.world.clock.advance_seconds(ahead);
        let mut asked = request(pb::CaseKind::Access);
        asked.verified_at = Some(timestamp(then));
        asked.received_on = Some(date(then.day()));
        asked.subjects[0].from = Some(date(today().plus_days(days - 1)));
        let id = pair.open(&asked).await.unwrap().id.to_string();
        let case = pair.confirm(&id, TWO).await.unwrap();
        assert_eq!(case.record.unknown.len(), unknown, "after {days} days");
    }
}
