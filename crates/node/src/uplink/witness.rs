//! What this node says of the log to the broker: that it cosigns a checkpoint, or why not.

use std::time::Duration;

use tonic::Streaming;
use wire::broker_v1::{self as pb, connect_request};

use super::session::Stream;
use super::{Lost, Uplink};
use crate::log::Followed;

/// How long a refusal may take to arrive before the connection is closed.
const TOLD_WITHIN: Duration = Duration::from_secs(2);

impl Uplink {
    /// Cosigns a checkpoint that was offered. It is durable here before the cosignature leaves.
    pub(super) async fn cosign(
        &self,
        stream: &Stream,
        followed: Followed,
        note: &[u8],
    ) -> Result<(), Lost> {
        self.log.note_offered(followed.checkpoint().size);
        let Some(cosigner) = &self.cosigner else {
            return Ok(());
        };
        let now = self.clock.now();
        let cosigned = self.log.cosign(followed, note, cosigner, now).await;
        let (size, line) = cosigned.map_err(|error| Lost::Log(error.to_string()))?;
        let cosignature = pb::Cosignature { size, line };
        stream
            .send(connect_request::Message::Cosignature(cosignature))
            .await
    }

    /// Tells the broker that, and with which two notes, its log contradicts itself; then the
    /// connection may end.
    pub(super) async fn refuse_to_cosign(
        &self,
        stream: &Stream,
        down: &mut Streaming<pb::ConnectResponse>,
        lost: &Lost,
    ) {
        if !matches!(lost, Lost::Log(_)) {
            return;
        }
        let Ok(Some((seen, offered))) = self.log.evidence() else {
            return;
        };
        let refusal = pb::WitnessRefusal {
            offered: offered.into(),
            seen: seen.into(),
        };
        let message = connect_request::Message::WitnessRefusal(refusal);
        if stream.send(message).await.is_err() {
            return;
        }
        // Closing at once would take the message along.
        let answered = async { while let Ok(Some(_)) = down.message().await {} };
        let _ = tokio::time::timeout(TOLD_WITHIN, answered).await;
    }

    /// The broker says that its log is not the one seen before: what it shows is kept.
    pub(super) async fn keep_what_is_behind(&self) {
        let shown = match self.broker.checkpoint().await {
            Ok(shown) => shown,
            Err(error) => {
                tracing::error!(reason = %error.reason(), "the broker's checkpoint can't be read");
                Vec::new()
            }
        };
        if let Err(error) = self.log.note_behind(shown).await {
            tracing::error!(%error, "the evidence could not be kept");
        }
    }
}
