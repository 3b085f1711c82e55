//! Passing a request on, and taking one in.

use std::sync::Arc;

use model::PartyId;

use super::*;
use crate::refusal::Reason;
use crate::rights::Stage;

/// The desk of the municipality, which knows the same covenant.
fn municipality(pair: &Pair) -> Desk {
    Desk {
        party: PartyId::parse("gemeente").unwrap(),
        sealing: Arc::new(pair.world.sealing("gemeente")),
        ..pair.desk.clone()
    }
}

/// What another party's desk sealed for the corporation.
async fn passed(pair: &Pair) -> wire::broker_v1::PassedRequest {
    let other = municipality(pair);
    let id = pair.opened(pb::CaseKind::Access).await;
    pair.confirm(&id, TWO).await.unwrap();
    let to = ["corporatie".to_owned()];
    // The receipt of the tests' broker names the corporation, so that the other desk refuses it:
    // what it sealed was sent all the same.
    let _ = other.pass_on(&desk_clerk(), step(&id, TWO), &to).await;
    let sealed = pair.broker.state().desk.passings[0].sealed[0]
        .sealed
        .clone();
    let receipt = pair.broker.passed_receipt("gemeente", &sealed);
    wire::broker_v1::PassedRequest {
        id: model::NoticeId::fresh().to_string(),
        covenant: "proef".to_owned(),
        from: "gemeente".to_owned(),
        sealed,
        receipt: Some(receipt.into()),
    }
}

#[tokio::test]
async fn a_request_is_sealed_for_each_party_and_the_letter_names_them() {
    let pair = Pair::new().await;
    let id = pair.opened(pb::CaseKind::Access).await;
    let to = ["gemeente".to_owned()];
    let early = pair.desk.pass_on(&desk_clerk(), step(&id, TWO), &to).await;
    assert_eq!(early.err().unwrap().reason(), Reason::CaseNotReady);
    pair.confirm(&id, TWO).await.unwrap();
    for other in ["politie", "corporatie", "niemand"] {
        let to = [other.to_owned()];
        let refused = pair.desk.pass_on(&desk_clerk(), step(&id, TWO), &to).await;
        assert_eq!(
            wrong(&refused.err().unwrap()),
            [("parties[0]", "PARTY_CANT_BE_SEALED_TO")]
        );
    }
    let went = pair.desk.pass_on(&desk_clerk(), step(&id, TWO), &to).await;
    assert_eq!(went.unwrap(), ["gemeente"]);
    let sent = pair.broker.state().desk.passings[0].encode_to_vec();
    for word in ["Voorbeeld", "1234", "LOKET-7"] {
        assert!(!sent.windows(word.len()).any(|w| w == word.as_bytes()));
    }
    let answered = pair
        .desk
        .answer(&desk_clerk(), step(&id, ONE))
        .await
        .unwrap();
    let told = "Wij gaven uw verzoek door aan Gemeente Roosdonk.";
    assert!(answered.letter_nl.contains(told), "{}", answered.letter_nl);
}

#[tokio::test]
async fn what_was_sealed_is_sent_again_as_it_was() {
    let pair = Pair::new().await;
    let id = pair.confirmed(pb::CaseKind::Access).await.id.to_string();
    let to = ["gemeente".to_owned()];
    let mut desk = pair.desk.clone();
    pair.broker.state().desk.crash = Some(pair.world.intake.store.clone());
    let crashed = desk.pass_on(&desk_clerk(), step(&id, TWO), &to).await;
    assert_eq!(crashed.err().unwrap().reason(), Reason::NodeFailed);
    desk.store = pair.world.restarted();
    desk.pass_on(&desk_clerk(), step(&id, TWO), &to)
        .await
        .unwrap();
    let state = pair.broker.state();
    let [first, second] = state.desk.passings.as_slice() else {
        panic!("sent twice")
    };
    assert_eq!(first.sealed, second.sealed);
    let id = |p: &wire::broker_v1::PassingOn| p.header.clone().unwrap().request_id;
    assert_eq!(id(first), id(second));
}

#[tokio::test]
async fn a_passed_request_becomes_a_case_that_two_own_employees_work_on() {
    let pair = Pair::new().await;
    let message = passed(&pair).await;
    let mut altered = message.clone();
    altered.id = model::NoticeId::fresh().to_string();
    let mut bytes = altered.sealed.to_vec();
    bytes[40] ^= 1;
    altered.sealed = bytes.into();
    pair.broker.state().desk.passed = vec![altered.clone(), message.clone(), message.clone()];
    pair.broker.send_more();
    let acknowledged = || pair.broker.state().acknowledged.clone();
    until("the acknowledgements", || acknowledged().len() == 2).await;
    assert!(
        acknowledged().iter().all(|id| *id == message.id),
        "not what does not open"
    );
    assert!(pair.desk.get(&desk_clerk(), &altered.id).is_err());
    let case = pair.desk.get(&desk_clerk(), &message.id).unwrap();
    assert_eq!(case.record.passed_on_by, "gemeente");
    assert_eq!(
        (case.record.opened_by.as_str(), case.record.stage),
        ("", Stage::Open)
    );
    assert_eq!(case.record.applicant.name, "J. Voorbeeld");
    assert_eq!(case.record.reference, "");
    // The first one takes it in, the second one confirms.
    let first = pair.confirm(&message.id, ONE).await.unwrap();
    assert_eq!(first.record.stage, Stage::Open);
    let same = pair.confirm(&message.id, ONE).await.err().unwrap();
    assert_eq!(same.reason(), Reason::SecondEmployeeNeeded);
    let case = pair.confirm(&message.id, THREE).await.unwrap();
    assert_eq!(case.record.stage, Stage::Confirmed);
}

#[tokio::test]
async fn a_request_that_the_log_does_not_bear_out_is_neither_kept_nor_acknowledged() {
    let pair = Pair::new().await;
    let good = passed(&pair).await;
    let lying = |receipt: wire::notice::Receipt| wire::broker_v1::PassedRequest {
        id: model::NoticeId::fresh().to_string(),
        receipt: Some(receipt.into()),
        ..good.clone()
    };
    let other_version = pair.broker.under(pair.world.second_covenant());
    let lies = [
        lying(other_version.passed_receipt("gemeente", &good.sealed)),
        lying(pair.broker.passed_receipt("politie", &good.sealed)),
        lying(pair.broker.passed_receipt("gemeente", b"iets anders")),
    ];
    pair.broker.state().desk.passed = lies.iter().chain([&good]).cloned().collect();
    pair.broker.send_more();
    let acknowledged = || pair.broker.state().acknowledged.clone();
    until("the good one", || !acknowledged().is_empty()).await;
    assert_eq!(acknowledged(), [good.id]);
    for lie in &lies {
        assert!(pair.desk.get(&desk_clerk(), &lie.id).is_err());
    }
}

#[tokio::test]
async fn the_police_answer_within_six_weeks_and_by_their_own_law() {
    let pair = Pair::new().await;
    let police = Desk {
        party: PartyId::parse("politie").unwrap(),
        ..pair.desk.clone()
    };
    let content = request(pb::CaseKind::Access).encode_to_vec();
    let application = stored::application(&content).unwrap();
    let case = police.open(&desk_clerk(), application).await.unwrap();
    assert_eq!(case.record.due_on, today().plus_days(40).as_days());
}
