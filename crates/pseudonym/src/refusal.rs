//! Why a value was refused: path, rule and remedy in Dutch (level B1) and English. Never the value.

use std::fmt;

macro_rules! rules {
    ($($name:ident = $code:literal, $en:literal, $nl:literal;)*) => {
        /// A rule that a raw value can break: a closed list, so that every rule has its texts.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
        pub enum Rule {
            $(#[doc = $en] $name,)*
        }

        impl Rule {
            /// Every rule.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The code for machines, `UPPER_SNAKE`. It never changes.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// Problem and remedy in English.
            #[must_use]
            pub const fn message_en(self) -> &'static str {
                match self { $(Self::$name => $en,)* }
            }

            /// Problem and remedy in Dutch, level B1.
            #[must_use]
            pub const fn message_nl(self) -> &'static str {
                match self { $(Self::$name => $nl,)* }
            }
        }
    };
}

rules! {
    Required = "REQUIRED",
        "nothing is filled in; give at least one field of this subject",
        "er is niets ingevuld; vul ten minste één veld in";
    TooLong = "TOO_LONG",
        "the value is too long; shorten it to what the field is for",
        "de waarde is te lang; vul alleen in waar het veld voor is";
    BsnForm = "BSN_FORM",
        "a BSN has at most 9 digits; remove other characters",
        "een BSN heeft hoogstens 9 cijfers; haal andere tekens weg";
    BsnCheck = "BSN_CHECK",
        "the number fails the 11-test for a BSN; check the digits at the source",
        "het nummer klopt niet volgens de elfproef voor een BSN; controleer de cijfers bij de bron";
    RsinForm = "RSIN_FORM",
        "an RSIN has at most 9 digits; leave out NL and B01 of a VAT number",
        "een RSIN heeft hoogstens 9 cijfers; laat NL en B01 van een btw-nummer weg";
    RsinCheck = "RSIN_CHECK",
        "the number fails the 11-test for an RSIN; check the digits at the source",
        "het nummer klopt niet volgens de elfproef voor een RSIN; controleer de cijfers bij de bron";
    KvkForm = "KVK_FORM",
        "a Chamber of Commerce number has exactly 8 digits; keep zeros at the front",
        "een KVK-nummer heeft precies 8 cijfers; laat nullen vooraan staan";
    BranchForm = "BRANCH_FORM",
        "a branch number has exactly 12 digits; keep zeros at the front",
        "een vestigingsnummer heeft precies 12 cijfers; laat nullen vooraan staan";
    BagForm = "BAG_FORM",
        "a BAG id has exactly 16 digits; keep zeros at the front",
        "een BAG-nummer heeft precies 16 cijfers; laat nullen vooraan staan";
    BagAddressType = "BAG_ADDRESS_TYPE",
        "this is no BAG id of an address; use the nummeraanduiding, with 20 as digits 5 and 6",
        "dit is geen BAG-nummer van een adres; gebruik de nummeraanduiding, met 20 als cijfers 5 en 6";
    BagObjectType = "BAG_OBJECT_TYPE",
        "this is no BAG id of a dwelling, berth or pitch; use the one with 01, 02 or 03 as digits 5 and 6",
        "dit is geen BAG-nummer van een verblijfsobject, ligplaats of standplaats; gebruik het nummer met 01, 02 of 03 als cijfers 5 en 6";
    PostcodeForm = "POSTCODE_FORM",
        "a Dutch postcode is 4 digits, not starting with 0, and 2 letters; use address_abroad for another country",
        "een Nederlandse postcode is 4 cijfers, niet met een 0 vooraan, en 2 letters; gebruik address_abroad voor een ander land";
    PostcodeLetters = "POSTCODE_LETTERS",
        "no Dutch postcode ends in SA, SD or SS; check the letters",
        "geen Nederlandse postcode eindigt op SA, SD of SS; controleer de letters";
    HouseNumberForm = "HOUSE_NUMBER_FORM",
        "a house number starts with digits; give the number here, letter and addition in their own fields",
        "een huisnummer begint met cijfers; vul hier het nummer in, en letter en toevoeging in hun eigen veld";
    HouseNumberRange = "HOUSE_NUMBER_RANGE",
        "a house number is 1 to 99999; check the number",
        "een huisnummer is 1 tot en met 99999; controleer het nummer";
    HouseNumberAmbiguous = "HOUSE_NUMBER_AMBIGUOUS",
        "it is unclear what is letter and what is addition; give them in their own fields",
        "het is niet duidelijk wat de letter en wat de toevoeging is; vul ze in hun eigen veld in";
    HouseNumberTwice = "HOUSE_NUMBER_TWICE",
        "there is more than a number here, while letter or addition is given too; give the number alone",
        "hier staat meer dan een nummer, terwijl ook letter of toevoeging is ingevuld; vul hier alleen het nummer in";
    HouseNumberMissing = "HOUSE_NUMBER_MISSING",
        "this means nothing without a house number; give house_number too",
        "dit betekent niets zonder huisnummer; vul ook het huisnummer in";
    HouseLetterForm = "HOUSE_LETTER_FORM",
        "a house letter is exactly one letter a to z; give the rest as addition",
        "een huisletter is precies één letter a tot en met z; vul de rest in als toevoeging";
    AdditionForm = "ADDITION_FORM",
        "an addition is 1 to 4 letters or digits; leave out words such as floor",
        "een toevoeging is 1 tot 4 letters of cijfers; laat woorden zoals verdieping weg";
    IndicationForm = "INDICATION_FORM",
        "the indication is to (opposite) or by (near); leave it out otherwise",
        "de aanduiding is to (tegenover) of by (bij); laat het veld anders leeg";
    StreetForm = "STREET_FORM",
        "a street has at least one letter or digit, in Latin script; write it as the municipality does",
        "een straat heeft ten minste één letter of cijfer, in Latijns schrift; schrijf de naam zoals de gemeente dat doet";
    PlaceForm = "PLACE_FORM",
        "a place has at least one letter, in Latin script; write it as the postal service does",
        "een plaats heeft ten minste één letter, in Latijns schrift; schrijf de naam zoals de post dat doet";
    PostcodeAbroadForm = "POSTCODE_ABROAD_FORM",
        "a postcode has 1 to 12 letters a to z or digits; remove other characters",
        "een postcode heeft 1 tot 12 letters a tot en met z of cijfers; haal andere tekens weg";
    HouseNumberAbroadForm = "HOUSE_NUMBER_ABROAD_FORM",
        "a number in the street has 1 to 12 letters a to z or digits; remove other characters",
        "een nummer in de straat heeft 1 tot 12 letters a tot en met z of cijfers; haal andere tekens weg";
    CountryForm = "COUNTRY_FORM",
        "a country is two letters of ISO 3166-1, such as BE; look the code up",
        "een land is de code van twee letters uit ISO 3166-1, zoals BE; zoek de code op";
    CountryMissing = "COUNTRY_MISSING",
        "an address abroad means nothing without its country; give country too",
        "een adres in het buitenland betekent niets zonder land; vul ook het land in";
    CountryDutch = "COUNTRY_DUTCH",
        "NL is not abroad; give the address as address",
        "NL is geen buitenland; vul het adres in als address";
    TwoAddresses = "TWO_ADDRESSES",
        "a person has one address here; give address or address_abroad",
        "een persoon heeft hier één adres; vul address of address_abroad in";
    PlateForm = "PLATE_FORM",
        "a licence plate has 6 letters or digits, hyphens left out; check the plate",
        "een kenteken heeft 6 letters of cijfers, streepjes niet meegeteld; controleer het kenteken";
    PlatePattern = "PLATE_PATTERN",
        "the order of letters and digits is in none of the 14 Dutch series; check the plate",
        "de volgorde van letters en cijfers past bij geen van de 14 Nederlandse series; controleer het kenteken";
    PhoneForm = "PHONE_FORM",
        "a telephone number has digits only, with + at the front for abroad; leave out words and extensions",
        "een telefoonnummer heeft alleen cijfers, met + vooraan voor het buitenland; laat woorden en doorkiesnummers weg";
    PhoneNumber = "PHONE_NUMBER",
        "no such number can exist in its country; check the digits and the country code",
        "zo'n nummer kan in dat land niet bestaan; controleer de cijfers en het landnummer";
    IbanForm = "IBAN_FORM",
        "an IBAN is a country code, 2 check digits and an account number in the country's own form; copy it from a statement",
        "een IBAN is een landcode, 2 controlecijfers en een rekeningnummer zoals dat land het schrijft; neem het over van een afschrift";
    IbanCheck = "IBAN_CHECK",
        "the check digits of the IBAN do not fit the rest; check it at the source",
        "de controlecijfers van het IBAN passen niet bij de rest; controleer het bij de bron";
    IbanCountry = "IBAN_COUNTRY",
        "this country has no IBANs; check the first two letters",
        "dit land heeft geen IBAN; controleer de eerste twee letters";
    NameScript = "NAME_SCRIPT",
        "a name is written in Latin letters; write it as in the passport",
        "een naam staat in Latijnse letters; schrijf de naam zoals in het paspoort";
    NameForm = "NAME_FORM",
        "a name has at least one letter; leave the field empty if the name is not known",
        "een naam heeft ten minste één letter; laat het veld leeg als de naam niet bekend is";
    InitialsForm = "INITIALS_FORM",
        "initials are 1 to 12 letters, such as J.P.; give whole names as given names",
        "voorletters zijn 1 tot 12 letters, zoals J.P.; vul hele namen in als voornamen";
    PrefixForm = "PREFIX_FORM",
        "a prefix is a short word such as van der; give the rest as surname",
        "een voorvoegsel is een kort woord zoals van der; vul de rest in als achternaam";
    NameUseForm = "NAME_USE_FORM",
        "name use is E, P, V or N; leave it out if it is not known",
        "naamgebruik is E, P, V of N; laat het veld leeg als u het niet weet";
    NameUsePartner = "NAME_USE_PARTNER",
        "this name use needs the partner's surname; give it, or leave name use out",
        "bij dit naamgebruik hoort de achternaam van de partner; vul die in, of laat naamgebruik leeg";
    BirthDateForm = "BIRTH_DATE_FORM",
        "the birth date has another form; write yyyymmdd or yyyy-mm-dd, with 00 for what is not known",
        "de geboortedatum is anders geschreven; schrijf jjjjmmdd of jjjj-mm-dd, met 00 voor wat niet bekend is";
    BirthDateEmpty = "BIRTH_DATE_EMPTY",
        "nothing of the birth date is filled in; give the year at least, or leave the whole date out",
        "van de geboortedatum is niets ingevuld; vul ten minste het jaar in, of laat de hele datum weg";
    BirthDateCalendar = "BIRTH_DATE_CALENDAR",
        "this day or month does not exist; check the date, or write 00 for what is not known",
        "deze dag of maand bestaat niet; controleer de datum, of schrijf 00 voor wat niet bekend is";
    BirthDateRange = "BIRTH_DATE_RANGE",
        "the birth year is not between 1850 and 2200; check the year",
        "het geboortejaar ligt niet tussen 1850 en 2200; controleer het jaar";
    BirthDateGap = "BIRTH_DATE_GAP",
        "a larger part of the date is unknown than a smaller one; give year, then month, then day",
        "een groter deel van de datum ontbreekt dan een kleiner deel; vul eerst het jaar in, dan de maand, dan de dag";
}

/// One refused value. It holds no part of the value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refusal {
    /// The field, relative to the subject, such as `person.birth_date`.
    pub path: String,
    /// The rule's code, see [`Rule::code`].
    pub rule: &'static str,
    /// Problem and remedy in English.
    pub message_en: String,
    /// Problem and remedy in Dutch, level B1.
    pub message_nl: String,
}

impl Refusal {
    pub(crate) fn new(path: String, rule: Rule) -> Self {
        Self {
            path,
            rule: rule.code(),
            message_en: rule.message_en().to_owned(),
            message_nl: rule.message_nl().to_owned(),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} ({})", self.path, self.message_en, self.rule)
    }
}

impl std::error::Error for Refusal {}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_rule_has_its_own_code_and_a_remedy_in_both_languages() {
        let mut codes = BTreeSet::new();
        for rule in Rule::ALL {
            let code = rule.code();
            assert!(codes.insert(code), "{code} twice");
            assert!(code.bytes().all(|b| b.is_ascii_uppercase() || b == b'_'));
            for text in [rule.message_en(), rule.message_nl()] {
                assert!(text.split_once("; ").is_some(), "{code}: problem; remedy");
                assert!(!text.ends_with('.') && text.len() < 160, "{code}");
            }
        }
    }
}
