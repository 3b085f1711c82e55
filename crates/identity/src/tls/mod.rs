//! Mutual TLS: version 1.3 only, `ring`, HTTP/2, both sides with a certificate that names an
//! organisation. `rustls` checks path, validity, key and extended key usage; a wrapper around its
//! verifiers adds that the certificate is a [`crate::Peer`].

mod acceptor;
mod channel;
mod material;
mod own;
mod verifier;

pub use acceptor::{Acceptor, AcceptorLimits, AuthenticatedStream, HandshakeCounts, Refusal};
pub use channel::{ChannelSettings, channel};
pub use material::{ServerTls, TlsError, TlsMaterial};
pub use own::{OwnCertificate, Usage};
