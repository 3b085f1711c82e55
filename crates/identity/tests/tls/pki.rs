//! A throw-away public key infrastructure, with every flaw that a certificate can have.

use identity::tls::TlsMaterial;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose, SanType, SigningKey as _, date_time_ymd,
};
use x509_parser::prelude::FromDer as _;

pub(crate) const BROKER: &str = "00000099000000009000";
pub(crate) const CORPORATION: &str = "00000099000000001000";
pub(crate) const MUNICIPALITY: &str = "00000099000000002000";

/// subject.serialNumber.
fn serial_number() -> DnType {
    DnType::CustomDnType(vec![2, 5, 4, 5])
}

pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub(crate) fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.distinguished_name.push(DnType::CommonName, name);
        Self(CertifiedIssuer::self_signed(params, ed25519()).unwrap())
    }

    pub(crate) fn pem(&self) -> Vec<u8> {
        self.0.pem().into_bytes()
    }

    /// Chain and key of a certificate that `shape` has shaped.
    pub(crate) fn issue(&self, shape: impl FnOnce(&mut CertificateParams)) -> (Vec<u8>, Vec<u8>) {
        let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        params
            .distinguished_name
            .push(DnType::CommonName, "Jansen, J.");
        shape(&mut params);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        (
            certificate.pem().into_bytes(),
            key.serialize_pem().into_bytes(),
        )
    }

    /// The issuing library can't make two attributes of one kind: one of another kind is renamed
    /// in the certificate's bytes, and they are signed anew.
    pub(crate) fn issue_with_two_serial_numbers(
        &self,
        first: &str,
        second: &str,
    ) -> (Vec<u8>, Vec<u8>) {
        let (pem, key) = self.issue(|params| {
            has_oin(params, first);
            let postal_code = DnType::CustomDnType(vec![2, 5, 4, 17]);
            params.distinguished_name.push(postal_code, second);
        });
        let (_, pem) = x509_parser::pem::parse_x509_pem(&pem).unwrap();
        let mut der = pem.contents;
        let at = der
            .windows(5)
            .position(|w| w == [6, 3, 0x55, 4, 17])
            .unwrap();
        der[at + 4] = 5;
        let (_, certificate) = x509_parser::certificate::X509Certificate::from_der(&der).unwrap();
        let signature = self
            .0
            .key()
            .sign(certificate.tbs_certificate.as_ref())
            .unwrap();
        let start = der.len() - signature.len();
        der.splice(start.., signature);
        let body = data_encoding::BASE64.encode(&der);
        let pem = format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n");
        (pem.into_bytes(), key)
    }

    /// A server of this organisation for `localhost`, trusting `anchors`.
    pub(crate) fn server(&self, oin: &str, anchors: &[&Self]) -> TlsMaterial {
        let issued = self.issue(|params| {
            has_oin(params, oin);
            params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        });
        material(&issued, anchors)
    }

    /// A client whose certificate `shape` has shaped, trusting this authority.
    pub(crate) fn client(&self, shape: impl FnOnce(&mut CertificateParams)) -> TlsMaterial {
        material(&self.issue(shape), &[self])
    }
}

/// Its signatures all have 64 bytes.
fn ed25519() -> KeyPair {
    KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap()
}

pub(crate) fn material(issued: &(Vec<u8>, Vec<u8>), anchors: &[&Authority]) -> TlsMaterial {
    let anchors: Vec<Vec<u8>> = anchors.iter().map(|a| a.pem()).collect();
    TlsMaterial::from_pem(&issued.0, &issued.1, &anchors).unwrap()
}

pub(crate) fn has_oin(params: &mut CertificateParams, oin: &str) {
    params.distinguished_name.push(serial_number(), oin);
}

pub(crate) fn has_role(params: &mut CertificateParams, role: &str) {
    let uri = format!("covenant:role:{role}");
    params
        .subject_alt_names
        .push(SanType::URI(uri.try_into().unwrap()));
}

pub(crate) fn expired(params: &mut CertificateParams) {
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2021, 1, 1);
}

pub(crate) fn not_yet_valid(params: &mut CertificateParams) {
    params.not_before = date_time_ymd(2190, 1, 1);
    params.not_after = date_time_ymd(2191, 1, 1);
}

pub(crate) fn for_servers_only(params: &mut CertificateParams) {
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
}
