//! Lines over OTLP (gRPC), each one confirmed: what the receiver does not answer for is sent again
//! under the same ids, and what it refuses is named.

use std::path::Path;
use std::sync::mpsc::Receiver as Lines;
use std::time::Duration;

use anyhow::Context as _;
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_client::TraceServiceClient;
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceRequest,
};
use opentelemetry_proto::tonic::common::v1::{
    AnyValue, InstrumentationScope, KeyValue, any_value::Value,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status, status};
use replay::logius::ldv::{Attribute, Line};
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint};

use crate::connection::runtime;

/// How many lines go in one message.
pub(super) const BATCH: usize = 200;
/// How often a message is sent before the receiver counts as gone.
const TRIES: u32 = 6;
/// How long a receiver may take to confirm.
const PATIENCE: Duration = Duration::from_secs(10);
/// The first pause before sending again; it doubles.
const PAUSE: Duration = Duration::from_millis(100);
/// The W3C flag "sampled": receivers may drop spans without it, and nothing here is a sample.
const SAMPLED: u32 = 1;

/// Where lines go.
pub(super) struct Receiver(Endpoint);

/// What became of the lines.
#[derive(Debug, Default)]
pub(super) struct Sent {
    /// How many the receiver confirmed.
    pub(super) confirmed: u64,
    /// The place in the log of each that it refused, and what it said.
    pub(super) refused: Vec<(u64, String)>,
    /// What it said although it took everything.
    pub(super) warnings: Vec<String>,
    /// Everything before this place in the log was confirmed or refused.
    pub(super) next: u64,
    /// Why not everything was sent.
    pub(super) stopped: Option<anyhow::Error>,
}

impl Receiver {
    /// A receiver. Without TLS it must be on this machine.
    pub(super) fn at(url: &str, ca: Option<&Path>) -> anyhow::Result<Self> {
        let endpoint = Endpoint::from_shared(url.to_owned())
            .context("--otlp: write https://host:4317")?
            .timeout(PATIENCE)
            .connect_timeout(PATIENCE);
        match endpoint.uri().scheme_str() {
            Some("https") => {
                let ca =
                    ca.context("--otlp-ca names the authority of the receiver's certificate")?;
                let pem = std::fs::read(ca).with_context(|| format!("read {}", ca.display()))?;
                let tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(pem));
                Ok(Self(endpoint.tls_config(tls).context("--otlp-ca")?))
            }
            Some("http") => {
                let host = endpoint.uri().host().unwrap_or_default();
                anyhow::ensure!(
                    ["localhost", "127.0.0.1", "[::1]"].contains(&host),
                    "--otlp: these lines are about people, so http goes to this machine only; use https"
                );
                Ok(Self(endpoint))
            }
            _ => anyhow::bail!("--otlp: write https://host:4317"),
        }
    }

    /// Sends everything that comes, until nothing more comes or the receiver is gone.
    pub(super) fn send_all(&self, lines: &Lines<Line>) -> Sent {
        let mut sent = Sent::default();
        if let Err(error) = self.try_all(lines, &mut sent) {
            sent.stopped = Some(error);
        }
        sent
    }

    fn try_all(&self, lines: &Lines<Line>, sent: &mut Sent) -> anyhow::Result<()> {
        let runtime = runtime()?;
        let mut client = runtime.block_on(async { TraceServiceClient::new(self.0.connect_lazy()) });
        while let Ok(first) = lines.recv() {
            let mut batch = vec![first];
            while batch.len() < BATCH {
                match lines.recv() {
                    Ok(line) => batch.push(line),
                    Err(_) => break,
                }
            }
            if sent.confirmed == 0 && sent.refused.is_empty() {
                sent.next = batch.first().map_or(0, |line| line.index);
            }
            let last = batch.last().map_or(0, |line| line.index);
            runtime.block_on(confirm(&mut client, batch, sent))?;
            sent.next = last.saturating_add(1);
        }
        Ok(())
    }
}

