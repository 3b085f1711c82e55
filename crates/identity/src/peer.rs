//! The organisation and the roles that a certificate attests.

use std::net::SocketAddr;
use std::sync::Arc;

use model::name::NameError;
use model::{Digest, Oin, RoleRef};
use sha2::{Digest as _, Sha256};
use x509_parser::prelude::{FromDer as _, GeneralName, X509Certificate};

/// A role's form in a certificate: a subject alternative name of type URI,
/// `covenant:role:<party>.<role>`.
pub const ROLE_URI: &str = "covenant:role:";

/// Who is at the other end of a connection, as its certificate says. Only made from a certificate;
/// the common name and the other fields are not kept, so that they can't reach a log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Peer {
    oin: Oin,
    roles: Vec<RoleRef>,
    fingerprint: Digest,
}

impl Peer {
    /// Reads an end-entity certificate (DER, RFC 5280). It does not verify the certificate's path:
    /// the TLS acceptor has done so before.
    ///
    /// The subject's `serialNumber` (OID 2.5.4.5) must occur exactly once and be an OIN of 20
    /// digits; it is not the certificate's own serial number.
    ///
    /// # Errors
    /// [`PeerError`] when the certificate does not name exactly one organisation, or names a role
    /// in another form than [`ROLE_URI`] asks for.
    pub fn from_certificate(der: &[u8]) -> Result<Self, PeerError> {
        let (rest, certificate) =
            X509Certificate::from_der(der).map_err(|_| PeerError::Malformed)?;
        if !rest.is_empty() {
            return Err(PeerError::Malformed);
        }
        Ok(Self {
            oin: oin_of(&certificate)?,
            roles: roles_of(&certificate)?,
            fingerprint: Digest::new(Sha256::digest(der).into()),
        })
    }

    /// The peer of a request that came in through [`crate::tls::Acceptor`]; `None` when the
    /// request came another way.
    #[must_use]
    pub fn of(extensions: &tonic::Extensions) -> Option<&Self> {
        extensions.get::<PeerInfo>().map(|info| &*info.peer)
    }

    /// The organisation.
    #[must_use]
    pub const fn oin(&self) -> &Oin {
        &self.oin
    }

    /// The roles, sorted, each once; empty in a node's own certificate.
    #[must_use]
    pub fn roles(&self) -> &[RoleRef] {
        &self.roles
    }

    /// Whether the certificate carries `role`.
    #[must_use]
    pub fn has_role(&self, role: &RoleRef) -> bool {
        self.roles.binary_search(role).is_ok()
    }

    /// SHA-256 of the certificate's DER bytes.
    #[must_use]
    pub const fn fingerprint(&self) -> &Digest {
        &self.fingerprint
    }
}

/// What a connection says about itself to the handlers of its requests: tonic puts it into every
/// request's extensions. See [`Peer::of`].
#[derive(Clone, Debug)]
pub struct PeerInfo {
    /// Who is at the other end.
    pub peer: Arc<Peer>,
    /// From where; an employee's work place can be personal data, so it is not logged.
    pub remote: SocketAddr,
}

/// Why a certificate names nobody. Never repeats what the certificate says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PeerError {
    /// Not one X.509 certificate in DER.
    #[error("the certificate can't be read: send one x.509 certificate in der form")]
    Malformed,
    /// There must be exactly one subject serialNumber.
    #[error(
        "the certificate's subject has {found} serialNumber attributes: ask for a certificate with exactly one, the oin"
    )]
    SerialNumbers {
        /// How many there are.
        found: usize,
    },
    /// The subject serialNumber is no OIN.
    #[error("the certificate's subject serialNumber is no oin: {0}")]
    Oin(NameError),
    /// A role URI is malformed.
    #[error("a role uri of the certificate is malformed after `covenant:role:`: {0}")]
    Role(NameError),
    /// The subject alternative names can't be read, or a name of that extension occurs twice.
    #[error("the certificate's subject alternative names can't be read: issue it anew")]
    AlternativeNames,
}

fn oin_of(certificate: &X509Certificate<'_>) -> Result<Oin, PeerError> {
    let serial_number = x509_parser::oid_registry::OID_X509_SERIALNUMBER;
    let mut found = certificate.subject().iter_by_oid(&serial_number);
    let (Some(only), None) = (found.next(), found.next()) else {
        let found = certificate.subject().iter_by_oid(&serial_number).count();
        return Err(PeerError::SerialNumbers { found });
    };
    let text = only.as_str().map_err(|_| PeerError::Malformed)?;
    Oin::parse(text).map_err(PeerError::Oin)
}

fn roles_of(certificate: &X509Certificate<'_>) -> Result<Vec<RoleRef>, PeerError> {
    let names = certificate
        .subject_alternative_name()
        .map_err(|_| PeerError::AlternativeNames)?;
    let mut roles = Vec::new();
    for name in names.iter().flat_map(|n| &n.value.general_names) {
        match name {
            GeneralName::URI(uri) => {
                if let Some(role) = uri.strip_prefix(ROLE_URI) {
                    roles.push(RoleRef::parse(role).map_err(PeerError::Role)?);
                }
            }
            GeneralName::Invalid(..) => return Err(PeerError::AlternativeNames),
            _ => {}
        }
    }
    roles.sort();
    roles.dedup();
    Ok(roles)
}
