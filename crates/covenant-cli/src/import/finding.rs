//! What is wrong with a cell, for the person who has the file. Never the cell's text.

use pseudonym::Refusal;
use wire::Violation;

/// A field that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    /// The field's path, as in the proto.
    pub(crate) path: String,
    /// The rule's code.
    pub(crate) rule: String,
    /// Problem and remedy in Dutch.
    pub(crate) nl: String,
    /// Problem and remedy in English.
    pub(crate) en: String,
}

impl Finding {
    /// A finding of this program's own.
    pub(crate) fn new(path: &str, problem: &Problem) -> Self {
        let (rule, nl, en) = problem.texts();
        Self {
            path: path.to_owned(),
            rule: rule.to_owned(),
            nl,
            en,
        }
    }

    /// A refusal of the `place`th subject's field.
    pub(crate) fn of_subject(place: usize, refusal: Refusal) -> Self {
        Self {
            path: format!("signal.subjects[{place}].{}", refusal.path),
            rule: refusal.rule.to_owned(),
            nl: refusal.message_nl,
            en: refusal.message_en,
        }
    }
}

impl From<Violation> for Finding {
    fn from(violation: Violation) -> Self {
        Self {
            path: violation.field,
            rule: violation.rule,
            nl: violation.message_nl,
            en: violation.message_en,
        }
    }
}

/// What keeps a cell from becoming a field, before any rule of the field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Problem {
    /// The row has so many cells, and the first row so many.
    CellCount(usize, usize),
    /// The map lists words, and this one is not among them.
    NotInMap,
    /// Not one of these words.
    Word(String),
    /// Not true or false.
    TrueOrFalse,
    /// Not a date in the order that the map names.
    DateForm,
    /// Not a day of the calendar.
    NoSuchDay,
    /// Not `<scheme>:<code>`.
    CategoryForm,
    /// No field of the subject has a value.
    NothingGiven,
    /// The map names another covenant than the one to check against.
    OtherCovenant,
    /// Too few fields for any comparison of the covenant.
    NothingToCompare,
}

impl Problem {
    fn texts(&self) -> (&'static str, String, String) {
        let (rule, nl, en) = match self {
            Self::NotInMap => (
                "NOT_IN_MAP",
                "dit woord staat niet bij values in de map; voeg het toe of verbeter de cel",
                "this word is not in the map's values; add it there, or correct the cell",
            ),
            Self::CellCount(here, first) => {
                return (
                    "CELL_COUNT",
                    format!(
                        "deze rij heeft {here} cellen en de eerste rij {first}; vul aan wat \
                         ontbreekt, en zet aanhalingstekens om een cel met het scheidingsteken erin"
                    ),
                    format!(
                        "this row has {here} cells and the first row {first}; add what is missing, \
                         and quote cells that hold the delimiter"
                    ),
                );
            }
            Self::Word(words) => {
                return (
                    "WORD",
                    format!("dit woord is hier niet bekend; gebruik {words}"),
                    format!("this word is not known here; use {words}"),
                );
            }
            Self::TrueOrFalse => (
                "TRUE_OR_FALSE",
                "gebruik true of false",
                "use true or false",
            ),
            Self::DateForm => (
                "DATE_FORM",
                "dit is geen datum in de volgorde die de map noemt; verbeter de cel of de map",
                "this is no date in the order that the map names; correct the cell or the map",
            ),
            Self::NoSuchDay => (
                "NO_SUCH_DAY",
                "deze dag bestaat niet; controleer de datum",
                "there is no such day; check the date",
            ),
            Self::CategoryForm => (
                "CATEGORY_FORM",
                "schrijf een schema en een code, zoals vera:AGR.FYS",
                "write a scheme and a code, such as vera:AGR.FYS",
            ),
            Self::NothingGiven => (
                "FIELD_REQUIRED",
                "hier is niets ingevuld; vul ten minste één veld in",
                "nothing is given here; fill in at least one field",
            ),
            Self::OtherCovenant => (
                "COVENANT_OTHER",
                "de map noemt een ander convenant dan --covenant; verbeter een van de twee",
                "the map names another covenant than --covenant; correct one of them",
            ),
            Self::NothingToCompare => (
                "NOTHING_TO_COMPARE",
                "met deze velden kan geen enkele vergelijking van het convenant worden gemaakt; \
                 geef alle velden van ten minste een vergelijking",
                "no comparison of the covenant can be made with these fields; give all fields of \
                 at least one comparison",
            ),
        };
        (rule, nl.to_owned(), en.to_owned())
    }
}
