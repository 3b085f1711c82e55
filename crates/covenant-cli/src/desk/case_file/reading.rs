//! Takes fields out of a case file, and notes everything that is wrong with them. A mistake names
//! the line and the field and repeats no value: it may end up in a log.

use std::collections::BTreeMap;

use model::{Day, Timestamp};

use super::tree::{Part, Table, Value};
use crate::answer::Language;
use crate::desk::node::at_line;
use crate::import::nearest;

/// A mistake in a file.
#[derive(Debug, PartialEq, Eq)]
struct Mistake {
    line: Option<usize>,
    path: String,
    nl: String,
    en: String,
}

/// Everything that is wrong with a file.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::desk) struct Mistakes(Vec<Mistake>);

impl Mistakes {
    /// The mistakes in the order of the file, a line each.
    pub(in crate::desk) fn text(&self, lang: Language) -> String {
        let mut found: Vec<&Mistake> = self.0.iter().collect();
        found.sort_by_key(|mistake| mistake.line);
        let lines: Vec<String> = found
            .into_iter()
            .map(|mistake| {
                let colon = if mistake.path.is_empty() { "" } else { ": " };
                format!(
                    "  {}{}{colon}{}",
                    at_line(mistake.line, lang),
                    mistake.path,
                    lang.pick(&mistake.nl, &mistake.en)
                )
            })
            .collect();
        lines.join("\n")
    }
}

/// The lines from which fields of the request were read, by the fields' paths in the proto.
#[derive(Debug, Default)]
pub(in crate::desk) struct Lines(BTreeMap<String, usize>);

impl Lines {
    /// The line of a field, or of the nearest thing around it.
    pub(in crate::desk) fn of(&self, field: &str) -> Option<usize> {
        let mut path = field;
        loop {
            if let Some(line) = self.0.get(path) {
                return Some(*line);
            }
            path = path.get(..path.rfind(['.', '['])?)?;
        }
    }
}

/// A table with its place.
#[derive(Clone, Copy)]
pub(super) struct At<'p> {
    /// Its keys.
    pub(super) table: &'p Table,
    /// Its line.
    pub(super) line: Option<usize>,
    /// Its path in the file with a dot behind it; empty for the whole file.
    pub(super) path: &'p str,
}

/// What was found so far.
#[derive(Default)]
pub(super) struct Reading {
    mistakes: Mistakes,
    lines: Lines,
}

impl Reading {
    /// The lines, or everything that is wrong.
    pub(super) fn finish(self) -> Result<Lines, Mistakes> {
        if self.mistakes.0.is_empty() {
            Ok(self.lines)
        } else {
            Err(self.mistakes)
        }
    }

    /// Notes a mistake.
    pub(super) fn wrong(&mut self, line: Option<usize>, path: &str, nl: &str, en: &str) {
        self.mistakes.0.push(Mistake {
            line,
            path: path.to_owned(),
            nl: nl.to_owned(),
            en: en.to_owned(),
        });
    }

    /// Remembers from which line a field of the request comes.
    pub(super) fn remember(&mut self, proto: &str, line: Option<usize>) {
        if let Some(line) = line {
            self.lines.0.insert(proto.to_owned(), line);
        }
    }

    /// The line of a field that was read.
    pub(super) fn line_of(&self, proto: &str) -> Option<usize> {
        self.lines.of(proto)
    }

    /// Notes every key that is not one of `known`, with what was probably meant.
    pub(super) fn keys(&mut self, at: At<'_>, known: &[&str]) {
        for (key, part) in at.table {
            if known.contains(&key.as_str()) {
                continue;
            }
            let (nl, en) = match (nearest(key, known), known) {
                (Some(meant), _) => (
                    format!("dit veld is er niet; bedoelt u {meant}?"),
                    format!("there is no such field; did you mean {meant}?"),
                ),
                (None, []) => (
                    "dit veld is er niet; laat het weg".to_owned(),
                    "there is no such field; leave it out".to_owned(),
                ),
                (None, known) => (
                    format!("dit veld is er niet; gebruik {}", choices(known, "of")),
                    format!("there is no such field; use {}", choices(known, "or")),
                ),
            };
            self.wrong(part.line, &format!("{}{key}", at.path), &nl, &en);
        }
    }

