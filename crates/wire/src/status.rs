//! A refusal as `google.rpc.Status`, and back: the only place that builds or reads one.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use tonic_types::{ErrorDetails, FieldViolation, LocalizedMessage, StatusExt as _};

use crate::malformed::{Malformed, Problem};
use crate::reason::Reason;
use crate::signed::OpenError;

pub use crate::foreign::{answer_in_our_words, in_our_words};

/// The domain of every reason.
pub const DOMAIN: &str = "covenant";

/// The catalogue of errors, one heading per reason.
pub const CATALOGUE: &str = "docs/errors.md";

/// A field that is wrong.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Violation {
    /// The field's path as in the proto, for example `signal.subjects[0].person.birth_date`.
    pub field: String,
    /// The rule that it breaks, `UPPER_SNAKE`.
    pub rule: String,
    /// Problem and remedy in English.
    pub message_en: String,
    /// Problem and remedy in Dutch.
    pub message_nl: String,
}

/// A refusal with its reason and remedy in both languages. It never holds a value of the request.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{reason}: {message_en}")]
pub struct Refusal {
    /// Why.
    pub reason: Reason,
    /// Cause and remedy in English.
    pub message_en: String,
    /// Cause and remedy in Dutch.
    pub message_nl: String,
    /// Every field that is wrong.
    pub violations: Vec<Violation>,
    /// Names of things of the covenant, such as `match_key`; never a value of the request.
    pub metadata: BTreeMap<String, String>,
    /// When it makes sense to try again.
    pub retry_after: Option<Duration>,
}

impl Refusal {
    /// A refusal with the texts of the catalogue.
    #[must_use]
    pub fn of(reason: Reason) -> Self {
        Self {
            reason,
            message_en: reason.message_en().to_owned(),
            message_nl: reason.message_nl().to_owned(),
            violations: Vec::new(),
            metadata: BTreeMap::new(),
            retry_after: None,
        }
    }

    /// The refusal of a message with wrong fields. The first one also stands in the message, since
    /// not every client shows details.
    #[must_use]
    pub fn fields(violations: Vec<Violation>) -> Self {
        let required = !violations.is_empty()
            && violations
                .iter()
                .all(|v| v.rule == Problem::Required.code());
        let reason = if required {
            Reason::FieldRequired
        } else {
            Reason::FieldInvalid
        };
        let mut refusal = Self::of(reason);
        if let Some(first) = violations.first() {
            let more = violations.len().saturating_sub(1);
            // A message that can't be read at all has no field to name.
            let at = match first.field.as_str() {
                "" => String::new(),
                field => format!("{field}: "),
            };
            let line = |text: &str, rest: &str| match more {
                0 => format!("{at}{text}"),
                _ => format!("{at}{text} ({more} {rest})"),
            };
            refusal.message_en = line(&first.message_en, "more fields are wrong");
            refusal.message_nl = line(&first.message_nl, "andere velden kloppen ook niet");
        }
        refusal.violations = violations;
        refusal
    }

    /// With other texts than the catalogue's.
    #[must_use]
    pub fn texts(mut self, en: impl Into<String>, nl: impl Into<String>) -> Self {
        self.message_en = en.into();
        self.message_nl = nl.into();
        self
    }

    /// With the name of something involved: never a value of the request.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl std::fmt::Display) -> Self {
        self.metadata.insert(name.to_owned(), value.to_string());
        self
    }

    /// With a hint when to try again.
    #[must_use]
    pub const fn retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    /// As the status of a call.
    #[must_use]
    pub fn to_status(&self) -> tonic::Status {
        tonic::Status::with_error_details(self.reason.code(), &self.message_en, self.details())
    }

    /// As a message, for an item of a stream or a batch.
    #[must_use]
    pub fn to_message(&self) -> tonic_types::Status {
        message(&self.to_status())
    }

    fn details(&self) -> ErrorDetails {
        let metadata: HashMap<_, _> = self.metadata.clone().into_iter().collect();
        let mut details = ErrorDetails::new();
        details
            .set_error_info(self.reason.as_str(), DOMAIN, metadata)
            .set_localized_message("nl", &self.message_nl)
            .add_help_link(self.reason.as_str(), format!("{CATALOGUE}#{}", self.reason));
        if !self.violations.is_empty() {
            let fields: Vec<_> = self.violations.iter().map(field_violation).collect();
            details.set_bad_request(fields);
        }
        if self.retry_after.is_some() {
            details.set_retry_info(self.retry_after);
        }
        details
    }
}

fn field_violation(violation: &Violation) -> FieldViolation {
    let mut message = FieldViolation::new(&violation.field, &violation.message_en);
    message.reason.clone_from(&violation.rule);
    message.localized_message = Some(LocalizedMessage::new("nl", &violation.message_nl));
    message
}

impl From<Malformed> for Violation {
    fn from(malformed: Malformed) -> Self {
        let Malformed { field, problem } = malformed;
        Self {
            field,
            rule: problem.code().to_owned(),
            message_en: problem.message_en().to_owned(),
            message_nl: problem.message_nl().to_owned(),
        }
    }
}

impl From<Malformed> for Refusal {
    fn from(malformed: Malformed) -> Self {
        Self::fields(vec![malformed.into()])
    }
}

impl From<Vec<Malformed>> for Refusal {
    fn from(malformed: Vec<Malformed>) -> Self {
        Self::fields(malformed.into_iter().map(Violation::from).collect())
    }
}

