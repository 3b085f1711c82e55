//! A case file as a tree of which every part knows its line: TOML, or JSON without lines.

use std::collections::BTreeMap;

use toml::de::{DeTable, DeValue};

/// A part of the file.
#[derive(Debug)]
pub(super) struct Part {
    /// Its line, from 1; `None` in JSON.
    pub(super) line: Option<usize>,
    /// What stands there.
    pub(super) value: Value,
}

/// What stands in a file.
#[derive(Debug)]
pub(super) enum Value {
    /// A text, or a date without quotes.
    Text(String),
    /// A list.
    List(Vec<Part>),
    /// Keys with what they hold.
    Table(Table),
    /// A number, or yes or no: no field of a case is one.
    Other,
}

/// Keys with what they hold.
pub(super) type Table = BTreeMap<String, Part>;

/// Why a file is no tree: where, and what its parser says, which is English.
#[derive(Debug)]
pub(super) struct Unreadable {
    /// The line, from 1.
    pub(super) line: Option<usize>,
    /// What the parser says. It repeats nothing of the file.
    pub(super) said: String,
}

/// Reads TOML.
pub(super) fn of_toml(text: &str) -> Result<Table, Unreadable> {
    let document = DeTable::parse(text).map_err(|error| Unreadable {
        line: error.span().map(|span| line_of(text, span.start)),
        said: error.message().to_owned(),
    })?;
    Ok(table(text, document.get_ref()))
}

/// Reads JSON: one object.
pub(super) fn of_json(text: &str) -> Result<Table, Unreadable> {
    let object: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(text).map_err(|error| Unreadable {
            line: Some(error.line()).filter(|line| *line > 0),
            said: match error.classify() {
                serde_json::error::Category::Eof => "it ends too soon".to_owned(),
                _ => format!("see column {}", error.column()),
            },
        })?;
    Ok(object
        .into_iter()
        .map(|(key, value)| (key, json_part(value)))
        .collect())
}

fn line_of(text: &str, at: usize) -> usize {
    let before = text.get(..at).unwrap_or_default();
    before.matches('\n').count() + 1
}

fn table(text: &str, table: &DeTable<'_>) -> Table {
    table
        .iter()
        .map(|(key, value)| {
            let name = key.get_ref().to_string();
            (name, part(text, key.span().start, value.get_ref()))
        })
        .collect()
}

fn part(text: &str, at: usize, value: &DeValue<'_>) -> Part {
    let value = match value {
        DeValue::String(string) => Value::Text(string.to_string()),
        DeValue::Datetime(datetime) => Value::Text(datetime.to_string()),
        DeValue::Array(list) => Value::List(
            list.iter()
                .map(|one| part(text, one.span().start, one.get_ref()))
                .collect(),
        ),
        DeValue::Table(below) => Value::Table(table(text, below)),
        DeValue::Integer(_) | DeValue::Float(_) | DeValue::Boolean(_) => Value::Other,
    };
    Part {
        line: Some(line_of(text, at)),
        value,
    }
}

fn json_part(value: serde_json::Value) -> Part {
    let value = match value {
        serde_json::Value::String(text) => Value::Text(text),
        serde_json::Value::Array(list) => Value::List(list.into_iter().map(json_part).collect()),
        serde_json::Value::Object(below) => Value::Table(
            below
                .into_iter()
                .map(|(key, value)| (key, json_part(value)))
                .collect(),
        ),
        _ => Value::Other,
    };
    Part { line: None, value }
}
