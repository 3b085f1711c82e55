//! The covenant as plain sentences (level B1), for the person who signs.
//!
//! Everything that changes a decision is in it: two covenants that decide differently read
//! differently. It is made of the typed tree alone, so it says what the machine understood, and
//! not what a comment in the file says. What the parties wrote themselves stands between quotes.

pub(crate) mod bases;
pub(crate) mod clause;
mod closing;
mod comparisons;
pub(crate) mod demands;
mod opening;
mod page;
pub(crate) mod phrase;
mod prohibition;
mod signals;
pub(crate) mod terms;
#[cfg(test)]
mod tests;

use model::Day;

use crate::diagnostic::Lang;
use crate::language::covenant::Covenant;
use page::Page;

/// A day as people write it: `1 november 2026`, `1 November 2026`.
#[must_use]
pub fn day(lang: Lang, day: Day) -> String {
    phrase::day(lang, day)
}

/// The reading of a covenant in a language, as lines of text. Its bytes are what a signer is shown,
/// and what [`crate::signoff::Statement::new`] takes the digest of. Another version of this crate
/// may word it otherwise.
#[must_use]
pub fn read(covenant: &Covenant, lang: Lang) -> String {
    let mut page = Page::new(covenant, lang);
    opening::write(&mut page);
    signals::purposes(&mut page);
    signals::signals(&mut page);
    comparisons::write(&mut page);
    clause::write(&mut page);
    prohibition::write(&mut page);
    closing::examples(&mut page);
    closing::write(&mut page);
    closing::keys(&mut page);
    page.finish()
}
