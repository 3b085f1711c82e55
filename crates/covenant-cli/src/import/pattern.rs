//! A cell's text by the map: taken out by a pattern, replaced by another word.

use std::collections::BTreeMap;

use super::map::{ColumnSource, Map, Source};
use super::table::Row;

/// The regular expressions of a map, compiled once.
#[derive(Debug, Default)]
pub(crate) struct Patterns(BTreeMap<String, regex::Regex>);

impl Patterns {
    /// Compiles every pattern of a map.
    ///
    /// # Errors
    /// When one is no regular expression.
    pub(crate) fn of(map: &Map) -> anyhow::Result<Self> {
        let mut all = Self::default();
        let derived = map.derived.values();
        for source in map
            .sources()
            .into_iter()
            .map(|(_, source)| source)
            .chain(derived)
        {
            if let Source::Column(ColumnSource {
                pattern: Some(pattern),
                ..
            }) = source
            {
                all.0.insert(pattern.clone(), regex::Regex::new(pattern)?);
            }
        }
        Ok(all)
    }

    /// The value of `source` in `row`; `None` when the map lists words and this is none of them.
    pub(crate) fn value(&self, source: &Source, row: &Row<'_>) -> Option<String> {
        let column = match source {
            Source::Constant(text) => return Some(text.clone()),
            Source::Flag(flag) => return Some(flag.to_string()),
            Source::Column(column) => column,
        };
        let cell = row.cell(&column.column);
        if cell.is_empty() {
            return Some(column.empty.clone().unwrap_or_default());
        }
        let taken = match column
            .pattern
            .as_ref()
            .and_then(|pattern| self.0.get(pattern))
        {
            None => cell.to_owned(),
            Some(regex) => regex
                .captures(cell)
                .and_then(|found| found.get(1))
                .map(|group| group.as_str().to_owned())
                .unwrap_or_default(),
        };
        match &column.values {
            None => Some(taken),
            Some(words) => words.get(&taken).cloned(),
        }
    }
}
