//! The log for other log clients: checkpoint and hash tiles (C2SP `tlog-tiles`) over HTTPS, and the
//! policies by which a checkpoint is witnessed. For parties and auditors, and hashes only: entry
//! bundles hold whole leaves, which are read through the disclosure log's own service.

use std::sync::Arc;

use anyhow::Context as _;
use axum::Router;
use axum::body::Body;
use axum::extract::connect_info::{ConnectInfo, Connected};
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::serve::{IncomingStream, Listener};
use identity::tls::{Acceptor, AcceptorLimits, AuthenticatedStream, ServerTls};
use ledger::Tile;
use model::{CovenantId, Oin};
use store::StoreError;
use tokio_stream::StreamExt as _;

use crate::Broker;
use crate::config::TilesConfig;
use crate::oversight;
use crate::witnesses::policy;

/// The port, bound but not yet served.
#[derive(Debug)]
pub(crate) struct Tiles(Acceptor);

/// Who is at the other end.
#[derive(Debug, Clone)]
struct Caller(Oin);

struct Port(Acceptor);

impl Listener for Port {
    type Io = AuthenticatedStream;
    type Addr = Oin;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            match self.0.next().await {
                Some(Ok(stream)) => {
                    let oin = stream.peer().oin().clone();
                    return (stream, oin);
                }
                Some(Err(error)) => tracing::debug!(%error, "a connection was refused"),
                None => std::future::pending().await,
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<Self::Addr> {
        Err(std::io::ErrorKind::Unsupported.into())
    }
}

impl Connected<IncomingStream<'_, Port>> for Caller {
    fn connect_info(stream: IncomingStream<'_, Port>) -> Self {
        Self(stream.remote_addr().clone())
    }
}

impl Tiles {
    /// Binds the port.
    ///
    /// # Errors
    /// When the address can't be bound.
    pub(crate) async fn bind(config: &TilesConfig, tls: ServerTls) -> anyhow::Result<Self> {
        let acceptor = Acceptor::bind(config.listen, tls, AcceptorLimits::default());
        let acceptor = acceptor
            .await
            .with_context(|| format!("tiles.listen: listen on {}", config.listen))?;
        Ok(Self(acceptor))
    }

    /// Where it listens.
    pub(crate) const fn local_addr(&self) -> std::net::SocketAddr {
        self.0.local_addr()
    }

    /// Answers until the broker stops.
    pub(crate) async fn serve(self, broker: Arc<Broker>) {
        let stop = broker.stopping().clone();
        let routes = Router::new()
            .route("/checkpoint", get(checkpoint))
            .route("/policy/{covenant}", get(policy_file))
            .route("/tile/{*rest}", get(tile))
            .with_state(broker)
            .into_make_service_with_connect_info::<Caller>();
        let served = axum::serve(Port(self.0), routes)
            .with_graceful_shutdown(stop.cancelled_owned())
            .await;
        if let Err(error) = served {
            tracing::error!(%error, "the tiles port stopped");
        }
    }
}

type Answer = Result<Response, (StatusCode, &'static str)>;

const FAILED: (StatusCode, &str) = (
    StatusCode::SERVICE_UNAVAILABLE,
    "the log can't be read now; try again later\n",
);
const NOT_FOUND: (StatusCode, &str) = (
    StatusCode::NOT_FOUND,
    "there is no such tile in the newest checkpoint\n",
);
const ENTRIES: (StatusCode, &str) = (
    StatusCode::FORBIDDEN,
    "entry bundles hold whole leaves and are not served; read what is yours with the disclosure log service\n",
);

/// Lets parties and auditors in, and records that they read.
async fn admit(
    broker: &Broker,
    caller: &Oin,
    what: &'static str,
) -> Result<oversight::Caller, (StatusCode, &'static str)> {
    let reader = broker.caller(caller, None).map_err(|_| {
        (
            StatusCode::FORBIDDEN,
            "only parties and auditors read the log\n",
        )
    })?;
    let recorded = broker.record_access(caller, what).await;
    recorded.map_err(|_| FAILED)?;
    Ok(reader)
}

/// The newest checkpoint that is witnessed under a covenant of the reader; without one the newest
/// that the log signed.
async fn checkpoint(
    State(broker): State<Arc<Broker>>,
    ConnectInfo(Caller(oin)): ConnectInfo<Caller>,
) -> Answer {
    let reader = admit(&broker, &oin, "TilesCheckpoint").await?;
    let witnessed = reader
        .versions()
        .iter()
        .filter_map(|covenant| broker.witnessed(covenant))
        .max_by_key(|witnessed| witnessed.size);
    let note = witnessed.map_or_else(|| broker.store().checkpoint().note, |one| one.note);
    Ok(text(note))
}

async fn tile(
    State(broker): State<Arc<Broker>>,
    ConnectInfo(Caller(oin)): ConnectInfo<Caller>,
    Path(rest): Path<String>,
) -> Answer {
    admit(&broker, &oin, "Tile").await?;
    if rest.starts_with("entries/") {
        return Err(ENTRIES);
    }
    let tile = Tile::parse(&format!("tile/{rest}")).ok_or(NOT_FOUND)?;
    let bytes = broker.store().read(|view| {
        if !tile.is_in(view.checkpoint().size) {
            return Ok(None);
        }
        let mut failed = None;
        let bytes = tile.bytes(|id| {
            let node = view.tree_node(id);
            node.unwrap_or_else(|error| {
                failed = Some(error);
                None
            })
        });
        match (bytes, failed) {
            (Ok(bytes), None) => Ok(Some(bytes)),
            (_, Some(error)) => Err(error),
            (Err(_), None) => Err(StoreError::Damaged { what: "log tree" }),
        }
    });
    let bytes = bytes.map_err(|error| {
        tracing::error!(%error, "a tile can't be read");
        FAILED
    })?;
    // A tile never changes.
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream"),
        (
            header::CACHE_CONTROL,
            "private, max-age=31536000, immutable",
        ),
    ];
    Ok((headers, Body::from(bytes.ok_or(NOT_FOUND)?)).into_response())
}

async fn policy_file(
    State(broker): State<Arc<Broker>>,
    ConnectInfo(Caller(oin)): ConnectInfo<Caller>,
    Path(covenant): Path<String>,
) -> Answer {
    const UNKNOWN: (StatusCode, &str) = (
        StatusCode::NOT_FOUND,
        "no covenant of yours with this id is in force\n",
    );
    let reader = admit(&broker, &oin, "TilesPolicy").await?;
    let id = CovenantId::parse(&covenant).map_err(|_| UNKNOWN)?;
    let members = broker.members();
    // The log of a covenant that is over is verified by its witnesses still.
    let covenant = members.last_known(&id).ok_or(UNKNOWN)?;
    if !reader.versions().contains(&covenant.digest()) {
        return Err(UNKNOWN);
    }
    let policy = policy(broker.log_verifier(), covenant);
    Ok(text(policy.to_text().into_bytes()))
}

fn text(bytes: Vec<u8>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (headers, Body::from(bytes)).into_response()
}
