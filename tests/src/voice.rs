//! Speaks to the broker as a party's node would, word for word, so that a test can say it wrong.

use anyhow::{Context as _, Result};
use identity::SigningKey;
use identity::covenant_key::{Protection, StoredKey};
use model::clock::{Clock as _, SystemClock};
use model::{Day, Timestamp};
use prost::{Message, Name};
use pseudonym::CovenantKey;
use sandbox::layout::BROKER_OIN;
use sandbox::messages::fresh_id;
use sha2::{Digest as _, Sha256};
use tonic::Status;
use tonic::transport::Channel;
use wire::broker_v1::exchange_service_client::ExchangeServiceClient;
use wire::broker_v1::{self as pb, Signed, push_signals_response};
use wire::type_v1::{Attestation, Category, Certainty, Date};

use crate::realm::Realm;

/// The comparison of an address by postcode and number.
pub const ADDRESS: &str = "adres/postcode+huisnummer+huisletter+toevoeging";

/// A party's node, as far as the broker can tell.
#[derive(Debug, Clone)]
pub struct Voice {
    /// The party that it says to be.
    pub party: String,
    /// The covenant's id.
    pub covenant: String,
    /// SHA-256 of the covenant's file.
    pub digest: Vec<u8>,
    /// What it signs with.
    pub key: SigningKey,
    /// Its connection, with the certificate of its party.
    pub channel: Channel,
}

impl Voice {
    /// The voice of a party under a covenant, with its own certificate and its own signing key.
    ///
    /// # Errors
    /// When the world has no such party or covenant, or a file can't be read.
    pub fn of(realm: &Realm, party: &str, covenant: &str) -> Result<Self> {
        let place = realm
            .world
            .covenants
            .iter()
            .find(|place| place.id == covenant);
        let file = std::fs::read(&place.context("there is such a covenant")?.file)?;
        Ok(Self {
            party: party.to_owned(),
            covenant: covenant.to_owned(),
            digest: Sha256::digest(&file).to_vec(),
            key: SigningKey::read(&realm.home(party)?.join("node-signing.pem"))?,
            channel: realm.to_broker(party)?,
        })
    }

    /// A header of now.
    #[must_use]
    pub fn header(&self) -> pb::Header {
        self.header_at(SystemClock.now())
    }

    /// A header of some moment.
    #[must_use]
    pub fn header_at(&self, at: Timestamp) -> pb::Header {
        pb::Header {
            audience: BROKER_OIN.to_owned(),
            covenant_id: self.covenant.clone(),
            covenant_digest: self.digest.clone().into(),
            epoch: Some(1),
            request_id: fresh_id(),
            actor: None,
            nonce: model::id::random_32().to_vec().into(),
            issued_at: Some(wire::field::timestamp(at)),
            expires_at: Some(wire::field::timestamp(at.plus_seconds(600))),
            party: self.party.clone(),
        }
    }

    /// Signs a message.
    #[must_use]
    pub fn sign<M: Message + Name>(&self, message: &M) -> Signed {
        wire::signed::seal(message, |name, payload| self.key.sign(name, payload))
    }

    /// A client over this voice's connection.
    #[must_use]
    pub fn exchange(&self) -> ExchangeServiceClient<Channel> {
        wire::client::exchange(self.channel.clone())
    }

    /// A question about an address with this pseudonym.
    #[must_use]
    pub fn question(&self, role: &str, purpose: &str, pseudonym: [u8; 32]) -> pb::CheckQuestion {
        pb::CheckQuestion {
            header: Some(pb::Header {
                actor: Some("medewerker-0017".to_owned()),
                ..self.header()
            }),
            purpose: purpose.to_owned(),
            role: role.to_owned(),
            file_number_given: true,
            reason_given: true,
            login_level: pb::AssuranceLevel::Low.into(),
            subject: Some(address(pseudonym)),
            request_commitment: model::id::random_32().to_vec().into(),
        }
    }

    /// Asks.
    ///
    /// # Errors
    /// The broker's refusal.
    pub async fn ask(&self, question: &pb::CheckQuestion) -> Result<pb::CheckResponse, Status> {
        self.ask_signed(self.sign(question)).await
    }

    /// Asks with something that was signed before.
    ///
    /// # Errors
    /// The broker's refusal.
    pub async fn ask_signed(&self, question: Signed) -> Result<pb::CheckResponse, Status> {
        let request = pb::CheckRequest {
            question: Some(question),
        };
        Ok(self.exchange().check(request).await?.into_inner())
    }

