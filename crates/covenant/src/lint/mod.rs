//! Rules over a covenant. Each has a code, a page `docs/lints/<code>.md` and an example
//! `policies/bad/<code>.toml` that breaks it and nothing else.

mod bases;
mod catalogue;
mod cells;
mod clauses;
mod effect;
pub(crate) mod examples;
mod flows;

pub(crate) use catalogue::law;
pub(crate) use catalogue::meaning;
pub(crate) use catalogue::text;
pub(crate) use catalogue::warning;

use model::{Day, PartyId};

use crate::diagnostic::Severity;
use crate::language::context::Context;
use crate::language::parse::Draft;
use crate::language::places::{Places, Step, steps};
use crate::language::words::PartyKind;

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

/// What a rule looks at.
pub(crate) struct Rules<'a> {
    ctx: &'a Context,
    draft: &'a Draft,
    places: &'a Places<'a>,
}

impl Rules<'_> {
    fn kind(&self, party: &PartyId) -> Option<PartyKind> {
        self.draft.parties.get(party).map(|p| p.kind)
    }

    /// Reports at the value of a path.
    fn at(&self, lint: &Lint, path: &[Step<'_>], nl: String, en: String) {
        self.ctx.report(lint, self.places.of(path), nl, en);
    }

    /// Reports at the key of a path.
    fn at_key(&self, lint: &Lint, path: &[Step<'_>], nl: String, en: String) {
        self.ctx.report(lint, self.places.key(path), nl, en);
    }

    /// Reports at a word in the list or table of a path.
    fn at_word(&self, lint: &Lint, path: &[Step<'_>], word: &str, nl: String, en: String) {
        self.ctx.report(lint, self.places.word(path, word), nl, en);
    }
}

/// Applies every rule that needs more than one place of the file; `false` when its cells do not
/// hang together, so that no example can be judged.
pub(crate) fn run(ctx: &Context, draft: &Draft, places: &Places<'_>, today: Option<Day>) -> bool {
    let rules = Rules { ctx, draft, places };
    expired(&rules, today);
    let before = ctx.errors();
    let few = cells::run(&rules);
    let coherent = ctx.errors() == before;
    clauses::run(&rules);
    bases::run(&rules);
    if few {
        flows::run(&rules);
    }
    // What has no effect can only be said of a file that reads well.
    if ctx.errors() == 0 {
        effect::run(&rules);
    }
    coherent
}

fn expired(rules: &Rules<'_>, today: Option<Day>) {
    if let (Some(header), Some(today)) = (&rules.draft.header, today)
        && header.valid_until <= today
    {
        let until = header.valid_until;
        rules.at(
            meaning::EXPIRED,
            steps!["convenant", "geldig_tot"],
            format!("de looptijd is over sinds {until}"),
            format!("the validity is over since {until}"),
        );
    }
}
