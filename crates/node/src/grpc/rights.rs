//! `covenant.node.v1.RightsService`.

use model::{Day, Timestamp};
use prost::Message;
use tonic::{Request, Response, Status};
use wire::field::{self, date, timestamp};
use wire::node_v1::rights_service_server::RightsService;
use wire::word::{IdentityCheck, RightsKind};
use wire::{Bytes, node_v1 as pb, type_v1};

use super::{Services, peer, read};
use crate::intake::Choice;
use crate::rights::{
    Action, Applicant, Application, Applying, Case, CaseFilter, CasePseudonym, Held, HeldDraft,
    Holding, Item, Role, Stage, Step, SubjectAsked,
};

#[tonic::async_trait]
impl RightsService for Services {
    async fn open_case(
        &self,
        request: Request<pb::OpenCaseRequest>,
    ) -> Result<Response<pb::OpenCaseResponse>, Status> {
        let caller = peer::caller(&request)?;
        let request = request.into_inner();
        let content = request.encode_to_vec();
        let opened = self
            .desk
            .open(&caller, application(request, content))
            .await?;
        Ok(Response::new(pb::OpenCaseResponse {
            case: Some(case(opened, Show::All)),
        }))
    }

    async fn confirm_case(
        &self,
        request: Request<pb::ConfirmCaseRequest>,
    ) -> Result<Response<pb::ConfirmCaseResponse>, Status> {
        let caller = peer::caller(&request)?;
        let request = request.into_inner();
        let step = step(
            &request,
            &request.request_id,
            &request.case_id,
            &request.actor,
        );
        let confirmed = self.desk.confirm(&caller, step).await?;
        Ok(Response::new(pb::ConfirmCaseResponse {
            case: Some(case(confirmed, Show::All)),
        }))
    }

    async fn get_case(
        &self,
        request: Request<pb::GetCaseRequest>,
    ) -> Result<Response<pb::GetCaseResponse>, Status> {
        let caller = peer::caller(&request)?;
        let found = self.desk.get(&caller, &request.get_ref().case_id)?;
        Ok(Response::new(pb::GetCaseResponse {
            case: Some(case(found, Show::All)),
        }))
    }

    async fn list_cases(
        &self,
        request: Request<pb::ListCasesRequest>,
    ) -> Result<Response<pb::ListCasesResponse>, Status> {
        let caller = peer::caller(&request)?;
        let pb::ListCasesRequest {
            state,
            review_due,
            page_size,
            page_token,
        } = request.into_inner();
        let stage = read::choice(state, |state| match state {
            pb::CaseState::Unspecified => None,
            pb::CaseState::Open => Some(Stage::Open),
            pb::CaseState::Confirmed => Some(Stage::Confirmed),
            pb::CaseState::Answered => Some(Stage::Answered),
        });
        let filter = CaseFilter { stage, review_due };
        let page = self.desk.list(&caller, filter, page_size, &page_token)?;
        let cases = page.cases.into_iter();
        Ok(Response::new(pb::ListCasesResponse {
            cases: cases.map(|one| case(one, Show::Outline)).collect(),
            next_page_token: page.next_page_token,
        }))
    }

    async fn hold_back(
        &self,
        request: Request<pb::HoldBackRequest>,
    ) -> Result<Response<pb::HoldBackResponse>, Status> {
        let caller = peer::caller(&request)?;
        let request = request.into_inner();
        let step = step(
            &request,
            &request.request_id,
            &request.case_id,
            &request.actor,
        );
        let held = |held: pb::HeldBack| HeldDraft {
            ground: held.ground,
            reason: held.reason,
            review_on: day(held.review_on),
            told: held.told,
        };
        let holding = Holding {
            step,
            indices: request.indices,
            held_back: request.held_back.map(held),
            release: request.release,
        };
        let changed = self.desk.hold_back(&caller, holding).await?;
        Ok(Response::new(pb::HoldBackResponse {
            case: Some(case(changed, Show::All)),
        }))
    }

    async fn apply_to_signals(
        &self,
        request: Request<pb::ApplyToSignalsRequest>,
    ) -> Result<Response<pb::ApplyToSignalsResponse>, Status> {
        let caller = peer::caller(&request)?;
        let request = request.into_inner();
        let step = step(
            &request,
            &request.request_id,
            &request.case_id,
            &request.actor,
        );
        let action = read::choice(request.action, |action| match action {
            pb::SignalAction::Unspecified => None,
            pb::SignalAction::Withdraw => Some(Action::Withdraw),
            pb::SignalAction::Restrict => Some(Action::Restrict),
            pb::SignalAction::Lift => Some(Action::Lift),
        });
        let applying = Applying {
            step,
            signal_ids: request.signal_ids,
            action,
        };
        let changed = self.desk.apply(&caller, applying).await?;
        Ok(Response::new(pb::ApplyToSignalsResponse {
            case: Some(case(changed, Show::All)),
        }))
    }