    /// A batch of one confirmed, reviewed signal about an address with this pseudonym.
    #[must_use]
    pub fn batch(&self, purpose: &str, code: &str, pseudonym: [u8; 32]) -> pb::PushBatch {
        let day = SystemClock.now().day();
        pb::PushBatch {
            header: Some(self.header()),
            signals: vec![pb::PseudonymousSignal {
                id: model::SignalId::fresh().to_string(),
                category: Some(Category {
                    scheme: "vera".to_owned(),
                    code: code.to_owned(),
                }),
                purposes: vec![purpose.to_owned()],
                day: Some(date(day)),
                neighbourhood: String::new(),
                certainty: Certainty::Confirmed.into(),
                reviewed_by_person: true,
                police_article: 0,
                expires_on: Some(date(day.plus_days(30))),
                subjects: vec![address(pseudonym)],
                content_commitment: model::id::random_32().to_vec().into(),
            }],
        }
    }

    /// Pushes a batch. The outer error is the call's, the inner one the batch's or its first
    /// signal's: the reason's code.
    ///
    /// # Errors
    /// The broker's refusal.
    pub async fn push(&self, batch: &pb::PushBatch) -> Result<Result<u32, String>, Status> {
        self.push_signed(self.sign(batch)).await
    }

    /// Pushes something that was signed before.
    ///
    /// # Errors
    /// As [`Voice::push`].
    pub async fn push_signed(&self, batch: Signed) -> Result<Result<u32, String>, Status> {
        let request = pb::PushSignalsRequest { batch: Some(batch) };
        let mut answers = self
            .exchange()
            .push_signals(tokio_stream::once(request))
            .await?
            .into_inner();
        let answer = answers.message().await?;
        let missing = || Status::internal("no answer to a batch");
        match answer
            .and_then(|answer| answer.outcome)
            .ok_or_else(missing)?
        {
            push_signals_response::Outcome::Refused(status) => {
                Ok(Err(wire::status::read_message(&status).reason_text))
            }
            push_signals_response::Outcome::Taken(taken) => {
                let refused = taken.refused.first().and_then(|item| item.status.as_ref());
                Ok(match refused {
                    Some(status) => Err(wire::status::read_message(status).reason_text),
                    None => Ok(taken.taken),
                })
            }
        }
    }

    /// A withdrawal of one signal, by the id under which it was pushed.
    #[must_use]
    pub fn withdrawal(&self, signal_id: &str) -> pb::WithdrawalBatch {
        pb::WithdrawalBatch {
            header: Some(self.header()),
            withdrawals: vec![pb::Withdrawal {
                signal_id: signal_id.to_owned(),
                reason: wire::type_v1::WithdrawalReason::EnteredInError.into(),
            }],
        }
    }

    /// Withdraws.
    ///
    /// # Errors
    /// The broker's refusal.
    pub async fn withdraw(&self, batch: &pb::WithdrawalBatch) -> Result<pb::TakenBatch, Status> {
        let request = pb::WithdrawSignalsRequest {
            batch: Some(self.sign(batch)),
        };
        let answer = self
            .exchange()
            .withdraw_signals(request)
            .await?
            .into_inner();
        answer
            .outcome
            .ok_or_else(|| Status::internal("no outcome of a withdrawal"))
    }
}

/// The reason of a refusal, as its code.
#[must_use]
pub fn reason(status: &Status) -> String {
    wire::status::read(status).reason_text
}

/// An address with one pseudonym, attested neither shielded nor of a minor.
#[must_use]
pub fn address(pseudonym: [u8; 32]) -> pb::PseudonymousSubject {
    pb::PseudonymousSubject {
        kind: pb::SubjectKind::Address.into(),
        minor: Attestation::Absent.into(),
        shielded_address: Attestation::Absent.into(),
        pseudonyms: vec![pb::Pseudonym {
            match_key: ADDRESS.to_owned(),
            value: pseudonym.to_vec().into(),
        }],
    }
}

/// A day as the wire has it.
#[must_use]
pub fn date(day: Day) -> Date {
    let (year, month, day) = day.ymd();
    Date {
        year: u32::try_from(year).unwrap_or_default(),
        month: u32::try_from(month).unwrap_or_default(),
        day: u32::try_from(day).unwrap_or_default(),
    }
}

/// The key of a covenant's first epoch, as a party holds it.
///
/// # Errors
/// When the party has no such key.
pub fn covenant_key(realm: &Realm, party: &str, covenant: &str) -> Result<CovenantKey> {
    let home = realm.home(party)?;
    let protection = identity::secret_file::read(&home.join("protection.key"))?;
    let protection = Protection::key(&protection).context("a protection key is long enough")?;
    let stored = StoredKey::read(&home.join(format!("{covenant}.1.key.json")), &protection)?;
    Ok(CovenantKey::from_secret(stored.key))
}
