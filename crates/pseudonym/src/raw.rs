//! What a party typed, before any check. These types show nothing of their values: `Debug` is
//! redacted, there is no `Display` and no serialisation, and the text is wiped when dropped.

use std::fmt;

use model::SubjectKind;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// One raw value as text, as it was typed. Blank text counts as "not given".
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct RawIdentifier(String);

impl RawIdentifier {
    /// Wraps a value.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// A date in parts, where 0 stands for "not known", as text for `birth_date`. Parts out of
    /// range are kept as they are, and refused by the check; so is a date of zeros only, which
    /// somebody began and did not fill in.
    #[must_use]
    pub fn date(year: u32, month: u32, day: u32) -> Self {
        if (year, month, day) == (0, 0, 0) {
            return Self("-".to_owned());
        }
        Self(format!("{year:04}-{month:02}-{day:02}"))
    }

    /// The text without the white space around it; `None` when nothing is left.
    pub(crate) fn given(&self) -> Option<&str> {
        let text = self.0.trim();
        (!text.is_empty()).then_some(text)
    }
}

impl From<&str> for RawIdentifier {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<String> for RawIdentifier {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for RawIdentifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RawIdentifier(..)")
    }
}

/// A path that no subject has. It repeats the path's kind only, since a caller may have mixed up
/// path and value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UnknownField {
    /// There is no such field; see [`RawSubject::PATHS`].
    #[error("no subject has a field of this name; use a path such as person.birth_date")]
    Path,
    /// The fields belong to more than one kind of subject, or there are none.
    #[error("give the fields of exactly one kind of subject")]
    Kind,
}

