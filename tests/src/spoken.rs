//! A node's stream, spoken by hand.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Streaming;
use wire::broker_v1::{self as pb, connect_request, connect_response};

use crate::realm::Realm;

/// A stream on which nothing is said or acknowledged but what a test says.
#[derive(Debug)]
pub struct Spoken {
    up: mpsc::Sender<pb::ConnectRequest>,
    down: Streaming<pb::ConnectResponse>,
}

impl Spoken {
    /// Says hello of no covenant with the certificate of a party's node.
    ///
    /// # Errors
    /// When the broker does not take it.
    pub async fn open(realm: &Realm, party: &str) -> Result<Self> {
        let (up, requests) = mpsc::channel(16);
        let mut client = wire::client::exchange(realm.to_broker(party)?);
        let hello = pb::Hello {
            software: "test".to_owned(),
            ..pb::Hello::default()
        };
        let spoken = connect_request::Message::Hello(hello);
        up.send(pb::ConnectRequest {
            message: Some(spoken),
        })
        .await?;
        let down = client.connect(ReceiverStream::new(requests)).await?;
        Ok(Self {
            up,
            down: down.into_inner(),
        })
    }

    /// What comes down next.
    ///
    /// # Errors
    /// After twenty seconds, or when the stream ends.
    pub async fn next(&mut self) -> Result<connect_response::Message> {
        let message = tokio::time::timeout(Duration::from_secs(20), self.down.message());
        let message = message.await.context("nothing comes down")??;
        message.and_then(|m| m.message).context("the stream ended")
    }

    /// The next checkpoint that is offered.
    ///
    /// # Errors
    /// As [`Spoken::next`].
    pub async fn offered(&mut self) -> Result<Vec<u8>> {
        loop {
            if let connect_response::Message::Checkpoint(offered) = self.next().await? {
                return Ok(offered.note.to_vec());
            }
        }
    }

    /// Says something, and what becomes of it: "" when it is taken, else the reason.
    ///
    /// # Errors
    /// As [`Spoken::next`].
    pub async fn say(&mut self, message: connect_request::Message) -> Result<String> {
        self.up
            .send(pb::ConnectRequest {
                message: Some(message),
            })
            .await?;
        loop {
            match self.next().await? {
                connect_response::Message::Taken(_) => return Ok(String::new()),
                connect_response::Message::Refused(refused) => {
                    let status = refused.status.context("a refusal has a status")?;
                    return Ok(wire::status::read_message(&status).reason_text);
                }
                connect_response::Message::Welcome(_) => bail!("a second welcome"),
                _ => {}
            }
        }
    }
}
