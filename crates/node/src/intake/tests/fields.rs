//! Every rule of every field.

use model::{PoliceArticle, ProtectionStatement};

use super::*;
use crate::refusal::{Reason as Why, Violation};
use crate::testing::{address, caller, draft, subject, submission, today};

/// What is wrong with a draft; nothing may be stored.
async fn violations(world: &World, draft: Draft) -> Vec<Violation> {
    let refused = world
        .intake
        .submit(&world.system(), submission(draft))
        .await
        .unwrap_err();
    assert_eq!(world.waiting(), 0, "nothing is stored");
    assert!(!refused.0.message_nl.is_empty());
    for violation in &refused.0.violations {
        assert!(!violation.message_en.is_empty() && !violation.message_nl.is_empty());
    }
    refused.0.violations
}

async fn only(world: &World, draft: Draft, field: &str, rule: &str) {
    let found = violations(world, draft).await;
    let found: Vec<_> = found
        .iter()
        .map(|v| (v.field.as_str(), v.rule.as_str()))
        .collect();
    assert_eq!(found, [(field, rule)]);
}

type Case = (fn(&mut Draft), &'static str, &'static str);

fn days_from_today(days: i32) -> Option<Result<model::Timestamp, ()>> {
    Some(Ok(today().plus_days(days).start()))
}

/// A change that spoils a good signal, the field that is refused for it, and the rule.
const CASES: &[Case] = &[
    (|d| d.id.clear(), "signal.id", "REQUIRED"),
    (
        |d| d.id = model::RequestId::fresh().to_string(),
        "signal.id",
        "UUID_V7",
    ),
    (|d| d.id = "geheim".to_owned(), "signal.id", "UUID_FORM"),
    (|d| d.covenant.clear(), "signal.covenant", "REQUIRED"),
    (
        |d| d.covenant = "Proef!".to_owned(),
        "signal.covenant",
        "NAME_FORM",
    ),
    (
        |d| d.covenant = "ander".to_owned(),
        "signal.covenant",
        "COVENANT_UNKNOWN",
    ),
    (|d| d.purposes.clear(), "signal.purposes", "REQUIRED"),
    (
        |d| d.purposes[0] = "reclame".to_owned(),
        "signal.purposes[0]",
        "PURPOSE_UNKNOWN",
    ),
    (
        |d| d.purposes.push(d.purposes[0].clone()),
        "signal.purposes[1]",
        "TWICE",
    ),
    (|d| d.category = None, "signal.category", "REQUIRED"),
    (
        |d| d.category = Some((String::new(), "AGR.FYS".to_owned())),
        "signal.category.scheme",
        "REQUIRED",
    ),
    (
        |d| d.category = Some(("vera".to_owned(), "agr".to_owned())),
        "signal.category",
        "NAME_FORM",
    ),
    (
        |d| d.category = Some(("vera".to_owned(), "OVE.GEL".to_owned())),
        "signal.category",
        "CATEGORY_UNKNOWN",
    ),
    (
        |d| d.category = Some(("eigen".to_owned(), "DIER".to_owned())),
        "signal.category",
        "CATEGORY_NOT_YOURS",
    ),
    (|d| d.subjects.clear(), "signal.subjects", "REQUIRED"),
    (
        |d| d.subjects[0].raw = None,
        "signal.subjects[0].kind",
        "REQUIRED",
    ),
    (
        |d| d.subjects.push(subject(&[("person.bsn", "123456789")])),
        "signal.subjects[1].person.bsn",
        "BSN_CHECK",
    ),
    (
        |d| {
            d.subjects[0] = subject(&[
                ("person.surname", "Jansen"),
                ("person.birth_date", "1970-13-01"),
            ]);
        },
        "signal.subjects[0].person.birth_date",
        "BIRTH_DATE_CALENDAR",
    ),
    (
        |d| d.subjects[0].protections[0].1 = Choice::Unspecified,
        "signal.subjects[0].protections[0].attestation",
        "UNSPECIFIED",
    ),
    (
        |d| d.subjects[0].protections[0].0 = Choice::Unknown,
        "signal.subjects[0].protections[0].protection",
        "UNKNOWN_VALUE",
    ),
    (
        |d| d.subjects[0].protections.extend_from_within(..1),
        "signal.subjects[0].protections[2]",
        "TWICE",
    ),
    (|d| d.observed_at = None, "signal.observed_at", "REQUIRED"),
    (
        |d| d.observed_at = Some(Err(())),
        "signal.observed_at",
        "TIME_FORM",
    ),
    (
        |d| d.observed_at = days_from_today(1),
        "signal.observed_at",
        "IN_THE_FUTURE",
    ),
    (
        |d| d.observed_at = days_from_today(-400),
        "signal.observed_at",
        "SIGNAL_EXPIRED",
    ),
    (
        |d| d.neighbourhood = "Centrum".to_owned(),
        "signal.neighbourhood",
        "CBS_CODE",
    ),
    (
        |d| d.certainty = Choice::Unspecified,
        "signal.certainty",
        "UNSPECIFIED",
    ),
    (
        |d| d.certainty = Choice::Unknown,
        "signal.certainty",
        "UNKNOWN_VALUE",
    ),
    (
        |d| d.certainty = Choice::Is(model::Certainty::Reported),
        "signal.certainty",
        "CERTAINTY_TOO_LOW",
    ),
    (
        |d| d.provenance = Choice::Unspecified,
        "signal.provenance",
        "UNSPECIFIED",
    ),
    (
        |d| d.provenance = Choice::Is(Provenance::Received),
        "signal.provenance",
        "PROVENANCE_REFUSED",
    ),
    (
        |d| d.attributes[0].0 = "Naam van".to_owned(),
        "signal.attributes[0].name",
        "NAME_FORM",
    ),
    (
        |d| d.attributes[0].1.clear(),
        "signal.attributes[0].value",
        "REQUIRED",
    ),
    (
        |d| d.attributes[0].1 = "x".repeat(4_001),
        "signal.attributes[0].value",
        "TOO_LONG",
    ),
    (
        |d| d.attributes.push(d.attributes[0].clone()),
        "signal.attributes[1].name",
        "TWICE",
    ),
    (
        |d| d.police_article = Choice::Is(PoliceArticle::Art8),
        "signal.police_article",
        "NOT_ALLOWED",
    ),
    (
        |d| d.source_reference = "x".repeat(129),
        "signal.source_reference",
        "TOO_LONG",
    ),
];

