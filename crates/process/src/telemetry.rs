//! Logs to standard error, and traces to a collector where the settings name one.

use std::time::Duration;

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::WithExportConfig as _;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use serde::Deserialize;
use tracing_subscriber::filter::{EnvFilter, LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer as _, Registry};

/// Libraries below us.
const QUIET: [&str; 12] = [
    "h2",
    "hyper",
    "hyper_util",
    "tonic",
    "tower",
    "axum",
    "rustls",
    "tokio_rustls",
    "opentelemetry",
    "opentelemetry_sdk",
    "opentelemetry_otlp",
    "sled",
];

/// How long the last flush may take.
const FLUSH: Duration = Duration::from_secs(5);

/// Settings of logs and traces.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TelemetrySettings {
    /// How log lines look: `text` for people, `json` for a log collector.
    pub log_format: LogFormat,
    /// Which log lines are written: `tracing`'s filter language, for example
    /// `info,broker::disclose=debug`.
    pub log_filter: String,
    /// Where spans go: the OTLP/gRPC address of a collector, for example `http://127.0.0.1:4317`.
    /// Left out: nowhere. Spans never carry an identifier, a pseudonym or a case.
    pub otlp_endpoint: Option<String>,
    /// How many of a thousand traces that begin here are exported. A caller's decision is kept.
    pub otlp_sample_per_mille: u16,
    /// How long an export may take, in milliseconds, before its spans are dropped.
    pub otlp_timeout_ms: u64,
}

impl Default for TelemetrySettings {
    fn default() -> Self {
        Self {
            log_format: LogFormat::Text,
            log_filter: "info".to_owned(),
            otlp_endpoint: None,
            otlp_sample_per_mille: 1000,
            otlp_timeout_ms: 5000,
        }
    }
}

/// How log lines look.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// One readable line each.
    #[default]
    Text,
    /// One JSON object each.
    Json,
}

/// Logs and traces of a process. [`Telemetry::shutdown`] sends what is left; dropping does too,
/// but blocks while it does.
#[derive(Debug)]
pub struct Telemetry {
    provider: Option<SdkTracerProvider>,
}

/// Why telemetry can't start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TelemetryError {
    /// The log filter is malformed.
    #[error("telemetry.log_filter is malformed: use for example info,broker=debug")]
    Filter,
    /// The collector's address is malformed.
    #[error("telemetry.otlp_endpoint is malformed: use http://<host>:<port>")]
    Endpoint,
    /// Something else has taken the process's logs already.
    #[error("logs are already taken: start telemetry once per process")]
    Taken,
}

impl Telemetry {
    /// Starts logs and traces for the whole process, under the service's name, for example
    /// `covenant-broker`. With a collector it must be called on a tokio runtime with at least two
    /// workers ([`crate::shutdown::runtime`]).
    ///
    /// # Errors
    /// [`TelemetryError`] when a setting is malformed or logs are taken already.
    pub fn start(
        service: &'static str,
        settings: &TelemetrySettings,
    ) -> Result<Self, TelemetryError> {
        let filter = log_filter(&settings.log_filter)?;
        let provider = provider(service, settings)?;
        let spans = tracing_opentelemetry::layer()
            .with_tracer(provider.tracer(service))
            .with_location(false)
            .with_threads(false)
            .with_tracked_inactivity(false)
            .with_filter(without_telemetry_of_telemetry());
        let lines = match settings.log_format {
            LogFormat::Text => tracing_subscriber::fmt::layer()
                .with_writer(std::io::stderr)
                .with_filter(filter)
                .boxed(),
            LogFormat::Json => tracing_subscriber::fmt::layer()
                .json()
                .with_writer(std::io::stderr)
                .with_filter(filter)
                .boxed(),
        };
        Registry::default()
            .with(spans)
            .with(lines)
            .try_init()
            .map_err(|_| TelemetryError::Taken)?;
        Ok(Self {
            provider: Some(provider),
        })
    }

    /// Sends the last spans, at most 5 s long. The exporter waits for tasks of the runtime, so it
    /// happens on a thread of its own.
    pub async fn shutdown(mut self) {
        if let Some(provider) = self.provider.take() {
            let _ = tokio::task::spawn_blocking(move || flush(&provider)).await;
        }
    }
}

impl Drop for Telemetry {
    fn drop(&mut self) {
        if let Some(provider) = self.provider.take() {
            let _ = std::thread::spawn(move || flush(&provider)).join();
        }
    }
}

fn flush(provider: &SdkTracerProvider) {
    // An error means that spans were lost: they are no record, and there is nobody left to tell.
    let _ = provider.shutdown_with_timeout(FLUSH);
}

fn provider(
    service: &'static str,
    settings: &TelemetrySettings,
) -> Result<SdkTracerProvider, TelemetryError> {
    let resource = Resource::builder_empty().with_service_name(service).build();
    let share = f64::from(settings.otlp_sample_per_mille.min(1000)) / 1000.0;
    let builder = SdkTracerProvider::builder()
        .with_resource(resource)
        .with_sampler(Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(
            share,
        ))));
    let Some(endpoint) = &settings.otlp_endpoint else {
        // Without an exporter spans still have trace ids, for log entries and for who calls on.
        return Ok(builder.build());
    };
    let exporter = opentelemetry_otlp::SpanExporter::builder()
        .with_tonic()
        .with_endpoint(endpoint.as_str())
        .with_timeout(Duration::from_millis(settings.otlp_timeout_ms))
        .build()
        .map_err(|_| TelemetryError::Endpoint)?;
    Ok(builder.with_batch_exporter(exporter).build())
}

/// The settings' filter; what libraries say in detail is not ours to vouch for, so that
/// `log_filter = "trace"` means our own lines, and a library's are asked for by its name.
fn log_filter(setting: &str) -> Result<EnvFilter, TelemetryError> {
    let quiet: String = QUIET
        .iter()
        .map(|target| format!("{target}=warn,"))
        .collect();
    EnvFilter::try_new(quiet + setting).map_err(|_| TelemetryError::Filter)
}

/// What the exporter itself does must not become spans, or exporting never ends.
fn without_telemetry_of_telemetry() -> Targets {
    Targets::new()
        .with_default(LevelFilter::INFO)
        .with_targets(QUIET.map(|target| (target, LevelFilter::OFF)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_stay_quiet_unless_they_are_named() {
        let all = log_filter("trace").unwrap().to_string();
        assert!(all.contains("trace") && all.contains("h2=warn"), "{all}");
        let named = log_filter("info,h2=debug").unwrap().to_string();
        assert!(
            named.contains("h2=debug") && !named.contains("h2=warn"),
            "{named}"
        );
        assert!(matches!(
            log_filter("info,,=x=y"),
            Err(TelemetryError::Filter)
        ));
    }

    #[test]
    fn a_malformed_collector_address_is_refused() {
        let settings = |endpoint: &str| TelemetrySettings {
            otlp_endpoint: Some(endpoint.to_owned()),
            ..TelemetrySettings::default()
        };
        let refused = provider("test", &settings("not an address"));
        assert!(matches!(refused, Err(TelemetryError::Endpoint)));
        assert!(provider("test", &TelemetrySettings::default()).is_ok());
    }
}
