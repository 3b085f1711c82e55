//! What is wrong with a request, collected field by field.

use wire::malformed::{Malformed, Problem};

use super::draft::Choice;
use crate::refusal::{Refused, Violation};

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

    /// Adds a violation.
    pub fn add(&mut self, path: &str, rule: &'static str, en: &str, nl: &str) {
        self.0.push(Violation {
            field: path.to_owned(),
            rule: rule.to_owned(),
            message_en: en.to_owned(),
            message_nl: nl.to_owned(),
        });
    }

    /// Adds a violation that was made elsewhere.
    pub fn push(&mut self, violation: Violation) {
        self.0.push(violation);
    }

    /// A rule of the contract that a field breaks.
    pub fn problem(&mut self, path: &str, problem: Problem) {
        self.push(Malformed::new(path, problem).into());
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
            self.add(
                path,
                "TOO_MANY",
                &format!("give at most {most}"),
                &format!("geef er hoogstens {most}"),
            );
        }
    }

    /// A text with more than `most` characters.
    pub fn longest(&mut self, path: &str, text: &str, most: usize) {
        if text.chars().count() > most {
            self.add(
                path,
                "TOO_LONG",
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
                self.add(
                    path,
                    "NAME_FORM",
                    error.rule,
                    "deze naam heeft een andere vorm; gebruik de vorm uit de beschrijving van het veld",
                );
                None
            }
        }
    }

    /// A UUID other than the nil UUID.
    pub fn request_id(&mut self, path: &str, text: &str) -> Option<model::RequestId> {
        if text.is_empty() {
            self.required(path);
            return None;
        }
        let id = model::RequestId::parse(text);
        if id.is_none() {
            self.problem(path, Problem::UuidForm);
        }
        id
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
