//! What the stream carries for the rights of data subjects: recalls and passed requests down, what
//! people did about recalls up.

use model::{CovenantId, NoticeId, PartyId};
use wire::broker_v1::{self as pb, connect_request};
use wire::notice::Receipt;
use wire::recall::{Recall, RecallAcknowledgement};

use super::session::Stream;
use super::{Lost, Uplink};
use crate::log::Followed;
use crate::rights::Passed;

impl Uplink {
    /// Verifies, stores, and only then acknowledges, as with notices.
    pub(super) async fn recalls(
        &self,
        stream: &Stream,
        batch: pb::RecallBatch,
    ) -> Result<(), Lost> {
        let mut good: Vec<(Recall, Followed)> = Vec::new();
        for message in batch.recalls {
            let recall = match Recall::try_from(message) {
                Ok(recall) => recall,
                Err(malformed) => {
                    tracing::error!(%malformed, "a recall can't be read");
                    continue;
                }
            };
            if self.inbox.verify_recall(&recall).is_err() {
                continue;
            }
            let followed = self.follow(&recall.receipt.checkpoint).await?;
            good.push((recall, followed));
        }
        let about: Vec<(CovenantId, NoticeId)> = good
            .iter()
            .map(|(recall, _)| (recall.covenant.clone(), recall.id))
            .collect();
        let kept = self
            .inbox
            .keep_recalls(good)
            .await
            .map_err(|e| Lost::Store(e.to_string()))?;
        self.acknowledge(stream, &about, &kept).await
    }

    /// A request that another party passes on: opened, stored as a case of this party's, and only
    /// then acknowledged. One that does not open is not acknowledged.
    pub(super) async fn passed_request(
        &self,
        stream: &Stream,
        message: pb::PassedRequest,
    ) -> Result<(), Lost> {
        let passed = match read_passed(message) {
            Ok(passed) => passed,
            Err(malformed) => {
                tracing::error!(%malformed, "a passed request can't be read");
                return Ok(());
            }
        };
        if self.desk.verify_passed(&passed).is_err() {
            return Ok(());
        }
        let followed = self.follow(&passed.receipt.checkpoint).await?;
        let id = passed.id;
        let about = [(passed.covenant.clone(), id)];
        let kept = self
            .desk
            .take_passed(passed, followed)
            .await
            .map_err(|e| Lost::Store(e.to_string()))?;
        if kept {
            self.acknowledge(stream, &about, &[id]).await?;
        }
        Ok(())
    }

    /// Says what people did about recalls, each once on a stream, until the broker has it.
    pub(super) async fn say_what_was_done(&self, stream: &mut Stream) -> Result<(), Lost> {
        let owed = self
            .inbox
            .owed()
            .map_err(|error| Lost::Store(error.to_string()))?;
        for one in owed {
            if stream.said.values().any(|recall| *recall == one.recall) {
                continue;
            }
            let Some(answerable) = self.covenants.answerable(&one.covenant, self.clock.now())
            else {
                continue;
            };
            // The same each time, so that the broker takes it once.
            let keyed = [
                b"recall-done".as_slice(),
                one.recall.as_bytes(),
                one.outcome.as_str().as_bytes(),
            ];
            let request = self.inbox.vault.request_id(&keyed);
            let speaker = self.broker.speaker();
            let digest = answerable.covenant().digest();
            let message: pb::RecallAcknowledgement = RecallAcknowledgement {
                header: speaker.header(&one.covenant, digest, request),
                actor: one.actor,
                recalls: vec![(one.recall, one.outcome)],
            }
            .into();
            let signed = speaker.sign(&message);
            stream.said.insert(request.to_string(), one.recall);
            stream
                .send(connect_request::Message::RecallAcknowledgement(signed))
                .await?;
        }
        Ok(())
    }

    /// The broker has a message of this node.
    pub(super) async fn taken(
        &self,
        stream: &mut Stream,
        taken: &pb::TakenMessage,
    ) -> Result<(), Lost> {
        if let Some(recall) = stream.said.get(&taken.request_id).copied() {
            self.inbox.told_broker(recall).await?;
            stream.said.remove(&taken.request_id);
        }
        Ok(())
    }
}

fn read_passed(message: pb::PassedRequest) -> Result<Passed, wire::Malformed> {
    use wire::field;
    let pb::PassedRequest {
        id,
        covenant,
        from,
        sealed,
        receipt,
    } = message;
    field::bounded(
        sealed.len(),
        "sealed",
        (1, wire::limit::SEALED_REQUEST_BYTES),
    )?;
    Ok(Passed {
        id: field::uuid(&id, "id", NoticeId::parse)?,
        covenant: field::name(&covenant, "covenant", CovenantId::parse)?,
        from: field::name(&from, "from", PartyId::parse)?,
        sealed: sealed.to_vec(),
        receipt: Receipt::try_from(field::required(receipt, "receipt")?)
            .map_err(|m| m.within("receipt"))?,
    })
}
