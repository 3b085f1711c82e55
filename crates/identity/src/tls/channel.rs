//! The calling side: a tonic channel over mutual TLS.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use hyper_util::rt::TokioIo;
use model::Oin;
use rustls_pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tonic::transport::{Channel, Endpoint, Uri};

use super::{TlsError, TlsMaterial};

/// How to reach a server.
#[derive(Clone, Debug)]
pub struct ChannelSettings {
    /// `https://<host>:<port>`.
    pub endpoint: String,
    /// The name that the server's certificate must carry; `None`: the endpoint's host.
    pub server_name: Option<String>,
    /// The organisation that the server's certificate must name; `None`: any, under our anchors.
    pub server_oin: Option<Oin>,
    /// For the TCP connection and the handshake together.
    pub connect_timeout: Duration,
    /// For one call, a stream included; `None`: only the calls' own deadlines.
    pub request_timeout: Option<Duration>,
    /// How often to ask over an idle connection whether the other side is still there.
    pub keep_alive: Duration,
}

impl ChannelSettings {
    /// The usual settings: 10 s to connect, no limit per call, a ping every 20 s.
    #[must_use]
    pub fn to(endpoint: &str) -> Self {
        Self {
            endpoint: endpoint.to_owned(),
            server_name: None,
            server_oin: None,
            connect_timeout: Duration::from_secs(10),
            request_timeout: None,
            keep_alive: Duration::from_secs(20),
        }
    }
}

/// A channel that connects at the first call and again whenever the connection is lost. Give
/// [`crate::MAX_MESSAGE_BYTES`] to the clients made of it.
///
/// Must be called on a tokio runtime.
///
/// # Errors
/// [`TlsError`] when the endpoint is no address or the material can't be used; not when the server
/// can't be reached: that is the first call's error.
pub fn channel(settings: &ChannelSettings, material: &TlsMaterial) -> Result<Channel, TlsError> {
    material.own()?;
    let uri: Uri = settings.endpoint.parse().map_err(|_| TlsError::Endpoint)?;
    let (Some("https"), Some(host), Some(port)) = (uri.scheme_str(), uri.host(), uri.port_u16())
    else {
        return Err(TlsError::Endpoint);
    };
    let host = host
        .trim_start_matches('[')
        .trim_end_matches(']')
        .to_owned();
    let name = settings.server_name.as_deref().unwrap_or(&host);
    let name = ServerName::try_from(name.to_owned()).map_err(|_| TlsError::Endpoint)?;
    let tls = TlsConnector::from(Arc::new(
        material.client_config(settings.server_oin.clone())?,
    ));

    // tonic refuses `https` where it is not the one to do TLS: here the connector does it, and the
    // origin keeps the calls' scheme right.
    let plain: Uri = settings
        .endpoint
        .replacen("https://", "http://", 1)
        .parse()
        .map_err(|_| TlsError::Endpoint)?;
    let mut endpoint = Endpoint::from(plain)
        .origin(uri)
        .connect_timeout(settings.connect_timeout)
        .tcp_nodelay(true)
        .http2_keep_alive_interval(settings.keep_alive)
        .keep_alive_timeout(settings.keep_alive)
        .keep_alive_while_idle(true);
    if let Some(timeout) = settings.request_timeout {
        endpoint = endpoint.timeout(timeout);
    }
    Ok(
        endpoint.connect_with_connector_lazy(tower::service_fn(move |_: Uri| {
            let (tls, name, host) = (tls.clone(), name.clone(), host.clone());
            async move {
                let socket = TcpStream::connect((host.as_str(), port)).await?;
                socket.set_nodelay(true)?;
                let stream = tls.connect(name, socket).await?;
                io::Result::Ok(TokioIo::new(stream))
            }
        })),
    )
}
