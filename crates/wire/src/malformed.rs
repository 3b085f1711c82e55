//! What is wrong with one field of a message. Never its value.

use std::fmt;

// A closed list, so that every problem has its code and both texts.
macro_rules! problems {
    ($($name:ident = $code:literal, $en:literal, $nl:literal;)*) => {
        /// The rule that a field breaks.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
        pub enum Problem {
            $(#[doc = $en] $name,)*
        }

        impl Problem {
            /// Every problem.
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

problems! {
    Required = "REQUIRED",
        "the field is empty; fill it in",
        "het veld is leeg; vul het in";
    Unspecified = "UNSPECIFIED",
        "no choice was made; choose one of the values other than UNSPECIFIED",
        "er is niets gekozen; kies een andere waarde dan UNSPECIFIED";
    UnknownValue = "UNKNOWN_VALUE",
        "the value is not on the list; use one that the proto of this version has",
        "deze waarde staat niet op de lijst; gebruik een waarde uit de proto van deze versie";
    UuidForm = "UUID_FORM",
        "this is no UUID of 36 characters; use the form with hyphens, not all zeros",
        "dit is geen UUID van 36 tekens; gebruik de vorm met streepjes, niet alleen nullen";
    NameForm = "NAME_FORM",
        "the name has another form; use the one that the field's description gives",
        "deze naam heeft een andere vorm; gebruik de vorm die bij het veld beschreven staat";
    DayForm = "DAY_FORM",
        "there is no such day; give year, month and day of the calendar",
        "deze dag bestaat niet; geef een jaar, maand en dag van de kalender";
    TimeForm = "TIME_FORM",
        "there is no such time; give seconds since 1970 and nanoseconds below 1,000,000,000",
        "dit tijdstip bestaat niet; geef seconden sinds 1970 en nanoseconden onder 1.000.000.000";
    Length = "LENGTH",
        "the number of bytes is not right; give exactly as many as the field's description says",
        "het aantal bytes klopt niet; geef er precies zoveel als bij het veld beschreven staat";
    TooLong = "TOO_LONG",
        "the value is too long; keep to the length in the field's description",
        "de waarde is te lang; houd de lengte aan die bij het veld beschreven staat";
    TooMany = "TOO_MANY",
        "there are too many items; send at most as many as the field's description says",
        "er zijn te veel onderdelen; stuur er hoogstens zoveel als bij het veld beschreven staat";
    Twice = "TWICE",
        "the same item is in the list twice; send it once",
        "hetzelfde onderdeel staat twee keer in de lijst; stuur het één keer";
    Unsorted = "UNSORTED",
        "the items are not in order; sort them",
        "de onderdelen staan niet op volgorde; sorteer ze";
    OutOfRange = "OUT_OF_RANGE",
        "the number is too small or too large; keep to what the field's description says",
        "het getal is te klein of te groot; houd aan wat bij het veld beschreven staat";
    NotAllowed = "NOT_ALLOWED",
        "the field does not belong in this message; leave it out",
        "dit veld hoort niet in dit bericht; laat het weg";
    Unreadable = "UNREADABLE",
        "the bytes are no message of the expected type, with its texts in UTF-8; serialise it anew",
        "deze bytes zijn geen bericht van de verwachte soort, met tekst in UTF-8; maak het bericht opnieuw";
}

/// A field that breaks a rule.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub struct Malformed {
    /// The field's path as in the proto, for example `signals[0].subjects[1].kind`.
    pub field: String,
    /// The rule that it breaks.
    pub problem: Problem,
}

impl Malformed {
    /// `field` breaks the rule `problem`.
    #[must_use]
    pub fn new(field: impl Into<String>, problem: Problem) -> Self {
        Self {
            field: field.into(),
            problem,
        }
    }

    /// The same problem, seen from the message that has this one as its field `outer`.
    #[must_use]
    pub fn within(self, outer: &str) -> Self {
        let Self { field, problem } = self;
        let field = match (outer, field.as_str()) {
            (outer, "") => outer.to_owned(),
            ("", _) => field,
            (outer, inner) => format!("{outer}.{inner}"),
        };
        Self { field, problem }
    }

    /// The same problem, seen from the list `outer` of which this is item `index`.
    #[must_use]
    pub fn within_item(self, outer: &str, index: usize) -> Self {
        self.within(&format!("{outer}[{index}]"))
    }

    /// The rule's code, `UPPER_SNAKE`.
    #[must_use]
    pub const fn rule(&self) -> &'static str {
        self.problem.code()
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.problem.message_en())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn a_path_grows_from_the_inside_out() {
        let inner = Malformed::new("kind", Problem::Unspecified);
        let outer = inner.within_item("subjects", 1).within_item("signals", 0);
        assert_eq!(outer.field, "signals[0].subjects[1].kind");
        assert_eq!(
            Malformed::new("", Problem::Required).within("header").field,
            "header"
        );
    }

    #[test]
    fn every_problem_has_its_own_code_and_a_remedy_in_both_languages() {
        let mut codes = BTreeSet::new();
        for problem in Problem::ALL {
            assert!(codes.insert(problem.code()));
            for text in [problem.message_en(), problem.message_nl()] {
                assert!(
                    text.contains("; ") && !text.ends_with('.'),
                    "{}",
                    problem.code()
                );
            }
        }
    }
}
