//! Fields of a subject, and the match keys a covenant makes of them.

use crate::name::{MatchKeyName, NameError};
use crate::signal::SubjectKind;

macro_rules! fields {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $kind:ident, $names_person:literal;)*) => {
        /// A field that a match key may compare: a closed list, named in Dutch as covenants do.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
        pub enum FieldName {
            $($(#[$doc])* $name,)*
        }

        impl FieldName {
            /// Every field, in the order of the reference.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The field's name in a covenant.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }

            /// The kind of subject that the field belongs to by itself. Address fields may also
            /// stand in a key of a person, who carries an address.
            #[must_use]
            pub const fn home(self) -> SubjectKind {
                match self {
                    $(Self::$name => SubjectKind::$kind,)*
                }
            }

            /// Whether the field is a given name, whole or by its sound, or the full birth date,
            /// one of which every key of a person must contain (lint `huisgenoot`). Initials and
            /// parts of the date are not enough: father Jan and son Joris share the initial.
            #[must_use]
            pub const fn tells_housemates_apart(self) -> bool {
                match self {
                    $(Self::$name => $names_person,)*
                }
            }
        }
    };
}

fields! {
    /// Citizen service number (burgerservicenummer), 9 digits.
    Bsn = "bsn", Person, true;
    /// First given name, normal form.
    GivenName = "voornaam", Person, true;
    /// First given name by its sound.
    GivenNameSound = "voornaam-klank", Person, true;
    /// All initials of the given names.
    Initials = "voorletters", Person, false;
    /// First initial.
    Initial = "voorletter", Person, false;
    /// Surname without its prefix; up to four forms by name use.
    Surname = "achternaam", Person, false;
    /// Surname by its sound; up to four forms by name use.
    SurnameSound = "achternaam-klank", Person, false;
    /// Surname with y and ij folded together: a weaker form.
    SurnameFolded = "achternaam-y", Person, false;
    /// Full birth date, `yyyymmdd`.
    BirthDate = "geboortedatum", Person, true;
    /// Birth year and month, `yyyymm`.
    BirthMonth = "geboortemaand", Person, false;
    /// Birth year, `yyyy`.
    BirthYear = "geboortejaar", Person, false;
    /// Postcode: Dutch `1234AB`, or the normal form of one abroad.
    Postcode = "postcode", Address, false;
    /// House number, without leading zeros; abroad the street number.
    HouseNumber = "huisnummer", Address, false;
    /// House letter, upper-case, empty when there is none.
    HouseLetter = "huisletter", Address, false;
    /// House number addition, upper-case, empty when there is none.
    Addition = "toevoeging", Address, false;
    /// Street, normal form.
    Street = "straat", Address, false;
    /// The first five letters of the street's normal form.
    StreetStart = "straat-begin", Address, false;
    /// Place, normal form.
    Place = "plaats", Address, false;
    /// Country, ISO 3166-1 alpha-2, `NL` for a Dutch address.
    Country = "land", Address, false;
    /// BAG id of the address (nummeraanduiding), 16 digits.
    BagAddress = "bag-adres", Address, false;
    /// BAG id of the dwelling, berth or pitch (verblijfsobject, ligplaats, standplaats), 16 digits.
    BagObject = "bag-object", Address, false;
    /// Chamber of Commerce number, 8 digits.
    Kvk = "kvk", Organisation, false;
    /// Legal entity number (RSIN), 9 digits.
    Rsin = "rsin", Organisation, false;
    /// Branch number (vestigingsnummer), 12 digits.
    Branch = "vestiging", Organisation, false;
    /// Licence plate, 6 characters.
    Plate = "kenteken", Vehicle, false;
    /// Telephone number, E.164.
    Phone = "telefoon", Contact, false;
    /// Bank account number (IBAN).
    Iban = "iban", Account, false;
}

impl FieldName {
    /// Reads a field's Dutch name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|f| f.as_str() == text)
    }

    /// Whether a key of a `kind` may contain this field.
    #[must_use]
    pub fn fits(self, kind: SubjectKind) -> bool {
        self.home() == kind || (kind == SubjectKind::Person && self.home() == SubjectKind::Address)
    }
}

