//! A ledger receipt as the words of the wire.

use store::Logged;
use wire::notice::{Opening, Receipt, ReceiptEntry};
use wire::type_v1;

/// The receipt of something that is in the durable log.
pub(super) fn of<T>(logged: &Logged<T>) -> type_v1::Receipt {
    words(logged.receipt()).into()
}

/// The same, before it becomes a message.
pub(super) fn words(receipt: &ledger::Receipt) -> Receipt {
    let opening = |opening: &ledger::Opening| Opening {
        salt: *opening.salt.as_bytes(),
        content: opening.bytes.clone(),
    };
    Receipt {
        entries: receipt
            .entries
            .iter()
            .map(|entry| ReceiptEntry {
                index: entry.index,
                leaf: entry.leaf.clone(),
                inclusion_proof: entry.proof.clone(),
                request: entry.request.as_ref().map(opening),
                answer: entry.answer.as_ref().map(opening),
            })
            .collect(),
        checkpoint: receipt.checkpoint.clone(),
    }
}
