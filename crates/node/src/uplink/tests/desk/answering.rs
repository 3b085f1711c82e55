//! Holding back and answering.

use super::*;
use crate::intake::Choice;
use crate::refusal::Reason;
use crate::rights::{CaseFilter, Stage};

async fn answered(pair: &Pair, case: &str, actor: &str) -> Result<(String, String), Refused> {
    let step = step(case, actor);
    let answered = pair.desk.answer(&desk_clerk(), step).await?;
    let json = String::from_utf8(answered.json).unwrap();
    Ok((json, answered.letter_nl))
}

#[tokio::test]
async fn an_answer_is_logged_before_it_is_given_and_stays_the_same() {
    let pair = Pair::new().await;
    pair.broker.told();
    let id = pair.opened(pb::CaseKind::Access).await;
    let early = answered(&pair, &id, TWO).await.err().unwrap();
    assert_eq!(early.reason(), Reason::CaseNotReady);
    pair.confirm(&id, TWO).await.unwrap();
    pair.broker.state().desk.log_is_full = true;
    let refused = answered(&pair, &id, TWO).await.err().unwrap();
    assert_eq!(refused.reason(), Reason::LogUnavailable);
    let case = pair.desk.get(&desk_clerk(), &id).unwrap();
    assert_eq!(case.record.stage, Stage::Confirmed);
    pair.broker.state().desk.log_is_full = false;
    let first = answered(&pair, &id, TWO).await.unwrap();
    pair.world.clock.advance_seconds(3 * 24 * 3600);
    let again = answered(&pair, &id, THREE).await.unwrap();
    assert_eq!(first, again);
    let state = pair.broker.state();
    let [reported] = state.desk.answers.as_slice() else {
        panic!("one report")
    };
    assert_eq!((reported.told, reported.held_back), (1, 0));
    assert_eq!(reported.second_actor, ONE, "the other one of the two");
    let json: serde_json::Value = serde_json::from_str(&first.0).unwrap();
    assert_eq!(json["items"][0]["other_party"], "gemeente");
    assert_eq!(json["applicant"]["name"], "J. Voorbeeld");
    assert!(first.1.contains("Gemeente Roosdonk"));
}

#[tokio::test]
async fn a_crash_after_the_report_gives_the_same_answer_again() {
    let pair = Pair::new().await;
    let case = pair.confirmed(pb::CaseKind::Access).await;
    let id = case.id.to_string();
    pair.broker.state().desk.crash = Some(pair.world.intake.store.clone());
    let refused = answered(&pair, &id, TWO).await.err().unwrap();
    assert_eq!(refused.reason(), Reason::NodeFailed);
    let mut desk = pair.desk.clone();
    desk.store = pair.world.restarted();
    let step = step(&id, TWO);
    desk.answer(&desk_clerk(), step).await.unwrap();
    let state = pair.broker.state();
    let sent = |place: usize| {
        let answer = &state.desk.answers[place];
        let request = answer.header.clone().unwrap().request_id;
        (request, answer.answer_commitment.clone())
    };
    assert_eq!(sent(0), sent(1), "the broker counts it once");
}

#[tokio::test]
async fn what_is_held_back_is_answered_by_another_employee_and_held_again_later() {
    let pair = Pair::new().await;
    let (told, provided) = (pair.broker.told(), pair.broker.provided());
    let case = pair.confirmed(pb::CaseKind::Access).await;
    let id = case.id.to_string();
    pair.hold(&id, &[provided], |_| ()).await.unwrap();
    let refused = answered(&pair, &id, TWO).await.err().unwrap();
    assert_eq!(refused.reason(), Reason::SecondEmployeeNeeded);
    let (json, letter) = answered(&pair, &id, ONE).await.unwrap();
    let body: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(body["items"].as_array().unwrap().len(), 1);
    assert_eq!(body["held_back_on"].as_array().unwrap().len(), 0);
    assert!(!letter.contains("41.1.d") && !json.contains("onderzoek"));
    {
        let state = pair.broker.state();
        let reported = state.desk.answers.last().unwrap();
        assert_eq!((reported.told, reported.held_back), (1, 1));
        assert_eq!(reported.grounds, ["UAVG 41.1.d"]);
    }
    let late = pair.hold(&id, &[told], |_| ()).await.err().unwrap();
    assert_eq!(late.reason(), Reason::CaseNotReady, "it was answered");
    // A later case about the same entry.
    let held = |case: &Case, index: u64| {
        let mut items = case.record.items.iter();
        items
            .find(|item| item.index == index)
            .unwrap()
            .held
            .is_some()
    };
    let later = pair.confirmed(pb::CaseKind::Access).await;
    assert!(held(&later, provided) && !held(&later, told));
    pair.desk.figures().unwrap();
    let due = |pair: &Pair| {
        let filter = CaseFilter {
            stage: Choice::Unspecified,
            review_due: true,
        };
        let page = pair.desk.list(&desk_clerk(), filter, 0, "").unwrap();
        page.cases.len()
    };
    assert_eq!(due(&pair), 0);
    // After the day on which it was to be looked at again it is not held back by itself.
    pair.world.clock.advance_seconds(91 * 24 * 3600);
    assert_eq!(due(&pair), 2);
    let overdue = answered(&pair, &later.id.to_string(), ONE)
        .await
        .err()
        .unwrap();
    assert_eq!(overdue.reason(), Reason::CaseNotReady);
    let last = pair.confirmed(pb::CaseKind::Access).await;
    assert!(!held(&last, provided));
    // Released, it is due no more.
    let release = |holding: &mut Holding| {
        holding.held_back = None;
        holding.release = true;
    };
    let id = later.id.to_string();
    pair.hold(&id, &[provided], release).await.unwrap();
    assert_eq!(due(&pair), 0);
    answered(&pair, &id, TWO).await.unwrap();
}

