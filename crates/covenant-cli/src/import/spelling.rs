//! The keys of a map, and the words that some of them choose from: every misspelt one at once, with
//! its line and what was probably meant.

use pseudonym::RawSubject;
use toml::de::{DeTable, DeValue};

/// What may stand in a table.
enum Shape {
    /// These keys.
    Keys(&'static [(&'static str, Shape)]),
    /// The fields of the kind that stands beside it, below this path.
    Fields(&'static str),
    /// Any names, each with a source.
    Sources,
    /// A text, a flag, or where to take it.
    Source,
    /// Tables of this shape, or one.
    Each(&'static Shape),
    /// One of these words.
    Word(&'static [&'static str]),
    /// Whatever its type takes.
    Any,
}

const SOURCE: Shape = Shape::Keys(&[
    ("column", Shape::Any),
    ("pattern", Shape::Any),
    ("values", Shape::Any),
    ("date", Shape::Word(&["ymd", "dmy"])),
    ("empty", Shape::Any),
]);

const KINDS: &[&str] = &[
    "person",
    "address",
    "address_abroad",
    "organisation",
    "vehicle",
    "contact",
    "account",
];

const SUBJECT: Shape = Shape::Keys(&[
    ("kind", Shape::Word(KINDS)),
    ("minor", Shape::Source),
    ("shielded_address", Shape::Source),
    ("fields", Shape::Fields("")),
    ("address", Shape::Fields("address.")),
    ("address_abroad", Shape::Fields("address_abroad.")),
]);

const MAP: Shape = Shape::Keys(&[
    (
        "file",
        Shape::Keys(&[
            ("delimiter", Shape::Word(&[";", ",", "\t"])),
            ("charset", Shape::Word(&["utf-8", "windows-1252"])),
            ("bad_field", Shape::Word(&["refuse-row", "leave-out"])),
        ]),
    ),
    (
        "signal",
        Shape::Keys(&[
            ("covenant", Shape::Any),
            ("purposes", Shape::Any),
            ("category", Shape::Source),
            ("observed_at", Shape::Source),
            ("certainty", Shape::Source),
            ("reviewed_by_person", Shape::Source),
            ("neighbourhood", Shape::Source),
            ("police_article", Shape::Source),
            ("source_reference", Shape::Source),
            ("attributes", Shape::Sources),
        ]),
    ),
    ("subject", Shape::Each(&SUBJECT)),
    ("derived", Shape::Sources),
]);

/// Fails when a map has a key that no map has, or a word where another is meant.
///
/// # Errors
/// Names every such key with its line and the remedy. What is no TOML is left to its parser.
pub(super) fn check(text: &str) -> anyhow::Result<()> {
    let Ok(document) = DeTable::parse(text) else {
        return Ok(());
    };
    let mut spelling = Spelling {
        text,
        found: Vec::new(),
    };
    spelling.table("", document.get_ref(), &MAP, None);
    spelling.found.sort();
    let found: Vec<String> = spelling.found.into_iter().map(|(_, said)| said).collect();
    anyhow::ensure!(found.is_empty(), "{}", found.join("\n"));
    Ok(())
}

struct Spelling<'t> {
    text: &'t str,
    found: Vec<(usize, String)>,
}

impl Spelling<'_> {
    /// `kind` is that of the subject in which the table stands.
    fn table(&mut self, path: &str, table: &DeTable<'_>, shape: &Shape, kind: Option<&str>) {
        let own = table
            .get("kind")
            .and_then(|kind| kind.get_ref().as_str())
            .filter(|kind| KINDS.contains(kind))
            .or(kind);
        for (key, value) in table {
            let name = key.get_ref().as_ref();
            let below = match shape {
                Shape::Keys(keys) => keys.iter().find(|(known, _)| *known == name),
                _ => None,
            };
            let below = match shape {
                Shape::Keys(_) => below.map(|(_, shape)| shape),
                Shape::Fields(at) => kind
                    .is_none_or(|kind| fields(kind, at).any(|field| field == name))
                    .then_some(&Shape::Source),
                _ => Some(&Shape::Source),
            };
            let full = if path.is_empty() {
                name.to_owned()
            } else {
                format!("{path}.{name}")
            };
            match below {
                Some(shape) => self.value(&full, key.span().start, value.get_ref(), shape, own),
                None => {
                    let known: Vec<&str> = match (shape, kind) {
                        (Shape::Keys(keys), _) => keys.iter().map(|(known, _)| *known).collect(),
                        (Shape::Fields(at), Some(kind)) => fields(kind, at).collect(),
                        _ => Vec::new(),
                    };
                    let remedy = match nearest(name, &known) {
                        Some(meant) => format!("did you mean {meant}?"),
                        None => choices(&known),
                    };
                    self.say(key.span().start, &format!("there is no {full}; {remedy}"));
                }
            }
        }
    }

    fn value(
        &mut self,
        path: &str,
        at: usize,
        value: &DeValue<'_>,
        shape: &Shape,
        kind: Option<&str>,
    ) {
        match (shape, value) {
            (Shape::Any, _) => {}
            (Shape::Word(words), DeValue::String(word)) if !words.contains(&word.as_ref()) => {
                self.say(at, &format!("{path}: {}", choices(words)));
            }
            (Shape::Each(shape), DeValue::Array(all)) => {
                for (place, one) in all.iter().enumerate() {
                    self.value(&format!("{path}[{place}]"), at, one.get_ref(), shape, kind);
                }
            }
            (Shape::Source, DeValue::Table(table)) => self.table(path, table, &SOURCE, None),
            (_, DeValue::Table(table)) => self.table(path, table, shape, kind),
            // What is of another type is left to the parser, which says which type it must be.
            _ => {}
        }
    }

    fn say(&mut self, at: usize, what: &str) {
        let before = self.text.get(..at).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        self.found.push((at, format!("line {line}: {what}")));
    }
}

