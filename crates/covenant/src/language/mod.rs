//! The language: typed tree, words, parser.

pub mod ast;
pub mod check;
pub mod clause;
pub mod covenant;
pub mod span;
pub mod words;
