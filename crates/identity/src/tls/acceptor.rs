//! The listening side: every stream that comes out of it belongs to a known organisation.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_stream::Stream;
use tonic::transport::server::Connected;

use super::ServerTls;
use crate::{Peer, PeerError, PeerInfo};

/// How long to wait before accepting again when the machine refuses to (no descriptors left).
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Bounds on what strangers can make a server hold.
#[derive(Clone, Copy, Debug)]
pub struct AcceptorLimits {
    /// A handshake that takes longer is dropped.
    pub handshake_timeout: Duration,
    /// Handshakes at the same time; further connections wait in the kernel's backlog.
    pub handshakes_in_flight: usize,
    /// Connections at the same time; further ones are closed at once.
    pub connections: usize,
}

impl Default for AcceptorLimits {
    fn default() -> Self {
        Self {
            handshake_timeout: Duration::from_secs(10),
            handshakes_in_flight: 128,
            connections: 4096,
        }
    }
}

/// Why a connection did not become an [`AuthenticatedStream`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Refusal {
    /// No handshake within the time.
    Timeout,
    /// The client showed no certificate.
    NoCertificate,
    /// Expired, not yet valid, not for clients, or not under a trust anchor.
    Certificate,
    /// A certificate with a valid path that names no organisation, or several.
    NoOrganisation,
    /// Not TLS 1.3 as we speak it.
    Protocol,
    /// The connection broke off, or what came was no TLS.
    Broken,
    /// Too many connections.
    Full,
}

impl Refusal {
    /// Every reason, in a fixed order.
    pub const ALL: [Self; 7] = [
        Self::Timeout,
        Self::NoCertificate,
        Self::Certificate,
        Self::NoOrganisation,
        Self::Protocol,
        Self::Broken,
        Self::Full,
    ];

    /// A label for metrics and logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Timeout => "timeout",
            Self::NoCertificate => "no_certificate",
            Self::Certificate => "certificate",
            Self::NoOrganisation => "no_organisation",
            Self::Protocol => "protocol",
            Self::Broken => "broken",
            Self::Full => "full",
        }
    }

    const fn index(self) -> usize {
        self as usize
    }
}

/// How many connections were accepted and refused since the start; shared, for metrics.
#[derive(Clone, Debug, Default)]
pub struct HandshakeCounts(Arc<Counters>);

#[derive(Debug, Default)]
struct Counters {
    accepted: AtomicU64,
    refused: [AtomicU64; Refusal::ALL.len()],
}

impl HandshakeCounts {
    /// Connections that became an [`AuthenticatedStream`].
    #[must_use]
    pub fn accepted(&self) -> u64 {
        self.0.accepted.load(Ordering::Relaxed)
    }

    /// Connections refused for `reason`.
    #[must_use]
    pub fn refused(&self, reason: Refusal) -> u64 {
        self.0
            .refused
            .get(reason.index())
            .map_or(0, |count| count.load(Ordering::Relaxed))
    }

    fn count(&self, outcome: Result<(), Refusal>) {
        match outcome {
            Ok(()) => {
                self.0.accepted.fetch_add(1, Ordering::Relaxed);
            }
            Err(reason) => {
                if let Some(count) = self.0.refused.get(reason.index()) {
                    count.fetch_add(1, Ordering::Relaxed);
                }
                tracing::info!(reason = reason.as_str(), "connection refused");
            }
        }
    }
}

/// Accepts connections and authenticates them, many at a time: a stream for tonic's
/// `serve_with_incoming_shutdown`. Dropping it closes the listening socket.
#[derive(Debug)]
pub struct Acceptor {
    streams: mpsc::Receiver<AuthenticatedStream>,
    counts: HandshakeCounts,
    address: SocketAddr,
}

impl Acceptor {
    /// Listens on `address` (port 0: any free port). Must be called on a tokio runtime.
    ///
    /// # Errors
    /// When the address can't be bound.
    pub async fn bind(
        address: SocketAddr,
        tls: ServerTls,
        limits: AcceptorLimits,
    ) -> io::Result<Self> {
        Self::new(TcpListener::bind(address).await?, tls, limits)
    }

    /// The same for a socket that already listens.
    ///
    /// # Errors
    /// When the socket has no address.
    pub fn new(listener: TcpListener, tls: ServerTls, limits: AcceptorLimits) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let counts = HandshakeCounts::default();
        let (ready, streams) = mpsc::channel(16);
        let door = Door {
            tls,
            timeout: limits.handshake_timeout,
            handshakes: Arc::new(Semaphore::new(limits.handshakes_in_flight.max(1))),
            connections: Arc::new(Semaphore::new(limits.connections.max(1))),
            counts: counts.clone(),
            ready,
        };
        tokio::spawn(door.run(listener));
        Ok(Self {
            streams,
            counts,
            address,
        })
    }

    /// Where it listens.
    #[must_use]
    pub const fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// What became of the connections so far; take it before the acceptor goes to tonic.
    #[must_use]
    pub fn counts(&self) -> HandshakeCounts {
        self.counts.clone()
    }
}

