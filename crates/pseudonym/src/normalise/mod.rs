//! From raw values to normal forms: one file per kind of identifier, each with its rule, its
//! longest raw text and its vectors in `tests/vectors/normalise/<kind>.txt`.
//!
//! This module walks a subject and gathers every refusal in one pass.

use model::{FieldName, SubjectKind};

use crate::raw::{
    RawAccount, RawAddress, RawAddressAbroad, RawContact, RawIdentifier, RawOrganisation,
    RawPerson, RawSubject, RawVehicle,
};
use crate::refusal::{Refusal, Rule};
use crate::subject::{LONGEST, NormalSubject};

mod addition;
mod bag_address;
mod bag_object;
mod birth_date;
mod branch;
mod bsn;
mod country;
mod given_names;
mod house_letter;
mod house_number;
mod house_number_abroad;
mod iban;
mod indication;
mod initials;
mod kvk;
mod name_use;
mod phone;
mod place;
mod plate;
mod postcode;
mod postcode_abroad;
mod prefix;
mod rsin;
mod street;
mod surname;

use name_use::NameUse;
use surname::Surname;

/// Normalises a subject.
///
/// # Errors
/// Every refusal at once, when a value fails its check or nothing is given.
pub fn normalise(raw: &RawSubject) -> Result<NormalSubject, Vec<Refusal>> {
    let (subject, refusals) = normalise_partial(raw);
    if refusals.is_empty() {
        Ok(subject)
    } else {
        Err(refusals)
    }
}

/// Normalises what can be normalised and leaves the refused values out, for comparing whole files
/// where one bad field of a row must not lose the row. Only keys of good fields can be derived.
#[must_use]
pub fn normalise_partial(raw: &RawSubject) -> (NormalSubject, Vec<Refusal>) {
    let mut intake = Intake {
        subject: NormalSubject::new(raw.kind()),
        refusals: Vec::new(),
        path: raw.root().to_owned(),
    };
    match raw {
        RawSubject::Person(person) => intake.person(person),
        RawSubject::Address(address) => intake.address(address),
        RawSubject::AddressAbroad(address) => intake.address_abroad(address),
        RawSubject::Organisation(organisation) => intake.organisation(organisation),
        RawSubject::Vehicle(RawVehicle { plate }) => {
            intake.put("plate", plate.as_ref(), plate::KIND, FieldName::Plate);
        }
        RawSubject::Contact(RawContact { phone }) => {
            intake.put("phone", phone.as_ref(), phone::KIND, FieldName::Phone);
        }
        RawSubject::Account(RawAccount { iban }) => {
            intake.put("iban", iban.as_ref(), iban::KIND, FieldName::Iban);
        }
    }
    if intake.subject.is_empty() && intake.refusals.is_empty() {
        intake
            .refusals
            .push(Refusal::new(only_field(raw).to_owned(), Rule::Required));
    }
    (intake.subject, intake.refusals)
}

/// The path to name when nothing is given.
const fn only_field(raw: &RawSubject) -> &'static str {
    match raw.kind() {
        SubjectKind::Vehicle => "vehicle.plate",
        SubjectKind::Contact => "contact.phone",
        SubjectKind::Account => "account.iban",
        SubjectKind::Person | SubjectKind::Address | SubjectKind::Organisation => raw.root(),
    }
}

/// A kind of identifier: the longest raw text in characters, and the rule that gives one normal
/// form or says what is wrong.
struct Kind<T = String> {
    longest: usize,
    normal: fn(&str) -> Result<T, Rule>,
}

/// A value was given and refused; the refusal is in the intake's list.
struct Refused;

struct Intake {
    subject: NormalSubject,
    refusals: Vec<Refusal>,
    path: String,
}

impl Intake {
    fn refuse(&mut self, field: &str, rule: Rule) {
        self.refusals
            .push(Refusal::new(format!("{}.{field}", self.path), rule));
    }

    /// Checks one raw value. `None` when it is not given, or refused.
    fn take<T>(&mut self, field: &str, raw: Option<&RawIdentifier>, kind: Kind<T>) -> Option<T> {
        self.attempt(field, raw, kind).ok().flatten()
    }

