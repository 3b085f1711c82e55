//! Properties of normalisation over arbitrary text.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use model::FieldName;
use proptest::prelude::*;
use pseudonym::{NormalSubject, RawSubject, Rule, normalise, normalise_partial};

/// The path whose raw text gives a field alone and unchanged, when the text is the normal form.
const DIRECT: [(&str, FieldName); 14] = [
    ("person.bsn", FieldName::Bsn),
    ("person.surname", FieldName::Surname),
    ("person.given_names", FieldName::GivenName),
    ("person.initials", FieldName::Initials),
    ("person.birth_date", FieldName::BirthDate),
    ("address.postcode", FieldName::Postcode),
    ("address.house_number", FieldName::HouseNumber),
    ("address.place", FieldName::Place),
    ("address.bag_address", FieldName::BagAddress),
    ("organisation.kvk", FieldName::Kvk),
    ("organisation.rsin", FieldName::Rsin),
    ("vehicle.plate", FieldName::Plate),
    ("contact.phone", FieldName::Phone),
    ("account.iban", FieldName::Iban),
];

fn one(path: &str, text: &str) -> RawSubject {
    RawSubject::from_fields([(path, text.into())]).unwrap()
}

fn values(normal: &NormalSubject, field: FieldName) -> Vec<String> {
    normal.values(field).map(str::to_owned).collect()
}