#[tokio::test]
async fn every_field_is_refused_by_its_path_and_nothing_is_stored() {
    let world = world();
    for (spoil, field, rule) in CASES {
        let mut spoilt = draft();
        spoil(&mut spoilt);
        only(&world, spoilt, field, rule).await;
    }
}

#[tokio::test]
async fn lists_are_bounded() {
    let world = world();
    let mut many = draft();
    many.subjects = vec![address(); 17];
    only(&world, many, "signal.subjects", "TOO_MANY").await;
    let mut many = draft();
    many.attributes = (0..33).map(|n| (format!("a{n}"), "x".to_owned())).collect();
    only(&world, many, "signal.attributes", "TOO_MANY").await;
}

#[tokio::test]
async fn all_that_is_wrong_is_told_at_once_and_no_value_of_it() {
    let world = world();
    let mut wrong = draft();
    wrong.id = "geheim-1".to_owned();
    wrong.purposes = vec!["geheim-2".to_owned()];
    wrong.neighbourhood = "geheim-3".to_owned();
    wrong.subjects = vec![subject(&[("vehicle.plate", "geheim-4")])];
    let refused = world
        .intake
        .submit(&world.system(), submission(wrong))
        .await
        .unwrap_err();
    let fields: Vec<_> = refused
        .0
        .violations
        .iter()
        .map(|v| v.field.as_str())
        .collect();
    assert_eq!(
        fields,
        [
            "signal.id",
            "signal.purposes[0]",
            "signal.subjects[0].vehicle.plate",
            "signal.neighbourhood"
        ]
    );
    assert!(!format!("{refused:?}").contains("geheim"));
}

