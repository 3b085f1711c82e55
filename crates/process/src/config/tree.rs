//! The merged table, whose every key and value keeps its place.

use std::borrow::Cow;
use std::ops::Range;

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The first of the places that are in no text: the whole table's.
pub(super) const NOWHERE: usize = usize::MAX / 2;

/// One step from a table or array down to a value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Step {
    Key(String),
    Index(usize),
}

/// The way to a value.
pub(super) type Path = Vec<Step>;

#[derive(Clone, Debug)]
pub(super) struct Tree<'i>(Spanned<DeTable<'i>>);

/// What a leaf of the tree looks like to [`Tree::leaves`].
pub(super) struct Leaf {
    pub(super) path: Path,
    pub(super) span: Range<usize>,
}

impl<'i> Tree<'i> {
    pub(super) fn empty() -> Self {
        Self(Spanned::new(NOWHERE..NOWHERE + 1, DeTable::new()))
    }

    /// Lays a parsed text over what is there. `base` is the text's place among all texts.
    pub(super) fn lay_over(&mut self, table: DeTable<'i>, base: usize) {
        merge(self.0.get_mut(), shifted_table(table, base));
    }

    /// Lays one value over what is there. The keys' places are `spans`, one for each name.
    pub(super) fn set(&mut self, names: &[(String, Range<usize>)], value: Spanned<DeValue<'i>>) {
        let Some(((name, span), outer)) = names.split_last() else {
            return;
        };
        let end = value.span().end;
        let mut table = DeTable::new();
        table.insert(key(name, span.clone()), value);
        for (name, span) in outer.iter().rev() {
            let inner = DeValue::Table(std::mem::take(&mut table));
            table.insert(key(name, span.clone()), Spanned::new(span.end..end, inner));
        }
        merge(self.0.get_mut(), table);
    }

    pub(super) fn read<T: DeserializeOwned>(&self) -> Result<T, toml::de::Error> {
        T::deserialize(toml::de::Deserializer::from(self.0.clone()))
    }

    /// The value that an error's span is about. An unknown setting's span is its key's.
    pub(super) fn find(&self, span: &Range<usize>, unknown: Option<&str>) -> Option<Path> {
        let mut found: Option<(usize, Path)> = None;
        self.walk(&mut |path, key, value| {
            let here = match (unknown, key) {
                (Some(name), Some(key)) => {
                    key.get_ref() == name && (key.span() == *span || contains(span, &key.span()))
                }
                (Some(_), None) => false,
                (None, _) => contains(&value.span(), span) && !value.span().is_empty(),
            };
            let width = value.span().len();
            if here && found.as_ref().is_none_or(|(least, _)| width <= *least) {
                found = Some((width, path.clone()));
            }
        });
        found.map(|(_, path)| path)
    }

    /// The place of the value at `path`, unless that is a table or an array.
    pub(super) fn plain_span(&self, path: &[Step]) -> Option<Range<usize>> {
        let mut found = None;
        self.walk(&mut |at, _, value| {
            let composed = matches!(value.get_ref(), DeValue::Table(_) | DeValue::Array(_));
            if at == path && !composed {
                found = Some(value.span());
            }
        });
        found
    }

    /// Every value that is no table, and every array.
    pub(super) fn leaves(&self) -> Vec<Leaf> {
        let mut leaves = Vec::new();
        self.walk(&mut |path, key, value| {
            if key.is_some() && !matches!(value.get_ref(), DeValue::Table(_)) {
                leaves.push(Leaf {
                    path: path.clone(),
                    span: value.span(),
                });
            }
        });
        // What is inside an array is told by the array.
        leaves.retain(|leaf| !leaf.path.iter().any(|step| matches!(step, Step::Index(_))));
        leaves
    }

    /// Takes a value out, or the nearest setting around it.
    pub(super) fn remove(&mut self, path: &[Step]) -> bool {
        let Some(at) = path.iter().rposition(|step| matches!(step, Step::Key(_))) else {
            return false;
        };
        let (Some(outer), Some(Step::Key(name))) = (path.get(..at), path.get(at)) else {
            return false;
        };
        self.table_at(outer)
            .is_some_and(|table| table.remove(name.as_str()).is_some())
    }