/// Text that has a fair chance of passing some check, and some that has none.
fn plausible() -> impl Strategy<Value = String> {
    prop_oneof![
        "\\PC{0,40}",
        "[A-Za-zÀ-ž' .-]{1,40}",
        "[0-9]{1,16}",
        "(NL|DE)?[0-9A-Z -]{4,24}",
        "[0-9]{4} ?[A-Za-z]{2}",
        "[0-9]{1,5}[ -/]?[a-z0-9]{0,4}",
        "(19|20)[0-9]{2}-?[01][0-9]-?[0-3][0-9]",
        "(\\+31|0|0031) ?[0-9 -]{7,12}",
        "[0-9A-Z]{1,3}-[0-9A-Z]{1,3}-[0-9A-Z]{1,3}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// Normalising a normal form changes nothing.
    #[test]
    fn normalisation_is_idempotent(text in plausible(), index in 0..DIRECT.len()) {
        let (path, field) = DIRECT[index];
        if let Ok(normal) = normalise(&one(path, &text))
            && let [value] = &values(&normal, field)[..]

        {
            let again = normalise(&one(path, value));
            let again = again.unwrap_or_else(|r| panic!("{path}: {r:?}"));
            prop_assert_eq!(&values(&again, field)[..], std::slice::from_ref(value), "{}", path);
        }
    }

    /// The same text always gives the same answer, and no path panics on any text.
    #[test]
    fn every_path_takes_any_text(text in plausible(), index in 0..RawSubject::PATHS.len()) {
        let raw = one(RawSubject::PATHS[index], &text);
        let (normal, refusals) = normalise_partial(&raw);
        let (again, refusals_again) = normalise_partial(&raw);
        prop_assert!(normal == again && refusals == refusals_again);
        prop_assert!(!normal.is_empty() || !refusals.is_empty() || only_supports(&raw));
        for refusal in &refusals {
            prop_assert!(refusal.path.starts_with(raw.root()), "{}", refusal.path);
        }
    }

    /// No text of ours repeats what was typed. The marker is no part of any message.
    #[test]
    fn nothing_that_can_be_printed_holds_the_value(
        text in plausible(),
        index in 0..RawSubject::PATHS.len(),
    ) {
        let marked = format!("Qxzj{text}");
        let raw = one(RawSubject::PATHS[index], &marked);
        let (normal, refusals) = normalise_partial(&raw);
        let printed = format!("{raw:?} {normal:?} {refusals:?} {:?}", normalise(&raw).err());
        let shown = refusals.iter().map(ToString::to_string).collect::<String>();
        prop_assert!(!printed.to_lowercase().contains("qxzj"));
        prop_assert!(!shown.to_lowercase().contains("qxzj"));
        for refusal in refusals {
            let rule = Rule::ALL.iter().find(|r| r.code() == refusal.rule).unwrap();
            prop_assert_eq!(refusal.message_en, rule.message_en());
            prop_assert_eq!(refusal.message_nl, rule.message_nl());
        }
    }

    /// Every normal form is short and plain, whatever was typed.
    #[test]
    fn normal_forms_are_bounded_ascii(text in plausible(), index in 0..RawSubject::PATHS.len()) {
        let (normal, _) = normalise_partial(&one(RawSubject::PATHS[index], &text));
        for field in normal.fields() {
            for value in normal.values(field) {
                prop_assert!(value.is_ascii() && value.len() <= 250);
            }
        }
    }

    /// Leaving bad fields out never changes what the good fields give.
    #[test]
    fn a_bad_field_costs_only_itself(text in plausible()) {
        let good = [("person.surname", "Jansen".into()), ("person.address.postcode", "1234 AB".into())];
        let whole = normalise(&RawSubject::from_fields(good.clone()).unwrap()).unwrap();
        let mut fields = good.to_vec();
        fields.push(("person.birth_date", text.as_str().into()));
        let (partial, _) = normalise_partial(&RawSubject::from_fields(fields).unwrap());
        for field in whole.fields() {
            prop_assert_eq!(values(&partial, field), values(&whole, field));
        }
    }
}

/// A prefix or a name use alone is nothing to compare, and is refused as such.
fn only_supports(raw: &RawSubject) -> bool {
    normalise(raw).is_err()
}

#[test]
fn every_refusal_of_a_subject_comes_in_one_pass() {
    let raw = RawSubject::from_fields([
        ("person.bsn", "123456789".into()),
        ("person.surname", "王".into()),
        ("person.birth_date", "1970-02-30".into()),
        ("person.name_use", "Q".into()),
        ("person.address.postcode", "1234SS".into()),
        ("person.address.house_number", "0".into()),
        ("person.address.bag_address", "1".into()),
    ])
    .unwrap();
    let mut paths: Vec<String> = normalise(&raw)
        .unwrap_err()
        .into_iter()
        .map(|r| format!("{} {}", r.path, r.rule))
        .collect();
    paths.sort();
    assert_eq!(
        paths,
        [
            "person.address.bag_address BAG_FORM",
            "person.address.house_number HOUSE_NUMBER_RANGE",
            "person.address.postcode POSTCODE_LETTERS",
            "person.birth_date BIRTH_DATE_CALENDAR",
            "person.bsn BSN_CHECK",
            "person.name_use NAME_USE_FORM",
            "person.surname NAME_SCRIPT",
        ]
    );
    let (partial, refusals) = normalise_partial(&raw);
    assert!(partial.is_empty() && refusals.len() == 7);
}

#[test]
fn a_subject_without_anything_is_refused() {
    for (path, refused) in [
        ("person.bsn", "person"),
        ("person.prefix", "person"),
        ("address.street", "address"),
        ("address_abroad.street", "address_abroad"),
        ("organisation.kvk", "organisation"),
        ("vehicle.plate", "vehicle.plate"),
        ("contact.phone", "contact.phone"),
        ("account.iban", "account.iban"),
    ] {
        for blank in ["", " ", "\t\n"] {
            let refusals = normalise(&one(path, blank)).unwrap_err();
            assert_eq!(refusals.len(), 1);
            assert_eq!(
                (refusals[0].path.as_str(), refusals[0].rule),
                (refused, "REQUIRED")
            );
        }
    }
    let only_prefix = normalise(&one("person.prefix", "van der")).unwrap_err();
    assert_eq!(only_prefix[0].rule, "REQUIRED");
}

#[test]
fn a_person_has_one_address() {
    let refusals = normalise(
        &RawSubject::from_fields([
            ("person.address.postcode", "1234AB".into()),
            ("person.address_abroad.postcode", "1000".into()),
        ])
        .unwrap(),
    )
    .unwrap_err();
    assert_eq!(refusals[0].path, "person.address_abroad");
    assert_eq!(refusals[0].rule, "TWO_ADDRESSES");
}

#[test]
fn a_person_carries_the_fields_of_the_address() {
    let (address, person) = (
        [
            ("address.postcode", "1234 ab".into()),
            ("address.house_number", "12a".into()),
        ],
        [
            ("person.address.postcode", "1234 ab".into()),
            ("person.address.house_number", "12a".into()),
        ],
    );
    let address = normalise(&RawSubject::from_fields(address).unwrap()).unwrap();
    let person = normalise(&RawSubject::from_fields(person).unwrap()).unwrap();
    assert!(address.fields().eq(person.fields()));
    for field in address.fields() {
        assert_eq!(values(&address, field), values(&person, field));
    }
}
