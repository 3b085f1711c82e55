//! Messages of the demo's fictitious people, as a partner system would build them.

use model::clock::{Clock as _, SystemClock};
use wire::node_v1::{
    Address, Attribute, CheckVisitRequest, Protection, ProtectionStatement, Provenance, Signal,
    Subject, SubmitSignalRequest, subject,
};
use wire::type_v1::{Attestation, Category, Certainty};

/// A home in the demo's village, which is in no register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Home {
    /// `9999ZZ`-like: a postcode that is not given out.
    pub postcode: &'static str,
    /// The house number.
    pub number: u32,
    /// Whether the source attests that the address is shielded by law.
    pub shielded: bool,
}

/// A fresh id, as a sender makes it (UUIDv7).
#[must_use]
pub fn fresh_id() -> String {
    model::id::fresh_v7(&SystemClock).to_string()
}

/// The subject of a signal or question about a home.
#[must_use]
pub fn home(home: Home) -> Subject {
    let statement = |protection: Protection, present: bool| ProtectionStatement {
        protection: protection.into(),
        attestation: if present {
            Attestation::Present
        } else {
            Attestation::Absent
        }
        .into(),
    };
    Subject {
        kind: Some(subject::Kind::Address(Address {
            postcode: home.postcode.to_owned(),
            house_number: home.number.to_string(),
            ..Address::default()
        })),
        protections: vec![
            statement(Protection::Minor, false),
            statement(Protection::ShieldedAddress, home.shielded),
        ],
    }
}

/// A confirmed, reviewed signal of the sender's own observation, seen an hour ago.
#[must_use]
pub fn signal(covenant: &str, purpose: &str, code: &str, about: Subject) -> Signal {
    let seen = SystemClock.now().plus_seconds(-3600).as_millis();
    Signal {
        id: fresh_id(),
        covenant: covenant.to_owned(),
        purposes: vec![purpose.to_owned()],
        category: Some(Category {
            scheme: "vera".to_owned(),
            code: code.to_owned(),
        }),
        subjects: vec![about],
        observed_at: Some(prost_types::Timestamp {
            seconds: seen.div_euclid(1000),
            nanos: 0,
        }),
        certainty: Certainty::Confirmed.into(),
        reviewed_by_person: true,
        provenance: Provenance::OwnObservation.into(),
        attributes: vec![Attribute {
            name: "toelichting".to_owned(),
            value: "Verzonnen melding van de demo.".to_owned(),
        }],
        ..Signal::default()
    }
}

/// Wraps a signal in a request with a fresh id.
#[must_use]
pub fn submit(signal: Signal) -> SubmitSignalRequest {
    SubmitSignalRequest {
        request_id: fresh_id(),
        signal: Some(signal),
        validate_only: false,
    }
}

/// A question before a visit.
#[must_use]
pub fn visit(covenant: &str, purpose: &str, role: &str, about: Subject) -> CheckVisitRequest {
    CheckVisitRequest {
        request_id: fresh_id(),
        covenant: covenant.to_owned(),
        purpose: purpose.to_owned(),
        actor: "medewerker-0017".to_owned(),
        role: role.to_owned(),
        file_number: "AFSPRAAK-2026-0042".to_owned(),
        reason: "Bezichtiging van de woning.".to_owned(),
        subject: Some(about),
    }
}
