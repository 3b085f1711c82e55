//! What is wrong in a file that is not TOML, in words for people.

use std::ops::Range;

/// How much of the file a fault makes unreadable.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Damage {
    /// One value or key. What stands around it was read.
    Value,
    /// A line, of which nothing was read, and perhaps more.
    Shape,
    /// Everything after it, up to the end of the file.
    Unclosed,
}

/// One fault.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Fault {
    /// Where it is.
    pub(crate) at: Range<usize>,
    pub(crate) damage: Damage,
    /// What is wrong, in Dutch.
    pub(crate) nl: &'static str,
    /// What is wrong, in English.
    pub(crate) en: &'static str,
}

/// How the parser's message begins, what that does to the rest, and our words for it.
struct Kind(&'static str, Damage, &'static str, &'static str);

const KINDS: &[Kind] = {
    use Damage::{Shape, Unclosed, Value};
    &[
        Kind("duplicate key", Value, DOUBLE.0, DOUBLE.1),
        Kind(
            "cannot extend value of type",
            Value,
            "deze sleutel is al een gewone waarde, en geen tabel",
            "this key is a plain value already, and no table",
        ),
        Kind(
            "invalid multi-line",
            Unclosed,
            "deze tekst wordt nergens met drie aanhalingstekens gesloten",
            "this text is nowhere closed by three quotes",
        ),
        Kind(
            "invalid basic string",
            Value,
            "hier ontbreekt het aanhalingsteken aan het eind van de tekst",
            "the quote at the end of the text is missing here",
        ),
        Kind(
            "invalid literal string",
            Value,
            "hier ontbreekt het aanhalingsteken aan het eind van de tekst",
            "the quote at the end of the text is missing here",
        ),
        Kind(
            "missing opening quote",
            Value,
            "hier ontbreekt het aanhalingsteken aan het begin van de tekst",
            "the quote at the beginning of the text is missing here",
        ),
        Kind(
            "missing escaped value",
            Value,
            "na een schuine streep hoort een teken zoals \\\" of \\\\",
            "a backslash is followed by a character such as \\\" or \\\\",
        ),
        Kind(
            "too few unicode",
            Value,
            "na \\u horen vier cijfers of letters a-f, na \\U acht",
            "\\u is followed by four digits or letters a-f, \\U by eight",
        ),
        Kind(
            "string values must be quoted",
            Value,
            "hier hoort een waarde; een tekst staat tussen rechte aanhalingstekens (\")",
            "a value must be here; a text is between straight quotes (\")",
        ),
        Kind(
            "missing comma between array",
            Value,
            "hier ontbreekt een komma in de lijst",
            "a comma is missing here in the list",
        ),
        Kind(
            "extra comma",
            Value,
            "hier staat een komma te veel",
            "there is a comma too many here",
        ),
        Kind(
            "invalid date",
            Value,
            "deze datum bestaat niet; schrijf jaar-maand-dag, zoals 2026-01-31",
            "there is no such date; write year-month-day, such as 2026-01-31",
        ),
        Kind(
            "invalid boolean",
            Value,
            "schrijf true of false",
            "write true or false",
        ),
        Kind(
            "unexpected leading zero",
            Value,
            "een getal begint niet met een nul",
            "a number does not begin with a zero",
        ),
        Kind("invalid integer", Value, NUMBER.0, NUMBER.1),
        Kind("invalid float", Value, NUMBER.0, NUMBER.1),
        Kind("invalid fraction", Value, NUMBER.0, NUMBER.1),
        Kind("invalid exponent", Value, NUMBER.0, NUMBER.1),
        Kind("redundant", Value, NUMBER.0, NUMBER.1),
        Kind("`_`", Value, NUMBER.0, NUMBER.1),
        Kind("unexpected sign", Value, NUMBER.0, NUMBER.1),
        Kind(
            "invalid unquoted key",
            Value,
            "een sleutel bestaat uit letters a-z, cijfers en streepjes",
            "a key consists of letters a-z, digits and hyphens",
        ),
        Kind(
            "unclosed array table",
            Shape,
            "hier ontbreekt `]]`",
            "`]]` is missing here",
        ),
        Kind(
            "unclosed array",
            Unclosed,
            "deze lijst wordt nergens met `]` gesloten",
            "this list is nowhere closed by `]`",
        ),
        Kind(
            "unclosed inline table",
            Unclosed,
            "deze tabel wordt nergens met `}` gesloten",
            "this table is nowhere closed by `}`",
        ),
        Kind(
            "unclosed table",
            Shape,
            "hier ontbreekt `]`",
            "`]` is missing here",
        ),
        Kind(
            "missing comma between key-value",
            Shape,
            "hier ontbreekt een komma of `}` in de tabel",
            "a comma or `}` is missing here in the table",
        ),
        Kind(
            "key with no value",
            Shape,
            "na deze sleutel horen `=` en een waarde",
            "this key is followed by `=` and a value",
        ),
        Kind(
            "missing value",
            Shape,
            "na `=` hoort een waarde",
            "`=` is followed by a value",
        ),
        Kind(
            "missing assignment",
            Shape,
            "tussen sleutel en waarde hoort `=`",
            "`=` goes between key and value",
        ),
        Kind(
            "unexpected key or value",
            Shape,
            "hier hoort een nieuwe regel te beginnen",
            "a new line must begin here",
        ),
    ]
};

const DOUBLE: (&str, &str) = ("deze sleutel staat er al", "this key is there already");

const NUMBER: (&str, &str) = (
    "dit is geen geldig getal",
    "this is not a well-formed number",
);

impl Fault {
    /// Whether a key or a table is there twice.
    pub(crate) fn is_double(&self) -> bool {
        self.nl == DOUBLE.0
    }

    /// What the parser says, in our words; its own are for programmers, and English.
    pub(crate) fn of(error: &toml::de::Error) -> Self {
        let kind = KINDS
            .iter()
            .find(|kind| error.message().starts_with(kind.0));
        let at = error.span().unwrap_or(0..0);
        match kind {
            Some(Kind(_, damage, nl, en)) => Self {
                at,
                damage: *damage,
                nl,
                en,
            },
            None => Self {
                at,
                damage: Damage::Shape,
                nl: "deze regel is niet te lezen",
                en: "this line cannot be read",
            },
        }
    }
}
