//! What the desk of a party is handed by a data subject.

use model::Timestamp;
use sandbox::messages::fresh_id;
use wire::field::{date, timestamp};
use wire::node_v1::{Applicant, CaseKind, CaseSubject, IdentityMethod, OpenCaseRequest, Subject};

/// A request about a subject, of the last hundred days, taken in by the employee `balie-1`.
#[must_use]
pub fn request(covenant: &str, kind: CaseKind, about: Subject, now: Timestamp) -> OpenCaseRequest {
    OpenCaseRequest {
        request_id: fresh_id(),
        covenant: covenant.to_owned(),
        kind: kind.into(),
        actor: "balie-1".to_owned(),
        identity: IdentityMethod::DocumentAtDesk.into(),
        verified_at: Some(timestamp(now)),
        received_on: Some(date(now.day())),
        applicant: Some(Applicant {
            name: "J. Voorbeeld".to_owned(),
            address_lines: vec!["Dorpsstraat 12".to_owned()],
        }),
        subjects: vec![CaseSubject {
            subject: Some(about),
            from: Some(date(now.day().plus_days(-100))),
            until: None,
        }],
        reference: "R-1".to_owned(),
    }
}
