//! Whatever a party signs over a version: a sign-off, or an event.

use model::{Digest, PartyId, Timestamp};

use super::{Envelope, EventKind, Proposal, SignoffError, VerifiedEvent, VerifiedStatement};

/// What one envelope turned out to be.
#[derive(Debug, Clone)]
pub enum Signed {
    /// A party's sign-off.
    Off(VerifiedStatement),
    /// An event of a party.
    Event(VerifiedEvent),
}

impl Signed {
    /// Verifies an envelope over a version, whatever it says.
    ///
    /// # Errors
    /// [`SignoffError`] when it does not hold.
    pub fn verify(
        proposal: &Proposal,
        envelope: &Envelope,
        now: Timestamp,
    ) -> Result<Self, SignoffError> {
        match proposal.verify_envelope(envelope, now) {
            Err(SignoffError::PredicateType) => {
                proposal.verify_event(envelope, now).map(Self::Event)
            }
            verified => verified.map(Self::Off),
        }
    }

    /// Whose it is.
    #[must_use]
    pub const fn party(&self) -> &PartyId {
        match self {
            Self::Off(statement) => statement.party(),
            Self::Event(event) => &event.event().party,
        }
    }

    /// Whether it can only close something, so that it may count at once, before it is durable.
    #[must_use]
    pub const fn narrows(&self) -> bool {
        match self {
            Self::Off(_) => false,
            Self::Event(event) => match event.event().kind {
                EventKind::Reject | EventKind::Suspend(_) | EventKind::Withdraw => true,
                EventKind::Resume(_) | EventKind::StillValid => false,
            },
        }
    }

    /// SHA-256 of the signed bytes.
    #[must_use]
    pub const fn id(&self) -> Digest {
        match self {
            Self::Off(statement) => statement.id(),
            Self::Event(event) => event.id(),
        }
    }
}
