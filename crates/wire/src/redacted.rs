//! `Debug` of messages that hold identifiers, pseudonyms or texts: it shows which, never what.

use std::fmt::{Debug, Formatter, Result};

use crate::{audit_v1, broker_v1, node_v1, type_v1};

macro_rules! redacted {
    ($($message:ty),* $(,)?) => {$(
        impl Debug for $message {
            fn fmt(&self, f: &mut Formatter<'_>) -> Result {
                f.write_str(concat!(stringify!($message), "(..)"))
            }
        }
    )*};
}

redacted! {
    node_v1::Signal,
    node_v1::Attribute,
    node_v1::Person,
    node_v1::Address,
    node_v1::AddressAbroad,
    node_v1::Organisation,
    node_v1::Vehicle,
    node_v1::Contact,
    node_v1::Account,
    node_v1::CheckVisitRequest,
    node_v1::Applicant,
    node_v1::OpenCaseRequest,
    node_v1::HeldBack,
    node_v1::CasePseudonym,
    node_v1::AnswerCaseResponse,
    audit_v1::SubjectPseudonym,
    broker_v1::Signed,
    broker_v1::Pseudonym,
    type_v1::Opening,
}
