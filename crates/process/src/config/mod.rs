//! Layered configuration: defaults, then files, then the environment, then flags; the last one to
//! name a setting wins, and every value knows where it came from.
//!
//! A setting that nobody knows is an error with a suggestion, and all problems are told at once,
//! with file, line and column. Each file is parsed by itself and the tables are merged with their
//! places kept, which the crate `config` can't do.
//!
//! A secret is never a setting: settings name files that hold secrets. A variable that looks like
//! a secret is refused.

mod document;
mod error;
mod layers;
mod message;
mod reading;
mod tree;

pub use error::{ConfigError, Problem};
pub use layers::{Layers, Loaded, Origin};
