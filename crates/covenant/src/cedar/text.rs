//! Cedar's literals. Everything that comes out of a covenant passes through here.

use std::fmt::Write as _;

use crate::language::covenant::Covenant;
use crate::language::words::Shows;
use model::PurposeId;

/// A string literal. What could end it, or what a reader can't see, is escaped.
pub(super) fn literal(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            _ if crate::language::file::is_hidden(c) || c == '\n' || c == '\t' => {
                // Writing to a text does not fail.
                let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
            }
            _ => out.push(c),
        }
    }
    out.push('"');
    out
}

/// An entity, such as `Partij::"gemeente"`.
pub(super) fn entity(kind: &str, id: &str) -> String {
    format!("{kind}::{}", literal(id))
}

/// Whether `value` is one of these entities. Cedar has no set that is empty.
pub(super) fn one_of<'i>(
    kind: &str,
    ids: impl IntoIterator<Item = &'i str>,
    value: &str,
) -> String {
    let members: Vec<String> = ids.into_iter().map(|id| entity(kind, id)).collect();
    match members.as_slice() {
        [] => "false".to_owned(),
        [one] => format!("{value} == {one}"),
        many => format!("[{}].contains({value})", many.join(", ")),
    }
}

/// An annotation on a line of its own.
pub(super) fn annotation(key: &str, value: &str) -> String {
    format!("@{key}({})\n", literal(value))
}

/// The id of the action that is for a purpose and shows a level. No id of a covenant has a `/`.
pub(super) fn action(purpose: &PurposeId, shows: Shows) -> String {
    format!("{purpose}/{shows}")
}

/// The ids of all actions of a covenant, in order.
pub(super) fn actions(covenant: &Covenant) -> Vec<String> {
    let purposes = covenant.purposes().keys();
    purposes
        .flat_map(|purpose| Shows::ALL.iter().map(|shows| action(purpose, *shows)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_a_literal_early() {
        assert_eq!(literal("een\"twee\\"), "\"een\\\"twee\\\\\"");
        assert_eq!(literal("a\nb\u{202e}c"), "\"a\\u{a}b\\u{202e}c\"");
        assert_eq!(literal("één // @id(*) ' ;"), "\"één // @id(*) ' ;\"");
    }
}
