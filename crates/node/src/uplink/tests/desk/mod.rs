//! The desk for data subjects.

mod answering;
mod confirming;
mod opening;
mod passing;
mod served;
mod signals;

use prost::Message as _;
use wire::field::{date, timestamp};
use wire::node_v1 as pb;
use wire::type_v1;

use super::*;
use crate::grpc::stored;
use crate::intake::Submission;
use crate::rights::{Applying, Case, HeldDraft, Holding, Step};
use crate::testing::{fresh_v7, today};

/// Who takes in, who confirms, and a third one.
const ONE: &str = "medewerker-1";
const TWO: &str = "medewerker-2";
const THREE: &str = "medewerker-3";

fn desk_clerk() -> Caller {
    caller("desk", &["corporatie.loket"])
}

/// The address in the tests' village.
fn home() -> pb::Subject {
    pb::Subject {
        protections: Vec::new(),
        kind: Some(pb::subject::Kind::Address(pb::Address {
            postcode: "1234 AB".to_owned(),
            house_number: "12".to_owned(),
            ..pb::Address::default()
        })),
    }
}

/// A request that is in order, about whoever came to live there a year ago.
fn request(kind: pb::CaseKind) -> pb::OpenCaseRequest {
    let now = today().start().plus_seconds(11 * 3600);
    pb::OpenCaseRequest {
        request_id: model::RequestId::fresh().to_string(),
        covenant: "proef".to_owned(),
        kind: kind.into(),
        actor: ONE.to_owned(),
        identity: pb::IdentityMethod::DocumentAtDesk.into(),
        verified_at: Some(timestamp(now)),
        received_on: Some(date(today().plus_days(-2))),
        applicant: Some(pb::Applicant {
            name: "J. Voorbeeld".to_owned(),
            address_lines: vec!["Dorpsstraat 12".to_owned(), "1234 AB Roosdonk".to_owned()],
        }),
        subjects: vec![pb::CaseSubject {
            subject: Some(home()),
            from: Some(date(today().plus_days(-365))),
            until: None,
        }],
        reference: "LOKET-7".to_owned(),
    }
}

impl Pair {
    async fn open(&self, request: &pb::OpenCaseRequest) -> Result<Case, Refused> {
        let application = stored::application(&request.encode_to_vec()).unwrap();
        self.desk.open(&desk_clerk(), application).await
    }

    async fn opened(&self, kind: pb::CaseKind) -> String {
        self.open(&request(kind)).await.unwrap().id.to_string()
    }

    async fn confirm(&self, case: &str, actor: &str) -> Result<Case, Refused> {
        self.desk.confirm(&desk_clerk(), step(case, actor)).await
    }

    /// A case that two employees are done with.
    async fn confirmed(&self, kind: pb::CaseKind) -> Case {
        let id = self.opened(kind).await;
        self.confirm(&id, TWO).await.unwrap()
    }

    /// A signal about the address, as its message.
    async fn submit_message(&self, observed: model::Day) -> String {
        let signal = pb::Signal {
            id: fresh_v7(),
            covenant: "proef".to_owned(),
            purposes: vec!["bezoekveiligheid".to_owned()],
            category: Some(type_v1::Category {
                scheme: "vera".to_owned(),
                code: "AGR.FYS".to_owned(),
            }),
            subjects: vec![home()],
            observed_at: Some(timestamp(observed.start())),
            certainty: type_v1::Certainty::Confirmed.into(),
            reviewed_by_person: true,
            provenance: pb::Provenance::OwnObservation.into(),
            ..pb::Signal::default()
        };
        let content = signal.encode_to_vec();
        let submission = Submission {
            request_id: model::RequestId::fresh().to_string(),
            draft: stored::draft(&content),
            content,
            validate_only: false,
        };
        let system = self.world.system();
        self.world.intake.submit(&system, submission).await.unwrap();
        signal.id
    }

    async fn hold(
        &self,
        case: &str,
        indices: &[u64],
        change: fn(&mut Holding),
    ) -> Result<Case, Refused> {
        let mut holding = Holding {
            step: step(case, TWO),
            indices: indices.to_vec(),
            held_back: Some(HeldDraft {
                ground: "UAVG 41.1.d".to_owned(),
                reason: "er loopt een onderzoek".to_owned(),
                review_on: Some(Ok(today().plus_days(90))),
                told: false,
            }),
            release: false,
        };
        change(&mut holding);
        self.desk.hold_back(&desk_clerk(), holding).await
    }

    async fn apply(
        &self,
        case: &str,
        ids: &[&str],
        action: crate::rights::Action,
    ) -> Result<Case, Refused> {
        let applying = Applying {
            step: step(case, TWO),
            signal_ids: ids.iter().map(|id| (*id).to_owned()).collect(),
            action: crate::intake::Choice::Is(action),
        };
        self.desk.apply(&desk_clerk(), applying).await
    }
}

/// A step under a fresh request id; what it is stands in its content.
fn step(case: &str, actor: &str) -> Step {
    Step {
        request_id: model::RequestId::fresh().to_string(),
        case_id: case.to_owned(),
        actor: actor.to_owned(),
        content: format!("{case} {actor}").into_bytes(),
    }
}

/// Field and rule of everything that was found wrong.
fn wrong(refused: &Refused) -> Vec<(&str, &str)> {
    let violations = refused.0.violations.iter();
    violations
        .map(|v| (v.field.as_str(), v.rule.as_str()))
        .collect()
}
