//! What is wrong with a request, collected field by field.

use wire::malformed::{Malformed, Problem};

use super::draft::Choice;
use super::rule::Rule;
use crate::refusal::{Reason, Refused, Violation};

/// All violations found so far. Never holds a value of the request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings(Vec<Violation>);

impl Findings {
    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The violations, in the order of the message's fields.
    #[must_use]
    pub fn violations(&self) -> &[Violation] {
        &self.0
    }

    // Whatever is added has a code of one of four closed lists, which `docs/errors.md` prints.
    fn add(&mut self, path: &str, code: &'static str, en: &str, nl: &str) {
        self.0.push(Violation {
            field: path.to_owned(),
            rule: code.to_owned(),
            message_en: en.to_owned(),
            message_nl: nl.to_owned(),
        });
    }

    /// A rule of the contract that a field breaks.
    pub fn problem(&mut self, path: &str, problem: Problem) {
        self.0.push(Malformed::new(path, problem).into());
    }

    /// The same, with texts that fit the field better than those of the list.
    pub fn told(&mut self, path: &str, problem: Problem, en: &str, nl: &str) {
        self.add(path, problem.code(), en, nl);
    }

    /// A rule of the node's own.
    pub fn rule(&mut self, path: &str, rule: Rule) {
        self.add(path, rule.code(), rule.message_en(), rule.message_nl());
    }

    /// A field that is wrong for a reason of the catalogue.
    pub fn reason(&mut self, path: &str, reason: Reason) {
        self.add(
            path,
            reason.as_str(),
            reason.message_en(),
            reason.message_nl(),
        );
    }

    /// An identifier that was refused, of the subject at `path`.
    pub fn identifier(&mut self, path: &str, refusal: &pseudonym::Refusal) {
        let path = format!("{path}.{}", refusal.path);
        self.add(
            &path,
            refusal.rule,
            &refusal.message_en,
            &refusal.message_nl,
        );
    }

    /// A field that must be filled in.
    pub fn required(&mut self, path: &str) {
        self.problem(path, Problem::Required);
    }

    /// An element that occurs twice.
    pub fn duplicate(&mut self, path: &str) {
        self.problem(path, Problem::Twice);
    }

    /// A list with more than `most` elements.
    pub fn at_most(&mut self, path: &str, count: usize, most: usize) {
        if count > most {
            self.told(
                path,
                Problem::TooMany,
                &format!("give at most {most}"),
                &format!("geef er hoogstens {most}"),
            );
        }
    }

    /// A text with more than `most` characters.
    pub fn longest(&mut self, path: &str, text: &str, most: usize) {
        if text.chars().count() > most {
            self.told(
                path,
                Problem::TooLong,
                &format!("use at most {most} characters"),
                &format!("gebruik hoogstens {most} tekens"),
            );
        }
    }

    /// The choice that was made, or a finding.
    pub fn choice<T>(&mut self, path: &str, choice: Choice<T>) -> Option<T> {
        match choice {
            Choice::Is(value) => Some(value),
            Choice::Unspecified => {
                self.problem(path, Problem::Unspecified);
                None
            }
            Choice::Unknown => {
                self.problem(path, Problem::UnknownValue);
                None
            }
        }
    }

    /// A name that was read, or a finding.
    pub fn named<T>(&mut self, path: &str, read: Result<T, model::name::NameError>) -> Option<T> {
        match read {
            Ok(name) => Some(name),
            Err(error) => {
                self.told(
                    path,
                    Problem::NameForm,
                    error.rule,
                    "deze naam heeft een andere vorm; gebruik de vorm uit de beschrijving van het veld",
                );
                None
            }
        }
    }

    /// An id in the one form that a UUID has here, or a finding.
    pub fn uuid<T>(
        &mut self,
        path: &str,
        text: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let read = wire::field::uuid(text, path, parse);
        read.map_err(|malformed| self.0.push(malformed.into())).ok()
    }

    /// A UUID other than the nil UUID.
    pub fn request_id(&mut self, path: &str, text: &str) -> Option<model::RequestId> {
        self.uuid(path, text, model::RequestId::parse)
    }

    /// Everything that was found, as the refusal of the request.
    ///
    /// # Errors
    /// [`Refused`] when something was found.
    pub fn into_result(self) -> Result<(), Refused> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(self.into())
        }
    }
}

impl From<Findings> for Refused {
    fn from(found: Findings) -> Self {
        Self::fields(found.0)
    }
}
