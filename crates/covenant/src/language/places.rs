//! Finds where something stands in the source, for rules that look at the typed tree.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::language::reader::within_quotes;

/// The spanned tree behind the typed one.
pub(crate) struct Places<'a> {
    text: &'a str,
    root: &'a DeTable<'a>,
}

/// One step of a path.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step<'p> {
    /// A key of a table.
    Key(&'p str),
    /// An element of a list.
    Index(usize),
}

impl<'p> From<&'p str> for Step<'p> {
    fn from(key: &'p str) -> Self {
        Self::Key(key)
    }
}

impl From<usize> for Step<'_> {
    fn from(index: usize) -> Self {
        Self::Index(index)
    }
}

/// A path from steps of mixed types: `steps!["regel", 0, "toont"]`.
macro_rules! steps {
    ($($step:expr),* $(,)?) => { &[$($crate::language::places::Step::from($step),)*] };
}
pub(crate) use steps;

impl<'a> Places<'a> {
    pub(crate) const fn new(text: &'a str, root: &'a DeTable<'a>) -> Self {
        Self { text, root }
    }

    /// Where a value is; where a step is missing, the last one found. A table or list of tables
    /// is shown by its key or by its first entry.
    pub(crate) fn of(&self, path: &[Step<'_>]) -> Range<usize> {
        self.walk(path).1
    }

    /// Where the key of the last step is, or the value when that has no key.
    pub(crate) fn key(&self, path: &[Step<'_>]) -> Range<usize> {
        self.walk(path).0
    }

    /// Where `word` is: the element of a list, the key of a table, or the text itself.
    pub(crate) fn word(&self, path: &[Step<'_>], word: &str) -> Range<usize> {
        let (_, at, value) = self.walk(path);
        let inner = match value.map(Spanned::get_ref) {
            Some(DeValue::Array(list)) => list
                .iter()
                .find(|e| matches!(e.get_ref(), DeValue::String(s) if s == word))
                .map(|element| within_quotes(self.text, element)),
            Some(DeValue::Table(table)) => table.get_key_value(word).map(|(key, _)| key.span()),
            _ => None,
        };
        inner.unwrap_or(at)
    }

    /// The keys of the table at a path.
    pub(crate) fn keys(&self, path: &[Step<'_>]) -> Vec<&'a str> {
        match self.walk(path).2.map(Spanned::get_ref) {
            Some(DeValue::Table(table)) => table.keys().map(|k| k.get_ref().as_ref()).collect(),
            _ => Vec::new(),
        }
    }

    fn walk(
        &self,
        path: &[Step<'_>],
    ) -> (Range<usize>, Range<usize>, Option<&'a Spanned<DeValue<'a>>>) {
        let mut table = Some(self.root);
        let mut list = None;
        let mut found = (0..0, 0..0, None);
        for step in path {
            let next = match step {
                Step::Key(key) => table
                    .and_then(|t| t.get_key_value(*key))
                    .map(|(key, value)| (key.span(), value)),
                Step::Index(index) => {
                    let element: Option<&'a Spanned<DeValue<'a>>> =
                        list.and_then(|l: &'a toml::de::DeArray<'a>| l.get(*index));
                    element.map(|value| (within_quotes(self.text, value), value))
                }
            };
            let Some((key, value)) = next else { break };
            let at = match value.get_ref() {
                DeValue::Table(inner) if matches!(step, Step::Key(_)) => {
                    table = Some(inner);
                    list = None;
                    key.clone()
                }
                DeValue::Table(inner) => {
                    table = Some(inner);
                    list = None;
                    value.span()
                }
                DeValue::Array(inner) => {
                    list = Some(inner);
                    table = None;
                    value.span()
                }
                _ => within_quotes(self.text, value),
            };
            found = (key, at, Some(value));
        }
        found
    }
}
