//! `covenant.broker.v1.ExchangeService`.

use std::pin::Pin;

use tokio_stream::{Stream, StreamExt as _};
use tonic::{Request, Response, Status, Streaming};
use wire::broker_v1::exchange_service_server::ExchangeService;
use wire::broker_v1::{
    self as proto, CheckRequest, CheckResponse, ConnectRequest, ConnectResponse,
    PushSignalsRequest, PushSignalsResponse, RefusedItem, TakenBatch, WithdrawSignalsRequest,
    WithdrawSignalsResponse, push_signals_response,
};
use wire::statement::CheckQuestion;
use wire::status::Refusal;

use super::{Services, receipt};
use crate::disclose::Told;
use crate::ingest::Taken;
use crate::refusal::Refused;

type Answers<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

#[tonic::async_trait]
impl ExchangeService for Services {
    type ConnectStream = Answers<ConnectResponse>;
    type PushSignalsStream = Answers<PushSignalsResponse>;

    async fn connect(
        &self,
        request: Request<Streaming<ConnectRequest>>,
    ) -> Result<Response<Self::ConnectStream>, Status> {
        let oin = self.node(request.extensions())?;
        let stream = super::connect::open(self.clone(), oin, request.into_inner()).await?;
        Ok(Response::new(Box::pin(stream)))
    }

    async fn push_signals(
        &self,
        request: Request<Streaming<PushSignalsRequest>>,
    ) -> Result<Response<Self::PushSignalsStream>, Status> {
        let oin = self.node(request.extensions())?;
        let services = self.clone();
        let answers = request.into_inner().then(move |batch| {
            let (services, oin) = (services.clone(), oin.clone());
            async move {
                let batch = batch.map_err(wire::status::in_our_words)?;
                Ok(services.push_batch(&oin, batch).await)
            }
        });
        Ok(Response::new(Box::pin(answers)))
    }

    async fn withdraw_signals(
        &self,
        request: Request<WithdrawSignalsRequest>,
    ) -> Result<Response<WithdrawSignalsResponse>, Status> {
        let oin = self.node(request.extensions())?;
        let signed = request.into_inner().batch;
        let message: proto::WithdrawalBatch = self.open(&oin, signed.as_ref(), "batch")?;
        let batch = wire::statement::WithdrawalBatch::try_from(message)
            .map_err(|malformed| Refused::from(Refusal::from(malformed)))?;
        let member = self.0.members().admit_to_answer(&oin, &batch.header)?;
        let request_id = batch.header.request_id.to_string();
        let taken = self.0.withdraw(&member, batch).await?;
        let outcome = Some(taken_message(taken));
        Ok(Response::new(WithdrawSignalsResponse {
            request_id,
            outcome,
        }))
    }

    async fn check(
        &self,
        request: Request<CheckRequest>,
    ) -> Result<Response<CheckResponse>, Status> {
        let oin = self.node(request.extensions())?;
        let signed = request.into_inner().question;
        let message: proto::CheckQuestion = self.open(&oin, signed.as_ref(), "question")?;
        let question = CheckQuestion::try_from(message)
            .map_err(|malformed| Refused::from(Refusal::from(malformed)))?;
        let member = self.0.members().admit(&oin, &question.header)?;
        let request_id = question.header.request_id.to_string();
        let logged = self.0.check(&member, question).await?;
        match logged.disclosure() {
            Told::Refused(refusal) => Err(refusal.to_status()),
            Told::Advice(advice) => Ok(Response::new(wire::answer::pad(CheckResponse {
                request_id,
                advice: advice.clone(),
                receipt: Some(receipt::of(&logged)),
                padding: Vec::new(),
            }))),
        }
    }
}

impl Services {
    async fn push_batch(
        &self,
        oin: &model::Oin,
        request: PushSignalsRequest,
    ) -> PushSignalsResponse {
        let mut request_id = String::new();
        let outcome = match self.take_batch(oin, request, &mut request_id).await {
            Ok(taken) => push_signals_response::Outcome::Taken(taken_message(taken)),
            Err(refused) => push_signals_response::Outcome::Refused(refused.0.to_message()),
        };
        PushSignalsResponse {
            request_id,
            outcome: Some(outcome),
        }
    }

    async fn take_batch(
        &self,
        oin: &model::Oin,
        request: PushSignalsRequest,
        request_id: &mut String,
    ) -> Result<Taken, Refused> {
        let message: proto::PushBatch = self.open(oin, request.batch.as_ref(), "batch")?;
        let batch = wire::signal::PushBatch::try_from(message)
            .map_err(|malformed| Refused::from(Refusal::from(malformed)))?;
        *request_id = batch.header.request_id.to_string();
        let member = self.0.members().admit(oin, &batch.header)?;
        self.0.push(&member, batch).await
    }
}

fn taken_message(taken: Taken) -> TakenBatch {
    let refused = taken
        .refused
        .into_iter()
        .map(|(place, refused)| RefusedItem {
            index: u32::try_from(place).unwrap_or(u32::MAX),
            status: Some(refused.0.to_message()),
        })
        .collect();
    TakenBatch {
        taken: taken.taken,
        refused,
    }
}