#[tokio::test]
async fn police_says_under_which_article() {
    let world = World::of("politie", 10);
    only(&world, draft(), "signal.police_article", "REQUIRED").await;
    let mut one = draft();
    one.police_article = Choice::Is(PoliceArticle::Art8);
    world
        .intake
        .submit(&world.system(), submission(one))
        .await
        .unwrap();
}

#[tokio::test]
async fn the_request_itself_is_checked_first() {
    let world = world();
    let empty = Submission {
        request_id: String::new(),
        draft: None,
        content: Vec::new(),
        validate_only: false,
    };
    let refused = world
        .intake
        .submit(&world.system(), empty)
        .await
        .unwrap_err();
    assert_eq!(refused.reason(), Why::FieldRequired);
    assert_eq!(refused.0.violations.len(), 2);
    let stranger = caller("two", &["corporatie.huismeester"]);
    let refused = world
        .intake
        .submit(&stranger, submission(draft()))
        .await
        .unwrap_err();
    assert_eq!(refused.reason(), Why::RoleNotYours);
}

#[tokio::test]
async fn a_covenant_that_is_over_refuses_openly() {
    let world = world();
    world.clock.advance_seconds(400 * 86_400);
    let refused = world
        .intake
        .submit(&world.system(), submission(draft()))
        .await
        .unwrap_err();
    assert_eq!(refused.reason(), Why::CovenantNotActive);
    assert_eq!(refused.0.metadata["valid_until"], "2027-11-01");
}

#[tokio::test]
async fn what_can_never_match_is_refused_with_the_comparisons() {
    let world = world();
    let mut bare = draft();
    bare.subjects = vec![subject(&[("organisation.kvk", "12345678")])];
    let refused = world
        .intake
        .submit(&world.system(), submission(bare))
        .await
        .unwrap_err();
    assert_eq!(refused.0.violations[0].rule, "NOTHING_TO_COMPARE");
    assert_eq!(
        refused.0.metadata["comparisons"],
        "adres, bewoner, persoon, telefoon"
    );
    assert_eq!(world.waiting(), 0);
}

#[tokio::test]
async fn what_was_not_attested_is_unknown() {
    let mut found = Findings::default();
    let mut bare = address();
    bare.protections.clear();
    let described = check_subject(&bare, "subject", today().start(), &mut found).unwrap();
    assert_eq!(described.minor, ProtectionStatement::Unknown);
    assert_eq!(described.shielded_address, ProtectionStatement::Unknown);
    assert!(found.is_empty());
}

#[test]
fn nobody_is_born_after_today() {
    let judge = |birth_date: &str, now: model::Timestamp| {
        let mut found = Findings::default();
        let born = subject(&[
            ("person.surname", "Verzonnen"),
            ("person.birth_date", birth_date),
        ]);
        let described = check_subject(&born, "subject", now, &mut found);
        assert_eq!(described.is_none(), !found.is_empty());
        found
            .violations()
            .first()
            .map(|v| (v.field.clone(), v.rule.clone()))
    };
    let noon = model::Day::parse("2026-11-20").unwrap().start();
    let noon = noon.plus_seconds(12 * 3_600);
    for known in ["20261120", "20261100", "20260000", "20251231"] {
        assert_eq!(judge(known, noon), None, "{known}");
    }
    let future = Some((
        "subject.person.birth_date".to_owned(),
        "BIRTH_DATE_FUTURE".to_owned(),
    ));
    for known in ["20261121", "20261200", "20270000", "21991231"] {
        assert_eq!(judge(known, noon), future, "{known}");
    }
    // It is tomorrow in the Netherlands before it is in UTC.
    assert_eq!(judge("20261121", noon.plus_seconds(11 * 3_600)), None);
}