#[tokio::test]
async fn a_ground_that_may_be_named_is_named_without_numbers() {
    let pair = Pair::new().await;
    let (told, provided) = (pair.broker.told(), pair.broker.provided());
    let id = pair.confirmed(pb::CaseKind::Access).await.id.to_string();
    let open = |holding: &mut Holding| {
        if let Some(held) = &mut holding.held_back {
            held.told = true;
        }
    };
    pair.hold(&id, &[told, provided], open).await.unwrap();
    let (json, letter) = answered(&pair, &id, ONE).await.unwrap();
    let body: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(body["held_back_on"], serde_json::json!(["UAVG 41.1.d"]));
    assert!(letter.contains("Een deel vertellen wij u niet. Dat mag door UAVG 41.1.d."));
}

type Wrong = (fn(&mut HeldDraft), &'static str, &'static str);

/// What is wrong with a hold, by its field and the rule.
fn wrong_holds() -> [Wrong; 7] {
    [
        (
            |h| h.ground = "AVG 6.1.e".to_owned(),
            "held_back.ground",
            "GROUND_FORM",
        ),
        (
            |h| h.ground = "Wpg 27.1.a".to_owned(),
            "held_back.ground",
            "GROUND_NOT_YOURS",
        ),
        (
            |h| h.reason = " ".to_owned(),
            "held_back.reason",
            "REQUIRED",
        ),
        (
            |h| h.reason = "x".repeat(1_001),
            "held_back.reason",
            "TOO_LONG",
        ),
        (
            |h| h.review_on = Some(Ok(today())),
            "held_back.review_on",
            "REVIEW_DAY",
        ),
        (
            |h| h.review_on = Some(Ok(today().plus_months(24).plus_days(1))),
            "held_back.review_on",
            "REVIEW_DAY",
        ),
        (|h| h.review_on = None, "held_back.review_on", "REQUIRED"),
    ]
}

#[tokio::test]
async fn holding_back_takes_a_ground_a_reason_and_a_day() {
    let pair = Pair::new().await;
    let told = pair.broker.told();
    let id = pair.confirmed(pb::CaseKind::Access).await.id.to_string();
    let with = |change: fn(&mut HeldDraft)| {
        let mut draft = HeldDraft {
            ground: "UAVG 41.1.d".to_owned(),
            reason: "er loopt een onderzoek".to_owned(),
            review_on: Some(Ok(today().plus_days(1))),
            told: false,
        };
        change(&mut draft);
        Holding {
            step: step(&id, TWO),
            indices: vec![told],
            held_back: Some(draft),
            release: false,
        }
    };
    for (change, field, rule) in wrong_holds() {
        let holding = with(change);
        let refused = pair.desk.hold_back(&desk_clerk(), holding).await;
        assert_eq!(wrong(&refused.err().unwrap()), [(field, rule)]);
    }
    let other = Holding {
        indices: vec![told + 1, told + 1],
        ..with(|_| ())
    };
    let refused = pair
        .desk
        .hold_back(&desk_clerk(), other)
        .await
        .err()
        .unwrap();
    assert_eq!(wrong(&refused), [("indices[1]", "TWICE")]);
    let other = Holding {
        indices: vec![told + 1],
        ..with(|_| ())
    };
    let refused = pair
        .desk
        .hold_back(&desk_clerk(), other)
        .await
        .err()
        .unwrap();
    assert_eq!(wrong(&refused), [("indices[0]", "NOT_OF_THIS_CASE")]);
}

#[tokio::test]
async fn the_police_hold_back_on_grounds_of_their_own_law() {
    let pair = Pair::new().await;
    let told = pair.broker.told();
    let id = pair.confirmed(pb::CaseKind::Access).await.id.to_string();
    let police = Desk {
        party: model::PartyId::parse("politie").unwrap(),
        ..pair.desk.clone()
    };
    let on = async |ground: &str| {
        let holding = Holding {
            step: step(&id, TWO),
            indices: vec![told],
            held_back: Some(HeldDraft {
                ground: ground.to_owned(),
                reason: "er loopt een onderzoek".to_owned(),
                review_on: Some(Ok(today().plus_days(1))),
                told: false,
            }),
            release: false,
        };
        police.hold_back(&desk_clerk(), holding).await
    };
    let refused = on("UAVG 41.1.d").await.err().unwrap();
    assert_eq!(wrong(&refused), [("held_back.ground", "GROUND_NOT_YOURS")]);
    let case = on("Wpg 27.1.b").await.unwrap();
    let held = case.record.items[0].held.as_ref().unwrap();
    assert_eq!(
        (held.ground.as_str(), held.actor.as_str()),
        ("Wpg 27.1.b", TWO)
    );
}