    /// Puts a value at `path`, in a table that is there.
    pub(super) fn put(&mut self, path: &[Step], value: Spanned<DeValue<'i>>) -> bool {
        let Some((Step::Key(name), outer)) = path.split_last() else {
            return false;
        };
        let Some(table) = self.table_at(outer) else {
            return false;
        };
        table.remove(name.as_str());
        table.insert(key(name, value.span()), value);
        true
    }

    fn table_at(&mut self, path: &[Step]) -> Option<&mut DeTable<'i>> {
        let mut table = self.0.get_mut();
        let mut rest = path;
        while let Some((Step::Key(name), after)) = rest.split_first() {
            let mut value = table.get_mut(name.as_str())?.get_mut();
            rest = after;
            while let Some((Step::Index(index), after)) = rest.split_first() {
                let DeValue::Array(array) = value else {
                    return None;
                };
                value = array.get_mut(*index)?.get_mut();
                rest = after;
            }
            let DeValue::Table(inner) = value else {
                return None;
            };
            table = inner;
        }
        rest.is_empty().then_some(table)
    }

    fn walk(&self, see: &mut Visit<'i, '_>) {
        walk_table(self.0.get_ref(), &mut Vec::new(), see);
    }
}

type Visit<'i, 'a> = dyn FnMut(&Path, Option<&Spanned<Cow<'i, str>>>, &Spanned<DeValue<'i>>) + 'a;

fn walk_table<'i>(table: &DeTable<'i>, path: &mut Path, see: &mut Visit<'i, '_>) {
    for (key, value) in table {
        path.push(Step::Key(key.get_ref().to_string()));
        see(path, Some(key), value);
        walk_value(value.get_ref(), path, see);
        path.pop();
    }
}

fn walk_value<'i>(value: &DeValue<'i>, path: &mut Path, see: &mut Visit<'i, '_>) {
    match value {
        DeValue::Table(table) => walk_table(table, path, see),
        DeValue::Array(array) => {
            for (index, value) in array.iter().enumerate() {
                path.push(Step::Index(index));
                see(path, None, value);
                walk_value(value.get_ref(), path, see);
                path.pop();
            }
        }
        _ => {}
    }
}

/// `a.b[2].c`.
pub(super) fn name(path: &[Step]) -> String {
    let mut text = String::new();
    for step in path {
        match step {
            Step::Key(key) if text.is_empty() => text.push_str(key),
            Step::Key(key) => {
                text.push('.');
                text.push_str(key);
            }
            Step::Index(index) => text.push_str(&format!("[{index}]")),
        }
    }
    text
}

fn contains(outer: &Range<usize>, inner: &Range<usize>) -> bool {
    outer.start <= inner.start && inner.end <= outer.end
}

fn key<'i>(name: &str, span: Range<usize>) -> Spanned<Cow<'i, str>> {
    Spanned::new(span, Cow::Owned(name.to_owned()))
}

fn merge<'i>(into: &mut DeTable<'i>, from: DeTable<'i>) {
    for (key, value) in from {
        let old = into.remove(key.get_ref().as_ref());
        let span = value.span();
        let merged = match (old.map(Spanned::into_inner), value.into_inner()) {
            (Some(DeValue::Table(mut old)), DeValue::Table(new)) => {
                merge(&mut old, new);
                DeValue::Table(old)
            }
            (_, new) => new,
        };
        into.insert(key, Spanned::new(span, merged));
    }
}

fn shifted_table(table: DeTable<'_>, base: usize) -> DeTable<'_> {
    table
        .into_iter()
        .map(|(name, value)| {
            let span = name.span();
            let name = Spanned::new(span.start + base..span.end + base, name.into_inner());
            (name, shifted(value, base))
        })
        .collect()
}

/// The same value with its places moved by `base`.
pub(super) fn shifted(value: Spanned<DeValue<'_>>, base: usize) -> Spanned<DeValue<'_>> {
    let span = value.span();
    let moved = match value.into_inner() {
        DeValue::Table(table) => DeValue::Table(shifted_table(table, base)),
        DeValue::Array(array) => {
            DeValue::Array(array.into_iter().map(|v| shifted(v, base)).collect())
        }
        plain => plain,
    };
    Spanned::new(span.start + base..span.end + base, moved)
}

/// A string that is read where it lies.
pub(super) fn as_string<'i>(text: &'i str, span: &Range<usize>) -> Spanned<DeValue<'i>> {
    Spanned::new(span.clone(), DeValue::String(Cow::Borrowed(text)))
}
