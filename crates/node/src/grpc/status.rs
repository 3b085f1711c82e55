//! A refusal as `google.rpc.Status`: the only place that maps them, both ways.

use std::collections::HashMap;
use std::time::Duration;

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

use crate::refusal::{Kind, Refused, Violation};

/// The domain of every reason.
const DOMAIN: &str = "covenant";

/// The errors' catalogue, one heading per reason.
const CATALOGUE: &str = "https://covenant-broker.invalid/docs/errors.md";

/// A refusal with all its details.
pub(crate) fn status(refused: &Refused) -> Status {
    let metadata: HashMap<String, String> = refused.metadata.clone().into_iter().collect();
    let mut details = ErrorDetails::new();
    details.set_error_info(refused.reason.as_ref(), DOMAIN, metadata);
    details.set_localized_message("nl", refused.message_nl.as_str());
    details.add_help_link(
        refused.reason.as_ref(),
        format!("{CATALOGUE}#{}", refused.reason),
    );
    for violation in &refused.violations {
        details.add_bad_request_violation(violation.path.as_str(), describe(violation));
    }
    if refused.retry_after.is_some() {
        details.set_retry_info(refused.retry_after);
    }
    Status::with_error_details(code(refused.kind), refused.message_en.as_str(), details)
}

/// The same for a message that carries a status: `google.rpc.Status`.
pub(crate) fn rpc_status(refused: &Refused) -> tonic_types::Status {
    let status = status(refused);
    let details = prost::Message::decode(status.details());
    details.unwrap_or_else(|_| tonic_types::Status {
        code: status.code().into(),
        message: status.message().to_owned(),
        details: Vec::new(),
    })
}

fn describe(violation: &Violation) -> String {
    format!(
        "{}: {} | {}",
        violation.rule, violation.message_en, violation.message_nl
    )
}

const fn code(kind: Kind) -> Code {
    match kind {
        Kind::Invalid => Code::InvalidArgument,
        Kind::Unauthenticated => Code::Unauthenticated,
        Kind::Denied => Code::PermissionDenied,
        Kind::Precondition => Code::FailedPrecondition,
        Kind::NotFound => Code::NotFound,
        Kind::Exists => Code::AlreadyExists,
        Kind::Exhausted => Code::ResourceExhausted,
        Kind::Unavailable => Code::Unavailable,
        Kind::Internal => Code::Internal,
    }
}

/// A refusal of the broker's that may be shown to whoever asked: with its own reason and both
/// texts. Anything else that goes wrong there is the operator's business.
pub(crate) fn from_broker(status: &Status) -> Refused {
    let kind = match status.code() {
        Code::PermissionDenied => Kind::Denied,
        Code::FailedPrecondition => Kind::Precondition,
        Code::ResourceExhausted => Kind::Exhausted,
        Code::AlreadyExists => Kind::Exists,
        Code::InvalidArgument | Code::NotFound | Code::Aborted | Code::OutOfRange => {
            Kind::Precondition
        }
        Code::Unavailable | Code::DeadlineExceeded | Code::Cancelled | Code::Unknown => {
            return Refused::broker_unreachable();
        }
        _ => return Refused::internal(),
    };
    let details = status.get_error_details();
    let Some(info) = details.error_info().filter(|info| info.domain == DOMAIN) else {
        return Refused::internal();
    };
    let nl = details
        .localized_message()
        .filter(|m| m.locale.starts_with("nl"))
        .map_or_else(|| status.message().to_owned(), |m| m.message.clone());
    Refused {
        kind,
        reason: info.reason.clone().into(),
        message_en: status.message().to_owned(),
        message_nl: nl,
        violations: Vec::new(),
        retry_after: details.retry_info().and_then(|r| r.retry_delay),
        metadata: info.metadata.clone().into_iter().collect(),
    }
}

/// How long a client should wait, for tests and logs.
#[cfg(test)]
fn retry_of(status: &Status) -> Option<Duration> {
    status.get_details_retry_info().and_then(|r| r.retry_delay)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_keeps_reason_texts_fields_and_hint_on_the_wire() {
        let refused = Refused::invalid(vec![Violation::new(
            "signal.subjects[0].person.birth_date",
            "BIRTH_DATE_FORM",
            "write yyyymmdd",
            "schrijf jjjjmmdd",
        )]);
        let status = status(&refused);
        assert_eq!(status.code(), Code::InvalidArgument);
        let bad = status.get_details_bad_request().unwrap();
        assert_eq!(
            bad.field_violations[0].field,
            "signal.subjects[0].person.birth_date"
        );
        let text = &bad.field_violations[0].description;
        assert!(text.starts_with("BIRTH_DATE_FORM: write yyyymmdd"), "{text}");
        assert_eq!(status.get_details_error_info().unwrap().reason, "FIELD_INVALID");
        assert_eq!(status.get_details_localized_message().unwrap().locale, "nl");
        assert_eq!(rpc_status(&refused).code, i32::from(Code::InvalidArgument));
        assert_eq!(rpc_status(&refused).details.len(), 4);
        assert_eq!(
            retry_of(&super::status(&Refused::outbox_full())),
            Some(Duration::from_secs(60))
        );
    }

    #[test]
    fn an_open_refusal_of_the_broker_is_passed_on_with_both_texts() {
        let original = Refused::new(Kind::Denied, "ROLE_NOT_NAMED", "no clause", "geen bepaling")
            .with("role", "corporatie.stagiair");
        let read = from_broker(&status(&original));
        assert_eq!(read, original);
    }

    #[test]
    fn what_is_no_open_refusal_is_not_passed_on() {
        let lost = from_broker(&Status::unavailable("tcp connect error"));
        assert_eq!(lost.reason, "BROKER_UNREACHABLE");
        let odd = from_broker(&Status::permission_denied("by some proxy"));
        assert_eq!(odd.reason, "NODE_FAILED");
        assert_eq!(from_broker(&Status::internal("stack")).reason, "NODE_FAILED");
    }
}
