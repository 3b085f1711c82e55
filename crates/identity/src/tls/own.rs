//! This side's own certificate, looked at before others refuse it.

use model::Timestamp;
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer as _;

use super::{TlsError, TlsMaterial};

/// What a certificate is shown for (RFC 5280 section 4.2.1.12).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Usage {
    /// To whoever connects.
    Server,
    /// To a server.
    Client,
}

/// A certificate of our own: how long it lasts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnCertificate {
    setting: &'static str,
    from: Timestamp,
    until: Timestamp,
}

impl OwnCertificate {
    /// Reads the certificate that `setting` names.
    ///
    /// # Errors
    /// [`TlsError::Malformed`] when it can't be read, [`TlsError::WrongUse`] when the other side
    /// would refuse it for this use.
    pub fn of(
        setting: &'static str,
        material: &TlsMaterial,
        usage: Usage,
    ) -> Result<Self, TlsError> {
        let malformed = TlsError::Malformed("certificate chain");
        let Some(own) = material.chain.first() else {
            return Err(malformed);
        };
        let Ok((_, own)) = X509Certificate::from_der(own) else {
            return Err(malformed);
        };
        // Without the extension every use is allowed.
        if let Ok(Some(uses)) = own.extended_key_usage() {
            let (allowed, name) = match usage {
                Usage::Server => (uses.value.server_auth, "server"),
                Usage::Client => (uses.value.client_auth, "client"),
            };
            if !allowed && !uses.value.any {
                return Err(TlsError::WrongUse(name));
            }
        }
        let millis = |seconds: i64| Timestamp::from_millis(seconds.saturating_mul(1000));
        Ok(Self {
            setting,
            from: millis(own.validity().not_before.timestamp()),
            until: millis(own.validity().not_after.timestamp()),
        })
    }

    /// Which setting names it, for example `tls.certificate`.
    #[must_use]
    pub const fn setting(&self) -> &'static str {
        self.setting
    }

    /// How many seconds it lasts from `now` on; below 0 when it is over.
    #[must_use]
    pub fn seconds_left(&self, now: Timestamp) -> i64 {
        self.until.millis_since(now) / 1000
    }

    /// Whether it is valid now.
    ///
    /// # Errors
    /// [`TlsError::Expired`] or [`TlsError::NotYet`].
    pub fn valid(&self, now: Timestamp) -> Result<(), TlsError> {
        if now > self.until {
            Err(TlsError::Expired)
        } else if now < self.from {
            Err(TlsError::NotYet)
        } else {
            Ok(())
        }
    }
}
