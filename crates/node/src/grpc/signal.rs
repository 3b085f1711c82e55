//! `covenant.node.v1.SignalService`.

use std::sync::Arc;

use tokio::sync::{Semaphore, mpsc};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, Streaming};
use wire::node_v1::signal_service_server::SignalService;
use wire::node_v1::{
    GetSignalRequest, GetSignalResponse, ListSignalsRequest, ListSignalsResponse,
    SubmitSignalRequest, SubmitSignalResponse, SubmitSignalsRequest, SubmitSignalsResponse,
    WithdrawSignalRequest, WithdrawSignalResponse, submit_signals_response,
};

use super::{Services, peer, read, write};
use crate::caller::Caller;

/// Answers of a stream on their way to the client.
const WINDOW: usize = 64;

type Answers = mpsc::Sender<Result<SubmitSignalsResponse, Status>>;

#[tonic::async_trait]
impl SignalService for Services {
    type SubmitSignalsStream = ReceiverStream<Result<SubmitSignalsResponse, Status>>;

    async fn amend_signal(
        &self,
        _: Request<wire::node_v1::AmendSignalRequest>,
    ) -> Result<Response<wire::node_v1::AmendSignalResponse>, Status> {
        Err(tonic::Status::unimplemented("stand-in"))
    }

    async fn submit_signal(
        &self,
        request: Request<SubmitSignalRequest>,
    ) -> Result<Response<SubmitSignalResponse>, Status> {
        let caller = peer::caller(&request)?;
        let SubmitSignalRequest {
            request_id,
            signal,
            validate_only,
        } = request.into_inner();
        let submission = read::submission(request_id, signal, validate_only);
        let accepted = self.intake.submit(&caller, submission).await?;
        Ok(Response::new(SubmitSignalResponse {
            accepted: Some(write::accepted(&accepted)),
        }))
    }

    async fn submit_signals(
        &self,
        request: Request<Streaming<SubmitSignalsRequest>>,
    ) -> Result<Response<Self::SubmitSignalsStream>, Status> {
        let caller = peer::caller(&request)?;
        let (to, answers) = mpsc::channel(WINDOW);
        tokio::spawn(take_all(self.clone(), caller, request.into_inner(), to));
        Ok(Response::new(ReceiverStream::new(answers)))
    }

    async fn withdraw_signal(
        &self,
        request: Request<WithdrawSignalRequest>,
    ) -> Result<Response<WithdrawSignalResponse>, Status> {
        let caller = peer::caller(&request)?;
        let withdrawal = read::withdrawal(request.into_inner());
        let withdrawn = self.intake.withdraw(&caller, withdrawal).await?;
        Ok(Response::new(write::withdrawn(&withdrawn)))
    }

    async fn get_signal(
        &self,
        request: Request<GetSignalRequest>,
    ) -> Result<Response<GetSignalResponse>, Status> {
        let caller = peer::caller(&request)?;
        let stored = self.intake.get(&caller, &request.get_ref().signal_id)?;
        Ok(Response::new(GetSignalResponse {
            signal: Some(write::stored(stored)),
        }))
    }

    async fn list_signals(
        &self,
        request: Request<ListSignalsRequest>,
    ) -> Result<Response<ListSignalsResponse>, Status> {
        let caller = peer::caller(&request)?;
        let page = self
            .intake
            .list(&caller, &read::filter(request.into_inner()))?;
        Ok(Response::new(write::page(page)))
    }
}

/// Works on many items at a time, so that they share disk synchronisations. A client that does not
/// read its answers is not read either.
async fn take_all(
    services: Services,
    caller: Caller,
    mut items: Streaming<SubmitSignalsRequest>,
    to: Answers,
) {
    let places = Arc::new(Semaphore::new(services.limits.stream_in_flight.max(1)));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else {
            return;
        };
        let item = tokio::select! {
            item = items.message() => item,
            () = to.closed() => return,
            () = services.stopping.cancelled() => return,
        };
        match item {
            Ok(Some(item)) => {
                let (services, caller, to) = (services.clone(), caller.clone(), to.clone());
                tokio::spawn(async move {
                    let answer = take_one(&services, &caller, item).await;
                    let _ = to.send(Ok(answer)).await;
                    drop(place);
                });
            }
            Ok(None) => return,
            Err(status) => {
                let _ = to.send(Err(wire::status::in_our_words(status))).await;
                return;
            }
        }
    }
}

async fn take_one(
    services: &Services,
    caller: &Caller,
    item: SubmitSignalsRequest,
) -> SubmitSignalsResponse {
    let SubmitSignalsRequest {
        request_id,
        signal,
        validate_only,
    } = item;
    let submission = read::submission(request_id.clone(), signal, validate_only);
    let outcome = match services.intake.submit(caller, submission).await {
        Ok(accepted) => submit_signals_response::Outcome::Accepted(write::accepted(&accepted)),
        Err(refused) => submit_signals_response::Outcome::Rejected(refused.0.to_message()),
    };
    SubmitSignalsResponse {
        request_id,
        outcome: Some(outcome),
    }
}
