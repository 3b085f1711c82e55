//! Single calls to the broker and its log.

use std::time::Duration;

use model::{Digest, Timestamp};
use prost::Message as _;
use tonic::transport::Channel;
use tonic::{Request, Status};
use tracing::Instrument as _;
use wire::notice::Receipt;
use wire::statement::CheckQuestion;
use wire::{audit_v1, broker_v1 as pb};

use super::signed::Speaker;
use crate::refusal::{Reason, Refused};

/// How many entries of the log are asked for at once.
const LISTED_AT_ONCE: i32 = 500;

/// The broker, over one shared connection.
#[derive(Debug, Clone)]
pub struct Broker {
    channel: Channel,
    speaker: Speaker,
    timeout: Duration,
}

/// What the broker answered to a question, unverified.
#[derive(Debug, Clone)]
pub struct Answered {
    /// The advice's code.
    pub advice: String,
    /// The proof.
    pub receipt: Receipt,
}

/// A page of the log's entries that name this party, as the broker lists them; unverified.
#[derive(Debug, Clone)]
pub struct Listing {
    /// The entries.
    pub entries: Vec<ListedEntry>,
    /// The signed note under which they are proved.
    pub checkpoint: Vec<u8>,
    /// Asks for the next page; empty when there is none.
    pub next: String,
}

/// One entry of a listing.
#[derive(Debug, Clone)]
pub struct ListedEntry {
    /// Its place in the log, from 0.
    pub index: u64,
    /// The leaf; empty where only its hash was given.
    pub leaf: Vec<u8>,
    /// The audit path, lowest first.
    pub proof: Vec<Digest>,
}

impl Broker {
    /// Calls over `channel`, each within `timeout`.
    #[must_use]
    pub const fn new(channel: Channel, speaker: Speaker, timeout: Duration) -> Self {
        Self {
            channel,
            speaker,
            timeout,
        }
    }

    /// The connection.
    #[must_use]
    pub fn channel(&self) -> Channel {
        self.channel.clone()
    }

    /// Who signs.
    #[must_use]
    pub const fn speaker(&self) -> &Speaker {
        &self.speaker
    }

    /// Asks one signed question.
    ///
    /// # Errors
    /// The broker's own refusal where it is an open one, else `BROKER_UNREACHABLE` or
    /// `RECEIPT_INVALID`.
    pub async fn check(&self, question: CheckQuestion) -> Result<Answered, Refused> {
        let request = question.header.request_id.to_string();
        let message = pb::CheckQuestion::from(question);
        let signed = self.speaker.sign(&message);
        let asked = pb::CheckRequest {
            question: Some(signed),
        };
        let mut client = wire::client::exchange(self.channel.clone());
        let answer = self
            .call("check", asked, async move |request| {
                client.check(request).await
            })
            .await
            .map_err(not_welcomed_yet)?;
        if answer.request_id != request {
            tracing::error!("the broker answered another question");
            return Err(Reason::ReceiptInvalid.into());
        }
        let receipt = answer.receipt.ok_or(Reason::ReceiptInvalid)?;
        let receipt = Receipt::try_from(receipt).map_err(|malformed| {
            tracing::error!(%malformed, "the broker's receipt can't be read");
            Refused::from(Reason::ReceiptInvalid)
        })?;
        Ok(Answered {
            advice: answer.advice,
            receipt,
        })
    }

    /// Takes back signals that were pushed.
    pub(crate) async fn withdraw(
        &self,
        batch: &pb::WithdrawalBatch,
    ) -> Result<pb::TakenBatch, Refused> {
        let batch = pb::WithdrawSignalsRequest {
            batch: Some(self.speaker.sign(batch)),
        };
        let mut client = wire::client::exchange(self.channel.clone());
        let answer = self
            .call("withdraw", batch, async move |r| {
                client.withdraw_signals(r).await
            })
            .await?;
        answer.outcome.ok_or_else(|| Reason::BrokerFailed.into())
    }

    /// The RFC 6962 consistency proof from one size of the log to a larger one.
    ///
    /// # Errors
    /// As [`Broker::check`].
    pub async fn consistency(&self, from: u64, to: u64) -> Result<Vec<Digest>, Refused> {
        let sizes = audit_v1::GetConsistencyProofRequest {
            from_size: from,
            to_size: to,
        };
        let mut client = wire::client::disclosure_log(self.channel.clone());
        let answer = self
            .call("consistency", sizes, async move |r| {
                client.get_consistency_proof(r).await
            })
            .await?;
        let read = |bytes: &wire::Bytes| Digest::from_slice(bytes);
        let proof: Option<Vec<Digest>> = answer.consistency_proof.iter().map(read).collect();
        proof.ok_or_else(|| Reason::ReceiptInvalid.into())
    }

    /// The newest checkpoint of the log, as anybody may ask for it.
    ///
    /// # Errors
    /// As [`Broker::check`].
    pub async fn checkpoint(&self) -> Result<Vec<u8>, Refused> {
        let mut client = wire::client::disclosure_log(self.channel.clone());
        let answer = self
            .call(
                "checkpoint",
                audit_v1::GetCheckpointRequest {},
                async move |r| client.get_checkpoint(r).await,
            )
            .await?;
        Ok(answer.checkpoint.to_vec())
    }

