//! Spans travel: from a caller's `traceparent` through a server to a collector. One test, since a
//! process has one subscriber.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::trace::v1::Span;
use process::metrics::CallLayer;
use process::{AdminServer, AdminSettings, Health, Metrics, Telemetry, TelemetrySettings, trace};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_stream::wrappers::TcpListenerStream;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};
use tonic_health::pb::health_client::HealthClient;
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};
use tracing::Instrument as _;

#[derive(Clone, Default)]
struct Collector(Arc<Mutex<Vec<ExportTraceServiceRequest>>>);

#[tonic::async_trait]
impl TraceService for Collector {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        self.0.lock().unwrap().push(request.into_inner());
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

impl Collector {
    fn spans(&self) -> Vec<Span> {
        let exported = self.0.lock().unwrap();
        let scopes = exported
            .iter()
            .flat_map(|e| &e.resource_spans)
            .flat_map(|r| &r.scope_spans);
        scopes.flat_map(|s| s.spans.clone()).collect()
    }

    fn named(&self, name: &str) -> Vec<Span> {
        self.spans()
            .into_iter()
            .filter(|span| span.name == name)
            .collect()
    }
}

async fn listen() -> (tokio::net::TcpListener, SocketAddr) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// A server as broker and node build it; its handlers note their trace.
async fn serve(metrics: &Metrics) -> (SocketAddr, Arc<Mutex<Vec<Option<String>>>>) {
    let (listener, address) = listen().await;
    let traces = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&traces);
    let (_, health) = tonic_health::server::health_reporter();
    let noting =
        tonic::service::interceptor::InterceptedService::new(health, move |request: Request<()>| {
            seen.lock().unwrap().push(trace::current_trace_id());
            tracing::info!("handled");
            Ok(request)
        });
    tokio::spawn(
        tonic::transport::Server::builder()
            .trace_fn(trace::request_span)
            .layer(CallLayer::new(metrics))
            .add_service(noting)
            .serve_with_incoming(TcpListenerStream::new(listener)),
    );
    (address, traces)
}

async fn get(address: SocketAddr, path: &str) -> String {
    let mut socket = tokio::net::TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: admin\r\nConnection: close\r\n\r\n");
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.unwrap();
    answer
}

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

#[test]
fn spans_reach_the_collector_under_the_caller_s_trace() {
    process::shutdown::runtime().unwrap().block_on(async {
        let collector = Collector::default();
        let (listener, collector_address) = listen().await;
        tokio::spawn(
            tonic::transport::Server::builder()
                .add_service(TraceServiceServer::new(collector.clone()))
                .serve_with_incoming(TcpListenerStream::new(listener)),
        );
        let settings = TelemetrySettings {
            otlp_endpoint: Some(format!("http://{collector_address}")),
            log_filter: "trace".to_owned(),
            ..TelemetrySettings::default()
        };
        let telemetry = Telemetry::start("covenant-test", &settings).unwrap();
        let again = Telemetry::start("covenant-test", &TelemetrySettings::default());
        assert!(again.is_err(), "once per process");

        let metrics = Metrics::new("covenant_test");
        let (address, traces) = serve(&metrics).await;
        a_foreign_caller(address).await;
        let own = a_caller_of_our_own(address).await;
        let crossed = a_call_across_the_border(address).await;
        callers_with_bad_manners(address).await;
        telemetry.shutdown().await;

        let seen: Vec<String> = traces.lock().unwrap().iter().flatten().cloned().collect();
        assert_eq!(seen.len(), 4, "every handler knows its trace");
        assert_eq!(seen[..3], [TRACE.to_owned(), own.clone(), crossed.clone()]);
        assert_eq!(
            seen.iter().collect::<BTreeSet<_>>().len(),
            4,
            "all different: {seen:?}"
        );
        the_collector_has_the_tree(&collector);
        nothing_personal_was_exported(&collector);
        the_admin_port_tells_what_was_counted(metrics).await;
    });
}

async fn connect(address: SocketAddr) -> tonic::transport::Channel {
    let endpoint = tonic::transport::Endpoint::new(format!("http://{address}")).unwrap();
    endpoint.connect().await.unwrap()
}

/// A trace of its own, and things that are not taken over.
async fn a_foreign_caller(address: SocketAddr) {
    let mut request = Request::new(HealthCheckRequest::default());
    let metadata = request.metadata_mut();
    let traceparent = format!("00-{TRACE}-{PARENT}-01");
    metadata.insert("traceparent", traceparent.parse().unwrap());
    metadata.insert("tracestate", "vendor=jansen".parse().unwrap());
    metadata.insert("baggage", "name=jansen".parse().unwrap());
    let mut client = HealthClient::new(connect(address).await);
    client.check(request).await.unwrap();
}

/// Its span's trace goes on in the server.
async fn a_caller_of_our_own(address: SocketAddr) -> String {
    let span = tracing::info_span!("own work");
    traced_call(address).instrument(span).await
}

/// Another trace begins, whatever the caller is doing.
async fn a_call_across_the_border(address: SocketAddr) -> String {
    async {
        let crossing = trace::crossing("push");
        traced_call(address).instrument(crossing).await
    }
    .instrument(tracing::info_span!("other work"))
    .await
}