/// How names are compared by sound.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Phonetic {
    /// Cologne phonetics (Kölner Phonetik), best on Dutch variants: `keulen`.
    #[default]
    Cologne,
    /// American Soundex: `soundex`.
    Soundex,
}

impl Phonetic {
    /// The covenant's word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cologne => "keulen",
            Self::Soundex => "soundex",
        }
    }
}

/// How a token is made of a match key's input.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Profile {
    /// Keyed HMAC alone.
    Hmac,
    /// HMAC hardened by a key holder's oblivious function (RFC 9497).
    Oprf,
}

impl Profile {
    /// The covenant's word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hmac => "hmac",
            Self::Oprf => "oprf",
        }
    }
}

/// `<id in the file>/<field names joined by +>`: part of the key derivation, so it never changes
/// meaning.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct MatchKeyId(String);

impl MatchKeyId {
    /// Makes the id of a key named `name` over `fields`, in the covenant's order.
    #[must_use]
    pub fn new(name: &MatchKeyName, fields: &[FieldName]) -> Self {
        let fields: Vec<&str> = fields.iter().map(|f| f.as_str()).collect();
        Self(format!("{name}/{}", fields.join("+")))
    }

    /// Reads an id.
    ///
    /// # Errors
    /// [`NameError`] unless it is `<name>/<field>+<field>...` with known fields.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let error = NameError {
            kind: "match key",
            rule: "use <name>/<field>+<field>",
        };
        let Some((name, fields)) = text.split_once('/') else {
            return Err(error);
        };
        MatchKeyName::parse(name)?;
        if fields.split('+').all(|f| FieldName::parse(f).is_some()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(error)
        }
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name before the slash: the `vergelijking` that the key belongs to.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.split('/').next().unwrap_or_default()
    }
}

impl std::fmt::Display for MatchKeyId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// One comparable string: which fields, in which order, of which kind of subject.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MatchKey {
    /// The key's id.
    pub id: MatchKeyId,
    /// Its fields in the covenant's order.
    pub fields: Vec<FieldName>,
}

/// A comparison (vergelijking) of a covenant: one key, or a family of them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MatchKeySpec {
    /// Its id in the file.
    pub name: MatchKeyName,
    /// The kind of subject that it compares.
    pub kind: SubjectKind,
    /// Every key it stands for: one for `velden`, all subsets that may exist for `minstens`.
    pub keys: Vec<MatchKey>,
    /// How tokens are made.
    pub profile: Profile,
    /// How names are compared by sound.
    pub phonetic: Phonetic,
    /// How many keys must agree within one pair of subjects (`nodig`), at least 1.
    pub needed: u16,
    /// Above how many signals of the node's own a token is too frequent to be pushed (`te_vaak`);
    /// `None` means report only.
    pub too_frequent: Option<u32>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_id_spells_its_fields() {
        let name = MatchKeyName::parse("adres").unwrap();
        let id = MatchKeyId::new(&name, &[FieldName::Postcode, FieldName::HouseNumber]);
        assert_eq!(id.as_str(), "adres/postcode+huisnummer");
        assert_eq!(MatchKeyId::parse(id.as_str()), Ok(id.clone()));
        assert_eq!(id.name(), "adres");
        assert!(MatchKeyId::parse("adres/naam").is_err());
    }

    #[test]
    fn initials_and_parts_of_a_date_tell_no_housemates_apart() {
        let apart: Vec<&str> = FieldName::ALL
            .iter()
            .filter(|f| f.tells_housemates_apart())
            .map(|f| f.as_str())
            .collect();
        assert_eq!(
            apart,
            ["bsn", "voornaam", "voornaam-klank", "geboortedatum"]
        );
    }

    #[test]
    fn every_field_is_read_back() {
        for field in FieldName::ALL {
            assert_eq!(FieldName::parse(field.as_str()), Some(*field));
        }
    }
}
