//! What the node had before an import, so that it can be told what was known already.

use prost_types::Timestamp;
use tonic::transport::Channel;
use wire::node_v1::ListSignalsRequest;
use wire::node_v1::signal_service_client::SignalServiceClient;

/// When the node stored its newest signal before this import, by its own clock: what it says to
/// have stored by then, it had. This program's clock says nothing about the node's.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Before {
    /// The node did not say.
    Untold,
    /// It had nothing.
    Nothing,
    /// It stored its newest signal then.
    Until(i64, i32),
}

impl Before {
    /// Asks the node. That it does not answer keeps no row from being sent.
    pub(super) async fn of(channel: Channel) -> Self {
        let request = ListSignalsRequest {
            page_size: 1,
            ..ListSignalsRequest::default()
        };
        let mut client = SignalServiceClient::new(channel)
            .max_decoding_message_size(identity::MAX_MESSAGE_BYTES);
        let Ok(answer) = client.list_signals(request).await else {
            return Self::Untold;
        };
        let page = answer.into_inner();
        match page.signals.first() {
            Some(newest) => newest
                .accepted_at
                .map_or(Self::Untold, |at| Self::Until(at.seconds, at.nanos)),
            None if page.next_page_token.is_empty() => Self::Nothing,
            None => Self::Untold,
        }
    }

    /// Whether the node said.
    pub(super) fn is_told(&self) -> bool {
        *self != Self::Untold
    }

    /// Whether the node had what it says to have stored at this time.
    pub(super) fn had(&self, at: Option<&Timestamp>) -> bool {
        match (self, at) {
            (Self::Until(seconds, nanos), Some(at)) => (at.seconds, at.nanos) <= (*seconds, *nanos),
            _ => false,
        }
    }
}
