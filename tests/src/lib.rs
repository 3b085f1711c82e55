//! Stories across the whole, and the checks of the architecture itself.
//!
//! This crate is *not* linked into anything that ships. Its library holds what several journeys
//! read: where the repository is, and its source files.

pub mod repository;
