//! A record exactly as [`super::Exporter`] writes it, taken apart without looking for what else JSON
//! could say: most of the time that reading a line takes. What is written otherwise, and what is no
//! record, is left to [`super::json`]; a test holds that both read the same.

use std::borrow::Cow;

use super::ERASED;
use super::json::{DisclosedJson, Entry, OpenJson, Text};
use crate::entry::leaf_in_json;

/// The record of a line, of which `leaf` takes the leaf. Its texts may still be none that JSON allows
/// as they stand: none of those is a hash, base64 or a leaf.
pub(crate) fn read<'a>(line: &'a str, leaf: &'a mut String) -> Option<Entry<'a>> {
    let mut rest = Rest(line);
    rest.skip("{\"index\":")?;
    let mut entry = Entry {
        index: rest.number()?,
        ..Entry::default()
    };
    if rest.skip(",\"hash\":\"").is_some() {
        entry.hash = Some(rest.text()?);
    } else {
        rest.skip(",\"leaf\":\"")?;
        rest = Rest(leaf_in_json(rest.0, leaf)?);
        entry.leaf = Some(Text(Cow::Borrowed(leaf)));
        rest.skip("\"")?;
    }
    rest.skip(",\"proof\":[")?;
    if rest.skip("]").is_none() {
        loop {
            rest.skip("\"")?;
            entry.proof.push(rest.text()?);
            if rest.skip("]").is_some() {
                break;
            }
            rest.skip(",")?;
        }
    }
    entry.request = rest.opening(",\"request\":")?;
    entry.answer = rest.opening(",\"answer\":")?;
    entry.outcome = rest.opening(",\"outcome\":")?;
    (rest.0 == "}").then_some(entry)
}

/// What was not read yet.
struct Rest<'a>(&'a str);

impl<'a> Rest<'a> {
    fn skip(&mut self, text: &str) -> Option<()> {
        self.0 = self.0.strip_prefix(text)?;
        Some(())
    }

    /// Up to the next quotation mark, which is left out.
    fn text(&mut self) -> Option<Text<'a>> {
        let end = memchr::memchr(b'"', self.0.as_bytes())?;
        let (text, rest) = self.0.split_at_checked(end)?;
        self.0 = rest.strip_prefix('"')?;
        Some(Text(Cow::Borrowed(text)))
    }

    fn number(&mut self) -> Option<u64> {
        let end = self.0.find(|c: char| !c.is_ascii_digit())?;
        let (digits, rest) = self.0.split_at_checked(end)?;
        self.0 = rest;
        let number = digits.parse().ok()?;
        // A number does not begin with a zero that says nothing.
        (digits == "0" || !digits.starts_with('0')).then_some(number)
    }

    /// An opening behind its name, or nothing where the name does not stand: `None` is neither.
    fn opening(&mut self, name: &str) -> Option<Option<DisclosedJson<'a>>> {
        if self.skip(name).is_none() {
            return Some(None);
        }
        if self.skip("\"").is_some() {
            let Text(word) = self.text()?;
            return (word == ERASED).then(|| Some(DisclosedJson::Word(word.into_owned())));
        }
        self.skip("{\"salt\":\"")?;
        let salt = self.text()?;
        self.skip(",\"bytes\":\"")?;
        let bytes = self.text()?;
        self.skip("}")?;
        Some(Some(DisclosedJson::Open(OpenJson { salt, bytes })))
    }
}
