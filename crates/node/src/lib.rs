//! A party's gateway: signals in, pseudonyms out, questions asked, notices kept.
//!
//! This crate is *not* a place for other parties' data: it holds what its own party entered and
//! what was released to it, and nothing else. It decides nothing for the broker, and shows no
//! answer whose proof it has not verified. Raw identifiers exist in this crate and in `pseudonym`
//! only; they are sealed ([`vault`]) before they reach the store and never leave the process.
//!
//! A signal's way: [`intake`] checks every field and derives tokens, the store keeps all of it in
//! one durable batch, [`uplink`] pushes it. A question's way: [`checks`]. What comes back:
//! [`notices`]. The desk for data subjects is `rights`. Everything that the broker shows is laid beside what was seen before: [`log`].
//! [`notices`]. Everything that the broker shows is laid beside what was seen before: [`log`]; and
//! every day the log must list each entry that names this party.

pub mod caller;
pub mod checks;
mod command;
pub mod config;
mod control;
pub mod covenants;
mod grpc;
mod health;
pub mod intake;
pub mod keys;
pub mod link;
pub mod log;
pub mod metrics;
pub mod notices;
mod own_entries;
mod owner;
mod paging;
pub mod refusal;
mod retention;
mod rights;
mod running;
#[cfg(test)]
mod testing;
pub mod uplink;
pub mod vault;
mod versions;

pub use command::Arguments;
pub use config::Config;
pub use control::{Restored, Restoring, back_up_to, purge_now, restore, retention};
pub use running::{RunningNode, check_config, load, newest_checkpoint, run, start, start_with};
