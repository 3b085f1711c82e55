//! What every process has: layered configuration, logs and traces, an admin port with health and
//! metrics, and an orderly end.
//!
//! This crate is *not* a framework: it starts nothing by itself, knows no service, and holds no
//! domain word. A binary calls its parts one after the other. It is the only crate that names
//! OpenTelemetry, whose trace exporter is still in beta.

pub mod admin;
pub mod config;
pub mod control;
pub mod daily;
pub mod health;
pub mod metrics;
pub mod shutdown;
mod supervisor;
pub mod telemetry;
pub mod trace;

pub use admin::{AdminServer, AdminSettings};
pub use config::{ConfigError, Layers, Loaded};
pub use health::{Check, Health};
pub use metrics::Metrics;
pub use telemetry::{Telemetry, TelemetrySettings};
