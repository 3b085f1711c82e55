//! PKCS#8 of the two curves (RFC 8410 section 7): a fixed prefix and 32 bytes.

use data_encoding::BASE64;
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject as _;
use zeroize::{Zeroize as _, Zeroizing};

/// The last byte of the curve's OID, 1.3.101.x.
pub(crate) const X25519: u8 = 110;
pub(crate) const ED25519: u8 = 112;

/// SEQUENCE { INTEGER 0, SEQUENCE { OID 1.3.101.`curve` }, OCTET STRING { OCTET STRING 32 } }
const fn prefix(curve: u8) -> [u8; 16] {
    [
        0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, curve, 0x04, 0x22, 0x04,
        0x20,
    ]
}

/// The key as one PEM item. 48 bytes are exactly one line of 64 characters.
pub(crate) fn pem(curve: u8, secret: &[u8; 32]) -> Zeroizing<String> {
    let mut der = Zeroizing::new(Vec::with_capacity(48));
    der.extend_from_slice(&prefix(curve));
    der.extend_from_slice(secret);
    let mut line = BASE64.encode(&der);
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{line}\n-----END PRIVATE KEY-----\n");
    line.zeroize();
    Zeroizing::new(pem)
}

/// The DER bytes of the first PKCS#8 item of a PEM text; `None` when there is none.
pub(crate) fn der_of(pem: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let der = PrivatePkcs8KeyDer::from_pem_slice(pem).ok()?;
    Some(Zeroizing::new(der.secret_pkcs8_der().to_vec()))
}

/// The 32 bytes of a version 1 key of `curve`.
pub(crate) fn secret_of(curve: u8, der: &[u8]) -> Option<Zeroizing<[u8; 32]>> {
    let secret = der.strip_prefix(&prefix(curve))?;
    Some(Zeroizing::new(secret.try_into().ok()?))
}
