//! What may be handed out, because it is in the durable log.

use ledger::{NewEntry, Receipt};
use model::{Day, Digest};

use crate::broker::{NewNotice, Opens, SubjectLink, Told};
use crate::requests::{self, Remembered, RequestKey};

/// What a unit of work decided, before it is logged.
///
/// Made by the closure of [`crate::BrokerStore::commit`]; the store gives each entry its place,
/// numbers, nonce and salts.
#[derive(Debug)]
pub struct Decided<T> {
    /// The entries, in order; at least one. Leaves per request never depend on its outcome.
    pub entries: Vec<NewEntry>,
    /// What will be handed out once they are durable.
    pub disclosure: T,
    /// Notices that rest on the entries.
    pub notices: Vec<NewNotice>,
    /// What links entries, by their place in `entries`, to their data subjects.
    pub links: Vec<(usize, SubjectLink)>,
    /// What entries tell, by their place in `entries`, so that it can be recalled.
    pub told: Vec<(usize, Told)>,
    /// The answer to remember under the request's id, if it had one.
    pub remember: Option<Remember>,
    /// What the receipt opens to whom it is handed.
    pub opens: Opens,
    /// Adds dummy entries until the number of entries is a multiple of this; 0 and 1 add none.
    pub pad_to: u64,
}

impl<T> Decided<T> {
    /// A decision with entries and nothing else; its receipt opens nothing.
    #[must_use]
    pub const fn new(entries: Vec<NewEntry>, disclosure: T) -> Self {
        Self {
            entries,
            disclosure,
            notices: Vec::new(),
            links: Vec::new(),
            told: Vec::new(),
            remember: None,
            opens: Opens::Nothing,
            pad_to: 0,
        }
    }

    /// The decision on a question: its receipt opens request and answer to who asked. Each
    /// entry's answer is then what is handed out.
    #[must_use]
    pub const fn for_asker(entries: Vec<NewEntry>, disclosure: T) -> Self {
        let mut decided = Self::new(entries, disclosure);
        decided.opens = Opens::RequestAndAnswer;
        decided
    }
}

/// An answer to remember: the same request again gets it again.
#[derive(Clone, PartialEq, Eq)]
pub struct Remember {
    /// Who asked what under which id.
    pub key: RequestKey,
    /// SHA-256 of the request, so that other content under the id is noticed.
    pub hash: Digest,
    /// The answer, without padding and without receipt.
    pub answer: Vec<u8>,
    /// The first day on which it may not be remembered any longer, where that is sooner than for
    /// any answer.
    pub until: Option<Day>,
}

impl Remember {
    pub(crate) fn ends(&self, today: Day) -> Day {
        let ends = requests::answer_ends(today);
        self.until.map_or(ends, |until| until.min(ends))
    }
}

impl std::fmt::Debug for Remember {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Remember")
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

/// What a unit of work comes to.
#[derive(Debug)]
pub enum Step<T> {
    /// Log this, then hand out.
    Decided(Decided<T>),
    /// This was logged and answered before: hand out the same again.
    Again {
        /// What [`crate::BrokerView::answered`] gave; refused when it was remembered without
        /// entries.
        remembered: Remembered,
        /// The answer, read back.
        disclosure: T,
    },
    /// Nothing to hand out. What the unit wrote stands.
    Nothing,
}

/// Something that is in the durable log, with the receipt that proves it: leaves, inclusion
/// proofs and a signed checkpoint that is on disk in its second place.
///
/// It comes from [`crate::BrokerStore::commit`], [`crate::BrokerStore::commit_step`] and
/// [`crate::BrokerStore::pending`] only. What delivers to a party accepts nothing else, so that
/// nothing can be delivered that was not logged:
///
/// ```compile_fail,E0308
/// fn deliver(answer: store::Logged<String>) {}
/// deliver("not logged".to_owned());
/// ```
///
/// where this is fine:
///
/// ```
/// fn deliver(answer: store::Logged<String>) {}
/// fn hand_out(logged: store::Logged<String>) {
///     deliver(logged);
/// }
/// ```
///
/// and it can't be made from parts:
///
/// ```compile_fail,E0451
/// fn forge(receipt: ledger::Receipt) -> store::Logged<String> {
///     store::Logged { disclosure: "not logged".to_owned(), receipt }
/// }
/// ```
///
/// ```compile_fail,E0624
/// fn forge(receipt: ledger::Receipt) -> store::Logged<String> {
///     store::Logged::new("not logged".to_owned(), receipt)
/// }
/// ```
#[derive(Debug, Clone)]
pub struct Logged<T> {
    disclosure: T,
    receipt: Receipt,
}

impl<T> Logged<T> {
    pub(crate) const fn new(disclosure: T, receipt: Receipt) -> Self {
        Self {
            disclosure,
            receipt,
        }
    }

    pub(crate) fn under(mut self, receipt: Receipt) -> Self {
        self.receipt = receipt;
        self
    }

    /// What may be handed out.
    #[must_use]
    pub const fn disclosure(&self) -> &T {
        &self.disclosure
    }

    /// The proof that it is logged. It covers the entries of the decision without its padding.
    #[must_use]
    pub const fn receipt(&self) -> &Receipt {
        &self.receipt
    }

    /// Both, at the moment of delivery.
    #[must_use]
    pub fn into_parts(self) -> (T, Receipt) {
        (self.disclosure, self.receipt)
    }
}