impl Stream for Acceptor {
    type Item = io::Result<AuthenticatedStream>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.streams.poll_recv(cx).map(|next| next.map(Ok))
    }
}

struct Door {
    tls: ServerTls,
    timeout: Duration,
    handshakes: Arc<Semaphore>,
    connections: Arc<Semaphore>,
    counts: HandshakeCounts,
    ready: mpsc::Sender<AuthenticatedStream>,
}

impl Door {
    async fn run(self, listener: TcpListener) {
        let door = Arc::new(self);
        loop {
            let Ok(turn) = Arc::clone(&door.handshakes).acquire_owned().await else {
                return;
            };
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                () = door.ready.closed() => return,
            };
            match accepted {
                Ok((socket, remote)) => {
                    tokio::spawn(Arc::clone(&door).admit(socket, remote, turn));
                }
                Err(error) => {
                    tracing::warn!(kind = ?error.kind(), "the listening socket refuses");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    async fn admit(
        self: Arc<Self>,
        socket: TcpStream,
        remote: SocketAddr,
        turn: OwnedSemaphorePermit,
    ) {
        let Ok(place) = Arc::clone(&self.connections).try_acquire_owned() else {
            self.counts.count(Err(Refusal::Full));
            return;
        };
        let outcome = tokio::time::timeout(self.timeout, self.shake_hands(socket)).await;
        drop(turn);
        let (tls, peer) = match outcome {
            Ok(Ok(authenticated)) => authenticated,
            Ok(Err(refusal)) => return self.counts.count(Err(refusal)),
            Err(_) => return self.counts.count(Err(Refusal::Timeout)),
        };
        self.counts.count(Ok(()));
        let stream = AuthenticatedStream {
            tls: Box::new(tls),
            info: PeerInfo {
                peer: Arc::new(peer),
                remote,
            },
            _place: place,
        };
        // It fails only when the server has stopped; then the connection closes, as it should.
        let _ = self.ready.send(stream).await;
    }

    async fn shake_hands(
        &self,
        socket: TcpStream,
    ) -> Result<(TlsStream<TcpStream>, Peer), Refusal> {
        let _ = socket.set_nodelay(true);
        let stream = TlsAcceptor::from(self.tls.current())
            .accept(socket)
            .await
            .map_err(|error| reason(&error))?;
        let certificate = stream
            .get_ref()
            .1
            .peer_certificates()
            .and_then(<[_]>::first)
            .ok_or(Refusal::NoCertificate)?;
        let peer = Peer::from_certificate(certificate).map_err(|_| Refusal::NoOrganisation)?;
        Ok((stream, peer))
    }
}

fn reason(error: &io::Error) -> Refusal {
    use rustls::{CertificateError, Error};
    let inner = error.get_ref().and_then(|e| e.downcast_ref::<Error>());
    match inner {
        Some(Error::NoCertificatesPresented) => Refusal::NoCertificate,
        Some(Error::InvalidCertificate(CertificateError::Other(other)))
            if other.0.downcast_ref::<PeerError>().is_some() =>
        {
            Refusal::NoOrganisation
        }
        Some(Error::InvalidCertificate(flaw)) => {
            // Which flaw, for the operator of this side; it names nobody.
            tracing::info!(%flaw, "a client certificate is not good");
            Refusal::Certificate
        }
        Some(Error::PeerIncompatible(_) | Error::NoApplicationProtocol) => Refusal::Protocol,
        _ => Refusal::Broken,
    }
}

/// A connection whose other end has shown who it is.
#[derive(Debug)]
pub struct AuthenticatedStream {
    tls: Box<TlsStream<TcpStream>>,
    info: PeerInfo,
    _place: OwnedSemaphorePermit,
}

impl AuthenticatedStream {
    /// Who is at the other end.
    #[must_use]
    pub fn peer(&self) -> &Peer {
        &self.info.peer
    }
}

impl Connected for AuthenticatedStream {
    type ConnectInfo = PeerInfo;

    fn connect_info(&self) -> PeerInfo {
        self.info.clone()
    }
}

impl AsyncRead for AuthenticatedStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tls).poll_read(cx, buffer)
    }
}

impl AsyncWrite for AuthenticatedStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.tls).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tls).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tls).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.tls).poll_write_vectored(cx, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.tls.is_write_vectored()
    }
}
