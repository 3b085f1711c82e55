//! From a subject's normal forms to the values that a match key compares. Which keys exist is the
//! covenant's; here each field gets its values, a name's sound among them.

use std::collections::HashMap;

use model::{FieldName, Phonetic};
use rphonetic::{Cologne, Encoder, Soundex};
use zeroize::Zeroizing;

use crate::subject::NormalSubject;

/// The values of a subject by field, with the sounds made once and not once per key. Wiped when
/// dropped.
pub(crate) struct Values<'a> {
    subject: &'a NormalSubject,
    sounds: HashMap<(FieldName, Phonetic), Vec<Zeroizing<String>>>,
}

impl<'a> Values<'a> {
    /// The values of `subject` for keys over `fields`, each with how its key compares by sound.
    pub(crate) fn new(
        subject: &'a NormalSubject,
        fields: impl IntoIterator<Item = (FieldName, Phonetic)>,
    ) -> Self {
        let mut sounds = HashMap::new();
        for (field, phonetic) in fields {
            if let Some(name) = name_of(field) {
                sounds
                    .entry((field, phonetic))
                    .or_insert_with(|| all_sounds(subject, name, phonetic));
            }
        }
        Self { subject, sounds }
    }

    /// The values of one field; none when it is not known.
    pub(crate) fn of(&self, field: FieldName, phonetic: Phonetic) -> &[Zeroizing<String>] {
        match name_of(field) {
            None => self.subject.all(field),
            Some(_) => self
                .sounds
                .get(&(field, phonetic))
                .map_or(&[], Vec::as_slice),
        }
    }
}

/// The name whose sound a field is.
const fn name_of(field: FieldName) -> Option<FieldName> {
    match field {
        FieldName::GivenNameSound => Some(FieldName::GivenName),
        FieldName::SurnameSound => Some(FieldName::Surname),
        _ => None,
    }
}

/// The sounds of every form of a name, each once.
fn all_sounds(
    subject: &NormalSubject,
    name: FieldName,
    phonetic: Phonetic,
) -> Vec<Zeroizing<String>> {
    let mut sounds = Vec::new();
    for sound in subject.values(name).filter_map(|v| sound(v, phonetic)) {
        if !sounds.contains(&sound) {
            sounds.push(sound);
        }
    }
    sounds
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Spellings of Dutch names that a register may hold for one another.
    #[test]
    fn sounds_join_spellings() {
        let alike = |a: &str, b: &str, phonetic| sound(a, phonetic) == sound(b, phonetic);
        for (a, b) in [
            ("jansen", "janssen"),
            ("meier", "meyer"),
            ("dijkstra", "dykstra"),
            ("peeters", "peters"),
            ("schmidt", "schmid"),
        ] {
            assert!(alike(a, b, Phonetic::Cologne), "{a} {b}");
        }
        assert!(alike("robert", "rupert", Phonetic::Soundex));
        assert!(!alike("jansen", "pietersen", Phonetic::Cologne));
        assert!(!alike("jansen", "pietersen", Phonetic::Soundex));
    }

    #[test]
    fn a_name_without_a_sound_has_no_value() {
        assert_eq!(sound("h", Phonetic::Cologne), None);
        assert_eq!(sound("123", Phonetic::Cologne), None);
        assert_eq!(sound("", Phonetic::Soundex), None);
        assert!(sound("h", Phonetic::Soundex).is_some());
    }
}
