//! Trace context across calls: W3C `traceparent` in, `traceparent` out.
//!
//! `tracestate` and `baggage` are neither read nor sent: they are free text of somebody else.
//! Inside a party a trace goes on; where a call crosses a party's border the caller begins a new
//! one ([`crossing`]), so that two covenants or a case can't be linked by it.

use opentelemetry::propagation::{Extractor, Injector, TextMapPropagator as _};
use opentelemetry::trace::TraceContextExt as _;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tonic::metadata::{MetadataKey, MetadataMap, MetadataValue};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

const TRACEPARENT: &str = "traceparent";

/// The span of an incoming gRPC call, for tonic's `Server::builder().trace_fn(..)`: its parent is
/// the caller's `traceparent`, its name the method.
#[must_use]
pub fn request_span(request: &http::Request<()>) -> tracing::Span {
    let method = method_of(request.uri().path());
    let span = tracing::info_span!(
        "call",
        otel.name = method,
        otel.kind = "server",
        rpc.method = method,
        trace_id = tracing::field::Empty,
    );
    let header = request.headers().get(TRACEPARENT);
    adopt(&span, header.and_then(|value| value.to_str().ok()));
    if let Some(trace_id) = trace_id_of(&span) {
        // For the log lines inside: they can then be found beside the spans.
        span.record("trace_id", trace_id);
    }
    span
}

/// Makes the `traceparent` of a call's metadata the parent of `span`, when it is there and well
/// formed. Must happen before the span is entered.
pub fn take_parent(span: &tracing::Span, metadata: &MetadataMap) {
    adopt(
        span,
        metadata
            .get(TRACEPARENT)
            .and_then(|value| value.to_str().ok()),
    );
}

/// Puts the current span's trace into the metadata of an outgoing call.
pub fn pass_on(metadata: &mut MetadataMap) {
    pass_on_from(&tracing::Span::current(), metadata);
}

/// Puts a given span's trace into the metadata of an outgoing call.
pub fn pass_on_from(span: &tracing::Span, metadata: &mut MetadataMap) {
    TraceContextPropagator::new().inject_context(&span.context(), &mut Outgoing(metadata));
}

/// [`pass_on`] as a tonic interceptor: `Client::with_interceptor(channel, process::trace::outgoing)`.
///
/// # Errors
/// Never.
pub fn outgoing(mut request: tonic::Request<()>) -> Result<tonic::Request<()>, tonic::Status> {
    pass_on(request.metadata_mut());
    Ok(request)
}

/// A span that begins a new trace, for a call that leaves the party.
#[must_use]
pub fn crossing(name: &'static str) -> tracing::Span {
    tracing::info_span!(parent: None, "crossing", otel.name = name, otel.kind = "client")
}

/// The trace of the current span, 32 lower-case hexadecimal characters; `None` outside a trace.
#[must_use]
pub fn current_trace_id() -> Option<String> {
    trace_id_of(&tracing::Span::current())
}

fn trace_id_of(span: &tracing::Span) -> Option<String> {
    let context = span.context();
    let trace = context.span().span_context().trace_id();
    (trace != opentelemetry::TraceId::INVALID).then(|| trace.to_string())
}

fn adopt(span: &tracing::Span, traceparent: Option<&str>) {
    let Some(traceparent) = traceparent else {
        return;
    };
    let parent = TraceContextPropagator::new().extract(&Incoming(traceparent));
    if parent.span().span_context().is_valid() {
        // It fails only when the span is already entered or not recorded: then it has no parent.
        let _ = span.set_parent(parent);
    }
}

/// A method's path is the caller's text: only what can be a method's name becomes a span's.
pub(crate) fn method_of(path: &str) -> &str {
    let plausible = path.len() <= 100
        && path
            .bytes()
            .all(|b| b.is_ascii_alphabetic() || matches!(b, b'/' | b'.' | b'1'..=b'9'))
        && !path
            .as_bytes()
            .windows(2)
            .any(|w| w.iter().all(u8::is_ascii_digit));
    if plausible {
        path.trim_start_matches('/')
    } else {
        "other"
    }
}

struct Incoming<'a>(&'a str);

impl Extractor for Incoming<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        (key == TRACEPARENT).then_some(self.0)
    }

    fn keys(&self) -> Vec<&str> {
        vec![TRACEPARENT]
    }
}

struct Outgoing<'a>(&'a mut MetadataMap);

impl Injector for Outgoing<'_> {
    fn set(&mut self, key: &str, value: String) {
        if key != TRACEPARENT {
            return;
        }
        if let (Ok(key), Ok(value)) = (
            MetadataKey::from_bytes(key.as_bytes()),
            MetadataValue::try_from(value),
        ) {
            self.0.insert(key, value);
        }
    }
}
