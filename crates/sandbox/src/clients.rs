//! Clients as the demo's people and systems use them: gRPC over mutual TLS, nothing shared with the
//! servers but the protocol.

use std::path::Path;

use anyhow::Context as _;
use identity::tls::{ChannelSettings, TlsMaterial, channel};
use tonic::transport::Channel;
use wire::audit_v1::disclosure_log_service_client::DisclosureLogServiceClient;
use wire::node_v1::check_service_client::CheckServiceClient;
use wire::node_v1::notice_service_client::NoticeServiceClient;
use wire::node_v1::rights_service_client::RightsServiceClient;
use wire::node_v1::signal_service_client::SignalServiceClient;

use crate::authority::SERVER_NAME;
use crate::world::World;

/// Opens a channel to `address` (`host:port`) with a client certificate.
///
/// # Errors
/// When a file can't be read or the address is no address.
pub fn connect(address: &str, ca: &Path, cert: &Path, key: &Path) -> anyhow::Result<Channel> {
    let material = TlsMaterial::from_files(cert, key, &[ca.to_path_buf()])
        .with_context(|| format!("read {}", cert.display()))?;
    let mut settings = ChannelSettings::to(&format!("https://{address}"));
    settings.server_name = Some(SERVER_NAME.to_owned());
    channel(&settings, &material).with_context(|| format!("connect to {address}"))
}

/// One client of one node.
#[derive(Debug, Clone)]
pub struct NodeClient {
    channel: Channel,
    /// The role in its certificate.
    pub role: String,
}

impl NodeClient {
    /// The client `kind` (`partner`, `handler`, `officer`, or a role's name) of `party`'s node.
    ///
    /// # Errors
    /// When the world has no such party or client.
    pub fn of(world: &World, party: &str, kind: &str) -> anyhow::Result<Self> {
        let node = world
            .nodes
            .get(party)
            .with_context(|| format!("there is no party {party}"))?;
        let client = node
            .clients
            .get(kind)
            .with_context(|| format!("party {party} has no client {kind}"))?;
        let channel = connect(&node.grpc, &world.ca, &client.cert, &client.key)?;
        Ok(Self {
            channel,
            role: client.role.clone(),
        })
    }

    /// Pushes and withdraws signals.
    #[must_use]
    pub fn signals(&self) -> SignalServiceClient<Channel> {
        SignalServiceClient::new(self.channel.clone())
            .max_decoding_message_size(identity::MAX_MESSAGE_BYTES)
    }

    /// Asks.
    #[must_use]
    pub fn checks(&self) -> CheckServiceClient<Channel> {
        CheckServiceClient::new(self.channel.clone())
            .max_decoding_message_size(identity::MAX_MESSAGE_BYTES)
    }

    /// The desk for data subjects, with an officer's certificate.
    #[must_use]
    pub fn desk(&self) -> RightsServiceClient<Channel> {
        RightsServiceClient::new(self.channel.clone())
            .max_decoding_message_size(identity::MAX_MESSAGE_BYTES)
    }

    /// Reads notices.
    #[must_use]
    pub fn notices(&self) -> NoticeServiceClient<Channel> {
        NoticeServiceClient::new(self.channel.clone())
            .max_decoding_message_size(identity::MAX_MESSAGE_BYTES)
    }
}

/// The auditor's client of the disclosure log.
///
/// # Errors
/// When a file can't be read.
pub fn auditor(world: &World) -> anyhow::Result<DisclosureLogServiceClient<Channel>> {
    let files = &world.auditor;
    let channel = connect(&world.audit.grpc, &world.ca, &files.cert, &files.key)?;
    Ok(DisclosureLogServiceClient::new(channel)
        .max_decoding_message_size(identity::MAX_MESSAGE_BYTES))
}
