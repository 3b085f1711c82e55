//! A cell's text by the map: taken out by a pattern, replaced by another word.

use std::collections::BTreeMap;

use anyhow::Context as _;

use super::map::{ColumnSource, Map, Source};
use super::table::Row;

/// The regular expressions of a map, compiled once.
#[derive(Debug, Default)]
pub(crate) struct Patterns(BTreeMap<String, regex::Regex>);

impl Patterns {
    /// Compiles every pattern of a map.
    ///
    /// # Errors
    /// Names the field whose pattern is no regular expression, or has no group to take.
    pub(crate) fn of(map: &Map) -> anyhow::Result<Self> {
        let mut all = Self::default();
        let derived = map.derived.iter();
        let derived = derived.map(|(name, source)| (format!("derived.{name}"), source));
        for (path, source) in map.sources().into_iter().chain(derived) {
            let Source::Column(ColumnSource {
                pattern: Some(pattern),
                ..
            }) = source
            else {
                continue;
            };
            let regex = regex::Regex::new(pattern).with_context(|| {
                format!("{path}: the pattern is no regular expression; correct it")
            })?;
            anyhow::ensure!(
                regex.captures_len() > 1,
                "{path}: the pattern has no group; put ( and ) around the part to take"
            );
            all.0.insert(pattern.clone(), regex);
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
