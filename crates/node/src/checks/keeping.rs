//! What is kept of an answer: the answer itself, its receipt, and what finds the question back when
//! the broker or the log names it.

use model::{Digest, PurposeId, RequestId, Timestamp};
use serde::{Deserialize, Serialize};
use store::RequestKey;

use super::{Advised, Checks};
use crate::log::Followed;
use crate::refusal::Refused;
use crate::uplink::{read_receipt, receipt_bytes};

/// An answer as it is remembered.
#[derive(Serialize, Deserialize)]
struct Remembered {
    advice: String,
    text_nl: String,
    text_en: String,
    receipt: String,
}

/// A question whose answer is kept.
pub(super) struct Asking {
    pub(super) key: RequestKey,
    pub(super) hash: Digest,
    /// The id under which the broker knows it.
    pub(super) outside: RequestId,
    /// By what the log knows it.
    pub(super) commitment: Digest,
    pub(super) purpose: PurposeId,
}

impl Checks {
    pub(super) fn answered(
        &self,
        key: &RequestKey,
        hash: &Digest,
    ) -> Result<Option<Advised>, Refused> {
        let Some(before) = self.store.read(|view| view.answered(key, hash))? else {
            return Ok(None);
        };
        let plain = self.vault.open(&answer_name(key), before.answer())?;
        let read = || {
            let remembered: Remembered = serde_json::from_slice(&plain).ok()?;
            let receipt = data_encoding::BASE64
                .decode(remembered.receipt.as_bytes())
                .ok()?;
            Some(Advised {
                advice: remembered.advice,
                text_nl: remembered.text_nl,
                text_en: remembered.text_en,
                receipt: read_receipt(&receipt)?,
            })
        };
        read().map(Some).ok_or_else(Refused::failed)
    }

    /// Answer, receipt and checkpoint, durable before anybody reads the answer.
    pub(super) async fn keep(
        &self,
        asking: Asking,
        advised: &Advised,
        followed: Followed,
        now: Timestamp,
    ) -> Result<(), Refused> {
        let Asking {
            key,
            hash,
            outside,
            commitment,
            purpose,
        } = asking;
        let receipt = receipt_bytes(&advised.receipt);
        let remembered = Remembered {
            advice: advised.advice.clone(),
            text_nl: advised.text_nl.clone(),
            text_en: advised.text_en.clone(),
            receipt: data_encoding::BASE64.encode(&receipt),
        };
        let plain = serde_json::to_vec(&remembered).map_err(|_| Refused::failed())?;
        let sealed = self.vault.seal(&answer_name(&key), &plain)?;
        let request = key.id;
        let kept = [
            ([b"check/", request.as_bytes().as_slice()].concat(), receipt),
            (outside_name(outside), request.as_bytes().to_vec()),
            (
                asked_name(commitment.as_bytes()),
                purpose.as_str().as_bytes().to_vec(),
            ),
        ];
        let kept = kept
            .into_iter()
            .map(|(name, plain)| Ok((self.vault.seal(&name, &plain)?, name)))
            .collect::<Result<Vec<_>, Refused>>()?;
        let ends = now.day().plus_days(self.receipt_days);
        self.store
            .write(move |tx| {
                tx.remember(&key, &hash, &sealed, now)?;
                for (sealed, name) in &kept {
                    tx.put_receipt(name, sealed, ends)?;
                }
                followed.keep(tx)?;
                Ok::<_, Refused>(())
            })
            .await
    }
}

/// A random-looking UUID (version 4 by its bits) that only this node can compute.
pub(crate) fn outside_id(keyed: [u8; 32]) -> RequestId {
    let [mut id @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] = keyed;
    let [_, _, _, _, _, _, version, _, variant, ..] = &mut id;
    *version = (*version & 0x0f) | 0x40;
    *variant = (*variant & 0x3f) | 0x80;
    RequestId::from_slice(&id).unwrap_or_else(RequestId::fresh)
}

/// Where the client's id of a question is kept, by its id outside.
pub(crate) fn outside_name(outside: RequestId) -> Vec<u8> {
    [b"outside/", outside.as_bytes().as_slice()].concat()
}

/// Where the purpose of a question is kept, by the commitment that the log has of it.
pub(crate) fn asked_name(commitment: &[u8]) -> Vec<u8> {
    [b"asked/", commitment].concat()
}

fn answer_name(key: &RequestKey) -> Vec<u8> {
    [
        b"answer/",
        key.client.as_bytes(),
        b"/",
        key.id.as_bytes().as_slice(),
    ]
    .concat()
}
