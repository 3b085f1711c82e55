//! Certificates, keys and trust anchors, and the configurations `rustls` makes of them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arc_swap::ArcSwap;
use model::Oin;
use rustls::client::WebPkiServerVerifier;
use rustls::crypto::CryptoProvider;
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use super::verifier::{OrganisationClients, OrganisationServers};
use crate::Peer;
use crate::secret_file;

/// HTTP/2 over TLS (RFC 9113 section 3.2).
const H2: &[u8] = b"h2";
const HTTP1: &[u8] = b"http/1.1";

/// One side's own certificate chain and key, and whom it trusts.
pub struct TlsMaterial {
    pub(super) chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    anchors: Arc<RootCertStore>,
}

impl std::fmt::Debug for TlsMaterial {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TlsMaterial")
            .field("chain", &self.chain.len())
            .field("key", &"..")
            .field("anchors", &self.anchors.len())
            .finish()
    }
}

impl Clone for TlsMaterial {
    fn clone(&self) -> Self {
        Self {
            chain: self.chain.clone(),
            key: self.key.clone_key(),
            anchors: Arc::clone(&self.anchors),
        }
    }
}

impl TlsMaterial {
    /// Reads PEM files: a chain (end entity first), its private key (PKCS#8, mode 0600), and one or
    /// more files of trust anchors, each with one or more certificates.
    ///
    /// # Errors
    /// [`TlsError`] that names the file and the remedy.
    pub fn from_files(chain: &Path, key: &Path, anchors: &[PathBuf]) -> Result<Self, TlsError> {
        let read = |path: &Path| {
            std::fs::read(path).map_err(|source| TlsError::Unreadable {
                file: path.to_owned(),
                source,
            })
        };
        let chain_pem = read(chain)?;
        let key_pem = secret_file::read(key)?;
        let anchor_pems = anchors
            .iter()
            .map(|path| read(path))
            .collect::<Result<Vec<_>, _>>()?;
        Self::from_pem(&chain_pem, &key_pem, &anchor_pems)
    }

    /// The same from PEM bytes.
    ///
    /// # Errors
    /// [`TlsError`] that says what is missing or malformed.
    pub fn from_pem(
        chain: &[u8],
        key: &[u8],
        anchors: &[impl AsRef<[u8]>],
    ) -> Result<Self, TlsError> {
        let mut roots = RootCertStore::empty();
        for pem in anchors {
            for certificate in certificates(pem.as_ref(), "trust anchors")? {
                roots
                    .add(certificate)
                    .map_err(|_| TlsError::Malformed("trust anchors"))?;
            }
        }
        Ok(Self {
            chain: certificates(chain, "certificate chain")?,
            key: PrivateKeyDer::from_pem_slice(key)
                .map_err(|_| TlsError::Malformed("private key"))?,
            anchors: Arc::new(roots),
        })
    }

    /// Who this side is, by its own certificate: what the other side will read.
    ///
    /// # Errors
    /// [`TlsError::Own`] when the certificate does not name exactly one organisation.
    pub fn own(&self) -> Result<Peer, TlsError> {
        let own = self
            .chain
            .first()
            .ok_or(TlsError::Malformed("certificate chain"))?;
        Ok(Peer::from_certificate(own)?)
    }

    /// Whether certificate, key and trust anchors fit together for a client.
    ///
    /// # Errors
    /// [`TlsError`] that says what does not fit.
    pub fn fits_client(&self) -> Result<(), TlsError> {
        self.client_config(None).map(|_| ())
    }

    fn server_config(&self) -> Result<ServerConfig, TlsError> {
        let webpki =
            WebPkiClientVerifier::builder_with_provider(Arc::clone(&self.anchors), provider())
                .build()
                .map_err(|_| TlsError::Malformed("trust anchors"))?;
        let mut config = ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .with_client_cert_verifier(Arc::new(OrganisationClients::new(webpki)))
            .with_single_cert(self.chain.clone(), self.key.clone_key())?;
        config.alpn_protocols = vec![H2.to_vec()];
        // Every connection shows its certificate anew: a resumed session would outlive it.
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        Ok(config)
    }

