//! Who calls, as the certificate says.

use model::RoleRef;

/// A client of this party, as its certificate says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// Names the client for idempotency: the fingerprint of its certificate, hexadecimal.
    pub client: String,
    /// Its roles, sorted.
    pub roles: Vec<RoleRef>,
}

impl Caller {
    /// Whether it has `role`.
    #[must_use]
    pub fn has(&self, role: &RoleRef) -> bool {
        self.roles.binary_search(role).is_ok()
    }

    /// Whether it has one of `roles`.
    #[must_use]
    pub fn has_any(&self, roles: &[RoleRef]) -> bool {
        roles.iter().any(|role| self.has(role))
    }
}
