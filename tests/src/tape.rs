//! A connection with a tape recorder in it: takes a node's TLS connection to the broker as the
//! broker would, writes down every header and byte in clear, and passes all of it on as the node.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use anyhow::Result;
use axum::Router;
use axum::http::{HeaderMap, Request, Response};
use http_body::{Body as HttpBody, Frame, SizeHint};
use identity::tls::{Acceptor, AcceptorLimits, ServerTls, TlsMaterial};
use prost::bytes::Bytes;
use tokio_util::sync::CancellationToken;
use tonic::body::Body;
use tonic::client::GrpcService as _;
use tonic::service::Routes;
use tonic::transport::{Channel, Server};

use crate::realm::{Realm, set};

/// What went over the wire, header lines and bodies, in the order of the frames.
#[derive(Debug, Clone, Default)]
pub struct Tape(Arc<Mutex<Vec<Piece>>>);

/// One thing on the tape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// Whether it went to the broker, and not from it.
    pub to_broker: bool,
    /// `/<package>.<Service>/<Method>`.
    pub path: String,
    /// Header lines as text, or bytes of a body.
    pub bytes: Vec<u8>,
}

impl Tape {
    /// Everything so far.
    #[must_use]
    pub fn pieces(&self) -> Vec<Piece> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// All bytes that went to the broker, call by call.
    #[must_use]
    pub fn to_broker(&self) -> Vec<u8> {
        let pieces = self.pieces();
        let mut all = Vec::new();
        let mut paths: Vec<&str> = pieces.iter().map(|piece| piece.path.as_str()).collect();
        paths.sort_unstable();
        paths.dedup();
        for path in paths {
            for piece in pieces
                .iter()
                .filter(|piece| piece.to_broker && piece.path == path)
            {
                all.extend_from_slice(&piece.bytes);
            }
        }
        all
    }

    fn record(&self, to_broker: bool, path: &str, bytes: &[u8]) {
        let piece = Piece {
            to_broker,
            path: path.to_owned(),
            bytes: bytes.to_vec(),
        };
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(piece);
    }

    fn headers(&self, to_broker: bool, path: &str, headers: &HeaderMap) {
        for (name, value) in headers {
            let line = [name.as_str().as_bytes(), b": ", value.as_bytes(), b"\n"].concat();
            self.record(to_broker, path, &line);
        }
    }
}

/// Puts a tape between a party's node, which must not run yet, and the broker. It runs until the
/// token is cancelled.
///
/// # Errors
/// When the party's files can't be read or no port is free.
pub async fn listen_in(realm: &Realm, party: &str, stop: CancellationToken) -> Result<Tape> {
    let world = &realm.world;
    let folder = world
        .broker
        .config
        .parent()
        .unwrap_or(world.broker.config.as_path());
    let server = TlsMaterial::from_files(
        &folder.join("server.pem"),
        &folder.join("server.key"),
        std::slice::from_ref(&world.ca),
    )?;
    let any: SocketAddr = ([127, 0, 0, 1], 0).into();
    let acceptor = Acceptor::bind(any, ServerTls::new(&server)?, AcceptorLimits::default()).await?;
    let address = acceptor.local_addr().to_string();
    let tape = Tape::default();
    let onward = realm.to_broker(party)?;
    let recorder = tape.clone();
    let router = Router::new().fallback(move |request: Request<axum::body::Body>| {
        pass_on(recorder.clone(), onward.clone(), request)
    });
    realm.configure_node(party, |settings| set(settings, "broker.address", address))?;
    tokio::spawn(async move {
        let served = Server::builder()
            .add_routes(Routes::from(router))
            .serve_with_incoming_shutdown(acceptor, stop.cancelled_owned());
        // A test that ends drops the connections; there is nobody to tell.
        drop(served.await);
    });
    Ok(tape)
}

pub(crate) async fn pass_on(
    tape: Tape,
    mut onward: Channel,
    request: Request<axum::body::Body>,
) -> Response<axum::body::Body> {
    let path = request.uri().path().to_owned();
    let (parts, body) = request.into_parts();
    tape.headers(true, &path, &parts.headers);
    let body = Body::new(Recorded {
        tape: tape.clone(),
        to_broker: true,
        path: path.clone(),
        body,
    });
    let ready = std::future::poll_fn(|context| onward.poll_ready(context)).await;
    let answer = match ready {
        Ok(()) => onward.call(Request::from_parts(parts, body)).await,
        Err(error) => Err(error),
    };
    match answer {
        Ok(answer) => {
            let (parts, body) = answer.into_parts();
            tape.headers(false, &path, &parts.headers);
            let body = Recorded {
                tape,
                to_broker: false,
                path,
                body,
            };
            Response::from_parts(parts, axum::body::Body::new(body))
        }
        Err(error) => {
            let status = tonic::Status::unavailable(error.to_string());
            status.into_http::<axum::body::Body>()
        }
    }
}

/// A body that is written down as it passes.
struct Recorded<B> {
    tape: Tape,
    to_broker: bool,
    path: String,
    body: B,
}

impl<B: HttpBody<Data = Bytes> + Unpin> HttpBody for Recorded<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        if let Poll::Ready(Some(Ok(frame))) = &polled {
            if let Some(bytes) = frame.data_ref() {
                self.tape.record(self.to_broker, &self.path, bytes);
            }
            if let Some(trailers) = frame.trailers_ref() {
                self.tape.headers(self.to_broker, &self.path, trailers);
            }
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