/// Sends a batch until every line of it was confirmed or refused. A receiver that refuses some says
/// how many and not which, so halves are sent again, down to single lines: it knows them by their ids.
async fn confirm(
    client: &mut TraceServiceClient<Channel>,
    batch: Vec<Line>,
    sent: &mut Sent,
) -> anyhow::Result<()> {
    let mut waiting = vec![batch];
    while let Some(mut lines) = waiting.pop() {
        let told = deliver(client, &lines).await?;
        let told = told.unwrap_or_default();
        if told.rejected_spans == 0 {
            let count = u64::try_from(lines.len()).unwrap_or(u64::MAX);
            sent.confirmed = sent.confirmed.saturating_add(count);
            let said = told.error_message;
            if !said.is_empty() && !sent.warnings.contains(&said) {
                sent.warnings.push(said);
            }
        } else if let [line] = lines.as_slice() {
            sent.refused.push((line.index, told.error_message));
        } else {
            let second = lines.split_off(lines.len() / 2);
            waiting.push(second);
            waiting.push(lines);
        }
    }
    Ok(())
}

/// Sends lines, again while the receiver may not have had them.
async fn deliver(
    client: &mut TraceServiceClient<Channel>,
    lines: &[Line],
) -> anyhow::Result<Option<ExportTracePartialSuccess>> {
    let request = request(lines);
    let mut pause = PAUSE;
    let mut tried = 0;
    loop {
        tried += 1;
        match client.export(request.clone()).await {
            Ok(answer) => return Ok(answer.into_inner().partial_success),
            Err(status) if tried < TRIES && may_pass(status.code()) => {
                tokio::time::sleep(pause).await;
                pause = pause.saturating_mul(2);
            }
            Err(status) => {
                let said = status.message().to_owned();
                return Err(anyhow::anyhow!(
                    "the receiver did not confirm after {tried} tries: {}: {said}",
                    status.code()
                ));
            }
        }
    }
}

/// Whether it may go well the next time: what OTLP calls retryable, and a connection that broke,
/// which tonic calls unknown.
fn may_pass(code: tonic::Code) -> bool {
    use tonic::Code;
    matches!(
        code,
        Code::Cancelled
            | Code::DeadlineExceeded
            | Code::Aborted
            | Code::OutOfRange
            | Code::Unavailable
            | Code::DataLoss
            | Code::ResourceExhausted
            | Code::Unknown
    )
}

fn request(lines: &[Line]) -> ExportTraceServiceRequest {
    let resource = lines.first().map(|line| Resource {
        attributes: attributes(&line.resource.attributes),
        ..Resource::default()
    });
    let scope = InstrumentationScope {
        name: "covenant".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        ..InstrumentationScope::default()
    };
    ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            resource,
            scope_spans: vec![ScopeSpans {
                scope: Some(scope),
                spans: lines.iter().map(span).collect(),
                ..ScopeSpans::default()
            }],
            ..ResourceSpans::default()
        }],
    }
}

fn span(line: &Line) -> Span {
    let nanos = |millis: u64| millis.saturating_mul(1_000_000);
    Span {
        trace_id: line.trace_id.to_vec(),
        span_id: line.span_id.to_vec(),
        flags: SAMPLED,
        name: line.name.clone(),
        start_time_unix_nano: nanos(line.start_time),
        end_time_unix_nano: nanos(line.end_time),
        attributes: attributes(&line.attributes),
        status: Some(Status {
            message: String::new(),
            code: status::StatusCode::Unset.into(),
        }),
        ..Span::default()
    }
}

fn attributes(all: &std::collections::BTreeMap<&'static str, Attribute>) -> Vec<KeyValue> {
    all.iter()
        .map(|(name, value)| KeyValue {
            key: (*name).to_owned(),
            value: Some(AnyValue {
                value: Some(match value {
                    Attribute::Text(text) => Value::StringValue(text.clone()),
                    Attribute::Number(number) => Value::IntValue(*number),
                }),
            }),
            ..KeyValue::default()
        })
        .collect()
}
