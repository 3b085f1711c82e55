//! Metrics in the Prometheus text format. No label may hold an identifier, a case, a person, or a
//! count so small that it tells about one.

use std::sync::{Arc, Mutex, PoisonError};

use prometheus_client::registry::Registry;

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
