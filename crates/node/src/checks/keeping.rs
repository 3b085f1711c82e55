//! What is kept of an answer, and how long: the answer itself, its receipt, and what finds the
//! question back when the broker or the log names it.

use model::{Day, Digest, PurposeId, RequestId, RoleRef, Timestamp};
use serde::{Deserialize, Serialize};
use store::RequestKey;

use super::{Advised, Checks};
use crate::covenants::Active;
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
    /// The first day on which the receipt of an answer goes: after the setting, or after the shortest
    /// time that a clause for this role and purpose promises (`bewaren`).
    pub(super) fn receipt_ends(
        &self,
        active: &Active,
        role: &RoleRef,
        purpose: &PurposeId,
        now: Timestamp,
    ) -> Day {
        let today = now.day();
        let promised = active
            .covenant()
            .clauses()
            .iter()
            .filter(|clause| clause.to.contains(role) && clause.purpose == *purpose)
            .filter_map(|clause| Some(clause.promises.retain?.after(today)))
            .min();
        let kept = today.plus_days(self.receipt_days);
        promised.map_or(kept, |day| day.min(kept))
    }

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
        (now, ends): (Timestamp, Day),
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
        // For what was asked stays longer: it names nobody, and a data subject may ask for it.
        let longest = now.day().plus_days(self.receipt_days);
        let kept = [
            (
                [b"check/", request.as_bytes().as_slice()].concat(),
                receipt,
                ends,
            ),
            (outside_name(outside), request.as_bytes().to_vec(), ends),
            (
                asked_name(commitment.as_bytes()),
                purpose.as_str().as_bytes().to_vec(),
                longest,
            ),
        ];
        let kept = kept
            .into_iter()
            .map(|(name, plain, ends)| Ok((self.vault.seal(&name, &plain)?, name, ends)))
            .collect::<Result<Vec<_>, Refused>>()?;
        self.store
            .write(move |tx| {
                tx.remember(&key, &hash, &sealed, now)?;
                for (sealed, name, ends) in &kept {
                    tx.put_receipt(name, sealed, *ends)?;
                }
                followed.keep(tx)?;
                Ok::<_, Refused>(())
            })
            .await
    }
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