    async fn answer_case(
        &self,
        request: Request<pb::AnswerCaseRequest>,
    ) -> Result<Response<pb::AnswerCaseResponse>, Status> {
        let caller = peer::caller(&request)?;
        let request = request.into_inner();
        let step = step(
            &request,
            &request.request_id,
            &request.case_id,
            &request.actor,
        );
        let answered = self.desk.answer(&caller, step).await?;
        Ok(Response::new(pb::AnswerCaseResponse {
            answer_json: Bytes::from(answered.json),
            letter_nl: answered.letter_nl,
            letter_en: answered.letter_en,
            answered_at: Some(timestamp(answered.answered_at)),
        }))
    }

    async fn pass_on_case(
        &self,
        request: Request<pb::PassOnCaseRequest>,
    ) -> Result<Response<pb::PassOnCaseResponse>, Status> {
        let caller = peer::caller(&request)?;
        let request = request.into_inner();
        let step = step(
            &request,
            &request.request_id,
            &request.case_id,
            &request.actor,
        );
        let parties = self.desk.pass_on(&caller, step, &request.parties).await?;
        Ok(Response::new(pb::PassOnCaseResponse { parties }))
    }

    async fn unlink_entries(
        &self,
        request: Request<pb::UnlinkEntriesRequest>,
    ) -> Result<Response<pb::UnlinkEntriesResponse>, Status> {
        let caller = peer::caller(&request)?;
        let request = request.into_inner();
        let step = step(
            &request,
            &request.request_id,
            &request.case_id,
            &request.actor,
        );
        let changed = self.desk.unlink(&caller, step, &request.indices).await?;
        Ok(Response::new(pb::UnlinkEntriesResponse {
            case: Some(case(changed, Show::All)),
        }))
    }

    async fn list_pseudonyms(
        &self,
        request: Request<pb::ListPseudonymsRequest>,
    ) -> Result<Response<pb::ListPseudonymsResponse>, Status> {
        let caller = peer::caller(&request)?;
        let pb::ListPseudonymsRequest { case_id, actor } = request.into_inner();
        let pseudonyms = self.desk.pseudonyms(&caller, &case_id, &actor)?;
        let message = |one: CasePseudonym| pb::CasePseudonym {
            epoch: one.epoch.get(),
            match_key: one.match_key.as_str().to_owned(),
            value: Bytes::copy_from_slice(one.value.as_bytes()),
        };
        Ok(Response::new(pb::ListPseudonymsResponse {
            pseudonyms: pseudonyms.into_iter().map(message).collect(),
        }))
    }
}

fn step(message: &impl Message, request_id: &str, case_id: &str, actor: &str) -> Step {
    Step {
        request_id: request_id.to_owned(),
        case_id: case_id.to_owned(),
        actor: actor.to_owned(),
        content: message.encode_to_vec(),
    }
}

fn day(date: Option<type_v1::Date>) -> Option<Result<Day, ()>> {
    date.map(|date| field::day(Some(date), "day").map_err(|_| ()))
}

/// Reads a request of a data subject; `content` are its bytes.
pub(crate) fn application(request: pb::OpenCaseRequest, content: Vec<u8>) -> Application {
    let pb::OpenCaseRequest {
        request_id,
        covenant,
        kind,
        actor,
        identity,
        verified_at,
        received_on,
        applicant,
        subjects,
        reference,
    } = request;
    let subject = |asked: pb::CaseSubject| SubjectAsked {
        subject: asked.subject.map(read::subject),
        from: day(asked.from),
        until: day(asked.until),
    };
    Application {
        request_id,
        covenant,
        kind: read_kind(kind),
        actor,
        identity: read_identity(identity),
        verified_at: verified_at.map(|at| field::instant(Some(at), "").map_err(|_| ())),
        received_on: day(received_on),
        applicant: applicant.map(|applicant| Applicant {
            name: applicant.name,
            address_lines: applicant.address_lines,
        }),
        subjects: subjects.into_iter().map(subject).collect(),
        reference,
        content,
    }
}

