//! The page that is written on: sentences at the margin, follow-up sentences and lists beneath.

use model::PartyId;

use super::phrase::{self, and};
use crate::diagnostic::Lang;
use crate::language::covenant::Covenant;

/// A list of more words than this is written as points under each other.
const LONGEST_LIST: usize = 18;

/// Text in one language, built up line by line.
pub(super) struct Page<'c> {
    pub(super) covenant: &'c Covenant,
    pub(super) lang: Lang,
    out: String,
}

impl<'c> Page<'c> {
    pub(super) const fn new(covenant: &'c Covenant, lang: Lang) -> Self {
        Self {
            covenant,
            lang,
            out: String::new(),
        }
    }

    /// A heading, with a blank line before it.
    pub(super) fn heading(&mut self, nl: &str, en: &str) {
        let text = self.pick(nl, en).to_uppercase();
        self.blank();
        self.line(0, &text);
    }

    /// The Dutch or the English text.
    pub(super) const fn pick<'t>(&self, nl: &'t str, en: &'t str) -> &'t str {
        phrase::pick(self.lang, nl, en)
    }

    /// A blank line, unless the page is still empty.
    pub(super) fn blank(&mut self) {
        if !self.out.is_empty() {
            self.out.push('\n');
        }
    }

    /// A sentence at the margin.
    pub(super) fn say(&mut self, sentence: &str) {
        self.line(0, sentence);
    }

    /// A sentence that belongs to the one before.
    pub(super) fn more(&mut self, sentence: &str) {
        self.line(2, sentence);
    }

    /// Points under a head of their own; nothing when there are none.
    pub(super) fn group(&mut self, head: &str, sentences: &[String]) {
        if sentences.is_empty() {
            return;
        }
        self.line(2, &format!("{head}:"));
        for sentence in sentences {
            self.point(sentence);
        }
    }

    /// A point of a list.
    pub(super) fn point(&mut self, text: &str) {
        self.line(4, &format!("- {text}"));
    }

    /// A sentence that ends in a list; a long list is written as points.
    pub(super) fn list(&mut self, lead: &str, items: &[String]) {
        self.list_at(2, lead, items);
    }

    /// The same at the margin.
    pub(super) fn say_list(&mut self, lead: &str, items: &[String]) {
        self.list_at(0, lead, items);
    }

    /// A sentence at the margin that ends in points, however short the list.
    pub(super) fn say_points(&mut self, lead: &str, items: &[String]) {
        self.line(0, &format!("{lead}:"));
        for item in items {
            self.point(item);
        }
    }

    fn list_at(&mut self, indent: usize, lead: &str, items: &[String]) {
        let words = |text: &str| text.split_whitespace().count();
        let length = words(lead) + items.iter().map(|i| words(i)).sum::<usize>();
        if length <= LONGEST_LIST {
            let items = and(self.lang, items);
            self.line(indent, &format!("{lead} {items}."));
            return;
        }
        self.line(indent, &format!("{}:", lead.trim_end_matches(':')));
        for item in items {
            self.point(item);
        }
    }

    /// The name of a party.
    pub(super) fn party(&self, id: &PartyId) -> String {
        phrase::party(self.covenant, id)
    }

    /// The names of parties.
    pub(super) fn parties<'p>(&self, ids: impl IntoIterator<Item = &'p PartyId>) -> Vec<String> {
        ids.into_iter().map(|id| self.party(id)).collect()
    }

    pub(super) fn finish(self) -> String {
        self.out
    }

    fn line(&mut self, indent: usize, text: &str) {
        self.out.push_str(&" ".repeat(indent));
        self.out.push_str(text);
        self.out.push('\n');
    }
}
