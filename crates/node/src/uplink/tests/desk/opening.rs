//! Taking a request in.

use super::*;
use crate::refusal::Reason;
use crate::rights::CaseFilter;

#[tokio::test]
async fn every_field_is_checked_and_all_findings_come_at_once() {
    let pair = Pair::new().await;
    let wrong_request = pb::OpenCaseRequest {
        request_id: "x".to_owned(),
        covenant: "proef".to_owned(),
        kind: 0,
        actor: "iemand@voorbeeld".to_owned(),
        identity: 99,
        verified_at: Some(timestamp(today().plus_days(1).start())),
        received_on: Some(date(today().plus_days(1))),
        applicant: Some(pb::Applicant {
            name: " ".to_owned(),
            address_lines: vec!["een\nregel".to_owned()],
        }),
        subjects: vec![
            pb::CaseSubject {
                subject: Some(home()),
                from: None,
                until: None,
            },
            pb::CaseSubject {
                subject: None,
                from: Some(date(today().plus_days(-2))),
                until: Some(date(today().plus_days(-2))),
            },
        ],
        reference: "x".repeat(129),
    };
    let refused = pair.open(&wrong_request).await.err().unwrap();
    assert_eq!(
        wrong(&refused),
        [
            ("request_id", "UUID_FORM"),
            ("actor", "NAME_FORM"),
            ("kind", "UNSPECIFIED"),
            ("identity", "UNKNOWN_VALUE"),
            ("verified_at", "NOT_YET"),
            ("received_on", "NOT_YET"),
            ("applicant.name", "REQUIRED"),
            ("applicant.address_lines[0]", "NAME_FORM"),
            ("subjects[0].from", "ADDRESS_NEEDS_DAY"),
            ("subjects[1].subject", "REQUIRED"),
            ("subjects[1].until", "ENDS_BEFORE_START"),
            ("reference", "TOO_LONG"),
        ]
    );
    let empty = pb::OpenCaseRequest::default();
    let refused = pair.open(&empty).await.err().unwrap();
    let fields: Vec<&str> = wrong(&refused).iter().map(|(field, _)| *field).collect();
    assert_eq!(
        fields,
        [
            "request_id",
            "covenant",
            "actor",
            "kind",
            "identity",
            "verified_at",
            "received_on",
            "applicant",
            "subjects",
        ]
    );
}

#[tokio::test]
async fn only_a_role_of_the_desk_works_with_cases() {
    let pair = Pair::new().await;
    let id = pair.opened(pb::CaseKind::Access).await;
    for other in [handler(), pair.world.system()] {
        let refused = pair.desk.get(&other, &id).err().unwrap();
        assert_eq!(refused.reason(), Reason::RoleNotYours);
        let confirmed = pair.desk.confirm(&other, step(&id, TWO)).await;
        assert_eq!(confirmed.err().unwrap().reason(), Reason::RoleNotYours);
    }
    assert!(pair.broker.state().desk.questions.is_empty());
}

#[tokio::test]
async fn a_case_is_taken_in_once_per_request_and_has_its_day() {
    let pair = Pair::new().await;
    let asked = request(pb::CaseKind::Access);
    let first = pair.open(&asked).await.unwrap();
    let again = pair.open(&asked).await.unwrap();
    assert_eq!(first.id, again.id);
    let received = today().plus_days(-2);
    assert_eq!(first.record.due_on, received.plus_months(1).as_days());
    let altered = pb::OpenCaseRequest {
        reference: "ANDERS".to_owned(),
        ..asked
    };
    let refused = pair.open(&altered).await.err().unwrap();
    assert_eq!(refused.reason(), Reason::RequestIdReused);
    // Nothing of it stands in the store in clear.
    let stored = pair.world.intake.store.read(|view| view.case(first.id));
    let body = stored.unwrap().unwrap().body;
    for word in ["Voorbeeld", "1234", ONE, "LOKET-7"] {
        assert!(!body.windows(word.len()).any(|w| w == word.as_bytes()));
    }
}

#[tokio::test]
async fn cases_are_limited_per_employee_and_per_day() {
    let mut pair = Pair::new().await;
    pair.desk.limits.cases_per_employee_per_day = 2;
    pair.desk.limits.cases_per_day = 3;
    let by = |actor: &str| pb::OpenCaseRequest {
        actor: actor.to_owned(),
        ..request(pb::CaseKind::Access)
    };
    pair.open(&by(ONE)).await.unwrap();
    pair.open(&by(ONE)).await.unwrap();
    // Capitals make no other employee.
    let refused = pair.open(&by("MEDEWERKER-1")).await.err().unwrap();
    assert_eq!(refused.reason(), Reason::LimitReached);
    assert!(refused.0.retry_after.is_some());
    pair.open(&by(TWO)).await.unwrap();
    let refused = pair.open(&by(THREE)).await.err().unwrap();
    assert_eq!(refused.reason(), Reason::LimitReached);
    assert_eq!(pair.desk.metrics.limit_reached(), 2);
    pair.world.clock.advance_seconds(24 * 3600);
    pair.open(&by(ONE)).await.unwrap();
}

#[tokio::test]
async fn cases_come_newest_first_by_pages() {
    let pair = Pair::new().await;
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(pair.opened(pb::CaseKind::Access).await);
    }
    ids.reverse();
    let filter = CaseFilter {
        stage: crate::intake::Choice::Unspecified,
        review_due: false,
    };
    let first = pair.desk.list(&desk_clerk(), filter, 3, "").unwrap();
    let token = &first.next_page_token;
    let second = pair.desk.list(&desk_clerk(), filter, 3, token).unwrap();
    let all = first.cases.iter().chain(&second.cases);
    let listed: Vec<String> = all.map(|case| case.id.to_string()).collect();
    assert_eq!(listed, ids);
    assert_eq!(second.next_page_token, "");
    let due = CaseFilter {
        review_due: true,
        ..filter
    };
    let refused = pair.desk.list(&desk_clerk(), due, 3, token).err().unwrap();
    assert_eq!(refused.reason(), Reason::PageTokenInvalid);
}

#[tokio::test]
async fn a_case_is_opened_and_answered_while_the_covenant_is_suspended() {
    use covenant::signoff::{Envelope, EventKind, Scope, Signed};
    let pair = Pair::new().await;
    let now = pair.world.now();
    let stop = pair
        .world
        .event("politie", EventKind::Suspend(Scope::Whole));
    let envelope = Envelope::parse(&stop).unwrap();
    let covenants = &pair.world.intake.covenants;
    covenants.write(|all| {
        let versions = all
            .values_mut()
            .flat_map(|carried| carried.versions.values_mut());
        for version in versions {
            let signed = Signed::verify(&version.proposal, &envelope, now).unwrap();
            version.take(covenants.party(), &signed, &envelope, now);
        }
    });
    assert!(covenants.all_active(now).is_empty());
    let case = pair.confirmed(pb::CaseKind::Access).await.id.to_string();
    let answered = pair.desk.answer(&desk_clerk(), step(&case, THREE)).await;
    assert!(!answered.unwrap().letter_nl.is_empty());
}
