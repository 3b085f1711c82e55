//! The adapters between gRPC and the use cases: parse, call, map. Proto types stay in here.

mod audit;
mod connect;
mod covenants;
mod exchange;
mod notice;
mod receipt;
mod rights;
mod serve;
mod watch;

use std::sync::Arc;

use identity::{Peer, VerifyingKey};
use model::Oin;
use prost::{Message, Name};
use tonic::Status;
use wire::audit_v1::disclosure_log_service_server::DisclosureLogServiceServer;
use wire::broker_v1::Signed;
use wire::broker_v1::covenant_service_server::CovenantServiceServer;
use wire::broker_v1::exchange_service_server::ExchangeServiceServer;
use wire::broker_v1::rights_service_server::RightsServiceServer;
use wire::reason::Reason;
use wire::status::Refusal;

use crate::Broker;
use crate::refusal::Refused;

/// The services of a broker, over one shared state.
#[derive(Debug, Clone)]
pub(crate) struct Services(pub(crate) Arc<Broker>);

impl Services {
    pub(crate) fn exchange(&self) -> ExchangeServiceServer<Self> {
        ExchangeServiceServer::new(self.clone())
            .max_decoding_message_size(self.0.limits().max_message_bytes)
    }

    pub(crate) fn covenant_life(&self) -> CovenantServiceServer<Self> {
        CovenantServiceServer::new(self.clone())
            .max_decoding_message_size(self.0.limits().max_message_bytes)
    }

    pub(crate) fn rights(&self) -> RightsServiceServer<Self> {
        RightsServiceServer::new(self.clone())
            .max_decoding_message_size(self.0.limits().max_message_bytes)
    }

    pub(crate) fn disclosure_log(&self) -> DisclosureLogServiceServer<Self> {
        DisclosureLogServiceServer::new(self.clone())
            .max_decoding_message_size(self.0.limits().max_message_bytes)
    }

    /// The organisation behind a node's call, which must be a party to some covenant here.
    fn node(&self, extensions: &tonic::Extensions) -> Result<Oin, Status> {
        let peer = Peer::of(extensions).ok_or_else(|| status(Reason::NoCertificate))?;
        if self.0.members().is_party(peer.oin()) {
            Ok(peer.oin().clone())
        } else {
            tracing::info!("a certificate of no party was refused");
            Err(status(Reason::NotAParty))
        }
    }

    /// Verifies a signed message by the pinned keys of the organisation that sent it, and reads it.
    fn open<M>(&self, oin: &Oin, signed: Option<&Signed>, field: &str) -> Result<M, Refused>
    where
        M: Message + Name + Default,
    {
        let keys: Vec<VerifyingKey> = self.0.members().signing_keys(oin);
        wire::signed::open(signed, field, |kind, payload, signature| {
            keys.iter().any(|key| key.verify(kind, payload, signature))
        })
        .map_err(|error| Refused::from(Refusal::from(error)))
    }
}

/// A reason as the status of a call.
fn status(reason: Reason) -> Status {
    Refusal::of(reason).to_status()
}

impl From<Refused> for Status {
    fn from(refused: Refused) -> Self {
        refused.0.to_status()
    }
}
