//! What the canary run says: every kind of identifier, each with a value that stands nowhere else.

use sandbox::messages::{signal, visit};
use wire::node_v1::person::Residence;
use wire::node_v1::{
    Account, Address, AddressAbroad, Attribute, CheckVisitRequest, Contact, NameUse, Organisation,
    Person, Protection, ProtectionStatement, Signal, Subject, Vehicle, subject,
};
use wire::type_v1::{Attestation, PartialDate};

use crate::{NUISANCE, VISITS};

pub(crate) const ACTOR: &str = "actor-kanarie-7719";
pub(crate) const FILE_NUMBER: &str = "DOSSIER-KANARIE-5521";
pub(crate) const REASON: &str = "Kanariereden: er werd geroepen";
pub(crate) const ATTRIBUTE: (&str, &str) = ("kanariekenmerk", "Kanariewaarde van de melder");
pub(crate) const REFERENCE: &str = "ZAAK-KANARIE-8841";

/// Every identifier kind, each once at least; the addresses of the question are others.
pub(crate) const PERSON: &[(&str, &str)] = &[
    ("person.bsn", "999843011"),
    ("person.given_names", "Quirinalda Zdzisława"),
    ("person.initials", "Q.Z.W.V."),
    ("person.surname", "Käßkanarie"),
    ("person.prefix", "van der"),
    ("person.partner_surname", "Ypsilonstra"),
    ("person.partner_prefix", "uit den"),
    ("person.name_use", "V"),
    ("person.birth_date", "1961-07-29"),
    ("person.address.postcode", "9999 ZQ"),
    ("person.address.house_number", "98713"),
    ("person.address.house_letter", "q"),
    ("person.address.addition", "zw7k"),
    ("person.address.street", "Wijfjesputterpad"),
    ("person.address.place", "Putterveen"),
    ("person.address.bag_address", "9999200000098713"),
    ("person.address.bag_object", "9999010000098713"),
];
pub(crate) const ABROAD: &[(&str, &str)] = &[
    ("person.given_names", "Xaviera"),
    ("person.surname", "Zwartkanariewicz"),
    ("person.birth_date", "1958-12-17"),
    ("person.address_abroad.country", "BE"),
    ("person.address_abroad.postcode", "B-98761"),
    ("person.address_abroad.house_number", "94531 bus 3"),
    ("person.address_abroad.street", "Rue du Canari Jaune"),
    ("person.address_abroad.place", "Canariville"),
];
pub(crate) const ADDRESS: &[(&str, &str)] = &[
    ("address.postcode", "9999 ZW"),
    ("address.house_number", "87359"),
    ("address.house_letter", "w"),
    ("address.addition", "tv9x"),
    ("address.street", "Sijsjeslaan"),
    ("address.place", "Vinkendrecht"),
    ("address.bag_address", "9999200000087359"),
    ("address.bag_object", "9999010000087359"),
];
pub(crate) const ASKED: &[(&str, &str)] = &[
    ("address.postcode", "9999 ZR"),
    ("address.house_number", "76193"),
    ("address.addition", "pp3m"),
    ("address.street", "Goudvinkenkade"),
    ("address.place", "Goudvinkdam"),
];
pub(crate) const ORGANISATION: &[(&str, &str)] = &[
    ("organisation.kvk", "90417263"),
    ("organisation.rsin", "999843023"),
    ("organisation.branch", "900041726351"),
];
pub(crate) const VEHICLE: &[(&str, &str)] = &[("vehicle.plate", "ZK-817-Q")];
pub(crate) const CONTACT: &[(&str, &str)] = &[("contact.phone", "06-38712345")];
pub(crate) const ACCOUNT: &[(&str, &str)] = &[("account.iban", "NL73RABO0987601234")];

/// Birth dates as people and programs write them; the messages carry them as three numbers.
pub(crate) const DATES: [&str; 8] = [
    "1961-07-29",
    "19610729",
    "29-07-1961",
    "29071961",
    "1958-12-17",
    "19581217",
    "17-12-1958",
    "17121958",
];