    fn web_config(&self) -> Result<ServerConfig, TlsError> {
        let mut config = self.server_config()?;
        config.alpn_protocols = vec![HTTP1.to_vec()];
        Ok(config)
    }

    pub(super) fn client_config(&self, server: Option<Oin>) -> Result<ClientConfig, TlsError> {
        let webpki =
            WebPkiServerVerifier::builder_with_provider(Arc::clone(&self.anchors), provider())
                .build()
                .map_err(|_| TlsError::Malformed("trust anchors"))?;
        let mut config = ClientConfig::builder_with_provider(provider())
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(OrganisationServers::new(webpki, server)))
            .with_client_auth_cert(self.chain.clone(), self.key.clone_key())?;
        config.alpn_protocols = vec![H2.to_vec()];
        config.resumption = rustls::client::Resumption::disabled();
        Ok(config)
    }
}

/// A server's TLS configuration; cloning shares it, and [`ServerTls::replace`] changes it for
/// every connection that is accepted from then on.
#[derive(Clone, Debug)]
pub struct ServerTls(Arc<ArcSwap<ServerConfig>>);

impl ServerTls {
    /// The configuration of a server with this material.
    ///
    /// # Errors
    /// [`TlsError`] when the material doesn't fit together, or doesn't name an organisation.
    pub fn new(material: &TlsMaterial) -> Result<Self, TlsError> {
        material.own()?;
        let config = material.server_config()?;
        Ok(Self(Arc::new(ArcSwap::from_pointee(config))))
    }

    /// The same for a server of HTTP/1.1, which clients that are no gRPC clients speak.
    ///
    /// # Errors
    /// As [`ServerTls::new`].
    pub fn web(material: &TlsMaterial) -> Result<Self, TlsError> {
        material.own()?;
        let config = material.web_config()?;
        Ok(Self(Arc::new(ArcSwap::from_pointee(config))))
    }

    /// Takes other material into use: new connections see it, old ones go on.
    ///
    /// # Errors
    /// As [`ServerTls::new`]; then the old material stays in use.
    pub fn replace(&self, material: &TlsMaterial) -> Result<(), TlsError> {
        material.own()?;
        self.0.store(Arc::new(material.server_config()?));
        Ok(())
    }

    pub(super) fn current(&self) -> Arc<ServerConfig> {
        self.0.load_full()
    }
}

/// Why TLS can't be set up. For the operator: names files, never what is in them.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A certificate file can't be read.
    #[error("{} can't be read: check the path and its rights", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The private key's file can't be used.
    #[error(transparent)]
    KeyFile(#[from] secret_file::SecretFileError),
    /// A part is empty or malformed.
    #[error("the {0} can't be used: give at least one well-formed pem item")]
    Malformed(&'static str),
    /// Our own certificate does not say who we are.
    #[error("our own certificate is refused: {0}")]
    Own(#[from] crate::PeerError),
    /// Our own certificate is over.
    #[error("the certificate has expired: renew it")]
    Expired,
    /// Our own certificate has not begun.
    #[error("the certificate is not valid yet: check the clock, or wait")]
    NotYet,
    /// Our own certificate is for something else.
    #[error("the certificate may not be used as a {0}: ask for one with that extended key usage")]
    WrongUse(&'static str),
    /// The parts don't fit together.
    #[error("certificate, key and trust anchors don't fit together: {0}")]
    Rustls(rustls::Error),
    /// The endpoint is no address.
    #[error("the endpoint is no address: use https://<host>:<port>")]
    Endpoint,
}

impl From<rustls::Error> for TlsError {
    /// The text says it all: as a source it would be said twice.
    fn from(error: rustls::Error) -> Self {
        Self::Rustls(error)
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

fn certificates(pem: &[u8], what: &'static str) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let found = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|_| TlsError::Malformed(what))?;
    if found.is_empty() {
        return Err(TlsError::Malformed(what));
    }
    Ok(found)
}
