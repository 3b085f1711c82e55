//! A throw-away certificate authority with test OINs. Its keys live as long as the demo's folder.
//!
//! Trusted: who can read the folder can make certificates that this one demo world accepts, and
//! nothing else accepts them.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use model::{Oin, RoleRef};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose, SanType, SerialNumber,
};

use crate::files::write_private;

/// Where a certificate and its private key were written, both PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// The certificate chain.
    pub cert: PathBuf,
    /// The private key, mode 0600.
    pub key: PathBuf,
}

/// What a certificate may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Usage {
    /// To answer connections (extended key usage `serverAuth`).
    Server,
    /// To make connections (extended key usage `clientAuth`).
    Client,
}

/// What a certificate says.
#[derive(Debug, Clone)]
pub struct Request<'a> {
    /// The organisation's number, as subject.serialNumber.
    pub oin: &'a Oin,
    /// The common name, for people who look at the certificate.
    pub name: &'a str,
    /// What it may be used for.
    pub usage: Usage,
    /// Roles, as SAN URIs `covenant:role:<party>.<role>`.
    pub roles: &'a [RoleRef],
    /// Days from today on which validity begins and ends; negative is in the past.
    pub valid_days: (i64, i64),
}

/// The authority.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    /// The PEM file of its own certificate.
    pub certificate: PathBuf,
    today: model::Day,
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Authority({})", self.certificate.display())
    }
}

/// The name that every server certificate carries beside `127.0.0.1`.
pub const SERVER_NAME: &str = "localhost";

impl Authority {
    /// Makes a new authority and writes its certificate to `file`.
    ///
    /// # Errors
    /// When a key can't be made or the file can't be written.
    pub fn make(name: &str, file: &Path, today: model::Day) -> anyhow::Result<Self> {
        let mut params = CertificateParams::new(Vec::new())?;
        params.distinguished_name = common_name(name);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.serial_number = Some(fresh_serial());
        set_validity(&mut params, today, (-1, 365));
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
        write_private(file, issuer.pem().as_bytes())?;
        Ok(Self {
            issuer,
            certificate: file.to_path_buf(),
            today,
        })
    }

    /// Issues a certificate and writes it and its key as `<stem>.pem` and `<stem>.key`.
    ///
    /// # Errors
    /// When a key can't be made or a file can't be written.
    pub fn issue(&self, request: &Request<'_>, stem: &Path) -> anyhow::Result<Credential> {
        let mut params = CertificateParams::new(Vec::new())?;
        params.distinguished_name = common_name(request.name);
        params.distinguished_name.push(
            DnType::CustomDnType(SERIAL_NUMBER_OID.to_vec()),
            request.oin.as_str(),
        );
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.serial_number = Some(fresh_serial());
        params.use_authority_key_identifier_extension = true;
        set_validity(&mut params, self.today, request.valid_days);
        match request.usage {
            Usage::Server => {
                params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
                params.subject_alt_names = vec![
                    SanType::DnsName(SERVER_NAME.try_into()?),
                    SanType::IpAddress(std::net::Ipv4Addr::LOCALHOST.into()),
                ];
            }
            Usage::Client => {
                params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
                for role in request.roles {
                    let uri = format!("covenant:role:{role}");
                    params
                        .subject_alt_names
                        .push(SanType::URI(uri.as_str().try_into()?));
                }
            }
        }
        let key = KeyPair::generate()?;
        let certificate = params
            .signed_by(&key, &self.issuer)
            .context("sign a certificate")?;
        let credential = Credential {
            cert: with(stem, "pem"),
            key: with(stem, "key"),
        };
        let chain = format!("{}{}", certificate.pem(), self.issuer.pem());
        write_private(&credential.cert, chain.as_bytes())?;
        write_private(&credential.key, key.serialize_pem().as_bytes())?;
        Ok(credential)
    }
}

/// subject.serialNumber (X.520), which carries the OIN.
const SERIAL_NUMBER_OID: [u64; 4] = [2, 5, 4, 5];

fn common_name(name: &str) -> DistinguishedName {
    let mut distinguished = DistinguishedName::new();
    distinguished.push(DnType::CommonName, name);
    distinguished
}

fn fresh_serial() -> SerialNumber {
    let mut bytes = [0; 16];
    model::id::fill_random(&mut bytes);
    bytes[0] &= 0x7f; // positive, as RFC 5280 section 4.1.2.2 asks
    SerialNumber::from_slice(&bytes)
}

fn set_validity(params: &mut CertificateParams, today: model::Day, days: (i64, i64)) {
    let date = |offset: i64| {
        let day = today.plus_days(i32::try_from(offset).unwrap_or(0));
        let (year, month, day) = day.ymd();
        rcgen::date_time_ymd(
            i32::from(year),
            u8::try_from(month).unwrap_or(1),
            u8::try_from(day).unwrap_or(1),
        )
    };
    params.not_before = date(days.0);
    params.not_after = date(days.1);
}

fn with(stem: &Path, ending: &str) -> PathBuf {
    let mut name = stem.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    PathBuf::from(name)
}
