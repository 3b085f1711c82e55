//! Decisions written to the disclosure log, and made again out of it.
//!
//! This crate is *not* a broker: it finds no signals, reveals nothing and opens no file. It puts a
//! decision of `covenant` into the words of `ledger`, reads it back, and has `covenant` decide it
//! again, by the same demands as at the time. Whoever calls it brings the covenants and the entries.
//!
//! - [`mod@outcome`]: the side record of a decision
//! - [`then`]: what a decision rested on, read back from its side record
//! - [`simulate`]: what a draft would have decided
//! - [`again`]: every decision of a log made again, and what differs
//! - [`evidence`]: what an auditor takes along, judged with nothing but what is in it
//! - [`logius`]: the log in the words of two Dutch standards
//! - [`words`]: what the log's codes mean, for people

pub mod again;
pub mod evidence;
pub mod logius;
pub mod outcome;
pub mod simulate;
pub mod then;
pub mod words;
