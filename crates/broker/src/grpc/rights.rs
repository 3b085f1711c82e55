//! `covenant.broker.v1.RightsService`.

use ledger::Opening;
use tonic::{Request, Response, Status};
use wire::broker_v1::rights_service_server::RightsService;
use wire::broker_v1::{
    self as proto, LookUpRequest, LookUpResponse, PassOnRequest, PassOnResponse,
    ReportAnswerRequest, ReportAnswerResponse, UnlinkRequest, UnlinkResponse,
};
use wire::malformed::Malformed;
use wire::notice::{self, ReceiptEntry};
use wire::rights;
use wire::status::Refusal;

use super::{Services, receipt};
use crate::refusal::Refused;
use crate::rights::{FoundEntry, LookedUp};

#[tonic::async_trait]
impl RightsService for Services {
    async fn look_up(
        &self,
        request: Request<LookUpRequest>,
    ) -> Result<Response<LookUpResponse>, Status> {
        let oin = self.node(request.extensions())?;
        let signed = request.into_inner().question;
        let message: proto::LookUpQuestion = self.open(&oin, signed.as_ref(), "question")?;
        let question = rights::LookUpQuestion::try_from(message).map_err(refused)?;
        let member = self.0.members().admit_to_answer(&oin, &question.header)?;
        let request_id = question.header.request_id.to_string();
        let (logged, entries) = self.0.look_up(&member, question).await?;
        let next_index = match logged.disclosure() {
            LookedUp::Found(found) => found.next.unwrap_or(0),
            LookedUp::Refused(_) => 0,
        };
        Ok(Response::new(wire::answer::pad_look_up(LookUpResponse {
            request_id,
            entries: entries.into_iter().map(found).map(Into::into).collect(),
            next_index,
            receipt: Some(receipt::of(&logged)),
            padding: Vec::new(),
        })))
    }

    async fn report_answer(
        &self,
        request: Request<ReportAnswerRequest>,
    ) -> Result<Response<ReportAnswerResponse>, Status> {
        let oin = self.node(request.extensions())?;
        let signed = request.into_inner().answer;
        let message: proto::RightsAnswer = self.open(&oin, signed.as_ref(), "answer")?;
        let answer = rights::RightsAnswer::try_from(message).map_err(refused)?;
        let member = self.0.members().admit_to_answer(&oin, &answer.header)?;
        let request_id = answer.header.request_id.to_string();
        let logged = self.0.report_answer(&member, answer).await?;
        let receipt = Some(receipt::of(&logged));
        Ok(Response::new(ReportAnswerResponse {
            request_id,
            receipt,
        }))
    }

    async fn unlink(
        &self,
        request: Request<UnlinkRequest>,
    ) -> Result<Response<UnlinkResponse>, Status> {
        let oin = self.node(request.extensions())?;
        let signed = request.into_inner().unlinking;
        let message: proto::Unlinking = self.open(&oin, signed.as_ref(), "unlinking")?;
        let unlinking = rights::Unlinking::try_from(message).map_err(refused)?;
        let member = self.0.members().admit_to_answer(&oin, &unlinking.header)?;
        let request_id = unlinking.header.request_id.to_string();
        let logged = self.0.unlink(&member, unlinking).await?;
        let receipt = Some(receipt::of(&logged));
        Ok(Response::new(UnlinkResponse {
            request_id,
            receipt,
        }))
    }

    async fn pass_on(
        &self,
        request: Request<PassOnRequest>,
    ) -> Result<Response<PassOnResponse>, Status> {
        let oin = self.node(request.extensions())?;
        let signed = request.into_inner().passing;
        let message: proto::PassingOn = self.open(&oin, signed.as_ref(), "passing")?;
        let passing = rights::PassingOn::try_from(message).map_err(refused)?;
        let member = self.0.members().admit_to_answer(&oin, &passing.header)?;
        let request_id = passing.header.request_id.to_string();
        let logged = self.0.pass_on(&member, passing).await?;
        let receipt = Some(receipt::of(&logged));
        Ok(Response::new(PassOnResponse {
            request_id,
            receipt,
        }))
    }
}

fn refused(malformed: Malformed) -> Refused {
    Refused::from(Refusal::from(malformed))
}

fn found(entry: FoundEntry) -> rights::LookedUp {
    let opening = |opening: Opening| notice::Opening {
        salt: *opening.salt.as_bytes(),
        content: opening.bytes,
    };
    rights::LookedUp {
        entry: ReceiptEntry {
            index: entry.index,
            leaf: entry.leaf,
            inclusion_proof: entry.proof,
            request: entry.request.map(opening),
            answer: entry.answer.map(opening),
        },
        role: entry.role,
        outcome: entry.outcome.map(opening),
        recall: entry.recall.map(|recall| {
            let acknowledged = recall.acknowledged.map(|(day, _)| day);
            (recall.sent.map(|sent| sent.first), acknowledged)
        }),
        subjects: entry.subjects,
    }
}