macro_rules! raw {
    ($($(#[$doc:meta])* struct $name:ident {
        $($(#[$fdoc:meta])* $field:ident,)*
    } $(with { $($(#[$ndoc:meta])* $nested:ident: $type:ident,)* })?)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Default, PartialEq, Eq)]
        pub struct $name {
            $($(#[$fdoc])* pub $field: Option<RawIdentifier>,)*
            $($($(#[$ndoc])* pub $nested: Option<$type>,)*)?
        }

        impl $name {
            fn slot(&mut self, path: &str) -> Option<&mut Option<RawIdentifier>> {
                $($(
                    let prefix = concat!(stringify!($nested), ".");
                    if let Some(rest) = path.strip_prefix(prefix) {
                        return self.$nested.get_or_insert_default().slot(rest);
                    }
                )*)?
                match path {
                    $(stringify!($field) => Some(&mut self.$field),)*
                    _ => None,
                }
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        }
    )*};
}

raw! {
    /// A natural person. Every field is optional; at least one must be given.
    struct RawPerson {
        /// Citizen service number (burgerservicenummer).
        bsn,
        /// All given names, separated by spaces.
        given_names,
        /// Initials, such as `J.P.`; taken from the given names when left out.
        initials,
        /// Surname (geslachtsnaam), best without its prefix.
        surname,
        /// Prefix of the surname (voorvoegsel), such as `van der`.
        prefix,
        /// Surname of the partner.
        partner_surname,
        /// Prefix of the partner's surname.
        partner_prefix,
        /// Which name the person uses: `E` own, `P` partner's, `V` partner's then own,
        /// `N` own then partner's (BRP 61.10).
        name_use,
        /// Birth date, whole or partial: `yyyymmdd` or `yyyy-mm-dd` with 00 for an unknown month
        /// or day, `dd-mm-yyyy`, `yyyymm`, `yyyy-mm` or `yyyy`.
        birth_date,
    } with {
        /// The person's own address in the Netherlands.
        address: RawAddress,
        /// The person's own address abroad. Not together with `address`.
        address_abroad: RawAddressAbroad,
    }

    /// An address in the Netherlands.
    struct RawAddress {
        /// Postcode, such as `1234 AB`.
        postcode,
        /// House number; letter and addition may be in it where they can't be confused.
        house_number,
        /// House letter.
        house_letter,
        /// House number addition (toevoeging).
        addition,
        /// `to` (opposite) or `by` (near) the house number (BRP: aanduiding bij huisnummer).
        indication,
        /// Street.
        street,
        /// Place.
        place,
        /// BAG id of the address (nummeraanduiding), 16 digits.
        bag_address,
        /// BAG id of the dwelling, berth or pitch (verblijfsobject, ligplaats, standplaats).
        bag_object,
    }

    /// An address outside the Netherlands, in whatever form the country uses.
    struct RawAddressAbroad {
        /// Postcode.
        postcode,
        /// Number in the street.
        house_number,
        /// Street.
        street,
        /// Place.
        place,
        /// Country, ISO 3166-1 alpha-2, not `NL`.
        country,
    }

    /// An organisation.
    struct RawOrganisation {
        /// Chamber of Commerce number.
        kvk,
        /// Legal entity number (RSIN).
        rsin,
        /// Branch number (vestigingsnummer).
        branch,
    }

    /// A vehicle.
    struct RawVehicle {
        /// Dutch licence plate.
        plate,
    }

    /// A telephone number.
    struct RawContact {
        /// The number, national Dutch or international.
        phone,
    }

    /// A bank account.
    struct RawAccount {
        /// International bank account number.
        iban,
    }
}

macro_rules! subjects {
    ($($(#[$doc:meta])* $name:ident($type:ident) = $root:literal, $kind:ident;)*) => {
        /// One raw subject of a signal or a question.
        #[derive(Clone, PartialEq, Eq)]
        #[expect(clippy::large_enum_variant, reason = "held one at a time and not for long")]
        pub enum RawSubject {
            $($(#[$doc])* $name($type),)*
        }

        impl RawSubject {
            /// The kind of subject that this becomes.
            #[must_use]
            pub const fn kind(&self) -> SubjectKind {
                match self {
                    $(Self::$name(_) => SubjectKind::$kind,)*
                }
            }

            /// The first word of every path in a refusal about this subject.
            #[must_use]
            pub const fn root(&self) -> &'static str {
                match self {
                    $(Self::$name(_) => $root,)*
                }
            }

            fn empty(root: &str) -> Option<Self> {
                match root {
                    $($root => Some(Self::$name($type::default())),)*
                    _ => None,
                }
            }

            fn slot(&mut self, path: &str) -> Option<&mut Option<RawIdentifier>> {
                match self {
                    $(Self::$name(raw) => raw.slot(path),)*
                }
            }
        }

        $(impl From<$type> for RawSubject {
            fn from(raw: $type) -> Self {
                Self::$name(raw)
            }
        })*
    };
}

subjects! {
    /// A natural person.
    Person(RawPerson) = "person", Person;
    /// An address in the Netherlands.
    Address(RawAddress) = "address", Address;
    /// An address abroad.
    AddressAbroad(RawAddressAbroad) = "address_abroad", Address;
    /// An organisation.
    Organisation(RawOrganisation) = "organisation", Organisation;
    /// A vehicle.
    Vehicle(RawVehicle) = "vehicle", Vehicle;
    /// A telephone number.
    Contact(RawContact) = "contact", Contact;
    /// A bank account.
    Account(RawAccount) = "account", Account;
}

impl RawSubject {
    /// Builds a subject from paths and values, as an import's column map gives them.
    ///
    /// # Errors
    /// [`UnknownField`] when a path does not exist, or the paths are of more kinds than one.
    pub fn from_fields<'a>(
        fields: impl IntoIterator<Item = (&'a str, RawIdentifier)>,
    ) -> Result<Self, UnknownField> {
        let mut subject: Option<Self> = None;
        for (path, value) in fields {
            let (root, rest) = path.split_once('.').ok_or(UnknownField::Path)?;
            if subject.is_none() {
                subject = Self::empty(root);
            }
            let known = subject.as_mut().ok_or(UnknownField::Path)?;
            if known.root() != root {
                return Err(Self::empty(root).map_or(UnknownField::Path, |_| UnknownField::Kind));
            }
            *known.slot(rest).ok_or(UnknownField::Path)? = Some(value);
        }
        subject.ok_or(UnknownField::Kind)
    }

    /// Every path that [`Self::from_fields`] knows, for messages and completion.
    pub const PATHS: &'static [&'static str] = &[
        "person.bsn",
        "person.given_names",
        "person.initials",
        "person.surname",
        "person.prefix",
        "person.partner_surname",
        "person.partner_prefix",
        "person.name_use",
        "person.birth_date",
        "person.address.postcode",
        "person.address.house_number",
        "person.address.house_letter",
        "person.address.addition",
        "person.address.indication",
        "person.address.street",
        "person.address.place",
        "person.address.bag_address",
        "person.address.bag_object",
        "person.address_abroad.postcode",
        "person.address_abroad.house_number",
        "person.address_abroad.street",
        "person.address_abroad.place",
        "person.address_abroad.country",
        "address.postcode",
        "address.house_number",
        "address.house_letter",
        "address.addition",
        "address.indication",
        "address.street",
        "address.place",
        "address.bag_address",
        "address.bag_object",
        "address_abroad.postcode",
        "address_abroad.house_number",
        "address_abroad.street",
        "address_abroad.place",
        "address_abroad.country",
        "organisation.kvk",
        "organisation.rsin",
        "organisation.branch",
        "vehicle.plate",
        "contact.phone",
        "account.iban",
    ];
}

impl fmt::Debug for RawSubject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RawSubject({}, ..)", self.root())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_listed_path_can_be_set_and_is_hidden() {
        for path in RawSubject::PATHS {
            let subject = RawSubject::from_fields([(*path, "geheim".into())]).unwrap();
            assert!(path.starts_with(subject.root()), "{path}");
            assert!(!format!("{subject:?}").contains("geheim"), "{path}");
        }
    }

    #[test]
    fn unknown_and_mixed_paths_are_told_apart() {
        let build = |paths: &[&'static str]| {
            RawSubject::from_fields(paths.iter().map(|p| (*p, RawIdentifier::from("x"))))
        };
        assert_eq!(build(&["person.shoe_size"]), Err(UnknownField::Path));
        assert_eq!(build(&["planet.name"]), Err(UnknownField::Path));
        assert_eq!(build(&["bsn"]), Err(UnknownField::Path));
        assert_eq!(build(&["person.address"]), Err(UnknownField::Path));
        assert_eq!(
            build(&["person.bsn", "planet.name"]),
            Err(UnknownField::Path)
        );
        assert_eq!(
            build(&["person.bsn", "vehicle.plate"]),
            Err(UnknownField::Kind)
        );
        assert_eq!(build(&[]), Err(UnknownField::Kind));
    }

    #[test]
    fn every_part_hides_its_values() {
        let person = RawPerson {
            bsn: Some("111222333".into()),
            address: Some(RawAddress {
                postcode: Some("1234AB".into()),
                ..RawAddress::default()
            }),
            ..RawPerson::default()
        };
        assert_eq!(format!("{person:?}"), "RawPerson(..)");
        assert_eq!(format!("{:?}", person.address), "Some(RawAddress(..))");
        assert_eq!(format!("{:?}", person.bsn), "Some(RawIdentifier(..))");
    }

    #[test]
    fn a_date_in_parts_becomes_text() {
        assert_eq!(RawIdentifier::date(1970, 2, 0).given(), Some("1970-02-00"));
        assert_eq!(RawIdentifier::date(0, 0, 0).given(), Some("-"));
    }
}
