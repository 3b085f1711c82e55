//! The node's gRPC port: one file per service, each method reads, calls its use case, writes.

mod check;
mod notice;
mod peer;
mod read;
mod rights;
mod signal;
pub(crate) mod stored;
mod write;

use identity::tls::Acceptor;
use model::Oin;
use tokio_util::sync::CancellationToken;
use tonic::service::interceptor::InterceptedService;
use wire::node_v1::check_service_server::CheckServiceServer;
use wire::node_v1::notice_service_server::NoticeServiceServer;
use wire::node_v1::rights_service_server::RightsServiceServer;
use wire::node_v1::signal_service_server::SignalServiceServer;

use crate::checks::Checks;
use crate::config::LimitsConfig;
use crate::intake::Intake;
use crate::notices::Inbox;
use crate::refusal::Refused;
use crate::rights::Desk;
use peer::OwnParty;

/// The use cases behind the port; cloning shares them.
#[derive(Debug, Clone)]
pub(crate) struct Services {
    /// Whose certificates are let in.
    pub(crate) oin: Oin,
    pub(crate) intake: Intake,
    pub(crate) checks: Checks,
    pub(crate) inbox: Inbox,
    pub(crate) desk: Desk,
    pub(crate) limits: LimitsConfig,
    pub(crate) stopping: CancellationToken,
}

impl From<Refused> for tonic::Status {
    fn from(refused: Refused) -> Self {
        refused.0.to_status()
    }
}

/// What this port serves: what health answers for and what reflection lists. The descriptors hold
/// the services of the others too, and those are at another address.
const SERVED: [&str; 4] = [
    "covenant.node.v1.SignalService",
    "covenant.node.v1.CheckService",
    "covenant.node.v1.NoticeService",
    "covenant.node.v1.RightsService",
];

impl Services {
    /// Serves until the node stops.
    pub(crate) async fn serve(self, acceptor: Acceptor) {
        let (reporter, health) = tonic_health::server::health_reporter();
        for service in [""].into_iter().chain(SERVED) {
            reporter
                .set_service_status(service, tonic_health::ServingStatus::Serving)
                .await;
        }
        let listed = SERVED.into_iter().chain([
            "grpc.health.v1.Health",
            "grpc.reflection.v1.ServerReflection",
        ]);
        let reflection = listed
            .fold(
                tonic_reflection::server::Builder::configure(),
                |reflection, service| reflection.with_service_name(service),
            )
            .register_encoded_file_descriptor_set(wire::FILE_DESCRIPTOR_SET)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
            .build_v1();
        let reflection = match reflection {
            Ok(reflection) => reflection,
            Err(error) => {
                tracing::error!(%error, "reflection can't be served");
                return;
            }
        };
        let most = self.limits.max_message_bytes;
        let own = OwnParty::new(self.oin.clone());
        let stopping = self.stopping.clone();
        let signals = SignalServiceServer::new(self.clone()).max_decoding_message_size(most);
        let checks = CheckServiceServer::new(self.clone()).max_decoding_message_size(most);
        let desk = RightsServiceServer::new(self.clone()).max_decoding_message_size(most);
        let notices = NoticeServiceServer::new(self).max_decoding_message_size(most);
        let served = tonic::transport::Server::builder()
            .trace_fn(process::trace::request_span)
            .layer(tower::util::MapResponseLayer::new(
                wire::status::answer_in_our_words,
            ))
            .http2_keepalive_interval(Some(std::time::Duration::from_secs(20)))
            .add_service(InterceptedService::new(signals, own.clone()))
            .add_service(InterceptedService::new(checks, own.clone()))
            .add_service(InterceptedService::new(desk, own.clone()))
            .add_service(InterceptedService::new(notices, own))
            .add_service(health)
            .add_service(reflection)
            .serve_with_incoming_shutdown(acceptor, stopping.cancelled_owned())
            .await;
        if let Err(error) = served {
            tracing::error!(%error, "the grpc port stopped");
        }
    }
}
