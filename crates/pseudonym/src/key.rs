//! From a match key's fields to the strings that are compared: one list of values per combination
//! of normal forms.

use model::{FieldName, Phonetic};
use rphonetic::{Cologne, Encoder, Soundex};
use zeroize::Zeroizing;

use crate::subject::NormalSubject;

/// Every combination of the fields' values, in the fields' order. Empty when one field has none,
/// so that a compound key exists only where every part of it is known.
pub(crate) fn expand(
    subject: &NormalSubject,
    fields: &[FieldName],
    phonetic: Phonetic,
) -> Vec<Vec<Zeroizing<String>>> {
    let mut combinations = vec![Vec::with_capacity(fields.len())];
    for field in fields {
        let values = values(subject, *field, phonetic);
        combinations = combinations
            .iter()
            .flat_map(|known| {
                values.iter().map(|value| {
                    let mut longer: Vec<Zeroizing<String>> = known.clone();
                    longer.push(value.clone());
                    longer
                })
            })
            .collect();
    }
    combinations
}

fn values(subject: &NormalSubject, field: FieldName, phonetic: Phonetic) -> Vec<Zeroizing<String>> {
    let sounds = |of: FieldName| {
        subject
            .values(of)
            .filter_map(|v| sound(v, phonetic))
            .collect()
    };
    match field {
        FieldName::GivenNameSound => sounds(FieldName::GivenName),
        FieldName::SurnameSound => sounds(FieldName::Surname),
        _ => subject
            .values(field)
            .map(|v| Zeroizing::new(v.to_owned()))
            .collect(),
    }
}

/// The name's code; `None` when nothing of the name sounds, as for the Cologne code of `h`.
fn sound(name: &str, phonetic: Phonetic) -> Option<Zeroizing<String>> {
    let letters: Zeroizing<String> =
        Zeroizing::new(name.chars().filter(char::is_ascii_lowercase).collect());
    let code = match phonetic {
        Phonetic::Cologne => Cologne.encode(&letters),
        Phonetic::Soundex => Soundex::default().encode(&letters),
    };
    (!code.is_empty()).then(|| Zeroizing::new(code))
}
