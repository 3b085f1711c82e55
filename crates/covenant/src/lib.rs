//! The covenant language: parse, check, decide, sign.
//!
//! This crate is *not* a service: it does no I/O, reads no clock, logs nothing and draws no
//! entropy. Bytes, keys and `now` are arguments. It knows nothing of raw identifiers.

pub mod cases;
pub mod cedar;
pub mod decide;
pub mod diagnostic;
pub mod difference;
pub mod explain;
pub mod language;
pub mod layout;
pub mod lint;
pub mod matrix;
pub mod plain;
pub mod schema;
pub mod signoff;
pub mod table;
pub mod vocabulary;

pub use diagnostic::{Diagnostic, Lang, Severity, render, to_json};
pub use language::check::{Checked, Checking, check, check_as, check_bytes};
pub use language::covenant::Covenant;
