//! What is asked of a certificate beyond its path: that it names one organisation.

use std::sync::Arc;

use model::Oin;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, OtherError,
    PeerIncompatible, SignatureScheme,
};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

use crate::{Peer, PeerError};

/// The certificate is of another organisation than the settings name.
#[derive(Debug, thiserror::Error)]
#[error("the server's certificate is of another organisation than the settings name")]
pub(super) struct OtherOrganisation;

/// Clients whose certificate has a valid path (webpki: validity, key usage, clientAuth) and names
/// one organisation.
#[derive(Debug)]
pub(super) struct OrganisationClients(Arc<dyn ClientCertVerifier>);

impl OrganisationClients {
    pub(super) fn new(webpki: Arc<dyn ClientCertVerifier>) -> Self {
        Self(webpki)
    }
}

impl ClientCertVerifier for OrganisationClients {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.0.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let verified = self.0.verify_client_cert(end_entity, intermediates, now)?;
        Peer::from_certificate(end_entity).map_err(not_a_peer)?;
        Ok(verified)
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(no_tls12())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}

/// Servers whose certificate has a valid path and name (webpki), names one organisation, and where
/// the settings name one, that one.
#[derive(Debug)]
pub(super) struct OrganisationServers {
    webpki: Arc<dyn ServerCertVerifier>,
    expected: Option<Oin>,
}

impl OrganisationServers {
    pub(super) fn new(webpki: Arc<dyn ServerCertVerifier>, expected: Option<Oin>) -> Self {
        Self { webpki, expected }
    }
}

impl ServerCertVerifier for OrganisationServers {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verified = self.webpki.verify_server_cert(
            end_entity,
            intermediates,
            server_name,
            ocsp_response,
            now,
        )?;
        let peer = Peer::from_certificate(end_entity).map_err(not_a_peer)?;
        if self.expected.as_ref().is_some_and(|oin| oin != peer.oin()) {
            return Err(other(OtherOrganisation));
        }
        Ok(verified)
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(no_tls12())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.webpki.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.webpki.supported_verify_schemes()
    }
}

fn not_a_peer(error: PeerError) -> Error {
    other(error)
}

fn other(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(error))))
}

fn no_tls12() -> Error {
    Error::PeerIncompatible(PeerIncompatible::Tls12NotOffered)
}
