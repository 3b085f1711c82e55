//! Why the node refuses a caller, before it becomes a gRPC status. Never a value of the request.

use std::time::Duration;

use store::StoreError;
pub use wire::reason::Reason;
pub use wire::status::{Refusal, Violation};

use crate::vault::VaultError;

/// A refusal, as use cases and units of the store return it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(transparent)]
pub struct Refused(pub Box<Refusal>);

impl Refused {
    /// The reason in the catalogue.
    #[must_use]
    pub const fn reason(&self) -> Reason {
        self.0.reason
    }

    /// A refusal for `reason` with texts that fit the case better than the catalogue's.
    #[must_use]
    pub fn told(reason: Reason, en: &str, nl: &str) -> Self {
        Refusal::of(reason).texts(en, nl).into()
    }

    /// With the name of something involved: never a value of the request.
    #[must_use]
    pub fn with(self, name: &str, value: impl std::fmt::Display) -> Self {
        (*self.0).with(name, value).into()
    }

    /// A full outbox; what waits leaves when the broker is back.
    #[must_use]
    pub fn outbox_full() -> Self {
        Refusal::of(Reason::OutboxFull)
            .retry_after(Duration::from_secs(60))
            .into()
    }

    /// The broker does not answer.
    #[must_use]
    pub fn broker_unreachable() -> Self {
        Refusal::of(Reason::BrokerUnreachable)
            .retry_after(Duration::from_secs(5))
            .into()
    }

    /// The node itself failed; whoever calls this has logged why.
    #[must_use]
    pub fn failed() -> Self {
        Reason::NodeFailed.into()
    }

    /// Wrong fields. Where every one of them breaks the same rule, and that is a reason of its own,
    /// it is that reason with its status: as when the broker finds it.
    #[must_use]
    pub fn fields(violations: Vec<Violation>) -> Self {
        let rule = violations
            .first()
            .map(|v| v.rule.clone())
            .unwrap_or_default();
        let own = Reason::parse(&rule).filter(|_| violations.iter().all(|v| v.rule == rule));
        let mut refusal = Refusal::fields(violations);
        refusal.reason = own.unwrap_or(refusal.reason);
        refusal.into()
    }
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Self(Box::new(refusal))
    }
}

impl From<Reason> for Refused {
    fn from(reason: Reason) -> Self {
        Refusal::of(reason).into()
    }
}

impl From<StoreError> for Refused {
    /// What a caller hears of the store; the operator reads the rest in the log.
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::OutboxFull { .. } => Self::outbox_full(),
            StoreError::RequestIdReused => Reason::RequestIdReused.into(),
            error => {
                tracing::error!(%error, "the store failed");
                Self::failed()
            }
        }
    }
}

impl From<VaultError> for Refused {
    fn from(error: VaultError) -> Self {
        tracing::error!(%error, "the vault failed");
        Self::failed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn violation(field: &str, rule: &str) -> Violation {
        Violation {
            field: field.to_owned(),
            rule: rule.to_owned(),
            message_en: "e".to_owned(),
            message_nl: "n".to_owned(),
        }
    }

    #[test]
    fn a_rule_that_is_a_reason_of_its_own_becomes_the_reason() {
        let one = Refused::fields(vec![violation("signal.provenance", "PROVENANCE_REFUSED")]);
        assert_eq!(one.reason(), Reason::ProvenanceRefused);
        assert_eq!(one.0.violations.len(), 1);
        let two = Refused::fields(vec![
            violation("signal.provenance", "PROVENANCE_REFUSED"),
            violation("signal.id", "UUID_V7"),
        ]);
        assert_eq!(two.reason(), Reason::FieldInvalid);
        let state = Refused::fields(vec![violation("signal.category", "CATEGORY_NOT_YOURS")]);
        let status = state.0.to_status();
        assert_eq!(state.reason(), Reason::CategoryNotYours);
        assert_eq!(status.code(), Reason::CategoryNotYours.code());
        assert_eq!(state.0.violations.len(), 1);
    }
}
