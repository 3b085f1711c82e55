//! Bad values in every field of every kind of subject.

use wire::node_v1::subject::Kind;
use wire::node_v1::{
    Account, Address, AddressAbroad, Contact, NameUse, Organisation, Person, Protection,
    ProtectionStatement, Subject, Vehicle, person,
};
use wire::type_v1::{Attestation, PartialDate};

use crate::case::Case;

type Cases = Vec<Case<Subject>>;

/// One case for every line `field value => RULE`, each in an otherwise good message.
macro_rules! texts {
    ($to:ident, $root:literal, $base:expr, $wrap:expr;
        $($field:ident $value:expr => $rule:literal,)+) => {$({
        let mut message = $base;
        let value = String::from($value);
        message.$field.clone_from(&value);
        let path = concat!($root, ".", stringify!($field));
        $to.push(Case::new(path, $rule, &value, subject($wrap(message))));
    })+};
}

/// A good subject: an address.
pub(crate) fn good() -> Subject {
    subject(Kind::Address(address()))
}

/// Every bad subject; paths are relative to the subject.
pub(crate) fn cases() -> Cases {
    let mut all = persons();
    all.extend(birth_dates());
    all.extend(dutch("address", Kind::Address));
    let lives = |home| {
        Kind::Person(Person {
            residence: Some(home),
            ..person()
        })
    };
    all.extend(dutch("person.address", move |a| {
        lives(person::Residence::Address(a))
    }));
    all.extend(foreign("address_abroad", Kind::AddressAbroad));
    all.extend(foreign("person.address_abroad", move |a| {
        lives(person::Residence::AddressAbroad(a))
    }));
    all.extend(things());
    all.extend(empty());
    all.extend(protections());
    all
}

fn subject(kind: Kind) -> Subject {
    Subject {
        kind: Some(kind),
        protections: Vec::new(),
    }
}

fn person() -> Person {
    Person {
        surname: "Verzonnen".to_owned(),
        ..Person::default()
    }
}

fn address() -> Address {
    Address {
        postcode: "9999ZZ".to_owned(),
        house_number: "41".to_owned(),
        ..Address::default()
    }
}

fn long(length: usize) -> String {
    "qx".repeat(length).chars().take(length).collect()
}

fn persons() -> Cases {
    let mut all = Vec::new();
    texts! { all, "person", person(), Kind::Person;
        bsn "1234567AB" => "BSN_FORM",
        bsn "987654321" => "BSN_CHECK",
        bsn "111222333".repeat(3) => "TOO_LONG",
        given_names "4711 4712" => "NAME_FORM",
        given_names "Михаил" => "NAME_SCRIPT",
        given_names long(201) => "TOO_LONG",
        initials "J7P" => "INITIALS_FORM",
        initials "A.B.C.D.E.F.G.H.I.J.K.L.M." => "INITIALS_FORM",
        initials long(41) => "TOO_LONG",
        surname "471147" => "NAME_FORM",
        surname "Михайлов" => "NAME_SCRIPT",
        surname long(201) => "TOO_LONG",
        prefix "47 11" => "PREFIX_FORM",
        prefix long(17) => "TOO_LONG",
        partner_surname "471147" => "NAME_FORM",
        partner_surname "Михайлов" => "NAME_SCRIPT",
        partner_surname long(201) => "TOO_LONG",
        partner_prefix "47 11" => "PREFIX_FORM",
        partner_prefix long(17) => "TOO_LONG",
    }
    for (number, rule) in [
        (99, "NAME_USE_FORM"),
        (NameUse::Partner.into(), "NAME_USE_PARTNER"),
    ] {
        let message = Person {
            name_use: number,
            ..person()
        };
        all.push(Case::new(
            "person.name_use",
            rule,
            "",
            subject(Kind::Person(message)),
        ));
    }
    all
}

fn birth_dates() -> Cases {
    let bad = [
        ((1849, 12, 31), "BIRTH_DATE_RANGE"),
        ((2201, 1, 1), "BIRTH_DATE_RANGE"),
        ((1981, 2, 29), "BIRTH_DATE_CALENDAR"),
        ((1981, 13, 0), "BIRTH_DATE_CALENDAR"),
        ((1981, 0, 7), "BIRTH_DATE_GAP"),
        ((0, 7, 0), "BIRTH_DATE_GAP"),
        ((19810, 7, 1), "BIRTH_DATE_RANGE"),
        ((u32::MAX, 7, 1), "BIRTH_DATE_RANGE"),
        ((1981, 257, 1), "BIRTH_DATE_CALENDAR"),
        ((1981, 7, u32::MAX), "BIRTH_DATE_CALENDAR"),
        ((0, 0, 0), "BIRTH_DATE_EMPTY"),
        ((2199, 1, 0), "BIRTH_DATE_FUTURE"),
    ];
    let case = |((year, month, day), rule)| {
        let birth_date = Some(PartialDate { year, month, day });
        let message = Person {
            birth_date,
            ..person()
        };
        Case::new(
            "person.birth_date",
            rule,
            "",
            subject(Kind::Person(message)),
        )
    };
    bad.map(case).into()
}

