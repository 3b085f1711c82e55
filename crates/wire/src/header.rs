//! What every signed message is bound to.

use model::{ActorId, CovenantId, Digest, KeyEpoch, Oin, PartyId, RequestId, Timestamp};

use crate::broker_v1;
use crate::field::{self, Read};
use crate::malformed::{Malformed, Problem};
use crate::reason::Reason;

/// How far the signer's clock and the reader's may differ, in seconds.
pub const MAX_SKEW_SECONDS: i64 = 120;

/// How long a signed message may be valid at most, in seconds: 7 days.
pub const MAX_VALIDITY_SECONDS: i64 = 7 * 24 * 3600;

/// What a signed message is bound to, besides an epoch and an actor.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Header {
    /// The OIN of the broker that it is for.
    pub audience: Oin,
    /// Under which covenant.
    pub covenant: CovenantId,
    /// SHA-256 of the covenant file that the sender works by.
    pub covenant_digest: Digest,
    /// Unique for the party.
    pub request_id: RequestId,
    /// Fresh random bytes.
    pub nonce: [u8; 32],
    /// When it was signed.
    pub issued_at: Timestamp,
    /// Until when it may be taken.
    pub expires_at: Timestamp,
    /// Who the sender says to be. Compare it with the certificate.
    pub party: PartyId,
}

/// Which of the parts that only some messages have must be there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Demanded,
    Refused,
}

impl Header {
    /// Whether it is for `audience` and was signed at about `now`.
    ///
    /// # Errors
    /// [`Reason::AudienceWrong`], [`Reason::ClockSkew`] or [`Reason::StatementExpired`].
    pub fn timely(&self, audience: &Oin, now: Timestamp) -> Result<(), Reason> {
        if &self.audience != audience {
            return Err(Reason::AudienceWrong);
        }
        if self.issued_at.millis_since(now) > MAX_SKEW_SECONDS * 1000 {
            return Err(Reason::ClockSkew);
        }
        if now.millis_since(self.expires_at) >= 0 {
            return Err(Reason::StatementExpired);
        }
        Ok(())
    }

    /// Whether it was signed within [`MAX_SKEW_SECONDS`] of `now`: for what must be fresh.
    ///
    /// # Errors
    /// [`Reason::ClockSkew`].
    pub fn fresh(&self, now: Timestamp) -> Result<(), Reason> {
        if now.millis_since(self.issued_at).saturating_abs() > MAX_SKEW_SECONDS * 1000 {
            return Err(Reason::ClockSkew);
        }
        Ok(())
    }

    /// Reads the header of a message that is about no key and made by no employee.
    pub(crate) fn plain(value: Option<broker_v1::Header>) -> Read<Self> {
        let (header, _, _) = Self::read(value, Part::Refused, Part::Refused)?;
        Ok(header)
    }

    /// Reads the header of a message about a key.
    pub(crate) fn keyed(value: Option<broker_v1::Header>) -> Read<(Self, KeyEpoch)> {
        let (header, epoch, _) = Self::read(value, Part::Demanded, Part::Refused)?;
        Ok((header, field::required(epoch, "header.epoch")?))
    }

    /// Reads the header of a message about a key, made for an employee.
    pub(crate) fn acted(value: Option<broker_v1::Header>) -> Read<(Self, KeyEpoch, ActorId)> {
        let (header, epoch, actor) = Self::read(value, Part::Demanded, Part::Demanded)?;
        Ok((
            header,
            field::required(epoch, "header.epoch")?,
            field::required(actor, "header.actor")?,
        ))
    }

    /// Reads the header of a message about no key, made for an employee.
    pub(crate) fn by_employee(value: Option<broker_v1::Header>) -> Read<(Self, ActorId)> {
        let (header, _, actor) = Self::read(value, Part::Refused, Part::Demanded)?;
        Ok((header, field::required(actor, "header.actor")?))
    }

    fn read(
        value: Option<broker_v1::Header>,
        keyed: Part,
        acted: Part,
    ) -> Read<(Self, Option<KeyEpoch>, Option<ActorId>)> {
        Self::fields(field::required(value, "header")?, keyed, acted).map_err(|m| {
            if m.field == "header" {
                m
            } else {
                m.within("header")
            }
        })
    }

    fn fields(
        value: broker_v1::Header,
        keyed: Part,
        acted: Part,
    ) -> Read<(Self, Option<KeyEpoch>, Option<ActorId>)> {
        let broker_v1::Header {
            audience,
            covenant_id,
            covenant_digest,
            epoch,
            request_id,
            actor,
            nonce,
            issued_at,
            expires_at,
            party,
        } = value;
        let header = Self {
            audience: field::name(&audience, "audience", Oin::parse)?,
            covenant: field::name(&covenant_id, "covenant_id", CovenantId::parse)?,
            covenant_digest: field::digest(&covenant_digest, "covenant_digest")?,
            request_id: field::uuid(&request_id, "request_id", RequestId::parse)?,
            nonce: field::bytes(&nonce, "nonce")?,
            issued_at: field::instant(issued_at, "issued_at")?,
            expires_at: field::instant(expires_at, "expires_at")?,
            party: field::name(&party, "party", PartyId::parse)?,
        };
        let validity = header.expires_at.millis_since(header.issued_at);
        if validity <= 0 || validity > MAX_VALIDITY_SECONDS * 1000 {
            return Err(Malformed::new("expires_at", Problem::OutOfRange));
        }
        let epoch = part(epoch, keyed, "epoch")?
            .map(|number| field::epoch(number, "epoch"))
            .transpose()?;
        let actor = part(actor, acted, "actor")?
            .map(|text| field::name(&text, "actor", ActorId::parse))
            .transpose()?;
        Ok((header, epoch, actor))
    }

    pub(crate) fn message(
        self,
        epoch: Option<KeyEpoch>,
        actor: Option<ActorId>,
    ) -> Option<broker_v1::Header> {
        let Self {
            audience,
            covenant,
            covenant_digest,
            request_id,
            nonce,
            issued_at,
            expires_at,
            party,
        } = self;
        Some(broker_v1::Header {
            audience: audience.as_str().to_owned(),
            covenant_id: covenant.as_str().to_owned(),
            covenant_digest: crate::Bytes::copy_from_slice(covenant_digest.as_bytes()),
            epoch: epoch.map(KeyEpoch::get),
            request_id: request_id.to_string(),
            actor: actor.map(|actor| actor.as_str().to_owned()),
            nonce: crate::Bytes::copy_from_slice(&nonce),
            issued_at: Some(field::timestamp(issued_at)),
            expires_at: Some(field::timestamp(expires_at)),
            party: party.as_str().to_owned(),
        })
    }
}

fn part<T>(value: Option<T>, wanted: Part, field: &str) -> Read<Option<T>> {
    match (value, wanted) {
        (None, Part::Demanded) => Err(Malformed::new(field, Problem::Required)),
        (Some(_), Part::Refused) => Err(Malformed::new(field, Problem::NotAllowed)),
        (value, _) => Ok(value),
    }
}