    /// Checks one raw value: `Ok(None)` when it is not given.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "kinds are constants, named once per call"
    )]
    fn attempt<T>(
        &mut self,
        field: &str,
        raw: Option<&RawIdentifier>,
        kind: Kind<T>,
    ) -> Result<Option<T>, Refused> {
        let Some(text) = raw.and_then(RawIdentifier::given) else {
            return Ok(None);
        };
        let checked = match text.chars().nth(kind.longest) {
            Some(_) => Err(Rule::TooLong),
            None => (kind.normal)(text),
        };
        checked.map(Some).map_err(|rule| {
            self.refuse(field, rule);
            Refused
        })
    }

    /// Checks one raw value and keeps its normal form.
    fn put(&mut self, field: &str, raw: Option<&RawIdentifier>, kind: Kind, name: FieldName) {
        if let Some(normal) = self.take(field, raw, kind) {
            self.keep(field, name, normal);
        }
    }

    /// Folding can lengthen a text; what grew past the limit of the match-key input is refused.
    fn keep(&mut self, field: &str, name: FieldName, normal: String) {
        if normal.len() > LONGEST {
            self.refuse(field, Rule::TooLong);
        } else {
            self.subject.put(name, normal);
        }
    }

    fn person(&mut self, raw: &RawPerson) {
        let RawPerson {
            bsn,
            given_names,
            initials,
            surname: _,
            prefix: _,
            partner_surname: _,
            partner_prefix: _,
            name_use: _,
            birth_date,
            address,
            address_abroad,
        } = raw;
        self.put("bsn", bsn.as_ref(), bsn::KIND, FieldName::Bsn);
        self.first_names(given_names.as_ref(), initials.as_ref());
        self.surnames(raw);
        if let Some(Some(date)) = self.take("birth_date", birth_date.as_ref(), birth_date::KIND) {
            for (name, value) in date.values() {
                self.subject.put(name, value);
            }
        }
        if let Some(address) = address {
            self.within("address", |intake| intake.address(address));
        }
        if let Some(abroad) = address_abroad {
            if address.is_some() {
                self.refuse("address_abroad", Rule::TwoAddresses);
            } else {
                self.within("address_abroad", |intake| intake.address_abroad(abroad));
            }
        }
    }

    fn within(&mut self, part: &str, walk: impl FnOnce(&mut Self)) {
        let outer = self.path.clone();
        self.path = format!("{outer}.{part}");
        walk(self);
        self.path = outer;
    }

    /// Initials that are given win over those of the given names, which may be a calling name.
    fn first_names(&mut self, names: Option<&RawIdentifier>, letters: Option<&RawIdentifier>) {
        let names = self.take("given_names", names, given_names::KIND);
        let letters = self.take("initials", letters, initials::KIND);
        if let Some(first) = names.as_ref().and_then(|n| n.first.clone()) {
            self.keep("given_names", FieldName::GivenName, first);
        }
        if let Some(all) = letters.or_else(|| names.map(|n| n.initials)) {
            if let Some(first) = all.chars().next() {
                self.subject.put(FieldName::Initial, first);
            }
            self.subject.put(FieldName::Initials, all);
        }
    }

    fn surnames(&mut self, raw: &RawPerson) {
        let partner = self.surname(
            ("partner_surname", raw.partner_surname.as_ref()),
            ("partner_prefix", raw.partner_prefix.as_ref()),
        );
        let own = self.surname(
            ("surname", raw.surname.as_ref()),
            ("prefix", raw.prefix.as_ref()),
        );
        let name_use = self.take("name_use", raw.name_use.as_ref(), name_use::KIND);
        let needs_partner = name_use.is_some_and(|u| u != NameUse::Own);
        if needs_partner && matches!(partner, Ok(None)) {
            self.refuse("name_use", Rule::NameUsePartner);
        }
        let (own, partner) = (own.ok().flatten(), partner.ok().flatten());
        for form in surname::forms(own.as_ref(), partner.as_ref(), name_use) {
            if form.len() > LONGEST {
                self.refuse("surname", Rule::TooLong);
                continue;
            }
            self.subject
                .put(FieldName::SurnameFolded, form.replace("ij", "y"));
            self.subject.put(FieldName::Surname, form);
        }
    }

    fn surname(
        &mut self,
        (name_path, name): (&str, Option<&RawIdentifier>),
        (prefix_path, prefix): (&str, Option<&RawIdentifier>),
    ) -> Result<Option<Surname>, Refused> {
        let prefix = self.attempt(prefix_path, prefix, prefix::KIND);
        let Some(name) = self.attempt(name_path, name, surname::KIND)?.flatten() else {
            return Ok(None);
        };
        // With a refused prefix nobody knows which words of the name are prefix.
        Ok(Some(name.with_prefix(prefix?.as_deref())))
    }

    fn address(&mut self, raw: &RawAddress) {
        let RawAddress {
            postcode,
            house_number: _,
            house_letter: _,
            addition: _,
            indication: _,
            street,
            place,
            bag_address,
            bag_object,
        } = raw;
        self.put(
            "postcode",
            postcode.as_ref(),
            postcode::KIND,
            FieldName::Postcode,
        );
        self.dutch_number(raw);
        self.dutch_street(street.as_ref());
        self.put("place", place.as_ref(), place::KIND, FieldName::Place);
        self.put(
            "bag_address",
            bag_address.as_ref(),
            bag_address::KIND,
            FieldName::BagAddress,
        );
        self.put(
            "bag_object",
            bag_object.as_ref(),
            bag_object::KIND,
            FieldName::BagObject,
        );
        if self
            .subject
            .fields()
            .any(|f| f.home() == SubjectKind::Address)
        {
            self.subject.put(FieldName::Country, "NL");
        }
    }

    /// Number, letter, addition and indication stand or fall together: a letter says nothing
    /// without its number, and "no letter" is known only where the number is.
    fn dutch_number(&mut self, raw: &RawAddress) {
        let number = self.attempt(
            "house_number",
            raw.house_number.as_ref(),
            house_number::KIND,
        );
        let letter = self.attempt(
            "house_letter",
            raw.house_letter.as_ref(),
            house_letter::KIND,
        );
        let addition = self.attempt("addition", raw.addition.as_ref(), addition::KIND);
        let indication = self.attempt("indication", raw.indication.as_ref(), indication::KIND);
        let Ok(Some(number)) = number else {
            let lonely = [
                ("house_letter", matches!(letter, Ok(Some(_)))),
                ("addition", matches!(addition, Ok(Some(_)))),
                ("indication", matches!(indication, Ok(Some(_)))),
            ];
            for (field, given) in lonely {
                if given && number.is_ok() {
                    self.refuse(field, Rule::HouseNumberMissing);
                }
            }
            return;
        };
        let split = number.letter.is_some() || number.addition.is_some();
        if split && !matches!((&letter, &addition), (Ok(None), Ok(None))) {
            self.refuse("house_number", Rule::HouseNumberTwice);
            return;
        }
        let value = match indication {
            Ok(None) => number.number,
            Ok(Some(word)) => format!("{} {word}", number.number),
            // Without its indication the number may be another address.
            Err(Refused) => return,
        };
        self.subject.put(FieldName::HouseNumber, value);
        if let Ok(letter) = letter {
            let letter = letter.or(number.letter).unwrap_or_default();
            self.subject.put(FieldName::HouseLetter, letter);
        }
        if let Ok(addition) = addition {
            let addition = addition.or(number.addition).unwrap_or_default();
            self.subject.put(FieldName::Addition, addition);
        }
    }

    fn address_abroad(&mut self, raw: &RawAddressAbroad) {
        let RawAddressAbroad {
            postcode,
            house_number,
            street,
            place,
            country,
        } = raw;
        let country = self.attempt("country", country.as_ref(), country::KIND);
        let postcode = self.take("postcode", postcode.as_ref(), postcode_abroad::KIND);
        let number = self.take(
            "house_number",
            house_number.as_ref(),
            house_number_abroad::KIND,
        );
        let street = self.take("street", street.as_ref(), street::ABROAD);
        let place = self.take("place", place.as_ref(), place::KIND);
        let country = match country {
            Ok(Some(country)) => country,
            Ok(None) => {
                let parts = [&postcode, &number, &street, &place];
                if parts.iter().any(|part| part.is_some()) {
                    self.refuse("country", Rule::CountryMissing);
                }
                return;
            }
            // Without its country nobody knows where the rest is.
            Err(Refused) => return,
        };
        let start = street.as_deref().and_then(street::start);
        // Whatever letter or addition there is, is in the number.
        let none = number.as_ref().map(|_| String::new());
        for (field, name, value) in [
            ("postcode", FieldName::Postcode, postcode),
            ("house_number", FieldName::HouseNumber, number),
            ("house_number", FieldName::HouseLetter, none.clone()),
            ("house_number", FieldName::Addition, none),
            ("street", FieldName::StreetStart, start),
            ("street", FieldName::Street, street),
            ("place", FieldName::Place, place),
        ] {
            if let Some(value) = value {
                // A covenant may compare any of these without the others, so each one says in
                // which country it is. A Dutch form has no space at this place.
                self.keep(field, name, format!("{country} {value}"));
            }
        }
        self.subject.put(FieldName::Country, country);
    }

    fn dutch_street(&mut self, raw: Option<&RawIdentifier>) {
        let Some(street) = self.take("street", raw, street::DUTCH) else {
            return;
        };
        if let Some(start) = street::start(&street) {
            self.subject.put(FieldName::StreetStart, start);
        }
        self.keep("street", FieldName::Street, street);
    }

    fn organisation(&mut self, raw: &RawOrganisation) {
        let RawOrganisation { kvk, rsin, branch } = raw;
        self.put("kvk", kvk.as_ref(), kvk::KIND, FieldName::Kvk);
        self.put("rsin", rsin.as_ref(), rsin::KIND, FieldName::Rsin);
        self.put("branch", branch.as_ref(), branch::KIND, FieldName::Branch);
    }
}
