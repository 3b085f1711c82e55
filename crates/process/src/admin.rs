//! The admin port: HTTP/1.1 without TLS on its own socket, for the machine's own supervisor.
//!
//! `GET /livez` (the process answers), `GET /readyz` (200, or 503 with what is wrong),
//! `GET /metrics`. There is nothing secret behind it and nothing to change, but it is still bound
//! to loopback unless the settings say otherwise.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde::Deserialize;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::health::Health;
use crate::metrics::{MEDIA_TYPE, Metrics};
use crate::supervisor;

/// Settings of the admin port.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AdminSettings {
    /// Address and port. Whoever reaches it can read health and metrics: keep it on loopback, or
    /// behind a scraper on the same host. Port 0 takes any free port.
    pub listen: SocketAddr,
}

impl Default for AdminSettings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 9464),
        }
    }
}

/// The admin port, bound but not yet served.
#[derive(Debug)]
pub struct AdminServer {
    listener: TcpListener,
    address: SocketAddr,
    health: Health,
    metrics: Metrics,
}

impl AdminServer {
    /// Binds the port.
    ///
    /// # Errors
    /// When the address can't be bound.
    pub async fn bind(
        settings: &AdminSettings,
        health: Health,
        metrics: Metrics,
    ) -> std::io::Result<Self> {
        let listener = TcpListener::bind(settings.listen).await?;
        let address = listener.local_addr()?;
        if !address.ip().is_loopback() {
            tracing::warn!(%address, "the admin port is not on loopback: anybody who reaches it reads metrics");
        }
        Ok(Self {
            listener,
            address,
            health,
            metrics,
        })
    }

    /// Where it listens.
    #[must_use]
    pub const fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `stop` is cancelled: cancel it last, so that a draining process still answers
    /// that it is not ready. Call it once everything else has started: it tells systemd so, and
    /// feeds its watchdog.
    ///
    /// # Errors
    /// When the socket fails.
    pub async fn serve(self, stop: CancellationToken) -> std::io::Result<()> {
        let informed = tokio::spawn(supervisor::keep_informed(stop.clone()));
        axum::serve(self.listener, routes(self.health, self.metrics))
            .with_graceful_shutdown(stop.cancelled_owned())
            .await?;
        informed.await.map_err(std::io::Error::other)
    }
}

fn routes(health: Health, metrics: Metrics) -> Router {
    let health = Router::new()
        .route("/livez", get(|| async { "ok\n" }))
        .route("/readyz", get(readyz))
        .with_state(health);
    let metrics = Router::new()
        .route("/metrics", get(render))
        .with_state(metrics);
    health.merge(metrics)
}

async fn readyz(State(health): State<Health>) -> (StatusCode, String) {
    let mut text = String::new();
    for standing in health.standing() {
        match standing.fault {
            None => text.push_str(&format!("[+] {} ok\n", standing.name)),
            Some(why) => text.push_str(&format!("[-] {}: {why}\n", standing.name)),
        }
    }
    for (name, remark) in health.remarks() {
        text.push_str(&format!("[i] {name}: {remark}\n"));
    }
    if health.is_ready() {
        (StatusCode::OK, text + "ready\n")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, text + "not ready\n")
    }
}

async fn render(State(metrics): State<Metrics>) -> Response {
    match metrics.render() {
        Ok(text) => ([(header::CONTENT_TYPE, MEDIA_TYPE)], text).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
