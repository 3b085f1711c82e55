//! Rules over a covenant. Each has a code, a page `docs/lints/<code>.md` and an example
//! `policies/bad/<code>.toml` that breaks it and nothing else.

mod bases;
mod catalogue;
mod cells;
mod clauses;
mod duties;
mod effect;
pub(crate) mod examples;
mod flows;
mod idle;
mod laws;
mod police;

pub(crate) use catalogue::law;
pub(crate) use catalogue::meaning;
pub(crate) use catalogue::text;
pub(crate) use catalogue::warning;

use model::{Day, PartyId};

use crate::diagnostic::Severity;
use crate::language::context::Context;
use crate::language::parse::{Draft, DraftClause};
use crate::language::places::{Places, Step, steps};
use crate::language::words::PartyKind;
use crate::lint::bases::Direction;
use crate::vocabulary::law::Exemption;

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

    /// By which keys of `grondslag` the exceptions of a party in a direction are reached: one
    /// text may stand for all, or for a direction.
    fn exemption_keys<'k>(
        &self,
        draft: &DraftClause,
        direction: Direction,
        party: &'k PartyId,
    ) -> Vec<&'k str> {
        let grondslag = steps!["regel", draft.index, "grondslag"];
        let mut keys = vec!["uitzondering"];
        for next in [direction.key(), party.as_str()] {
            let mut path = grondslag.to_vec();
            path.extend(keys.iter().copied().map(Step::Key));
            if !self.places.keys(&path).contains(&next) {
                break;
            }
            keys.push(next);
        }
        keys
    }

    /// Reports at an exception where it is written.
    fn at_exemption(
        &self,
        lint: &Lint,
        draft: &DraftClause,
        (direction, party): (Direction, &PartyId),
        exemption: Exemption,
        nl: String,
        en: String,
    ) {
        let mut path = steps!["regel", draft.index, "grondslag"].to_vec();
        let keys = self.exemption_keys(draft, direction, party);
        path.extend(keys.into_iter().map(Step::Key));
        self.at_word(lint, &path, exemption.as_str(), nl, en);
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
    duties::run(&rules);
    laws::run(&rules);
    police::run(&rules);
    if few {
        flows::run(&rules);
    }
    // What has no effect can only be said of a file that reads well.
    if ctx.errors() == 0 {
        effect::run(&rules);
        idle::run(&rules);
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