    /// The part under `key`, which must be there.
    fn required<'p>(&mut self, at: At<'p>, key: &str) -> Option<&'p Part> {
        let part = at.table.get(key);
        if part.is_none() {
            self.wrong(
                at.line,
                &format!("{}{key}", at.path),
                "dit veld ontbreekt; vul het in",
                "this field is missing; fill it in",
            );
        }
        part
    }

    /// The text of a part.
    fn text_of(&mut self, path: &str, part: &Part) -> Option<String> {
        match &part.value {
            Value::Text(text) => Some(text.trim().to_owned()),
            Value::List(_) | Value::Table(_) | Value::Other => {
                self.wrong(
                    part.line,
                    path,
                    "schrijf dit als tekst, tussen aanhalingstekens",
                    "write this as text, between quotes",
                );
                None
            }
        }
    }

    /// A text that may be left out.
    pub(super) fn optional(&mut self, at: At<'_>, key: &str, proto: &str) -> Option<String> {
        let part = at.table.get(key)?;
        self.remember(proto, part.line);
        self.text_of(&format!("{}{key}", at.path), part)
    }

    /// A text that must be there.
    pub(super) fn text(&mut self, at: At<'_>, key: &str, proto: &str) -> Option<String> {
        let part = self.required(at, key)?;
        let text = self.optional(at, key, proto)?;
        if text.is_empty() {
            let path = format!("{}{key}", at.path);
            self.wrong(
                part.line,
                &path,
                "dit veld is leeg; vul het in",
                "this field is empty; fill it in",
            );
            return None;
        }
        Some(text)
    }

    /// One of `words`.
    pub(super) fn word<T: Copy>(
        &mut self,
        (at, key, proto): (At<'_>, &str, &str),
        text: Option<String>,
        words: &[(&str, T)],
    ) -> Option<T> {
        let text = text?;
        let found = words.iter().find(|(word, _)| *word == text);
        if found.is_none() {
            let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            let (nl, en) = match nearest(&text, &known) {
                Some(meant) => (
                    format!("dit woord is hier niet bekend; bedoelt u {meant}?"),
                    format!("this word is not known here; did you mean {meant}?"),
                ),
                None => (
                    format!("gebruik {}", choices(&known, "of")),
                    format!("use {}", choices(&known, "or")),
                ),
            };
            let path = format!("{}{key}", at.path);
            self.wrong(self.line_of(proto), &path, &nl, &en);
        }
        found.map(|(_, value)| *value)
    }

    /// A day.
    pub(super) fn day(
        &mut self,
        (at, key, proto): (At<'_>, &str, &str),
        text: Option<String>,
    ) -> Option<Day> {
        let day = Day::parse(&text?);
        if day.is_none() {
            self.wrong(
                self.line_of(proto),
                &format!("{}{key}", at.path),
                "schrijf een dag die bestaat, zoals 2026-11-23",
                "write a day that exists, such as 2026-11-23",
            );
        }
        day
    }

    /// An instant with its offset from UTC.
    pub(super) fn instant(
        &mut self,
        (at, key, proto): (At<'_>, &str, &str),
        text: Option<String>,
    ) -> Option<Timestamp> {
        let instant = Timestamp::from_rfc3339(&text?);
        if instant.is_none() {
            self.wrong(
                self.line_of(proto),
                &format!("{}{key}", at.path),
                "schrijf dag, tijd en tijdzone, zoals 2026-11-23T14:30:00+01:00",
                "write day, time and offset, such as 2026-11-23T14:30:00+01:00",
            );
        }
        instant
    }

    /// A table that must be there, if `required`.
    pub(super) fn table<'p>(
        &mut self,
        at: At<'p>,
        key: &str,
        required: bool,
    ) -> Option<(&'p Table, Option<usize>)> {
        let part = if required {
            self.required(at, key)?
        } else {
            at.table.get(key)?
        };
        if let Value::Table(table) = &part.value {
            return Some((table, part.line));
        }
        self.wrong(
            part.line,
            &format!("{}{key}", at.path),
            "hier horen velden, elk met een naam",
            "fields belong here, each with a name",
        );
        None
    }

    /// A list, which must be there if `required`.
    pub(super) fn list<'p>(&mut self, at: At<'p>, key: &str, required: bool) -> &'p [Part] {
        let part = if required {
            self.required(at, key)
        } else {
            at.table.get(key)
        };
        let Some(part) = part else { return &[] };
        if let Value::List(list) = &part.value {
            return list;
        }
        self.wrong(
            part.line,
            &format!("{}{key}", at.path),
            "hier hoort een lijst",
            "a list belongs here",
        );
        &[]
    }

    /// The texts of a list that may be left out.
    pub(super) fn texts(&mut self, at: At<'_>, key: &str, proto: &str) -> Vec<String> {
        let parts = self.list(at, key, false);
        let mut texts = Vec::new();
        for (place, part) in parts.iter().enumerate() {
            self.remember(&format!("{proto}[{place}]"), part.line);
            texts.extend(self.text_of(&format!("{}{key}[{place}]", at.path), part));
        }
        texts
    }
}

fn choices(words: &[&str], or: &str) -> String {
    match words.split_last() {
        None => String::new(),
        Some((only, [])) => (*only).to_owned(),
        Some((last, others)) => format!("{} {or} {last}", others.join(", ")),
    }
}
