//! The language: typed tree, words, parser.

pub mod ast;
pub mod check;
pub mod clause;
pub(crate) mod context;
pub mod covenant;
mod fault;
pub(crate) mod file;
pub(crate) mod parse;
pub(crate) mod places;
pub(crate) mod reader;
pub(crate) mod reading;
pub(crate) mod recover;
pub mod span;
pub(crate) mod suggest;
pub mod words;
