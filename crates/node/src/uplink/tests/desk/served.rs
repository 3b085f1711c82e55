//! The service as clients see it, from message to message.

use tonic::{Code, Request};
use wire::node_v1::rights_service_server::RightsService as _;

use super::*;
use crate::grpc::Services;

fn services(pair: &Pair) -> Services {
    Services {
        oin: model::Oin::parse("00000099000000001000").unwrap(),
        intake: pair.world.intake.clone(),
        checks: pair.checks.clone(),
        inbox: pair.inbox.clone(),
        desk: pair.desk.clone(),
        limits: crate::config::LimitsConfig::default(),
        stopping: pair.stop.clone(),
    }
}

/// A request as it comes with the certificate of the desk.
fn from_desk<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.extensions_mut().insert(desk_clerk());
    request
}

fn fresh() -> String {
    model::RequestId::fresh().to_string()
}

/// Holds an item back in silence.
fn holding(case: &str, index: u64) -> pb::HoldBackRequest {
    pb::HoldBackRequest {
        request_id: fresh(),
        case_id: case.to_owned(),
        actor: TWO.to_owned(),
        indices: vec![index],
        held_back: Some(pb::HeldBack {
            ground: "UAVG 41.1.i".to_owned(),
            reason: "bescherming van een ander".to_owned(),
            review_on: Some(date(today().plus_days(30))),
            told: false,
            actor: "wordt niet gelezen".to_owned(),
        }),
        release: false,
    }
}

#[tokio::test]
async fn a_case_goes_from_message_to_letter() {
    let pair = Pair::new().await;
    pair.broker.told();
    pair.submit_message(today().plus_days(-3)).await;
    let services = services(&pair);
    let opened = services.open_case(from_desk(request(pb::CaseKind::Access)));
    let opened = opened.await.unwrap().into_inner().case.unwrap();
    assert_eq!(opened.state(), pb::CaseState::Open);
    assert_eq!(opened.kind(), pb::CaseKind::Access);
    let id = opened.id;
    let confirm = |actor: &str| {
        from_desk(pb::ConfirmCaseRequest {
            request_id: fresh(),
            case_id: id.clone(),
            actor: actor.to_owned(),
        })
    };
    let refused = services.confirm_case(confirm(ONE)).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
    let confirmed = services.confirm_case(confirm(TWO)).await.unwrap();
    let case = confirmed.into_inner().case.unwrap();
    assert_eq!(case.items[0].role(), pb::ItemRole::Told);
    assert_eq!(case.signals[0].category, "vera:AGR.FYS");
    assert_eq!(
        (case.opened_by.as_str(), case.confirmed_by.as_str()),
        (ONE, TWO)
    );
    let holding = holding(&id, case.items[0].index);
    let held = services.hold_back(from_desk(holding)).await.unwrap();
    let held = held.into_inner().case.unwrap().items[0].held_back.clone();
    assert_eq!(held.unwrap().actor, TWO);
    let answering = pb::AnswerCaseRequest {
        request_id: fresh(),
        case_id: id.clone(),
        actor: THREE.to_owned(),
    };
    let answer = services.answer_case(from_desk(answering)).await.unwrap();
    let answer = answer.into_inner();
    assert!(
        answer
            .letter_nl
            .starts_with("# Antwoord op uw verzoek om inzage\n")
    );
    assert!(
        answer
            .letter_en
            .starts_with("# Answer to your request for access\n")
    );
    let listing = pb::ListCasesRequest {
        state: pb::CaseState::Answered.into(),
        ..pb::ListCasesRequest::default()
    };
    let listed = services.list_cases(from_desk(listing)).await.unwrap();
    let [outline] = listed.into_inner().cases.try_into().unwrap();
    assert_eq!(outline.id, id);
    assert!(outline.items.is_empty() && outline.signals.is_empty());
    let get = pb::GetCaseRequest { case_id: id };
    let whole = services.get_case(from_desk(get)).await.unwrap();
    assert_eq!(whole.into_inner().case.unwrap().answered_by, THREE);
}

#[tokio::test]
async fn without_a_certificate_nothing_is_served() {
    let pair = Pair::new().await;
    let services = services(&pair);
    let refused = services.open_case(Request::new(request(pb::CaseKind::Access)));
    assert_eq!(refused.await.unwrap_err().code(), Code::Unauthenticated);
}
