//! Why the broker refuses a caller, before it becomes a gRPC status.

use std::time::Duration;

use model::Timestamp;
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

/// How long it takes until the limits of a day are counted anew.
pub(crate) fn until_tomorrow(now: Timestamp) -> Duration {
    let left = now.day().plus_days(1).start().millis_since(now);
    // Whole seconds, so that nobody comes back a moment too soon.
    Duration::from_secs(u64::try_from(left).unwrap_or(0).div_ceil(1_000))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_of_a_day_lasts_until_the_day_ends() {
        let midnight = model::Day::from_days(20_000).start();
        for (now, seconds) in [
            (midnight, 86_400),
            (midnight.plus_seconds(86_399), 1),
            (Timestamp::from_millis(midnight.as_millis() + 86_399_999), 1),
        ] {
            assert_eq!(until_tomorrow(now), Duration::from_secs(seconds));
        }
    }
}
