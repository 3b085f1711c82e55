//! What the node signs: a message with its header, exact bytes, Ed25519 over the message's name.

use std::sync::Arc;

use identity::SigningKey;
use model::clock::Clock;
use model::{CovenantId, Digest, Oin, PartyId, RequestId, Timestamp};
use prost::{Message, Name};
use wire::broker_v1::Signed;
use wire::header::Header;

/// How long a signed request may be taken. Long enough for a retry, short for a thief.
const VALID_SECONDS: i64 = 600;

/// Signs for the party.
#[derive(Debug, Clone)]
pub struct Speaker {
    key: Arc<SigningKey>,
    audience: Oin,
    party: PartyId,
    clock: Arc<dyn Clock>,
}

impl Speaker {
    /// Signs with `key` as `party`, for the broker with the OIN `audience`.
    #[must_use]
    pub fn new(key: SigningKey, audience: Oin, party: PartyId, clock: Arc<dyn Clock>) -> Self {
        Self {
            key: Arc::new(key),
            audience,
            party,
            clock,
        }
    }

    /// The time by this node's clock.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The header of one message about a covenant: fresh nonce, signed now.
    #[must_use]
    pub fn header(&self, covenant: &CovenantId, digest: Digest, request: RequestId) -> Header {
        let now = self.now();
        Header {
            audience: self.audience.clone(),
            covenant: covenant.clone(),
            covenant_digest: digest,
            request_id: request,
            nonce: model::id::random_32(),
            issued_at: now,
            expires_at: now.plus_seconds(VALID_SECONDS),
            party: self.party.clone(),
        }
    }

    /// Signs a message that begins with a header.
    #[must_use]
    pub fn sign<M: Message + Name>(&self, message: &M) -> Signed {
        wire::signed::seal(message, |name, payload| self.key.sign(name, payload))
    }

    /// The key that verifies what this one signs.
    #[must_use]
    pub fn verifying_key(&self) -> identity::VerifyingKey {
        self.key.verifying_key()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::KeyEpoch;
    use model::clock::ManualClock;
    use wire::broker_v1;
    use wire::statement::{Withdrawal, WithdrawalBatch};

    #[test]
    fn the_signature_covers_the_name_of_the_message_and_every_byte() {
        let key = SigningKey::generate();
        let public = key.verifying_key();
        let clock = ManualClock::at(Timestamp::from_millis(1_800_000_000_000));
        let speaker = Speaker::new(
            key,
            Oin::parse("00000099000000009000").unwrap(),
            PartyId::parse("gemeente").unwrap(),
            Arc::new(clock),
        );
        let header = || {
            speaker.header(
                &CovenantId::parse("voorbeeld").unwrap(),
                Digest::new([7; 32]),
                RequestId::fresh(),
            )
        };
        let batch: broker_v1::WithdrawalBatch = WithdrawalBatch::<Withdrawal> {
            header: header(),
            epoch: KeyEpoch::FIRST,
            withdrawals: Vec::new(),
        }
        .into();
        let signed = speaker.sign(&batch);
        let verifies =
            |name: &str, payload: &[u8]| public.verify_slice(name, payload, &signed.signature);
        assert!(verifies(
            "covenant.broker.v1.WithdrawalBatch",
            &signed.payload
        ));
        assert!(!verifies("covenant.broker.v1.PushBatch", &signed.payload));
        let mut other = signed.payload.to_vec();
        other[20] ^= 1;
        assert!(!verifies("covenant.broker.v1.WithdrawalBatch", &other));
        assert_ne!(header().nonce, header().nonce);
    }
}
