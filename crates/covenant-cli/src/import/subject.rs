//! A subject's fields by path become the message that the node takes.

use std::collections::BTreeMap;

use wire::node_v1::{
    Account, Address, AddressAbroad, Contact, NameUse, Organisation, Person, Vehicle, person,
    subject,
};
use wire::type_v1::PartialDate;

use super::map::Kind;

/// The message of a subject of `kind` with these fields, by their paths within the subject.
pub(crate) fn message(kind: Kind, fields: BTreeMap<String, String>) -> subject::Kind {
    let mut fields = Fields(fields);
    match kind {
        Kind::Person => subject::Kind::Person(fields.person()),
        Kind::Address => subject::Kind::Address(fields.address("address")),
        Kind::AddressAbroad => subject::Kind::AddressAbroad(fields.abroad("address_abroad")),
        Kind::Organisation => subject::Kind::Organisation(Organisation {
            kvk: fields.take("organisation.kvk"),
            rsin: fields.take("organisation.rsin"),
            branch: fields.take("organisation.branch"),
        }),
        Kind::Vehicle => subject::Kind::Vehicle(Vehicle {
            plate: fields.take("vehicle.plate"),
        }),
        Kind::Contact => subject::Kind::Contact(Contact {
            phone: fields.take("contact.phone"),
        }),
        Kind::Account => subject::Kind::Account(Account {
            iban: fields.take("account.iban"),
        }),
    }
}

struct Fields(BTreeMap<String, String>);

impl Fields {
    fn take(&mut self, path: &str) -> String {
        self.0.remove(path).unwrap_or_default()
    }

    fn person(&mut self) -> Person {
        let residence = if self.has("person.address.") {
            Some(person::Residence::Address(self.address("person.address")))
        } else if self.has("person.address_abroad.") {
            Some(person::Residence::AddressAbroad(
                self.abroad("person.address_abroad"),
            ))
        } else {
            None
        };
        Person {
            bsn: self.take("person.bsn"),
            given_names: self.take("person.given_names"),
            initials: self.take("person.initials"),
            surname: self.take("person.surname"),
            prefix: self.take("person.prefix"),
            partner_surname: self.take("person.partner_surname"),
            partner_prefix: self.take("person.partner_prefix"),
            name_use: match self.take("person.name_use").trim() {
                "E" | "e" => NameUse::Own,
                "P" | "p" => NameUse::Partner,
                "V" | "v" => NameUse::PartnerOwn,
                "N" | "n" => NameUse::OwnPartner,
                _ => NameUse::Unspecified,
            }
            .into(),
            birth_date: partial_date(&self.take("person.birth_date")),
            residence,
        }
    }

    fn has(&self, below: &str) -> bool {
        self.0.keys().any(|path| path.starts_with(below))
    }

    fn address(&mut self, at: &str) -> Address {
        let mut take = |name: &str| self.take(&format!("{at}.{name}"));
        Address {
            postcode: take("postcode"),
            house_number: take("house_number"),
            house_letter: take("house_letter"),
            addition: take("addition"),
            indication: take("indication"),
            street: take("street"),
            place: take("place"),
            bag_address: take("bag_address"),
            bag_object: take("bag_object"),
        }
    }

    fn abroad(&mut self, at: &str) -> AddressAbroad {
        let mut take = |name: &str| self.take(&format!("{at}.{name}"));
        AddressAbroad {
            country: take("country"),
            postcode: take("postcode"),
            house_number: take("house_number"),
            street: take("street"),
            place: take("place"),
        }
    }
}

/// Out of `yyyy-mm-dd`, where 00 stands for what is not known; of a date of which nothing is known,
/// nothing is sent.
fn partial_date(text: &str) -> Option<PartialDate> {
    let mut parts = text.split('-').map(|part| part.parse().ok());
    let date = PartialDate {
        year: parts.next()??,
        month: parts.next()??,
        day: parts.next()??,
    };
    (date != PartialDate::default()).then_some(date)
}

#[cfg(test)]
mod tests {
    use pseudonym::RawSubject;

    use super::*;

    #[test]
    fn a_date_of_which_nothing_is_known_is_not_sent() {
        assert_eq!(partial_date("0000-00-00"), None);
        let year = PartialDate {
            year: 1980,
            ..PartialDate::default()
        };
        assert_eq!(partial_date("1980-00-00"), Some(year));
    }

    #[test]
    fn no_field_that_the_map_may_name_is_lost() {
        for path in RawSubject::PATHS {
            let kind = match path.split('.').next() {
                Some("person") => Kind::Person,
                Some("address") => Kind::Address,
                Some("address_abroad") => Kind::AddressAbroad,
                Some("organisation") => Kind::Organisation,
                Some("vehicle") => Kind::Vehicle,
                Some("contact") => Kind::Contact,
                _ => Kind::Account,
            };
            let value = match *path {
                "person.name_use" => "V",
                "person.birth_date" => "1980-05-00",
                _ => "x",
            };
            let empty = message(kind, BTreeMap::new());
            let fields = BTreeMap::from([((*path).to_owned(), value.to_owned())]);
            assert_ne!(message(kind, fields), empty, "{path}");
        }
    }
}
