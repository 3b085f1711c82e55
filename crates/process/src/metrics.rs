//! Metrics in the Prometheus text format. No label may hold an identifier, a case, a person, or a
//! count so small that it tells about one.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use model::clock::Stopwatch;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use tower::{Layer, Service};

use crate::trace::method_of;

pub use prometheus_client;

/// The media type of [`Metrics::render`].
pub const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The process's metrics; cloning shares them.
#[derive(Clone, Debug)]
pub struct Metrics(Arc<Mutex<Registry>>);

impl Metrics {
    /// Metrics whose names all begin with `prefix` and an underscore, for example
    /// `covenant_broker`.
    #[must_use]
    pub fn new(prefix: &str) -> Self {
        Self(Arc::new(Mutex::new(Registry::with_prefix(prefix))))
    }

    /// Registers metrics; keep clones of them to count with.
    pub fn register<T>(&self, add: impl FnOnce(&mut Registry) -> T) -> T {
        add(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// All metrics as text.
    ///
    /// # Errors
    /// Only when a metric's own encoding fails.
    pub fn render(&self) -> Result<String, std::fmt::Error> {
        let registry = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &registry)?;
        Ok(text)
    }
}

/// Upper bounds in seconds: a check should take milliseconds, a push of a thousand less than one.
const BOUNDS: [f64; 10] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.0, 10.0];

/// Counts the gRPC calls that a server answers, by method and status, and how long the answer took
/// to begin: for tonic's `Server::builder().layer(..)`. A stream counts when it begins.
///
/// Gives `calls_total{method,code}` and `call_seconds{method}`.
#[derive(Clone, Debug)]
pub struct CallLayer {
    calls: Family<Call, Counter>,
    seconds: Family<Method, Histogram, fn() -> Histogram>,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct Call {
    method: String,
    code: String,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct Method {
    method: String,
}

impl CallLayer {
    /// Registers the metrics.
    #[must_use]
    pub fn new(metrics: &Metrics) -> Self {
        let layer = Self {
            calls: Family::default(),
            seconds: Family::new_with_constructor(|| Histogram::new(BOUNDS)),
        };
        metrics.register(|registry| {
            registry.register("calls", "gRPC calls answered", layer.calls.clone());
            registry.register(
                "call_seconds",
                "Time until the answer to a gRPC call began",
                layer.seconds.clone(),
            );
        });
        layer
    }

    fn count(&self, path: &str, headers: &http::HeaderMap, took: Stopwatch) {
        // Success, and what fails later in a stream, is said in the trailers.
        let status = headers.get("grpc-status").map(http::HeaderValue::as_bytes);
        let code = status.map_or(tonic::Code::Ok, tonic::Code::from_bytes);
        // The path of a method that doesn't exist is the caller's free text.
        let known = code != tonic::Code::Unimplemented;
        let method = if known { method_of(path) } else { "other" };
        let call = Call {
            method: method.to_owned(),
            code: format!("{code:?}"),
        };
        let method = Method {
            method: call.method.clone(),
        };
        self.calls.get_or_create(&call).inc();
        let seconds = took.elapsed().as_secs_f64();
        self.seconds.get_or_create(&method).observe(seconds);
    }
}

impl<S> Layer<S> for CallLayer {
    type Service = CountedCalls<S>;

    fn layer(&self, inner: S) -> CountedCalls<S> {
        CountedCalls {
            inner,
            layer: self.clone(),
        }
    }
}

/// The service that [`CallLayer`] makes.
#[derive(Clone, Debug)]
pub struct CountedCalls<S> {
    inner: S,
    layer: CallLayer,
}

impl<S, A, B> Service<http::Request<A>> for CountedCalls<S>
where
    S: Service<http::Request<A>, Response = http::Response<B>>,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: http::Request<A>) -> Self::Future {
        let path = request.uri().path().to_owned();
        let layer = self.layer.clone();
        let took = Stopwatch::start();
        let answer = self.inner.call(request);
        Box::pin(async move {
            let answer = answer.await?;
            layer.count(&path, answer.headers(), took);
            Ok(answer)
        })
    }
}
