//! What is wrong with a covenant's text, where, and how to mend it.

mod render;

pub use render::{position, render, to_json};

/// The language that a person reads.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Lang {
    /// Dutch.
    #[default]
    Nl,
    /// English.
    En,
}

/// How bad it is. The order is from worst to mildest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Severity {
    /// The covenant cannot be used.
    Error,
    /// It can be used, but a person should look at it.
    Warning,
    /// For information.
    Info,
}

impl Severity {
    /// The word in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Info => "info",
        }
    }
}

/// One thing to say about a stretch of the source.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Diagnostic {
    /// Where it begins: a byte offset in the source.
    pub from: usize,
    /// Where it ends: the byte offset after the last byte.
    pub to: usize,
    /// How bad it is.
    pub severity: Severity,
    /// Its code: one of [`crate::lint::ALL`], with a page of its own.
    pub code: &'static str,
    /// What is wrong, in Dutch.
    pub message_nl: String,
    /// What is wrong, in English.
    pub message_en: String,
    /// How to mend it, in Dutch.
    pub help_nl: String,
    /// How to mend it, in English.
    pub help_en: String,
}
