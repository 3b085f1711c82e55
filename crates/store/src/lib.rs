//! The durable state of a broker or a node.
//!
//! This crate is *not* a place for decisions: it keeps what others decided, in the order and with
//! the durability they rely on. It reads no identifier (a node's raw values reach it encrypted),
//! verifies no signature, and does not know what a covenant says. It is the only place that knows
//! how anything is laid out on disk.
//!
//! A unit of work is a closure that runs on one writer thread; [`BrokerStore::write`] and
//! [`NodeStore::write`] return when everything it wrote survives a power cut.

mod backup;
mod broker;
mod codec;
pub mod conformance;
mod engine;
mod error;
mod expiry;
mod files;
mod format;
mod layout;
mod logged;
mod node;
mod purgeable;
mod requests;
mod tx;
mod versions;
mod writer;

pub use backup::{
    BackedUp, NodeChecked, Restored, Restoring, check_backup, restore, restore_node, verify_backup,
};
pub use broker::{
    Access, BrokerSettings, BrokerStore, BrokerTx, BrokerView, Checked, CheckpointPlace,
    CovenantFile, CovenantReaders, EntryFilter, EntryPage, EpochPurge, Limit, LinkedPage, Listed,
    NewNotice, NotedWithdrawal, Notice, Opens, ProbeAlarm, Purgeable, Purged, Recall, Sent, Side,
    SignalNo, SignedCheckpoint, Sought, Stored, StoredEntry, SubjectLink, TOMBSTONE_DAYS, Told,
    ToldBy, UsedRight, Withdrawal, Witnessed, Work,
};
pub use engine::{
    Batch, Engine, LARGEST_VALUE, MemoryEngine, Row, SledEngine, SledSettings, Visit,
};
pub use error::StoreError;
pub use layout::FORMAT;
pub use logged::{Decided, Logged, Remember, Step};
pub use node::{
    KeyEpochKept, NodePurge, NodePurgeable, NodePurged, NodeSettings, NodeStore, NodeTx, NodeView,
    OutboxItem, OutboxTotals, OutsideId, OwnSignal, Received, SeenCheckpoint, StoredCase,
    StoredRecall,
};
pub use requests::{ANSWER_KEPT_DAYS, Remembered, RequestKey, answer_ends};
pub use versions::{ActiveVersion, KeptEnvelope, KeptVersion};
