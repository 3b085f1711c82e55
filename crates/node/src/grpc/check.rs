//! `covenant.node.v1.CheckService`.

use prost::Message as _;
use tonic::{Request, Response, Status};
use wire::node_v1::check_service_server::CheckService;
use wire::node_v1::{CheckVisitRequest, CheckVisitResponse};

use super::{Services, peer, read, write};

#[tonic::async_trait]
impl CheckService for Services {
    async fn check_visit(
        &self,
        request: Request<CheckVisitRequest>,
    ) -> Result<Response<CheckVisitResponse>, Status> {
        let caller = peer::caller(&request)?;
        let request = request.into_inner();
        let content = request.encode_to_vec();
        let advised = self
            .checks
            .visit(&caller, read::visit(request, content))
            .await?;
        Ok(Response::new(write::advised(advised)))
    }
}