async fn traced_call(address: SocketAddr) -> String {
    let channel = connect(address).await;
    let mut client = HealthClient::with_interceptor(channel, trace::outgoing);
    client.check(HealthCheckRequest::default()).await.unwrap();
    trace::current_trace_id().unwrap()
}

async fn callers_with_bad_manners(address: SocketAddr) {
    // A malformed traceparent is as none.
    let mut malformed = Request::new(HealthCheckRequest::default());
    let traceparent = "00-zz-jansen-01".parse().unwrap();
    malformed.metadata_mut().insert("traceparent", traceparent);
    let mut client = HealthClient::new(connect(address).await);
    client.check(malformed).await.unwrap();
    // A method that doesn't exist, whose path says too much.
    let mut grpc = tonic::client::Grpc::new(connect(address).await);
    grpc.ready().await.unwrap();
    let path = "/jansen.v1.Bsn/Get123456782".parse().unwrap();
    let codec: tonic_prost::ProstCodec<HealthCheckRequest, HealthCheckResponse> =
        tonic_prost::ProstCodec::default();
    let request = Request::new(HealthCheckRequest::default());
    let unknown = grpc.unary(request, path, codec).await;
    assert_eq!(unknown.unwrap_err().code(), tonic::Code::Unimplemented);
}

fn the_collector_has_the_tree(collector: &Collector) {
    let calls = collector.named("grpc.health.v1.Health/Check");
    assert_eq!(calls.len(), 4, "{:?}", collector.spans());
    let foreign = calls.iter().find(|s| hex(&s.trace_id) == TRACE).unwrap();
    assert_eq!(hex(&foreign.parent_span_id), PARENT);
    assert!(foreign.trace_state.is_empty());
    let own = &collector.named("own work")[0];
    let child = calls.iter().find(|s| s.trace_id == own.trace_id).unwrap();
    assert_eq!(child.parent_span_id, own.span_id);
    let push = &collector.named("push")[0];
    assert!(push.parent_span_id.is_empty(), "a root");
    assert_ne!(push.trace_id, collector.named("other work")[0].trace_id);
}

fn nothing_personal_was_exported(collector: &Collector) {
    let exported = format!("{:?}", collector.0.lock().unwrap());
    assert!(exported.contains("covenant-test"));
    assert!(!exported.contains("jansen"), "{exported}");
    assert!(!exported.contains("123456782"), "{exported}");
    let spans = collector.spans();
    let keys: BTreeSet<&str> = spans
        .iter()
        .flat_map(|s| &s.attributes)
        .map(|a| a.key.as_str())
        .collect();
    let allowed = BTreeSet::from(["rpc.method", "target", "trace_id"]);
    assert!(keys.is_subset(&allowed), "{keys:?}");
    let names: BTreeSet<&str> = spans.iter().map(|s| s.name.as_str()).collect();
    let expected = [
        "grpc.health.v1.Health/Check",
        "other",
        "other work",
        "own work",
        "push",
    ];
    assert_eq!(
        names,
        BTreeSet::from(expected),
        "the exporter's own work is not traced"
    );
}

async fn the_admin_port_tells_what_was_counted(metrics: Metrics) {
    let health = Health::new();
    let log = health.check("log writable");
    let stop = CancellationToken::new();
    let settings = AdminSettings {
        listen: "127.0.0.1:0".parse().unwrap(),
    };
    let admin = AdminServer::bind(&settings, health.clone(), metrics)
        .await
        .unwrap();
    let address = admin.local_addr();
    let served = tokio::spawn(admin.serve(stop.clone()));

    assert!(get(address, "/livez").await.starts_with("HTTP/1.1 200"));
    let not_yet = get(address, "/readyz").await;
    assert!(not_yet.starts_with("HTTP/1.1 503"), "{not_yet}");
    assert!(
        not_yet.contains("[-] log writable: not checked yet"),
        "{not_yet}"
    );
    log.ok();
    let ready = get(address, "/readyz").await;
    assert!(
        ready.starts_with("HTTP/1.1 200") && ready.contains("[+] log writable ok"),
        "{ready}"
    );
    log.fail("the disk is full");
    let failed = get(address, "/readyz").await;
    assert!(
        failed.starts_with("HTTP/1.1 503") && failed.contains("the disk is full"),
        "{failed}"
    );
    log.ok();
    health.drain();
    assert!(get(address, "/readyz").await.starts_with("HTTP/1.1 503"));
    assert!(
        get(address, "/livez").await.starts_with("HTTP/1.1 200"),
        "alive while it drains"
    );
    assert!(get(address, "/elsewhere").await.starts_with("HTTP/1.1 404"));

    let text = get(address, "/metrics").await;
    assert!(text.contains("application/openmetrics-text"), "{text}");
    let check = r#"covenant_test_calls_total{method="grpc.health.v1.Health/Check",code="Ok"} 4"#;
    assert!(text.contains(check), "{text}");
    let other = r#"covenant_test_calls_total{method="other",code="Unimplemented"} 1"#;
    assert!(text.contains(other), "{text}");
    let took = r#"covenant_test_call_seconds_count{method="grpc.health.v1.Health/Check"} 4"#;
    assert!(text.contains(took), "{text}");
    assert!(text.trim_end().ends_with("# EOF"), "{text}");
    assert!(!text.contains("jansen"));

    stop.cancel();
    served.await.unwrap().unwrap();
    assert!(
        tokio::net::TcpStream::connect(address).await.is_err(),
        "closed"
    );
}
