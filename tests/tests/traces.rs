//! One question, seen by a collector: the caller's trace goes on in its own node and ends at the
//! party's border, behind which another one begins and goes on in the broker.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::{Arc, Mutex};

use journeys::world::{SAFE_VISIT, World, plan};
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use sandbox::messages::{Home, home, visit};
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";

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
    /// The spans of a service's process, by name.
    fn spans(&self, service: &str, name: &str) -> Vec<Span> {
        let exported = self.0.lock().unwrap();
        let of_service = exported.iter().flat_map(|e| &e.resource_spans).filter(|r| {
            let attributes = r.resource.iter().flat_map(|r| &r.attributes);
            attributes
                .filter(|a| a.key == "service.name")
                .filter_map(|a| a.value.as_ref().and_then(|v| v.value.as_ref()))
                .any(|v| matches!(v, Value::StringValue(text) if text == service))
        });
        of_service
            .flat_map(|r| &r.scope_spans)
            .flat_map(|s| &s.spans)
            .filter(|span| span.name == name)
            .cloned()
            .collect()
    }
}

fn hex(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(bytes)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_s_trace_goes_on_in_the_node_and_ends_at_the_border() {
    let collector = Collector::default();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(
        tonic::transport::Server::builder()
            .add_service(TraceServiceServer::new(collector.clone()))
            .serve_with_incoming(TcpListenerStream::new(listener)),
    );
    let set = format!("telemetry.otlp_endpoint=http://{address}");
    // What is exported does not depend on what is logged.
    let quiet = "telemetry.log_filter=error";
    let world = World::processes_of(env!("CARGO_BIN_EXE_party"), &plan(), &[&set, quiet])
        .await
        .unwrap();
    let client = world.client("corporatie", "huismeester").unwrap();
    let about = home(Home {
        postcode: "9999ZZ",
        number: 4711,
        shielded: false,
    });
    let mut request = Request::new(visit(SAFE_VISIT.0, SAFE_VISIT.1, &client.role, about));
    let traceparent = format!("00-{TRACE}-{PARENT}-01");
    let metadata = request.metadata_mut();
    metadata.insert("traceparent", traceparent.parse().unwrap());
    metadata.insert("tracestate", "vendor=geheim-4711".parse().unwrap());
    metadata.insert("baggage", "naam=geheim-4711".parse().unwrap());
    client.checks().check_visit(request).await.unwrap();
    // A process that stops well sends what it still has.
    world.stop().await.unwrap();

    let calls = collector.spans("covenant-node", "covenant.node.v1.CheckService/CheckVisit");
    assert_eq!(calls.len(), 1, "one question was asked");
    assert_eq!(hex(&calls[0].trace_id), TRACE);
    assert_eq!(hex(&calls[0].parent_span_id), PARENT);
    assert!(calls[0].trace_state.is_empty());
    let crossings = collector.spans("covenant-node", "check");
    assert_eq!(crossings.len(), 1, "the broker was asked once");
    assert!(crossings[0].parent_span_id.is_empty(), "a root");
    assert_ne!(crossings[0].trace_id, calls[0].trace_id);
    let method = "covenant.broker.v1.ExchangeService/Check";
    let answers = collector.spans("covenant-broker", method);
    assert_eq!(answers.len(), 1);
    assert_eq!(answers[0].trace_id, crossings[0].trace_id);
    assert_eq!(answers[0].parent_span_id, crossings[0].span_id);
    let everything = format!("{:?}", collector.0.lock().unwrap());
    for secret in ["9999ZZ", "geheim", "medewerker-0017", "AFSPRAAK"] {
        assert!(!everything.contains(secret), "{secret} was exported");
    }
    // A moment in nanoseconds has any four digits in it now and then; the house number stands alone.
    let mut words = everything.split(|c: char| !c.is_ascii_alphanumeric());
    let is_number = |word: &str| word.trim_start_matches(char::is_alphabetic) == "4711";
    assert!(!words.any(is_number), "the house number was exported");
}