fn choices(words: &[&str]) -> String {
    let shown = |word: &&str| match *word {
        "\t" => "a tab (\"\\t\")".to_owned(),
        sign @ ("," | ";") => format!("{sign:?}"),
        word => word.to_owned(),
    };
    match words.split_last() {
        None => "leave it out".to_owned(),
        Some((only, [])) => format!("use {}", shown(only)),
        Some((last, others)) => {
            let others: Vec<String> = others.iter().map(shown).collect();
            format!("use {} or {}", others.join(", "), shown(last))
        }
    }
}

/// The fields of a kind below a path of it.
pub(crate) fn fields(kind: &str, at: &str) -> impl Iterator<Item = &'static str> {
    let root = format!("{kind}.{at}");
    let whole = at.is_empty();
    RawSubject::PATHS
        .iter()
        .filter_map(move |path| path.strip_prefix(root.as_str()))
        .filter(move |field| !whole || !field.contains('.'))
}

/// The word that was probably meant.
pub(crate) fn nearest<'w>(word: &str, words: &[&'w str]) -> Option<&'w str> {
    let (distance, found) = words
        .iter()
        .map(|known| (strsim::osa_distance(&word.to_lowercase(), known), *known))
        .min()?;
    let longest = word.chars().count().max(found.chars().count());
    (distance <= longest / 3).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WELL: &str = r#"
[file]
delimiter = "\t"
[signal]
covenant = "proef"
observed_at = { column = "datum", date = "dmy" }
category = { column = "soort", values = { date = "vera:AGR.FYS" } }
attributes = { vrij = { column = "x" } }
[[subject]]
kind = "person"
fields = { surname = { column = "naam" } }
address = { house_number = { column = "nr" } }
"#;

    #[test]
    fn what_is_misspelt_is_named_with_its_line_and_what_was_meant() {
        assert!(check(WELL).is_ok());
        for (from, to, expected) in [
            (
                "covenant =",
                "covenan =",
                "line 5: there is no signal.covenan; did you mean covenant?",
            ),
            (
                "[signal]",
                "[signals]",
                "line 4: there is no signals; did you mean signal?",
            ),
            (
                "{ column = \"datum\"",
                "{ colum = \"datum\"",
                "line 6: there is no signal.observed_at.colum; did you mean column?",
            ),
            (
                "values =",
                "vals =",
                "line 7: there is no signal.category.vals; did you mean values?",
            ),
            (
                "\"dmy\"",
                "\"mdy\"",
                "line 6: signal.observed_at.date: use ymd or dmy",
            ),
            (
                "house_number",
                "house_numbr",
                "line 12: there is no subject[0].address.house_numbr; did you mean house_number?",
            ),
            (
                "surname",
                "surnam",
                "line 11: there is no subject[0].fields.surnam; did you mean surname?",
            ),
            (
                "\"person\"",
                "\"persoon\"",
                "line 10: subject[0].kind: use person, address, ",
            ),
            (
                "\"\\t\"",
                "\"|\"",
                "line 3: file.delimiter: use \";\", \",\" or a tab (\"\\t\")",
            ),
            ("\"\\t\"", "\";;\"", "line 3: file.delimiter: use"),
        ] {
            let said = check(&WELL.replace(from, to)).unwrap_err().to_string();
            assert!(said.contains(expected), "{said}\n{expected}");
        }
    }

    #[test]
    fn a_kind_that_is_not_known_makes_no_field_wrong() {
        let said = check(&WELL.replace("\"person\"", "\"persoon\"")).unwrap_err();
        assert_eq!(said.to_string().lines().count(), 1, "{said}");
    }

    #[test]
    fn all_are_named_in_the_order_of_the_file() {
        let text = WELL.replace("dmy", "xyz").replace("address =", "adres =");
        let said = check(&text).unwrap_err().to_string();
        let lines: Vec<&str> = said.lines().collect();
        assert_eq!(
            lines,
            [
                "line 6: signal.observed_at.date: use ymd or dmy",
                "line 12: there is no subject[0].adres; did you mean address?",
            ]
        );
    }
}
