//! Puts examples and cases to the covenant: by the same demands as every decision.

use std::ops::Range;

use model::ClauseNo;
use toml::de::DeTable;

use super::Case;
use crate::decide::examples::{ExampleResult, cell, evaluate};
use crate::decide::{Reason as Why, Unmet};
use crate::diagnostic::{Diagnostic, Lang, Severity};
use crate::language::ast::{Example, Outcome};
use crate::language::covenant::Covenant;
use crate::language::places::{Places, steps};
use crate::language::words::Reason;
use crate::lint::meaning;

/// One example or case with what came of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tried {
    /// The case. Of a signed example it names no more than the example does.
    pub case: Case,
    /// What came of it.
    pub result: ExampleResult,
    /// The prohibitions that cover its cell, in the file's order.
    pub prohibitions: Vec<ClauseNo>,
}

/// Tries the signed examples of a covenant; `source` is the covenant's text, for their places.
#[must_use]
pub fn try_examples(covenant: &Covenant, source: &str) -> Vec<Tried> {
    let (tree, _) = DeTable::parse_recoverable(source);
    let places = Places::new(source, tree.get_ref());
    let examples = covenant.examples().iter().enumerate();
    examples
        .map(|(index, example)| {
            let at = places.of(steps!["voorbeeld", index, "uitkomst"]);
            let case = Case {
                example: example.clone(),
                reasons: None,
                clause: None,
                prohibition: None,
                at,
            };
            tried(covenant, case)
        })
        .collect()
}

/// Tries cases, in their order.
#[must_use]
pub fn try_cases(covenant: &Covenant, cases: &[Case]) -> Vec<Tried> {
    cases
        .iter()
        .map(|case| tried(covenant, case.clone()))
        .collect()
}

fn tried(covenant: &Covenant, case: Case) -> Tried {
    Tried {
        result: evaluate(covenant, &case.example),
        prohibitions: prohibitions(covenant, &case.example),
        case,
    }
}

fn prohibitions(covenant: &Covenant, example: &Example) -> Vec<ClauseNo> {
    let cell = cell(example);
    let covering = covenant.prohibitions().iter().filter(|p| {
        p.covers(
            &cell.role,
            &cell.purpose,
            &cell.source,
            &cell.signal,
            cell.shows,
        )
    });
    covering.map(|p| p.number.clone()).collect()
}