fn dutch(root: &str, wrap: impl Fn(Address) -> Kind) -> Cases {
    let mut all = Vec::new();
    texts! { all, "", address(), &wrap;
        postcode "0471AB" => "POSTCODE_FORM",
        postcode "4711SS" => "POSTCODE_LETTERS",
        postcode "4711 AB ".repeat(4) => "TOO_LONG",
        house_number "kelder" => "HOUSE_NUMBER_FORM",
        house_number "471147" => "HOUSE_NUMBER_RANGE",
        house_letter "zz" => "HOUSE_LETTER_FORM",
        addition "parterre" => "ADDITION_FORM",
        indication "overkant" => "INDICATION_FORM",
        street "@@@@" => "STREET_FORM",
        street long(81) => "TOO_LONG",
        place "4711@" => "PLACE_FORM",
        place long(81) => "TOO_LONG",
        bag_address "4711" => "BAG_FORM",
        bag_address "0471010000004711" => "BAG_ADDRESS_TYPE",
        bag_object "4711" => "BAG_FORM",
        bag_object "0471200000004711" => "BAG_OBJECT_TYPE",
    }
    let twice = Address {
        house_number: "41B".to_owned(),
        house_letter: "c".to_owned(),
        ..address()
    };
    all.push(Case::new(
        ".house_number",
        "HOUSE_NUMBER_TWICE",
        "41B",
        subject(wrap(twice)),
    ));
    type Set = fn(&mut Address);
    let lonely: [(&str, Set); 3] = [
        (".house_letter", |a| a.house_letter = "b".to_owned()),
        (".addition", |a| a.addition = "2hg".to_owned()),
        (".indication", |a| a.indication = "to".to_owned()),
    ];
    for (path, set) in lonely {
        let mut message = Address {
            house_number: String::new(),
            ..address()
        };
        set(&mut message);
        all.push(Case::new(
            path,
            "HOUSE_NUMBER_MISSING",
            "",
            subject(wrap(message)),
        ));
    }
    under(root, all)
}

fn foreign(root: &str, wrap: impl Fn(AddressAbroad) -> Kind) -> Cases {
    let base = || AddressAbroad {
        country: "BE".to_owned(),
        postcode: "0000".to_owned(),
        house_number: "41".to_owned(),
        ..AddressAbroad::default()
    };
    let mut all = Vec::new();
    texts! { all, "", base(), &wrap;
        country "" => "COUNTRY_MISSING",
        country "BELG" => "COUNTRY_FORM",
        country "NL" => "COUNTRY_DUTCH",
        postcode "4711@" => "POSTCODE_ABROAD_FORM",
        postcode "4711471147114" => "POSTCODE_ABROAD_FORM",
        house_number "4711@" => "HOUSE_NUMBER_ABROAD_FORM",
        street "@@@@" => "STREET_FORM",
        street long(81) => "TOO_LONG",
        place "4711@" => "PLACE_FORM",
        place long(81) => "TOO_LONG",
    }
    under(root, all)
}

fn under(root: &str, cases: Cases) -> Cases {
    let put = |case: Case<Subject>| Case {
        path: format!("{root}{}", case.path),
        ..case
    };
    cases.into_iter().map(put).collect()
}

fn things() -> Cases {
    let mut all = Vec::new();
    texts! { all, "organisation", Organisation::default(), Kind::Organisation;
        kvk "4711471" => "KVK_FORM",
        rsin "NL4711B01" => "RSIN_FORM",
        rsin "987654321" => "RSIN_CHECK",
        branch "00004711471" => "BRANCH_FORM",
    }
    texts! { all, "vehicle", Vehicle::default(), Kind::Vehicle;
        plate "" => "REQUIRED",
        plate "QX-471" => "PLATE_FORM",
        plate "QXQXQX" => "PLATE_PATTERN",
    }
    texts! { all, "contact", Contact::default(), Kind::Contact;
        phone "" => "REQUIRED",
        phone "06-bel-mij" => "PHONE_FORM",
        phone "+31471" => "PHONE_NUMBER",
    }
    texts! { all, "account", Account::default(), Kind::Account;
        iban "" => "REQUIRED",
        iban "4711QX" => "IBAN_FORM",
        iban "NL92ABNA0417164300" => "IBAN_CHECK",
        iban "QX28ABNA0417164300" => "IBAN_COUNTRY",
    }
    all
}

fn empty() -> Cases {
    let nothing = [
        ("kind", None),
        ("person", Some(Kind::Person(Person::default()))),
        ("address", Some(Kind::Address(Address::default()))),
        (
            "organisation",
            Some(Kind::Organisation(Organisation::default())),
        ),
    ];
    let case = |(path, kind)| {
        Case::new(
            path,
            "REQUIRED",
            "",
            Subject {
                kind,
                protections: Vec::new(),
            },
        )
    };
    nothing.map(case).into()
}

fn protections() -> Cases {
    let statement = |protection, attestation| ProtectionStatement {
        protection,
        attestation,
    };
    let minor: i32 = Protection::Minor.into();
    let absent: i32 = Attestation::Absent.into();
    let bad = [
        (
            "protections[0].protection",
            "UNSPECIFIED",
            vec![statement(0, absent)],
        ),
        (
            "protections[0].protection",
            "UNKNOWN_VALUE",
            vec![statement(99, absent)],
        ),
        (
            "protections[0].attestation",
            "UNSPECIFIED",
            vec![statement(minor, 0)],
        ),
        (
            "protections[0].attestation",
            "UNKNOWN_VALUE",
            vec![statement(minor, 99)],
        ),
        (
            "protections[1]",
            "TWICE",
            vec![statement(minor, absent), statement(minor, absent)],
        ),
    ];
    let case = |(path, rule, protections)| {
        Case::new(
            path,
            rule,
            "",
            Subject {
                protections,
                ..good()
            },
        )
    };
    bad.map(case).into()
}