impl From<OpenError> for Refusal {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Malformed(malformed) => malformed.into(),
            OpenError::Forged { field } => Self::of(Reason::SignatureInvalid).with("field", field),
        }
    }
}

impl From<Reason> for Refusal {
    fn from(reason: Reason) -> Self {
        Self::of(reason)
    }
}

impl From<Refusal> for tonic::Status {
    fn from(refusal: Refusal) -> Self {
        refusal.to_status()
    }
}

/// What a client is told by a status, ours or another's.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Told {
    /// The status.
    pub code: tonic::Code,
    /// The reason, when it is one of ours that this version knows.
    pub reason: Option<Reason>,
    /// The reason as it came; empty when there is none.
    pub reason_text: String,
    /// Cause and remedy in English.
    pub message_en: String,
    /// Cause and remedy in Dutch; the English one when there is none.
    pub message_nl: String,
    /// Every field that is wrong.
    pub violations: Vec<Violation>,
    /// Names of things involved.
    pub metadata: BTreeMap<String, String>,
    /// When it makes sense to try again.
    pub retry_after: Option<Duration>,
}

impl Told {
    /// The refusal that it is, to be passed on; `None` when the reason is none of ours.
    #[must_use]
    pub fn refusal(self) -> Option<Refusal> {
        Some(Refusal {
            reason: self.reason?,
            message_en: self.message_en,
            message_nl: self.message_nl,
            violations: self.violations,
            metadata: self.metadata,
            retry_after: self.retry_after,
        })
    }
}

/// Reads the status of a call.
#[must_use]
pub fn read(status: &tonic::Status) -> Told {
    let details = status.get_error_details();
    let info = details.error_info().filter(|info| info.domain == DOMAIN);
    let nl = details.localized_message().filter(|m| m.locale == "nl");
    let violations = details
        .bad_request()
        .map_or(&[][..], |b| &b.field_violations);
    Told {
        code: status.code(),
        reason: info.and_then(|info| Reason::parse(&info.reason)),
        reason_text: info.map_or_else(String::new, |info| info.reason.clone()),
        message_en: status.message().to_owned(),
        message_nl: nl
            .map_or(status.message(), |m| m.message.as_str())
            .to_owned(),
        violations: violations.iter().map(violation).collect(),
        metadata: info.map_or_else(BTreeMap::new, |info| {
            info.metadata.clone().into_iter().collect()
        }),
        retry_after: details.retry_info().and_then(|retry| retry.retry_delay),
    }
}

/// Reads a status that stands in a message.
#[must_use]
pub fn read_message(status: &tonic_types::Status) -> Told {
    read(&call_status(status))
}

/// The status of a call as a message.
#[must_use]
pub fn message(status: &tonic::Status) -> tonic_types::Status {
    let details: Option<tonic_types::Status> = prost::Message::decode(status.details()).ok();
    tonic_types::Status {
        code: status.code() as i32,
        message: status.message().to_owned(),
        details: details.map_or_else(Vec::new, |d| d.details),
    }
}

fn call_status(status: &tonic_types::Status) -> tonic::Status {
    tonic::Status::with_details(
        tonic::Code::from(status.code),
        &status.message,
        prost::Message::encode_to_vec(status).into(),
    )
}

fn violation(message: &FieldViolation) -> Violation {
    let nl = message
        .localized_message
        .as_ref()
        .filter(|m| m.locale == "nl");
    Violation {
        field: message.field.clone(),
        rule: message.reason.clone(),
        message_en: message.description.clone(),
        message_nl: nl.map_or(&message.description, |m| &m.message).clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_said_is_what_is_read() {
        let wrong = |field| Malformed::new(field, Problem::UuidForm);
        let said = Refusal::from(vec![wrong("request_id"), wrong("signal.id")])
            .with("covenant", "veilig-op-bezoek")
            .retry_after(Duration::from_secs(5));
        let status = said.to_status();
        assert_eq!(status.code(), tonic::Code::InvalidArgument);
        assert!(
            status.message().starts_with("request_id: "),
            "{}",
            status.message()
        );
        assert!(status.message().ends_with("(1 more fields are wrong)"));
        let told = read(&status);
        assert_eq!(told, read_message(&said.to_message()));
        assert_eq!(told.refusal(), Some(said));
    }

    #[test]
    fn every_reason_links_to_its_heading() {
        for reason in Reason::ALL {
            let status = Refusal::of(*reason).to_status();
            let help = status.get_details_help().unwrap();
            assert_eq!(help.links[0].url, format!("docs/errors.md#{reason}"));
            assert_eq!(read(&status).reason, Some(*reason));
        }
    }

    #[test]
    fn only_empty_fields_are_said_to_be_missing() {
        let empty = Malformed::new("party", Problem::Required);
        assert_eq!(Refusal::from(empty.clone()).reason, Reason::FieldRequired);
        let wrong = Malformed::new("party", Problem::NameForm);
        assert_eq!(
            Refusal::from(vec![empty, wrong]).reason,
            Reason::FieldInvalid
        );
    }

    #[test]
    fn another_s_status_is_told_without_a_reason() {
        let told = read(&tonic::Status::unavailable("down"));
        assert_eq!((told.reason, told.message_nl.as_str()), (None, "down"));
        assert_eq!(told.refusal(), None);
    }
}