pub(crate) fn of<'a>(fields: &[(&str, &'a str)], path: &str) -> &'a str {
    fields
        .iter()
        .find(|(name, _)| *name == path)
        .map_or("", |(_, value)| *value)
}

pub(crate) fn address(fields: &[(&str, &str)], root: &str) -> Address {
    let field = |name: &str| of(fields, &format!("{root}.{name}")).to_owned();
    Address {
        postcode: field("postcode"),
        house_number: field("house_number"),
        house_letter: field("house_letter"),
        addition: field("addition"),
        indication: String::new(),
        street: field("street"),
        place: field("place"),
        bag_address: field("bag_address"),
        bag_object: field("bag_object"),
    }
}

pub(crate) fn about(kind: subject::Kind) -> Subject {
    let absent = |protection: Protection| ProtectionStatement {
        protection: protection.into(),
        attestation: Attestation::Absent.into(),
    };
    Subject {
        kind: Some(kind),
        protections: vec![
            absent(Protection::Minor),
            absent(Protection::ShieldedAddress),
        ],
    }
}

pub(crate) fn person(
    fields: &[(&str, &str)],
    born: (u32, u32, u32),
    residence: Residence,
) -> Subject {
    let field = |name: &str| of(fields, &format!("person.{name}")).to_owned();
    let (year, month, day) = born;
    about(subject::Kind::Person(Person {
        bsn: field("bsn"),
        given_names: field("given_names"),
        initials: field("initials"),
        surname: field("surname"),
        prefix: field("prefix"),
        partner_surname: field("partner_surname"),
        partner_prefix: field("partner_prefix"),
        name_use: match field("name_use").as_str() {
            "V" => NameUse::PartnerOwn.into(),
            _ => NameUse::Unspecified.into(),
        },
        birth_date: Some(PartialDate { year, month, day }),
        residence: Some(residence),
    }))
}

/// One signal about every kind of subject.
pub(crate) fn everything() -> Signal {
    let abroad = |name: &str| of(ABROAD, &format!("person.address_abroad.{name}")).to_owned();
    let field = |fields: &[(&str, &str)], path: &str| of(fields, path).to_owned();
    let subjects = vec![
        person(
            PERSON,
            (1961, 7, 29),
            Residence::Address(address(PERSON, "person.address")),
        ),
        person(
            ABROAD,
            (1958, 12, 17),
            Residence::AddressAbroad(AddressAbroad {
                country: abroad("country"),
                postcode: abroad("postcode"),
                house_number: abroad("house_number"),
                street: abroad("street"),
                place: abroad("place"),
            }),
        ),
        about(subject::Kind::Address(address(ADDRESS, "address"))),
        about(subject::Kind::Organisation(Organisation {
            kvk: field(ORGANISATION, "organisation.kvk"),
            rsin: field(ORGANISATION, "organisation.rsin"),
            branch: field(ORGANISATION, "organisation.branch"),
        })),
        about(subject::Kind::Vehicle(Vehicle {
            plate: field(VEHICLE, "vehicle.plate"),
        })),
        about(subject::Kind::Contact(Contact {
            phone: field(CONTACT, "contact.phone"),
        })),
        about(subject::Kind::Account(Account {
            iban: field(ACCOUNT, "account.iban"),
        })),
    ];
    let (name, value) = ATTRIBUTE;
    Signal {
        subjects,
        attributes: vec![Attribute {
            name: name.to_owned(),
            value: value.to_owned(),
        }],
        source_reference: REFERENCE.to_owned(),
        ..signal(NUISANCE, "woonoverlast", "OVE.GEL", Subject::default())
    }
}

pub(crate) fn question() -> CheckVisitRequest {
    let subject = about(subject::Kind::Address(address(ASKED, "address")));
    CheckVisitRequest {
        actor: ACTOR.to_owned(),
        file_number: FILE_NUMBER.to_owned(),
        reason: REASON.to_owned(),
        ..visit(
            VISITS,
            "bezoekveiligheid",
            "corporatie.huismeester",
            subject,
        )
    }
}