    /// A page of the entries of the log that name this party, with proofs; `from` leaves earlier ones
    /// out.
    ///
    /// # Errors
    /// As [`Broker::check`].
    pub async fn listing(
        &self,
        from: Option<Timestamp>,
        page_token: String,
    ) -> Result<Listing, Refused> {
        let filter = audit_v1::EntryFilter {
            from: from.map(wire::field::timestamp),
            ..audit_v1::EntryFilter::default()
        };
        let asked = audit_v1::ListEntriesRequest {
            filter: Some(filter),
            page_size: LISTED_AT_ONCE,
            page_token,
            with_proofs: true,
        };
        let mut client = wire::client::disclosure_log(self.channel.clone());
        let page = self
            .call("listing", asked, async move |r| {
                client.list_entries(r).await
            })
            .await?;
        if page.proofs.len() != page.entries.len() {
            return Err(Reason::ReceiptInvalid.into());
        }
        let entry = |(entry, proof): (audit_v1::Entry, audit_v1::EntryProof)| {
            let hashes = proof.hashes.iter().map(|hash| Digest::from_slice(hash));
            Some(ListedEntry {
                index: entry.index,
                leaf: entry.leaf.to_vec(),
                proof: hashes.collect::<Option<_>>()?,
            })
        };
        let entries = page.entries.into_iter().zip(page.proofs).map(entry);
        Ok(Listing {
            entries: entries
                .collect::<Option<_>>()
                .ok_or(Reason::ReceiptInvalid)?,
            checkpoint: page.checkpoint.to_vec(),
            next: page.next_page_token,
        })
    }

    /// A trace ends at the party's border: what goes out begins a new one.
    pub(super) async fn call<A, B, F>(
        &self,
        name: &'static str,
        message: A,
        send: impl FnOnce(Request<A>) -> F,
    ) -> Result<B, Refused>
    where
        F: Future<Output = Result<tonic::Response<B>, Status>>,
    {
        let span = process::trace::crossing(name);
        let mut request = Request::new(message);
        process::trace::pass_on_from(&span, request.metadata_mut());
        let answer = tokio::time::timeout(self.timeout, send(request).instrument(span)).await;
        match answer {
            Ok(Ok(response)) => Ok(response.into_inner()),
            Ok(Err(status)) => Err(refused(&status)),
            Err(_) => Err(Refused::broker_unreachable()),
        }
    }
}

/// A refusal of the broker's as it is passed on. What is no reason of the catalogue is the
/// operator's business, and to the caller a broker that does not answer.
pub(crate) fn refused(status: &Status) -> Refused {
    match wire::status::read(status).refusal() {
        // A broker that just came back does not know this node yet: the caller tries again.
        Some(refusal) if refusal.reason == Reason::HelloRequired => Refused::broker_unreachable(),
        Some(refusal) => refusal.into(),
        None => {
            tracing::warn!(code = ?status.code(), "the broker did not answer");
            Refused::broker_unreachable()
        }
    }
}

/// A broker that just started does not know the node before it has said hello again, which it does
/// by itself: to who asks, the broker does not answer yet.
pub(super) fn not_welcomed_yet(refused: Refused) -> Refused {
    if refused.reason() == Reason::HelloRequired {
        Refused::broker_unreachable()
    } else {
        refused
    }
}

/// A receipt as bytes, to be kept.
#[must_use]
pub fn receipt_bytes(receipt: &Receipt) -> Vec<u8> {
    wire::type_v1::Receipt::from(receipt.clone()).encode_to_vec()
}

/// A receipt that was kept.
#[must_use]
pub fn read_receipt(bytes: &[u8]) -> Option<Receipt> {
    let message = wire::type_v1::Receipt::decode(bytes).ok()?;
    Receipt::try_from(message).ok()
}

/// A notice as bytes, to be kept.
#[must_use]
pub fn notice_bytes(notice: &wire::notice::Notice) -> Vec<u8> {
    wire::type_v1::Notice::from(notice.clone()).encode_to_vec()
}

/// A notice that was kept.
#[must_use]
pub fn read_notice(bytes: &[u8]) -> Option<wire::notice::Notice> {
    let message = wire::type_v1::Notice::decode(bytes).ok()?;
    wire::notice::Notice::try_from(message).ok()
}

/// A recall as bytes, to be kept.
#[must_use]
pub fn recall_bytes(recall: &wire::recall::Recall) -> Vec<u8> {
    wire::type_v1::Recall::from(recall.clone()).encode_to_vec()
}

/// A recall that was kept.
#[must_use]
pub fn read_recall(bytes: &[u8]) -> Option<wire::recall::Recall> {
    let message = wire::type_v1::Recall::decode(bytes).ok()?;
    wire::recall::Recall::try_from(message).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::status::Refusal;

    #[test]
    fn who_asks_is_not_told_to_say_hello() {
        let after = |reason| not_welcomed_yet(Refused::from(reason)).reason();
        assert_eq!(after(Reason::HelloRequired), Reason::BrokerUnreachable);
        assert_eq!(after(Reason::LimitReached), Reason::LimitReached);
    }

    #[test]
    fn an_open_refusal_is_passed_on_whole_and_nothing_else_is() {
        let said = Refusal::of(Reason::LimitReached).with("clause", "3.1");
        assert_eq!(refused(&said.to_status()), Refused::from(said));
        let lost = refused(&Status::unavailable("tcp connect error: 10.0.0.1"));
        assert_eq!(lost, Refused::broker_unreachable());
        let odd = refused(&Status::permission_denied("by some proxy"));
        assert_eq!(odd.reason(), Reason::BrokerUnreachable);
    }
}