fn read_kind(number: i32) -> Choice<RightsKind> {
    read::choice(number, |kind| match kind {
        pb::CaseKind::Unspecified => None,
        pb::CaseKind::Access => Some(RightsKind::Access),
        pb::CaseKind::Correction => Some(RightsKind::Correction),
        pb::CaseKind::Objection => Some(RightsKind::Objection),
        pb::CaseKind::Restriction => Some(RightsKind::Restriction),
        pb::CaseKind::Erasure => Some(RightsKind::Erasure),
    })
}

fn read_identity(number: i32) -> Choice<IdentityCheck> {
    read::choice(number, |identity| match identity {
        pb::IdentityMethod::Unspecified => None,
        pb::IdentityMethod::DocumentAtDesk => Some(IdentityCheck::DocumentAtDesk),
        pb::IdentityMethod::Electronic => Some(IdentityCheck::Electronic),
        pb::IdentityMethod::Representative => Some(IdentityCheck::Representative),
    })
}

/// How much of a case is shown.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Show {
    All,
    Outline,
}

fn case(shown: Case, show: Show) -> pb::Case {
    let Case { id, record, states } = shown;
    let kind = record
        .kind()
        .map_or(pb::CaseKind::Unspecified, |kind| match kind {
            RightsKind::Access => pb::CaseKind::Access,
            RightsKind::Correction => pb::CaseKind::Correction,
            RightsKind::Objection => pb::CaseKind::Objection,
            RightsKind::Restriction => pb::CaseKind::Restriction,
            RightsKind::Erasure => pb::CaseKind::Erasure,
        });
    let state = match record.stage {
        Stage::Open => pb::CaseState::Open,
        Stage::Confirmed => pb::CaseState::Confirmed,
        Stage::Answered => pb::CaseState::Answered,
    };
    let at = |millis: i64| timestamp(Timestamp::from_millis(millis));
    let on = |days: i32| date(Day::from_days(days));
    let signals = record.signals.iter().zip(&states);
    let signals = signals.map(|(own, state)| pb::CaseSignal {
        id: model::SignalId::from_slice(&own.id)
            .map(|id| id.to_string())
            .unwrap_or_default(),
        category: own.category.clone(),
        observed_on: Some(on(own.observed_on)),
        expires_on: Some(on(own.expires_on)),
        state: state.as_str().to_owned(),
    });
    let unknown = record.unknown.iter().map(|unknown| pb::UnknownEpoch {
        epoch: unknown.epoch,
        until: Some(on(unknown.until)),
    });
    let all = show == Show::All;
    pb::Case {
        id: id.to_string(),
        kind: kind.into(),
        state: state.into(),
        signals: signals.filter(|_| all).collect(),
        items: record.items.iter().filter(|_| all).map(item).collect(),
        unknown: unknown.filter(|_| all).collect(),
        covenant: record.covenant,
        opened_by: record.opened_by,
        opened_at: Some(at(record.opened_at)),
        confirmed_by: record.confirmed_by,
        confirmed_at: record.confirmed_at.map(at),
        answered_by: record.answered_by,
        answered_at: record.answered_at.map(at),
        received_on: Some(on(record.received_on)),
        due_on: Some(on(record.due_on)),
        reference: record.reference,
        passed_on_by: record.passed_on_by,
    }
}

fn item(item: &Item) -> pb::CaseItem {
    let on = |days: i32| date(Day::from_days(days));
    let role = match item.role {
        Role::Asked => pb::ItemRole::Asked,
        Role::Told => pb::ItemRole::Told,
        Role::Provided => pb::ItemRole::Provided,
    };
    let held = |held: &Held| pb::HeldBack {
        ground: held.ground.clone(),
        reason: held.reason.clone(),
        review_on: Some(on(held.review_on)),
        told: held.told,
        actor: held.actor.clone(),
    };
    pb::CaseItem {
        index: item.index,
        role: role.into(),
        at: Some(timestamp(Timestamp::from_millis(item.at))),
        other_party: item.other_party.clone(),
        purpose: item.purpose.clone(),
        clause: item.clause.clone(),
        shown: item.shown.clone(),
        advice: item.advice.clone(),
        signal_kinds: item.kinds.clone(),
        provided_on: item.provided_on.clone(),
        received_on: item.received_on.clone(),
        held_back: item.held.as_ref().map(held),
        recalled_on: item.recalled_on.map(on),
        recall_acknowledged_on: item.recall_acknowledged_on.map(on),
        subjects: item.subjects.clone(),
    }
}
