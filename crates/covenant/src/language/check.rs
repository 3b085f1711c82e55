//! From text to [`Covenant`], or to everything that is wrong with it.

use model::Day;

use crate::diagnostic::Diagnostic;
use crate::language::covenant::Covenant;

/// How strictly a file is checked.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Checking {
    /// As it must be to be signed.
    #[default]
    Strict,
    /// As a model text: place-holders for keys, and dates that are past, are warnings.
    Template,
}

/// The outcome of a check.
#[derive(Debug)]
pub struct Checked {
    /// The covenant; `None` when there is any error.
    pub covenant: Option<Covenant>,
    /// All errors, warnings and notes, in the order of the source.
    pub diagnostics: Vec<Diagnostic>,
}

/// Checks a covenant strictly, without regard to the date.
#[must_use]
pub fn check(source: &str) -> Checked {
    check_as(source, Checking::Strict, None)
}

/// Checks a covenant; with `today`, also whether its validity is over.
#[must_use]
pub fn check_as(_source: &str, _checking: Checking, _today: Option<Day>) -> Checked {
    Checked {
        covenant: None,
        diagnostics: Vec::new(),
    }
}
