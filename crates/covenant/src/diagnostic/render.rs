//! Diagnostics as text for people and as JSON for editors.

use super::{Diagnostic, Lang};

/// Shows diagnostics with the source lines, the words underlined.
#[must_use]
pub fn render(_name: &str, _source: &str, _diagnostics: &[Diagnostic], _lang: Lang) -> String {
    String::new()
}

/// The diagnostics as a JSON array.
#[must_use]
pub fn to_json(_source: &str, _diagnostics: &[Diagnostic]) -> String {
    String::new()
}
