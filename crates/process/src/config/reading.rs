//! Reading the merged table into settings, and finding every problem on the way.

use std::borrow::Cow;
use std::ops::Range;

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeArray, DeInteger, DeTable, DeValue};

use super::document::Documents;
use super::error::Problem;
use super::message::{Meaning, suggestion};
use super::tree::{self, NOWHERE, Step, Tree, as_string};

/// More problems than anybody mends in one go.
const MOST_PROBLEMS: usize = 50;

/// Reading goes on after a problem: what is wrong is taken out, what is missing gets a stand-in,
/// and it is read again, so that all problems are found.
pub(super) struct Reading<'i> {
    documents: &'i Documents,
    tree: Tree<'i>,
    problems: Vec<Problem>,
    /// Taken out because they were wrong: they are not "missing" as well.
    gone: Vec<tree::Path>,
    /// Stand-ins for what is missing, with how many kinds were tried.
    stand_ins: Vec<(tree::Path, usize)>,
}

impl<'i> Reading<'i> {
    pub(super) fn new(documents: &'i Documents, tree: Tree<'i>, problems: Vec<Problem>) -> Self {
        Self {
            documents,
            tree,
            problems,
            gone: Vec::new(),
            stand_ins: Vec::new(),
        }
    }

    /// The settings, or everything that is wrong.
    pub(super) fn settings<T: DeserializeOwned>(mut self) -> Result<T, Vec<Problem>> {
        match self.read() {
            Some(settings) if self.problems.is_empty() => Ok(settings),
            _ => Err(self.problems),
        }
    }

    fn read<T: DeserializeOwned>(&mut self) -> Option<T> {
        for _ in 0..MOST_PROBLEMS * 2 {
            match self.tree.read::<T>() {
                Ok(settings) => return Some(settings),
                Err(error) => {
                    if !self.mend(&error) {
                        return None;
                    }
                }
            }
        }
        None
    }

    /// Notes a problem and makes the tree readable past it; `false` when that can't be done.
    fn mend(&mut self, error: &toml::de::Error) -> bool {
        let span = error.span();
        let meaning = Meaning::of(error.message());
        let find = |name: Option<&str>| span.as_ref().and_then(|s| self.tree.find(s, name));
        match meaning {
            Meaning::Unknown { name, known } => {
                let path = find(Some(&name));
                let remedy = suggestion(&name, &known);
                let setting = path.as_deref().map_or_else(|| name.clone(), tree::name);
                self.note(span.as_ref(), setting, "unknown setting", remedy);
                path.is_some_and(|path| self.tree.remove(&path))
            }
            Meaning::Missing { name } => {
                let mut path = find(None).unwrap_or_default();
                path.push(Step::Key(name));
                if !self.gone.contains(&path) {
                    // At the top there is no place where it is missing.
                    let span = span.as_ref().filter(|_| path.len() > 1);
                    self.note(span, tree::name(&path), "is missing", None);
                }
                self.stand_in(&path)
            }
            Meaning::WrongType { what } => {
                let Some(path) = find(None) else {
                    self.note(span.as_ref(), String::new(), &what, None);
                    return false;
                };
                if self.stand_ins.iter().any(|(at, _)| *at == path) {
                    return self.stand_in(&path);
                }
                self.as_a_string(&path) || self.refuse(span.as_ref(), &path, &what, None)
            }
            Meaning::Refused { what, remedy } => {
                let path = find(None).unwrap_or_default();
                if self.stand_ins.iter().any(|(at, _)| *at == path) {
                    return self.stand_in(&path);
                }
                self.refuse(span.as_ref(), &path, &what, remedy)
            }
        }
    }

    fn refuse(
        &mut self,
        span: Option<&Range<usize>>,
        path: &[Step],
        what: &str,
        remedy: Option<String>,
    ) -> bool {
        self.note(span, tree::name(path), what, remedy);
        self.gone.push(path.to_vec());
        self.tree.remove(path)
    }

    fn note(
        &mut self,
        span: Option<&Range<usize>>,
        setting: String,
        what: &str,
        remedy: Option<String>,
    ) {
        self.problems.push(Problem {
            place: span.and_then(|span| self.documents.place(span)),
            setting,
            what: what.to_owned(),
            remedy,
        });
    }

    /// From a shell everything is a string: `8` may be meant as one.
    fn as_a_string(&mut self, path: &[Step]) -> bool {
        let Some(span) = self.tree.plain_span(path) else {
            return false;
        };
        let untyped = self
            .documents
            .at(&span)
            .is_some_and(|d| d.kind.is_untyped());
        let Some(text) = self.documents.text(&span).filter(|_| untyped) else {
            return false;
        };
        let tried = self.gone.iter().any(|gone| gone == path);
        if tried || text.starts_with(['"', '\'']) {
            return false;
        }
        self.gone.push(path.to_vec());
        self.tree.put(path, as_string(text, &span))
    }

    /// Puts the next kind of value where one is missing, so that reading can go on.
    fn stand_in(&mut self, path: &[Step]) -> bool {
        let known = self.stand_ins.iter().position(|(at, _)| at == path);
        let index = known.unwrap_or_else(|| {
            self.stand_ins.push((path.to_vec(), 0));
            self.stand_ins.len() - 1
        });
        let Some((_, tries)) = self.stand_ins.get_mut(index) else {
            return false;
        };
        let tried = *tries;
        *tries += 1;
        // A place of its own, beyond every text.
        let start = NOWHERE + 2 + 2 * index;
        let place = start..start + 1;
        let value = match tried {
            0 => DeValue::String(Cow::Borrowed("")),
            1 => DeValue::Integer(DeInteger::default()),
            2 => DeValue::Boolean(false),
            3 => DeValue::Array(DeArray::new()),
            4 => DeValue::Table(DeTable::new()),
            _ => return false,
        };
        self.tree.put(path, Spanned::new(place, value))
    }
}