impl Tried {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.case.example.name
    }

    /// Where its outcome stands: byte offsets in its file.
    #[must_use]
    pub fn at(&self) -> Range<usize> {
        self.case.at.clone()
    }

    /// Whether it came out as it says: the outcome, every reason where it names them all, and the
    /// clause or prohibition where it names one.
    #[must_use]
    pub fn holds(&self) -> bool {
        let case = &self.case;
        let reasons = case.reasons.as_ref().is_none_or(|expected| {
            let mut expected: Vec<Option<Reason>> = expected.iter().copied().map(Some).collect();
            let mut got: Vec<Option<Reason>> = self.why().map(Why::word).collect();
            for list in [&mut expected, &mut got] {
                list.sort_unstable();
                list.dedup();
            }
            expected == got
        });
        let clause = case.clause.is_none() || case.clause == self.result.clause;
        let prohibition = case
            .prohibition
            .as_ref()
            .is_none_or(|number| self.is_prohibited() && self.prohibitions.contains(number));
        self.result.holds() && reasons && clause && prohibition
    }

    /// The clause that reveals; `None` when it is refused.
    #[must_use]
    pub fn yes(&self) -> Option<&ClauseNo> {
        let clause = self.result.clause.as_ref();
        clause.filter(|_| self.result.unmet.is_empty())
    }

    /// The clause that refuses; `None` when it is revealed, or when no clause opens its cell.
    #[must_use]
    pub fn no(&self) -> Option<&ClauseNo> {
        let clause = self.result.clause.as_ref();
        clause.filter(|_| !self.result.unmet.is_empty())
    }

    /// Whether a prohibition refuses.
    #[must_use]
    pub fn is_prohibited(&self) -> bool {
        self.why().any(|why| why == Why::Prohibited)
    }

    /// Every reason to refuse.
    pub fn why(&self) -> impl Iterator<Item = Why> {
        self.result.unmet.iter().map(|unmet| unmet.reason)
    }

    /// What it says would come of it.
    #[must_use]
    pub fn expected(&self, lang: Lang) -> String {
        let case = &self.case;
        let by = match (&case.clause, &case.prohibition) {
            (Some(number), _) => format!(" {} {number}", by_clause(lang)),
            (None, Some(number)) => format!(" {} {number}", by_prohibition(lang)),
            (None, None) => String::new(),
        };
        let words = |list: &[Reason]| {
            let words: Vec<&str> = list.iter().map(|r| r.as_str()).collect();
            words.join(", ")
        };
        match (&case.example.outcome, &case.reasons) {
            (Outcome::Clause(number), _) => revealed(number, lang),
            (Outcome::Refused(_), Some(all)) => {
                let only = pick(lang, "precies om", "exactly for");
                format!("{}{by}, {only} {}", refused(lang), words(all))
            }
            (Outcome::Refused(Some(one)), None) => {
                let forr = pick(lang, "om", "for");
                format!("{}{by}, {forr} {one}", refused(lang))
            }
            (Outcome::Refused(None), None) => format!("{}{by}", refused(lang)),
        }
    }

    /// What came of it.
    #[must_use]
    pub fn got(&self, lang: Lang) -> String {
        if let Some(number) = self.yes() {
            return revealed(number, lang);
        }
        let by = match (&self.result.clause, self.prohibitions.first()) {
            (Some(number), _) => format!(" {} {number}", by_clause(lang)),
            (None, Some(number)) => format!(" {} {number}", by_prohibition(lang)),
            (None, None) => String::new(),
        };
        let reasons: Vec<String> = self
            .result
            .unmet
            .iter()
            .map(|unmet| reason(unmet, lang))
            .collect();
        let forr = pick(lang, "om", "for");
        format!("{}{by}, {forr} {}", refused(lang), reasons.join(", "))
    }

    /// What to say when it does not hold, at its place.
    #[must_use]
    pub fn complaint(&self) -> Option<Diagnostic> {
        if self.holds() {
            return None;
        }
        let rule = meaning::EXAMPLE_FAILS;
        let name = self.name();
        let told = |lang| (self.expected(lang), self.got(lang));
        let ((want_nl, got_nl), (want_en, got_en)) = (told(Lang::Nl), told(Lang::En));
        let at = self.at();
        Some(Diagnostic {
            from: at.start,
            to: at.end,
            severity: Severity::Error,
            code: rule.code,
            message_nl: format!("`{name}`\n  verwacht: {want_nl}\n  gekregen: {got_nl}"),
            message_en: format!("`{name}`\n  expected: {want_en}\n  got: {got_en}"),
            help_nl: "Verbeter het geval of de regel.".into(),
            help_en: "Correct the case or the clause.".into(),
        })
    }
}

pub(super) const fn pick<'t>(lang: Lang, nl: &'t str, en: &'t str) -> &'t str {
    match lang {
        Lang::Nl => nl,
        Lang::En => en,
    }
}

fn revealed(number: &ClauseNo, lang: Lang) -> String {
    match lang {
        Lang::Nl => format!("getoond door regel {number}"),
        Lang::En => format!("revealed by clause {number}"),
    }
}

const fn refused(lang: Lang) -> &'static str {
    pick(lang, "geweigerd", "refused")
}

const fn by_clause(lang: Lang) -> &'static str {
    pick(lang, "door regel", "by clause")
}

const fn by_prohibition(lang: Lang) -> &'static str {
    pick(lang, "door verbod", "by prohibition")
}

/// A reason in the words of covenants, with its numbers where they say something.
fn reason(unmet: &Unmet, lang: Lang) -> String {
    let word = unmet
        .reason
        .word()
        .map_or(unmet.reason.code(), Reason::as_str);
    let (fact, threshold) = (unmet.fact, unmet.threshold);
    let numbers = match unmet.reason {
        Why::Hits
        | Why::Parties
        | Why::Within
        | Why::Review
        | Why::Area
        | Why::Approval
        | Why::Threshold => match lang {
            Lang::Nl => format!(" ({fact}, nodig {threshold})"),
            Lang::En => format!(" ({fact}, needed {threshold})"),
        },
        Why::PerEmployee | Why::PerParty | Why::PerSubject | Why::Dominance => match lang {
            Lang::Nl => format!(" ({fact}, hooguit {threshold})"),
            Lang::En => format!(" ({fact}, at most {threshold})"),
        },
        Why::Minor => " (minderjarige)".into(),
        Why::ShieldedAddress => " (afgeschermd-adres)".into(),
        Why::NotActive
        | Why::Suspended
        | Why::NotConfirmed
        | Why::Prohibited
        | Why::NotNamed
        | Why::OtherTrigger
        | Why::NothingFromSource
        | Why::FileNumber
        | Why::Motivation
        | Why::AnswerAfter
        | Why::LoginLevel
        | Why::Attributes
        | Why::Outranked => String::new(),
    };
    format!("{word}{numbers}")
}
