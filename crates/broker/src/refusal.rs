//! Why the broker refuses a caller, before it becomes a gRPC status.

use store::StoreError;
use wire::reason::Reason;
use wire::status::Refusal;

/// A refusal, as units of the store return it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(transparent)]
pub(crate) struct Refused(pub(crate) Box<Refusal>);

impl Refused {
    /// A refusal of one field. The reason's text says what to do.
    #[must_use]
    pub(crate) fn at(reason: Reason, field: &str) -> Self {
        Refusal::of(reason).with("field", field).into()
    }

    /// The reason in the catalogue.
    #[must_use]
    pub(crate) const fn reason(&self) -> Reason {
        self.0.reason
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
        match &error {
            StoreError::RequestIdReused => Self::at(Reason::RequestIdReused, "request_id"),
            StoreError::SignalIdReused { .. } => Self::at(Reason::SignalIdReused, "id"),
            StoreError::Replayed => Reason::Replayed.into(),
            StoreError::Expired => Reason::StatementExpired.into(),
            StoreError::LogStopped { .. } | StoreError::NothingToLog | StoreError::Entry { .. } => {
                tracing::error!(%error, "the disclosure log takes no entries");
                Reason::LogUnavailable.into()
            }
            _ => {
                tracing::error!(%error, "the store failed");
                Reason::BrokerFailed.into()
            }
        }
    }
}
