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

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{CertificateParams, DnType, KeyPair, SanType};

    fn certificate(shape: impl FnOnce(&mut CertificateParams)) -> Vec<u8> {
        let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
        shape(&mut params);
        let key = KeyPair::generate().unwrap();
        params.self_signed(&key).unwrap().der().to_vec()
    }

    fn serial_number(params: &mut CertificateParams, value: &str) {
        let kind = DnType::CustomDnType(vec![2, 5, 4, 5]);
        params.distinguished_name.push(kind, value);
    }

    fn uri(params: &mut CertificateParams, uri: &str) {
        params
            .subject_alt_names
            .push(SanType::URI(uri.try_into().unwrap()));
    }

    #[test]
    fn organisation_and_roles_are_read() {
        let der = certificate(|params| {
            serial_number(params, "00000099000000002000");
            uri(params, "covenant:role:gemeente.wijkteam");
            uri(params, "https://example.org/elsewhere");
            uri(params, "covenant:role:gemeente.beheer");
            uri(params, "covenant:role:gemeente.beheer");
        });
        let peer = Peer::from_certificate(&der).unwrap();
        assert_eq!(peer.oin().as_str(), "00000099000000002000");
        let roles: Vec<&str> = peer.roles().iter().map(RoleRef::as_str).collect();
        assert_eq!(roles, ["gemeente.beheer", "gemeente.wijkteam"]);
        assert_eq!(
            peer.fingerprint(),
            &Digest::new(Sha256::digest(&der).into())
        );
    }

    #[test]
    fn what_names_nobody_is_refused() {
        let none = certificate(|_| {});
        assert_eq!(
            Peer::from_certificate(&none),
            Err(PeerError::SerialNumbers { found: 0 })
        );
        let mut two = certificate(|params| {
            serial_number(params, "00000099000000002000");
            let postal_code = DnType::CustomDnType(vec![2, 5, 4, 17]);
            params
                .distinguished_name
                .push(postal_code, "00000099000000001000");
        });
        // Subject and issuer are the same name here: rename it in both.
        while let Some(at) = two.windows(5).position(|w| w == [6, 3, 0x55, 4, 17]) {
            two[at + 4] = 5;
        }
        assert_eq!(
            Peer::from_certificate(&two),
            Err(PeerError::SerialNumbers { found: 2 })
        );
        let short = certificate(|params| serial_number(params, "0000009900000000200"));
        let refused = Peer::from_certificate(&short).unwrap_err();
        assert!(matches!(refused, PeerError::Oin(_)));
        assert!(!refused.to_string().contains("0000009900000000200"));
        let role = certificate(|params| {
            serial_number(params, "00000099000000002000");
            uri(params, "covenant:role:Gemeente/Wijkteam");
        });
        let refused = Peer::from_certificate(&role).unwrap_err();
        assert!(matches!(refused, PeerError::Role(_)));
        assert!(!refused.to_string().contains("Wijkteam"));
    }

    #[test]
    fn only_one_whole_certificate_is_read() {
        let mut der = certificate(|params| serial_number(params, "00000099000000002000"));
        assert!(Peer::from_certificate(&der).is_ok());
        der.push(0);
        assert_eq!(Peer::from_certificate(&der), Err(PeerError::Malformed));
        der.truncate(der.len() - 10);
        assert_eq!(Peer::from_certificate(&der), Err(PeerError::Malformed));
        assert_eq!(Peer::from_certificate(b""), Err(PeerError::Malformed));
    }
}
