//! Bad values in a question before a visit.

use journeys::world::{SAFE_VISIT, World};
use sandbox::messages::visit;
use wire::node_v1::{CheckVisitRequest, Subject};
use wire::reason::Reason;

use crate::case::{Case, log_size, nothing_is_stored, says_nothing_of};
use crate::subjects;

const ROLE: &str = "corporatie.huismeester";

#[tokio::test(flavor = "multi_thread")]
async fn every_field_of_a_question_is_refused_by_its_rule_and_nothing_is_logged() {
    let world = World::in_process().await.unwrap();
    let size = log_size(&world).await;
    let client = world.client("corporatie", "huismeester").unwrap();
    let mut cases = of_the_question();
    for case in subjects::cases() {
        cases.push(case.within("subject", about));
    }
    for case in cases {
        match client.checks().check_visit(case.message.clone()).await {
            Err(status) => case.judge(&status),
            Ok(_) => panic!("{} {} was answered", case.path, case.rule),
        }
    }
    nothing_is_stored(&world, size).await;
    // And the good one that all of them were made from is answered.
    client.checks().check_visit(good()).await.unwrap();
    assert!(log_size(&world).await > size);
    world.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_depends_on_the_asker_is_refused_openly() {
    let world = World::in_process().await.unwrap();
    let size = log_size(&world).await;
    let (covenant, purpose) = SAFE_VISIT;
    let in_role = |role: &str| visit(covenant, purpose, role, subjects::good());
    let ask = async |kind: &str, request: CheckVisitRequest| {
        let client = world.client("corporatie", kind).unwrap();
        client.checks().check_visit(request).await.unwrap_err()
    };
    let refused = [
        (
            ask("huismeester", in_role("corporatie.teamleider")).await,
            Reason::RoleNotYours,
        ),
        (
            ask("huismeester", in_role("gemeente.toezichthouder")).await,
            Reason::RoleNotYours,
        ),
        (ask("partner", in_role(ROLE)).await, Reason::RoleNotYours),
        (
            ask("leefbaarheid", in_role("corporatie.leefbaarheid")).await,
            Reason::QuestionNotAllowed,
        ),
        (
            ask(
                "huismeester",
                CheckVisitRequest {
                    purpose: "ander-doel".to_owned(),
                    ..in_role(ROLE)
                },
            )
            .await,
            Reason::PurposeUnknown,
        ),
        (
            ask(
                "huismeester",
                CheckVisitRequest {
                    file_number: String::new(),
                    ..in_role(ROLE)
                },
            )
            .await,
            Reason::FileNumberMissing,
        ),
    ];
    for (status, reason) in refused {
        let told = wire::status::read(&status);
        assert_eq!(
            (told.code, told.reason),
            (reason.code(), Some(reason)),
            "{status:?}"
        );
        assert!(!told.message_nl.is_empty() && told.message_nl != told.message_en);
        says_nothing_of(&status, "ander-doel");
        says_nothing_of(&status, "9999ZZ");
    }
    // What the covenant refuses the asker is logged; a role of another never comes so far.
    nothing_is_stored(&world, size + 3).await;
    world.stop().await.unwrap();
}

fn good() -> CheckVisitRequest {
    visit(SAFE_VISIT.0, SAFE_VISIT.1, ROLE, subjects::good())
}

fn about(subject: Subject) -> CheckVisitRequest {
    CheckVisitRequest {
        subject: Some(subject),
        ..good()
    }
}

fn text(
    path: &str,
    rule: &'static str,
    value: &str,
    at: impl FnOnce(&mut CheckVisitRequest) -> &mut String,
) -> Case<CheckVisitRequest> {
    let mut request = good();
    value.clone_into(at(&mut request));
    Case::new(path, rule, value, request)
}

fn of_the_question() -> Vec<Case<CheckVisitRequest>> {
    vec![
        text("request_id", "REQUIRED", "", |r| &mut r.request_id),
        text("request_id", "UUID_FORM", "vraag-4711", |r| {
            &mut r.request_id
        }),
        text("covenant", "REQUIRED", "", |r| &mut r.covenant),
        text("covenant", "NAME_FORM", "Veilig Op Bezoek", |r| {
            &mut r.covenant
        }),
        text("covenant", "COVENANT_UNKNOWN", "ander-convenant", |r| {
            &mut r.covenant
        }),
        text("purpose", "REQUIRED", "", |r| &mut r.purpose),
        text("purpose", "NAME_FORM", "Heel Iets Anders", |r| {
            &mut r.purpose
        }),
        text("actor", "REQUIRED", "", |r| &mut r.actor),
        text("actor", "NAME_FORM", "Jan van Verzonnen", |r| &mut r.actor),
        text("actor", "NAME_FORM", &"zk".repeat(33), |r| &mut r.actor),
        text("actor", "NAME_FORM", "medewerkér", |r| &mut r.actor),
        text("actor", "NAME_FORM", "m.verzonnen@gemeente.example", |r| {
            &mut r.actor
        }),
        text("role", "REQUIRED", "", |r| &mut r.role),
        text("role", "NAME_FORM", "Huismeester!", |r| &mut r.role),
        text("file_number", "TOO_LONG", &"zk".repeat(33), |r| {
            &mut r.file_number
        }),
        text("reason", "TOO_LONG", &"zk".repeat(501), |r| &mut r.reason),
        Case::new(
            "subject",
            "REQUIRED",
            "",
            CheckVisitRequest {
                subject: None,
                ..good()
            },
        ),
    ]
}
