//! International bank account number (ISO 13616): upper-case without spaces, check digits by
//! mod 97, account number in the country's own form (for the Netherlands 4 letters and 10 digits).
//! The registry of countries comes from the crate `iban_validate`.

use iban::{Iban, IbanLike, ParseBaseIbanError, ParseIbanError};

use super::Kind;
use crate::eleven::strip;
use crate::refusal::Rule;

pub(super) const KIND: Kind = Kind {
    longest: 50,
    normal,
};

fn normal(text: &str) -> Result<String, Rule> {
    let compact = strip(text, &[' ', '\u{a0}', '-', '.']).to_ascii_uppercase();
    match compact.parse::<Iban>() {
        Ok(iban) => Ok(iban.electronic_str().to_owned()),
        Err(ParseIbanError::InvalidBaseIban {
            source: ParseBaseIbanError::InvalidChecksum,
        }) => Err(Rule::IbanCheck),
        Err(ParseIbanError::UnknownCountry(_)) => Err(Rule::IbanCountry),
        Err(_) => Err(Rule::IbanForm),
    }
}
