//! Answers by request id: the same id again has the same answer, for broker and node alike.

use model::{Digest, RequestId, Timestamp};

use crate::codec::{Put, Take};
use crate::error::StoreError;
use crate::expiry::{get_until, put_until};
use crate::layout::{Key, REQUEST};
use crate::tx::Tx;

/// How long an answer is kept, in days.
pub const ANSWER_KEPT_DAYS: i32 = 7;

/// Who asked what under which id. The id counts within this client and method only.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RequestKey {
    /// The client, for example the fingerprint of its certificate or its OIN.
    pub client: String,
    /// The method, for example `covenant.node.v1.SignalService/SubmitSignal`.
    pub method: String,
    /// The sender's id.
    pub id: RequestId,
}

impl RequestKey {
    fn bytes(&self) -> Vec<u8> {
        Key::of(REQUEST)
            .text(&self.client)
            .text(&self.method)
            .raw(self.id.as_bytes())
            .done()
    }
}

/// A remembered answer, and the log entries that it was given with (none at a node).
#[derive(Clone, PartialEq, Eq)]
pub struct Remembered {
    pub(crate) leaves: Vec<u64>,
    pub(crate) answer: Vec<u8>,
}

impl Remembered {
    /// The bytes that were remembered.
    #[must_use]
    pub fn answer(&self) -> &[u8] {
        &self.answer
    }
}

impl std::fmt::Debug for Remembered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Remembered")
            .field("leaves", &self.leaves)
            .finish_non_exhaustive()
    }
}

/// What was answered before; an error when the id came with other content.
pub(crate) fn answered(
    tx: &Tx,
    key: &RequestKey,
    hash: &Digest,
) -> Result<Option<Remembered>, StoreError> {
    let Some((_, record)) = get_until(tx, &key.bytes())? else {
        return Ok(None);
    };
    let mut take = Take::new(&record, "answer");
    if take.digest()? != *hash {
        return Err(StoreError::RequestIdReused);
    }
    Ok(Some(Remembered {
        leaves: take.list(Take::u64)?,
        answer: take.rest().to_vec(),
    }))
}

/// Remembers an answer for [`ANSWER_KEPT_DAYS`].
pub(crate) fn remember(
    tx: &mut Tx,
    key: &RequestKey,
    hash: &Digest,
    leaves: &[u64],
    answer: &[u8],
    now: Timestamp,
) -> Result<(), StoreError> {
    let record = Put::default()
        .raw(hash.as_bytes())
        .list(leaves, |out, leaf| out.u64(*leaf))
        .raw(answer)
        .done();
    let ends = now.day().plus_days(ANSWER_KEPT_DAYS + 1);
    put_until(tx, key.bytes(), ends, &record)
}
