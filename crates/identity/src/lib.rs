//! Who is calling, and the keys that say so: certificates, TLS, signing keys, sealing keys, and
//! how secret keys lie on disk.
//!
//! This crate is *not* an authority on who may do what: it says which organisation (OIN) and which
//! roles a certificate attests, and whether a signature or a sealed message is genuine. Whether
//! that organisation is a party to a covenant is the application's question. It knows no covenant,
//! no pseudonym and no message of the protocol.
//!
//! No cryptography is our own: TLS and certificate paths are `rustls` with `ring`, signatures
//! `ed25519-dalek` (RFC 8032), sealing `hpke` (RFC 9180), keys at rest `ring`.

pub mod covenant_key;
pub mod dsse;
pub mod key_package;
pub mod peer;
mod pkcs8;
pub mod sealing;
pub mod secret_file;
pub mod signing;
pub mod tls;

pub use peer::{Peer, PeerError, PeerInfo};
pub use sealing::{SealingKey, SealingPublicKey};
pub use signing::{SigningKey, VerifyingKey};

/// The longest gRPC message that anybody sends or accepts: 4 MiB. Give it to
/// `max_decoding_message_size` of every generated client and server.
pub const MAX_MESSAGE_BYTES: usize = 4 * 1024 * 1024;
