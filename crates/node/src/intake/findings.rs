//! What is wrong with a request, collected field by field.

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
        self.0.push(Violation::new(path, rule, en, nl));
    }

    /// Adds a violation that was made elsewhere.
    pub fn push(&mut self, violation: Violation) {
        self.0.push(violation);
    }

    /// A field that must be filled in.
    pub fn required(&mut self, path: &str) {
        self.add(path, "REQUIRED", "fill it in", "vul het in");
    }

    /// An element that occurs twice.
    pub fn duplicate(&mut self, path: &str) {
        self.add(
            path,
            "DUPLICATE",
            "it is there already; give it once",
            "het staat er al; geef het een keer",
        );
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
                self.required(path);
                None
            }
            Choice::Unknown => {
                self.add(
                    path,
                    "UNKNOWN_VALUE",
                    "use a value that this version of the interface has",
                    "gebruik een waarde die deze versie van de koppeling kent",
                );
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
            self.add(
                path,
                "UUID",
                "use a UUID, a fresh one for each request",
                "gebruik een UUID, een nieuw voor elk verzoek",
            );
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
        Self::invalid(found.0)
    }
}
