//! What is kept of an answer, and how long: the answer itself, its receipt, and what finds the
//! question back when the broker or the log names it.

use model::{Day, Digest, PurposeId, RequestId, RoleRef, Timestamp};
use serde::{Deserialize, Serialize};
use store::RequestKey;

use super::{Advised, Checks};
use crate::covenants::Active;
use crate::log::Followed;
use crate::refusal::{Reason, Refused};
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

/// The first days on which something of an answer goes. None is later than the shortest time that a
/// clause for its role and purpose promises (`bewaren`).
#[derive(Clone, Copy)]
pub(super) struct Ends {
    /// The answer, which until then comes again when its request does.
    answer: Day,
    /// Its receipt, which otherwise stays as long as the settings say.
    receipt: Day,
}

impl Checks {
    /// How long an answer of now is kept.
    pub(super) fn ends(
        &self,
        active: &Active,
        role: &RoleRef,
        purpose: &PurposeId,
        now: Timestamp,
    ) -> Ends {
        let today = now.day();
        let promised = active.covenant().answer_kept_until(role, purpose, today);
        let within = |kept: Day| promised.map_or(kept, |promised| promised.min(kept));
        Ends {
            answer: within(store::answer_ends(today)),
            receipt: within(today.plus_days(self.receipt_days)),
        }
    }

    /// What was answered to a request before.
    ///
    /// # Errors
    /// `ANSWER_GONE` when it was answered, and the answer may not be kept any longer or was recalled:
    /// what was decided then is neither shown nor decided again without anybody noticing.
    pub(super) fn answered(
        &self,
        key: &RequestKey,
        hash: &Digest,
        today: Day,
    ) -> Result<Option<Advised>, Refused> {
        let found = self.store.read(|view| -> Result<_, Refused> {
            let Some(before) = view.answered(key, hash)? else {
                return Ok(None);
            };
            let name = answer_name(before.answer());
            let sealed = view.receipt_on(&name, today)?;
            Ok(Some((name, sealed.ok_or(Reason::AnswerGone)?)))
        })?;
        let Some((name, sealed)) = found else {
            return Ok(None);
        };
        let plain = self.vault.open(&name, &sealed)?;
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
        (now, ends): (Timestamp, Ends),
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
        let request = key.id;
        // For what was asked stays longer: it names nobody, and a data subject may ask for it.
        let longest = now.day().plus_days(self.receipt_days);
        let kept = [
            (answer_name(outside.as_bytes()), plain, ends.answer),
            (receipt_name(request), receipt, ends.receipt),
            (
                outside_name(outside),
                request.as_bytes().to_vec(),
                ends.receipt,
            ),
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
                // The answer itself may have to go sooner than what tells that there was one.
                tx.remember(&key, &hash, outside.as_bytes(), now)?;
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

/// Where an answer is kept for its request's repetition, by the request's id outside.
pub(crate) fn answer_name(outside: &[u8]) -> Vec<u8> {
    [b"answer/", outside].concat()
}

/// Where the receipt of an answer is kept, by the client's id of the request.
pub(crate) fn receipt_name(request: RequestId) -> Vec<u8> {
    [b"check/", request.as_bytes().as_slice()].concat()
}
