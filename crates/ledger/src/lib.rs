//! The disclosure log (verstrekkingenlogboek) as bytes and proofs.
//!
//! This crate is *not* a store, a service or a clock: it opens no file, draws no salt and reads no
//! time. Whoever calls it brings the numbers, the salts, the instant and the stored hashes, and
//! gets bytes back. Nothing in it decides anything, and nothing in it may name an identifier.
//!
//! - [`entry`]: the leaf (a *skeleton* of fixed length) and the sealing of a new entry
//! - [`outcome`]: the side record that only an auditor, or a source that revealed, gets to see
//! - [`kind`]: the closed, numbered list of what can be recorded
//! - [`opening`]: salted commitments and what opens them
//! - [`counters`]: gapless numbers per audience, and the check that finds a gap
//! - [`tree`]: RFC 6962 over stored hashes; [`tiles`]: the same for any log client
//! - [`checkpoint`]: C2SP signed notes; [`cosignature`]: what witnesses add to them;
//!   [`witnessing`]: how many of them it takes
//! - [`receipt`]: what a node gets with an answer, and verifies before it shows anything
//! - [`export`]: the log as JSON Lines; [`mod@verify`]: reading that with a public key only
//! - [`evidence`]: what else an auditor needs beside an export, and how it is listed
//!
//! The formats and the catalogue of kinds stand in `docs/disclosure-log.md`, which a test holds
//! against this code.

pub mod checkpoint;
pub mod cosignature;
pub mod counters;
pub mod entry;
pub mod evidence;
pub mod export;
mod hash;
pub mod kind;
pub mod opening;
pub mod outcome;
pub mod receipt;
pub mod tiles;
pub mod tree;
pub mod verify;
pub mod witnessing;
pub mod word;

pub use checkpoint::{Checkpoint, CheckpointError, LogSigner, LogVerifier};
pub use cosignature::{Cosigner, WitnessVerifier};
pub use counters::{AudienceKey, Audiences, Counters};
pub use entry::{EntryError, LEAF_LEN, NewEntry, Placement, Salts, Sealed, Skeleton};
pub use kind::{Class, Kind};
pub use opening::{Opening, Part, Salt};
pub use outcome::{Decided, Outcome};
pub use receipt::{Receipt, ReceiptEntry, ReceiptError, Verified};
pub use tiles::Tile;
pub use tree::{NodeId, TreeError};
pub use verify::{Promise, Report, verify};
pub use witnessing::Policy;
