//! The gRPC port: the broker's services with health and reflection, for every authenticated peer.

use identity::tls::Acceptor;
use process::metrics::CallLayer;

use super::Services;

/// What this port serves: what health answers for and what reflection lists. The descriptors hold
/// the services of a node too, and those are at another address.
const SERVED: [&str; 4] = [
    "covenant.broker.v1.ExchangeService",
    "covenant.broker.v1.CovenantService",
    "covenant.broker.v1.RightsService",
    "covenant.audit.v1.DisclosureLogService",
];

impl Services {
    /// Answers on the gRPC port until the process stops.
    pub(crate) async fn serve(self, acceptor: Acceptor, calls: CallLayer) {
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
        let served = tonic::transport::Server::builder()
            .trace_fn(process::trace::request_span)
            .layer(calls)
            .layer(tower::util::MapResponseLayer::new(
                wire::status::answer_in_our_words,
            ))
            .http2_keepalive_interval(Some(std::time::Duration::from_secs(20)))
            .add_service(self.exchange())
            .add_service(self.covenant_life())
            .add_service(self.rights())
            .add_service(self.disclosure_log())
            .add_service(health)
            .add_service(reflection)
            .serve_with_incoming_shutdown(acceptor, self.0.stopping().clone().cancelled_owned())
            .await;
        if let Err(error) = served {
            tracing::error!(%error, "the gRPC port stopped");
        }
    }
}
