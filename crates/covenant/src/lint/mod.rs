//! Rules over a covenant. Each has a code, a page `docs/lints/<code>.md` and an example
//! `policies/bad/<code>.toml` that breaks it and nothing else.

mod catalogue;

pub(crate) use catalogue::law;
pub(crate) use catalogue::meaning;
pub(crate) use catalogue::text;
pub(crate) use catalogue::warning;

use crate::diagnostic::Severity;

/// One rule.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Lint {
    /// Its code: lower-case Dutch words joined by hyphens, and the name of its page.
    pub code: &'static str,
    /// How bad a breach is.
    pub severity: Severity,
    /// What it says, in Dutch.
    pub title_nl: &'static str,
    /// What it says, in English.
    pub title_en: &'static str,
    /// How to mend a breach, in Dutch.
    pub help_nl: &'static str,
    /// How to mend a breach, in English.
    pub help_en: &'static str,
}

/// Every rule: first those of the text, then of the meaning, of the law, and the warnings.
pub static ALL: &[&[Lint]] = &[text::ALL, meaning::ALL, law::ALL, warning::ALL];

/// Every rule, one by one.
pub fn all() -> impl Iterator<Item = &'static Lint> {
    ALL.iter().flat_map(|group| group.iter())
}

/// The rule with a code.
#[must_use]
pub fn by_code(code: &str) -> Option<&'static Lint> {
    all().find(|lint| lint.code == code)
}

pub(crate) fn run(
    _ctx: &crate::language::reader::Context,
    _draft: &crate::language::parse::Draft,
    _places: &crate::language::places::Places<'_>,
    _today: Option<model::Day>,
) {
}
