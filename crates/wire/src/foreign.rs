//! What the transport refuses before any method sees it, in words of ours. It is told by the text
//! that tonic gives it, since tonic says it in no other way; a text that is not known stays as it
//! is, and the journeys hold each of them to the version in use.

use tonic::Code;
use tonic::codegen::http;

use crate::malformed::{Malformed, Problem};
use crate::reason::Reason;
use crate::status::Refusal;

/// A message beyond the limit.
const TOO_LARGE: &str = "Error, decoded message length too large";
/// Bytes that prost could not read; the parts of the message that it was in follow.
const UNDECODED: &str = "failed to decode Protobuf message: ";
/// Bytes that do not even frame a message.
const UNFRAMED: [&str; 3] = [
    "protocol error: received message with ",
    "Unexpected EOF decoding stream.",
    "Missing request message.",
];
/// An encoding that the service does not take. The text repeats the name of it.
const COMPRESSED: &str = "Content is compressed with ";

/// A status that the transport made, as a refusal of ours; every other status is left as it is.
#[must_use]
pub fn in_our_words(status: tonic::Status) -> tonic::Status {
    match refusal(&status) {
        Some(refusal) => refusal.to_status(),
        None => status,
    }
}

/// [`in_our_words`] for the answer to a call, which may be refused before any method sees it.
#[must_use]
pub fn answer_in_our_words<B>(mut answer: http::Response<B>) -> http::Response<B> {
    let ours = tonic::Status::from_header_map(answer.headers())
        .as_ref()
        .and_then(refusal);
    let Some(ours) = ours else {
        return answer;
    };
    let mut headers = answer.headers().clone();
    for said in ["grpc-status", "grpc-message", "grpc-status-details-bin"] {
        headers.remove(said);
    }
    if ours.to_status().add_header(&mut headers).is_ok() {
        *answer.headers_mut() = headers;
    }
    answer
}

fn refusal(status: &tonic::Status) -> Option<Refusal> {
    if !status.details().is_empty() {
        return None;
    }
    let said = status.message();
    match status.code() {
        Code::OutOfRange if said.starts_with(TOO_LARGE) => Some(Reason::MessageTooLarge.into()),
        Code::Unimplemented if said.is_empty() => Some(Reason::MethodUnknown.into()),
        Code::Unimplemented if said.starts_with(COMPRESSED) => {
            Some(Reason::CompressionUnknown.into())
        }
        Code::Internal if UNFRAMED.iter().any(|text| said.starts_with(text)) => Some(unreadable()),
        Code::Internal => said.strip_prefix(UNDECODED).map(|at| match innermost(at) {
            Some(field) => unreadable().with("field", field),
            None => unreadable(),
        }),
        _ => None,
    }
}

fn unreadable() -> Refusal {
    Malformed::new("", Problem::Unreadable).into()
}

/// The field of the proto that prost stood at, such as `Person.bsn`. It knows no index, so this is
/// no path. What can't be a field's name is left out: no byte of the message may come back.
fn innermost(at: &str) -> Option<&str> {
    let (field, _) = at.split_once(": ")?;
    let word = |text: &str| {
        !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    };
    let (message, name) = field.split_once('.')?;
    (word(message) && word(name)).then_some(field)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node_v1::{Person, Signal, Subject, subject};
    use crate::status::read;
    use prost::Message as _;
    use tonic::Status;

    fn both_ways(status: &Status) -> [Status; 2] {
        let answer = answer_in_our_words(status.clone().into_http::<()>());
        assert_eq!(answer.headers().get_all("grpc-status").iter().count(), 1);
        [
            in_our_words(status.clone()),
            Status::from_header_map(answer.headers()).unwrap(),
        ]
    }

    #[test]
    fn what_the_transport_refuses_is_said_in_our_words() {
        let too_large = format!("{TOO_LARGE}: found 9 bytes, the limit is: 8 bytes");
        let flag = "protocol error: received message with invalid compression flag: 9";
        for (theirs, reason) in [
            (Status::out_of_range(too_large), Reason::MessageTooLarge),
            (Status::unimplemented(""), Reason::MethodUnknown),
            (
                Status::unimplemented("Content is compressed with `geheim` which isn't supported"),
                Reason::CompressionUnknown,
            ),
            (Status::internal(flag), Reason::FieldInvalid),
            (
                Status::internal("Missing request message."),
                Reason::FieldInvalid,
            ),
        ] {
            for ours in both_ways(&theirs) {
                let told = read(&ours);
                assert_eq!((told.reason, told.code), (Some(reason), reason.code()));
                assert!(!told.message_en.contains("geheim"));
                assert_ne!(told.message_nl, told.message_en);
            }
        }
    }

    #[test]
    fn bytes_that_are_no_message_are_the_caller_s_to_mend() {
        let person = Person {
            bsn: "x".to_owned(),
            ..Person::default()
        };
        let mut bytes = Signal {
            subjects: vec![Subject {
                kind: Some(subject::Kind::Person(person)),
                ..Subject::default()
            }],
            ..Signal::default()
        }
        .encode_to_vec();
        *bytes.iter_mut().rfind(|b| **b == b'x').unwrap() = 0xff;
        let error = Signal::decode(bytes.as_slice()).unwrap_err();
        for ours in both_ways(&Status::internal(error.to_string())) {
            let told = read(&ours);
            assert_eq!(told.reason, Some(Reason::FieldInvalid));
            assert_eq!(told.violations[0].rule, "UNREADABLE");
            assert_eq!(told.metadata["field"], "Person.bsn");
            assert!(told.message_en.starts_with("the bytes"), "{told:?}");
        }
        let unknown = Status::internal(format!("{UNDECODED}geheim 4711: no"));
        assert!(read(&in_our_words(unknown)).metadata.is_empty());
    }

    #[test]
    fn what_others_said_stays_as_it_is() {
        for other in [
            Refusal::of(Reason::TreeSizeUnknown).to_status(),
            Refusal::of(Reason::NodeFailed).to_status(),
            Status::invalid_argument(TOO_LARGE),
            Status::internal("down"),
            Status::unimplemented("later"),
        ] {
            for same in both_ways(&other) {
                assert_eq!(
                    (same.code(), same.message()),
                    (other.code(), other.message())
                );
            }
        }
    }
}
