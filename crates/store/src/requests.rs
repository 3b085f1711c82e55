//! Answers by request id: the same id again has the same answer, for broker and node alike.

use model::{Day, Digest, RequestId};

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
    ends: Day,
}

impl Remembered {
    /// The bytes that were remembered.
    #[must_use]
    pub fn answer(&self) -> &[u8] {
        &self.answer
    }

    /// Whether it may still be handed out: it is there until the purge comes.
    #[must_use]
    pub fn is_kept_on(&self, today: Day) -> bool {
        today < self.ends
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
    let Some((ends, record)) = get_until(tx, &key.bytes())? else {
        return Ok(None);
    };
    let mut take = Take::new(&record, "answer");
    if take.digest()? != *hash {
        return Err(StoreError::RequestIdReused);
    }
    Ok(Some(Remembered {
        leaves: take.list(Take::u64)?,
        answer: take.rest().to_vec(),
        ends,
    }))
}

/// The first day on which an answer of this day is not remembered any more.
#[must_use]
pub fn answer_ends(today: Day) -> Day {
    today.plus_days(ANSWER_KEPT_DAYS + 1)
}

/// Remembers an answer until the first moment of `ends`.
pub(crate) fn remember(
    tx: &mut Tx,
    key: &RequestKey,
    hash: &Digest,
    leaves: &[u64],
    answer: &[u8],
    ends: Day,
) -> Result<(), StoreError> {
    let record = Put::default()
        .raw(hash.as_bytes())
        .list(leaves, |out, leaf| out.u64(*leaf))
        .raw(answer)
        .done();
    put_until(tx, key.bytes(), ends, &record)
}

/// Forgets what was answered to a request: it is decided anew when it comes again.
pub(crate) fn forget(tx: &mut Tx, key: &RequestKey) -> Result<(), StoreError> {
    tx.delete(key.bytes())
}
