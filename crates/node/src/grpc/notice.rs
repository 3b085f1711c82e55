//! `covenant.node.v1.NoticeService`.

use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status};
use wire::field::timestamp;
use wire::node_v1::notice_service_server::NoticeService;
use wire::node_v1::{
    AcknowledgeNoticeRequest, AcknowledgeNoticeResponse, ListNoticesRequest, ListNoticesResponse,
    WatchNoticesRequest, WatchNoticesResponse,
};

use super::{Services, peer, write};
use crate::intake::Findings;
use crate::notices::{Acknowledgement, NoticeFilter, Wanted};

/// Notices on their way to one watcher.
const WINDOW: usize = 16;

#[tonic::async_trait]
impl NoticeService for Services {
    type WatchNoticesStream = ReceiverStream<Result<WatchNoticesResponse, Status>>;

    async fn list_recalls(
        &self,
        _: Request<wire::node_v1::ListRecallsRequest>,
    ) -> Result<Response<wire::node_v1::ListRecallsResponse>, Status> {
        Err(tonic::Status::unimplemented("stand-in"))
    }

    async fn acknowledge_recall(
        &self,
        _: Request<wire::node_v1::AcknowledgeRecallRequest>,
    ) -> Result<Response<wire::node_v1::AcknowledgeRecallResponse>, Status> {
        Err(tonic::Status::unimplemented("stand-in"))
    }

    async fn list_notices(
        &self,
        request: Request<ListNoticesRequest>,
    ) -> Result<Response<ListNoticesResponse>, Status> {
        let caller = peer::caller(&request)?;
        let ListNoticesRequest {
            covenant,
            role,
            unacknowledged,
            page_size,
            page_token,
        } = request.into_inner();
        let filter = NoticeFilter {
            covenant,
            role,
            unacknowledged,
        };
        let page = self.inbox.list(&caller, &filter, page_size, &page_token)?;
        Ok(Response::new(write::kept_page(page)))
    }

    async fn watch_notices(
        &self,
        request: Request<WatchNoticesRequest>,
    ) -> Result<Response<Self::WatchNoticesStream>, Status> {
        let caller = peer::caller(&request)?;
        let WatchNoticesRequest { covenant, role } = request.into_inner();
        let filter = NoticeFilter {
            covenant,
            role,
            unacknowledged: true,
        };
        let wanted = self.inbox.wanted(&caller, &filter, Findings::default())?;
        let (to, stream) = mpsc::channel(WINDOW);
        tokio::spawn(watch(self.clone(), wanted, to));
        Ok(Response::new(ReceiverStream::new(stream)))
    }

    async fn acknowledge_notice(
        &self,
        request: Request<AcknowledgeNoticeRequest>,
    ) -> Result<Response<AcknowledgeNoticeResponse>, Status> {
        let caller = peer::caller(&request)?;
        let AcknowledgeNoticeRequest {
            request_id,
            notice_id,
            actor,
        } = request.into_inner();
        let acknowledgement = Acknowledgement {
            request_id,
            notice_id,
            actor,
        };
        let acknowledged = self.inbox.acknowledge(&caller, &acknowledgement).await?;
        Ok(Response::new(AcknowledgeNoticeResponse {
            notice_id: acknowledged
                .id()
                .map(|id| id.to_string())
                .unwrap_or_default(),
            acknowledged_at: Some(timestamp(acknowledged.at())),
        }))
    }
}

/// Sends what is there and not acknowledged, then what comes, until the watcher leaves.
async fn watch(
    services: Services,
    wanted: Wanted,
    to: mpsc::Sender<Result<WatchNoticesResponse, Status>>,
) {
    let mut arrived = services.inbox.newest.subscribe();
    let mut cursor = 0;
    loop {
        arrived.mark_unchanged();
        let (kept, next) = match services.inbox.after(&wanted, cursor) {
            Ok(found) => found,
            Err(refused) => {
                let _ = to.send(Err(refused.into())).await;
                return;
            }
        };
        for kept in kept {
            let response = WatchNoticesResponse {
                notice: Some(write::kept(kept)),
            };
            if to.send(Ok(response)).await.is_err() {
                return;
            }
        }
        if next != cursor {
            cursor = next;
            continue;
        }
        tokio::select! {
            changed = arrived.changed() => if changed.is_err() { return },
            () = to.closed() => return,
            () = services.stopping.cancelled() => return,
        }
    }
}
