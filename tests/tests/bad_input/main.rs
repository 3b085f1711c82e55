//! Bad input, field by field: refused with the field's path, the rule and a remedy in two
//! languages, without a word of what was sent, and nothing stored anywhere.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod case;
mod protocol;
mod questions;
mod reading;
mod signals;
mod subjects;
