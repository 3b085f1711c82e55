//! Field by field what is refused, and that nothing is stored then; what is stored, once.

use model::{Day, PoliceArticle, ProtectionStatement, SignalId};

use super::*;
use crate::refusal::{Reason as Why, Violation};
use crate::testing::{World, address, caller, draft, fresh_v7, subject, submission, today};
use crate::uplink::item;

fn world() -> World {
    World::of("corporatie", 1_000)
}

/// What is wrong with a draft; nothing may be stored.
async fn violations(world: &World, draft: Draft) -> Vec<Violation> {
    let refused = world.intake.submit(&world.system(), submission(draft)).await.unwrap_err();
    assert_eq!(world.waiting(), 0, "nothing is stored");
    assert!(!refused.0.message_nl.is_empty());
    for violation in &refused.0.violations {
        assert!(!violation.message_en.is_empty() && !violation.message_nl.is_empty());
    }
    refused.0.violations
}

async fn only(world: &World, draft: Draft, field: &str, rule: &str) {
    let found = violations(world, draft).await;
    let found: Vec<_> = found.iter().map(|v| (v.field.as_str(), v.rule.as_str())).collect();
    assert_eq!(found, [(field, rule)]);
}

#[tokio::test]
async fn every_field_is_refused_by_its_path_and_nothing_is_stored() {
    let world = world();
    let with = |change: &dyn Fn(&mut Draft)| {
        let mut one = draft();
        change(&mut one);
        one
    };
    let day = |days| Some(Ok(today().plus_days(days).start()));
    let cases: Vec<(Draft, &str, &str)> = vec![
        (with(&|d| d.id.clear()), "signal.id", "REQUIRED"),
        (with(&|d| d.id = model::RequestId::fresh().to_string()), "signal.id", "UUID_V7"),
        (with(&|d| d.id = "geheim".to_owned()), "signal.id", "UUID_V7"),
        (with(&|d| d.covenant.clear()), "signal.covenant", "REQUIRED"),
        (with(&|d| d.covenant = "Proef!".to_owned()), "signal.covenant", "NAME_FORM"),
        (with(&|d| d.covenant = "ander".to_owned()), "signal.covenant", "COVENANT_UNKNOWN"),
        (with(&|d| d.purposes.clear()), "signal.purposes", "REQUIRED"),
        (with(&|d| d.purposes[0] = "reclame".to_owned()), "signal.purposes[0]", "PURPOSE_UNKNOWN"),
        (with(&|d| d.purposes.push(d.purposes[0].clone())), "signal.purposes[1]", "TWICE"),
        (with(&|d| d.category = None), "signal.category", "REQUIRED"),
        (
            with(&|d| d.category = Some((String::new(), "AGR.FYS".to_owned()))),
            "signal.category.scheme",
            "REQUIRED",
        ),
        (
            with(&|d| d.category = Some(("vera".to_owned(), "agr".to_owned()))),
            "signal.category",
            "NAME_FORM",
        ),
        (
            with(&|d| d.category = Some(("vera".to_owned(), "OVE.GEL".to_owned()))),
            "signal.category",
            "CATEGORY_UNKNOWN",
        ),
        (
            with(&|d| d.category = Some(("eigen".to_owned(), "DIER".to_owned()))),
            "signal.category",
            "CATEGORY_NOT_YOURS",
        ),
        (with(&|d| d.subjects.clear()), "signal.subjects", "REQUIRED"),
        (with(&|d| d.subjects[0].raw = None), "signal.subjects[0].kind", "REQUIRED"),
        (
            with(&|d| d.subjects.push(subject(&[("person.bsn", "123456789")]))),
            "signal.subjects[1].person.bsn",
            "BSN_CHECK",
        ),
        (
            with(&|d| {
                d.subjects[0] = subject(&[
                    ("person.surname", "Jansen"),
                    ("person.birth_date", "1970-13-01"),
                ]);
            }),
            "signal.subjects[0].person.birth_date",
            "BIRTH_DATE_CALENDAR",
        ),
        (
            with(&|d| d.subjects[0].protections[0].1 = Choice::Unspecified),
            "signal.subjects[0].protections[0].attestation",
            "UNSPECIFIED",
        ),
        (
            with(&|d| d.subjects[0].protections[0].0 = Choice::Unknown),
            "signal.subjects[0].protections[0].protection",
            "UNKNOWN_VALUE",
        ),
        (
            with(&|d| d.subjects[0].protections.extend_from_within(..1)),
            "signal.subjects[0].protections[2]",
            "TWICE",
        ),
        (with(&|d| d.observed_at = None), "signal.observed_at", "REQUIRED"),
        (with(&|d| d.observed_at = Some(Err(()))), "signal.observed_at", "TIME_FORM"),
        (with(&|d| d.observed_at = day(1)), "signal.observed_at", "IN_THE_FUTURE"),
        (with(&|d| d.observed_at = day(-400)), "signal.observed_at", "SIGNAL_EXPIRED"),
        (with(&|d| d.neighbourhood = "Centrum".to_owned()), "signal.neighbourhood", "CBS_CODE"),
        (with(&|d| d.certainty = Choice::Unspecified), "signal.certainty", "UNSPECIFIED"),
        (with(&|d| d.certainty = Choice::Unknown), "signal.certainty", "UNKNOWN_VALUE"),
        (
            with(&|d| d.certainty = Choice::Is(model::Certainty::Reported)),
            "signal.certainty",
            "CERTAINTY_TOO_LOW",
        ),
        (with(&|d| d.provenance = Choice::Unspecified), "signal.provenance", "UNSPECIFIED"),
        (
            with(&|d| d.provenance = Choice::Is(Provenance::Received)),
            "signal.provenance",
            "PROVENANCE_REFUSED",
        ),
        (
            with(&|d| d.attributes[0].0 = "Naam van".to_owned()),
            "signal.attributes[0].name",
            "NAME_FORM",
        ),
        (with(&|d| d.attributes[0].1.clear()), "signal.attributes[0].value", "REQUIRED"),
        (
            with(&|d| d.attributes[0].1 = "x".repeat(4_001)),
            "signal.attributes[0].value",
            "TOO_LONG",
        ),
        (
            with(&|d| d.attributes.push(d.attributes[0].clone())),
            "signal.attributes[1].name",
            "TWICE",
        ),
        (
            with(&|d| d.police_article = Choice::Is(PoliceArticle::Art8)),
            "signal.police_article",
            "NOT_ALLOWED",
        ),
        (
            with(&|d| d.source_reference = "x".repeat(129)),
            "signal.source_reference",
            "TOO_LONG",
        ),
    ];
    for (draft, field, rule) in cases {
        only(&world, draft, field, rule).await;
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
    let refused = world.intake.submit(&world.system(), submission(wrong)).await.unwrap_err();
    let fields: Vec<_> = refused.0.violations.iter().map(|v| v.field.as_str()).collect();
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
    world.intake.submit(&world.system(), submission(one)).await.unwrap();
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
    let refused = world.intake.submit(&world.system(), empty).await.unwrap_err();
    assert_eq!(refused.reason(), Why::FieldRequired);
    assert_eq!(refused.0.violations.len(), 2);
    let stranger = caller("two", &["corporatie.huismeester"]);
    let refused = world.intake.submit(&stranger, submission(draft())).await.unwrap_err();
    assert_eq!(refused.reason(), Why::RoleNotYours);
}

#[tokio::test]
async fn a_covenant_that_is_over_refuses_openly() {
    let world = world();
    world.clock.advance_seconds(400 * 86_400);
    let refused = world.intake.submit(&world.system(), submission(draft())).await.unwrap_err();
    assert_eq!(refused.reason(), Why::CovenantNotActive);
    assert_eq!(refused.0.metadata["valid_until"], "2027-11-01");
}

#[tokio::test]
async fn what_can_never_match_is_refused_with_the_comparisons() {
    let world = world();
    let mut bare = draft();
    bare.subjects = vec![subject(&[("organisation.kvk", "12345678")])];
    let refused = world.intake.submit(&world.system(), submission(bare)).await.unwrap_err();
    assert_eq!(refused.0.violations[0].rule, "NOTHING_TO_COMPARE");
    assert_eq!(refused.0.metadata["comparisons"], "adres, bewoner, persoon, telefoon");
    assert_eq!(world.waiting(), 0);
}

#[tokio::test]
async fn a_signal_is_taken_once_for_every_live_epoch() {
    let world = world();
    let one = submission(draft());
    let accepted = world.intake.submit(&world.system(), one.clone()).await.unwrap();
    assert_eq!(accepted.comparisons(), ["adres"]);
    assert_eq!(accepted.accepted_at(), Some(world.now()));
    assert_eq!(accepted.expires_on(), today().plus_days(-3).plus_months(12));
    assert_eq!(world.waiting(), 2, "one item per epoch");
    let again = world.intake.submit(&world.system(), one.clone()).await.unwrap();
    assert_eq!(again, accepted);
    let other_request =
        Submission { request_id: model::RequestId::fresh().to_string(), ..one.clone() };
    let again = world.intake.submit(&world.system(), other_request.clone()).await.unwrap();
    assert_eq!(again, accepted, "the same id is the same signal");
    assert_eq!(world.waiting(), 2);
    let altered = Submission { content: b"anders".to_vec(), ..one };
    let refused = world.intake.submit(&world.system(), altered.clone()).await.unwrap_err();
    assert_eq!(refused.reason(), Why::RequestIdReused);
    let altered = Submission { request_id: model::RequestId::fresh().to_string(), ..altered };
    let refused = world.intake.submit(&world.system(), altered).await.unwrap_err();
    assert_eq!(refused.reason(), Why::SignalIdReused);
}

#[tokio::test]
async fn only_checking_says_the_same_and_stores_nothing() {
    let world = world();
    let mut one = submission(draft());
    one.validate_only = true;
    let checked = world.intake.submit(&world.system(), one.clone()).await.unwrap();
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
    let accepted = world.intake.submit(&world.system(), submission(one)).await.unwrap();
    assert_eq!(accepted.comparisons(), ["bewoner", "persoon"]);
    let read = |queue: &str| {
        let items = world.intake.store.read(|view| view.outbox(queue, 0, 10)).unwrap();
        item::Item::decode(&items[0].body).unwrap()
    };
    let (first, second) = (read("proef/1"), read("proef/2"));
    assert_eq!(first.own, second.own);
    assert_ne!(first.outside, second.outside);
    assert_ne!(Some(first.outside), accepted.id(), "the own id stays inside");
    let pushed = |item: &item::Item| match &item.errand {
        item::Errand::Push(signal) => signal.clone(),
        item::Errand::Withdraw(_) => panic!("a push"),
    };
    let (first, second) = (pushed(&first), pushed(&second));
    assert_ne!(first.content_commitment, second.content_commitment);
    assert_eq!(first.subjects[0].pseudonyms.len(), 2);
    for (one, two) in first.subjects[0].pseudonyms.iter().zip(&second.subjects[0].pseudonyms) {
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
    for word in [b"1234AB".as_slice(), b"1234 AB", b"ZAAK-1", b"Geschreeuw", &content] {
        assert!(!holds(&items[0].body, word) && !holds(&vault[0].1, word));
    }
}

#[tokio::test]
async fn a_full_outbox_refuses_with_a_hint_and_keeps_what_it_has() {
    let world = World::of("corporatie", 2);
    world.intake.submit(&world.system(), submission(draft())).await.unwrap();
    let refused = world.intake.submit(&world.system(), submission(draft())).await.unwrap_err();
    assert_eq!(refused.reason(), Why::OutboxFull);
    assert!(refused.0.retry_after.is_some());
    assert_eq!(world.waiting(), 2);
    assert_eq!(world.intake.list(&world.system(), &everything()).unwrap().signals.len(), 1);
}

#[tokio::test]
async fn a_token_that_is_too_frequent_is_refused_and_counted_back_on_withdrawal() {
    let world = world();
    let phone = || {
        let mut one = draft();
        one.subjects = vec![subject(&[("contact.phone", "06 12345678")])];
        one
    };
    let first = phone();
    let first_id = first.id.clone();
    world.intake.submit(&world.system(), submission(first)).await.unwrap();
    world.intake.submit(&world.system(), submission(phone())).await.unwrap();
    let refused = world.intake.submit(&world.system(), submission(phone())).await.unwrap_err();
    assert_eq!(refused.0.violations[0].rule, "TOO_FREQUENT");
    withdraw(&world, &first_id, Reason::EnteredInError).await.unwrap();
    world.intake.submit(&world.system(), submission(phone())).await.unwrap();
}

async fn withdraw(world: &World, id: &str, reason: Reason) -> Result<Withdrawn, Refused> {
    let withdrawal = Withdrawal {
        request_id: model::RequestId::fresh().to_string(),
        signal_id: id.to_owned(),
        reason: Choice::Is(reason),
        validate_only: false,
    };
    world.intake.withdraw(&world.system(), withdrawal).await
}

#[tokio::test]
async fn a_withdrawal_takes_the_push_out_of_the_outbox_and_goes_in_its_place() {
    let world = world();
    let one = draft();
    let id = one.id.clone();
    world.intake.submit(&world.system(), submission(one)).await.unwrap();
    let withdrawn = withdraw(&world, &id, Reason::Objection).await.unwrap();
    assert_eq!(withdrawn.at(), Some(world.now()));
    let items = world.intake.store.read(|view| view.outbox("proef/1", 0, 10)).unwrap();
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
    let refused = withdraw(&world, &fresh_v7(), Reason::Erasure).await.unwrap_err();
    assert_eq!(refused.reason(), Why::NotFound);
    let wrong = Withdrawal {
        request_id: "x".to_owned(),
        signal_id: String::new(),
        reason: Choice::Unspecified,
        validate_only: false,
    };
    let refused = world.intake.withdraw(&world.system(), wrong).await.unwrap_err();
    let rules: Vec<_> = refused.0.violations.iter().map(|v| v.rule.as_str()).collect();
    assert_eq!(rules, ["UUID_FORM", "REQUIRED", "UNSPECIFIED"]);
}

fn everything() -> Filter {
    Filter {
        covenant: String::new(),
        state: Choice::Unspecified,
        observed_from: None,
        observed_until: None,
        page_size: 0,
        page_token: String::new(),
    }
}

#[tokio::test]
async fn own_signals_are_listed_newest_first_by_pages_and_filters() {
    let world = world();
    let system = world.system();
    let mut ids = Vec::new();
    for days in 0..5 {
        let mut one = draft();
        one.observed_at = Some(Ok(today().plus_days(-10 - days).start()));
        ids.push(one.id.clone());
        world.intake.submit(&system, submission(one)).await.unwrap();
        world.clock.advance_seconds(1);
    }
    ids.reverse();
    let listed = |page: &Page| -> Vec<String> {
        page.signals.iter().map(|s| SignalId::to_string(&s.id)).collect()
    };
    let first = world.intake.list(&system, &Filter { page_size: 3, ..everything() }).unwrap();
    assert_eq!(listed(&first), ids[..3]);
    let next = Filter {
        page_size: 3,
        page_token: first.next_page_token.clone(),
        ..everything()
    };
    let second = world.intake.list(&system, &next).unwrap();
    assert_eq!(listed(&second), ids[3..]);
    assert_eq!(second.next_page_token, "");
    let other = Filter { covenant: "proef".to_owned(), ..next };
    let refused = world.intake.list(&system, &other).unwrap_err();
    assert_eq!(refused.reason(), Why::PageTokenInvalid);
    let from: Day = today().plus_days(-11);
    let recent = Filter { observed_from: Some(Ok(from)), ..everything() };
    assert_eq!(listed(&world.intake.list(&system, &recent).unwrap()), ids[3..]);
    let delivered = Filter { state: Choice::Is(State::Delivered), ..everything() };
    assert!(world.intake.list(&system, &delivered).unwrap().signals.is_empty());
    let negative = Filter { page_size: -1, ..everything() };
    let refused = world.intake.list(&system, &negative).unwrap_err();
    assert_eq!(refused.0.violations[0].field, "page_size");
}

#[tokio::test]
async fn what_was_not_attested_is_unknown() {
    let mut found = Findings::default();
    let mut bare = address();
    bare.protections.clear();
    let described = check_subject(&bare, "subject", &mut found).unwrap();
    assert_eq!(described.minor, ProtectionStatement::Unknown);
    assert_eq!(described.shielded_address, ProtectionStatement::Unknown);
    assert!(found.is_empty());
}
