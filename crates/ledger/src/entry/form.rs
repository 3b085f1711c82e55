//! The form of a leaf: what stands around its values, which have one length each.

use std::ops::Range;
use std::sync::LazyLock;

use super::LEAF_LEN;
use crate::verify::shape::{SAME, TEXT, is_like};

pub(super) const NAME: usize = 64;
pub(super) const NUMBER: usize = 20;
pub(super) const CLASS: usize = 9;
pub(super) const HEX: usize = 64;
const INSTANT: usize = 24;

/// What stands before each value, the value's name, and its length.
pub(super) const TEMPLATE: [(&str, &str, usize); 13] = [
    ("{\"v\":1,\"seq\":\"", "seq", NUMBER),
    ("\",\"at\":\"", "at", INSTANT),
    ("\",\"class\":\"", "class", CLASS),
    ("\",\"covenant\":\"", "covenant", HEX),
    ("\",\"recipient\":\"", "recipient", NAME),
    ("\",\"source\":\"", "source", NAME),
    (
        "\",\"counters\":{\"recipient\":\"",
        "counters.recipient",
        NUMBER,
    ),
    ("\",\"source\":\"", "counters.source", NUMBER),
    ("\",\"purpose\":\"", "counters.purpose", NUMBER),
    ("\"},\"n\":\"", "n", HEX),
    ("\",\"request\":\"", "request", HEX),
    ("\",\"answer\":\"", "answer", HEX),
    ("\",\"outcome\":\"", "outcome", HEX),
];
pub(super) const END: &str = "\"}";

/// Where a leaf's values stand, and what stands around them.
pub(super) struct Form {
    text: Vec<u8>,
    /// For every byte whether it is a value's.
    may: Vec<u8>,
    /// The place of each value, in the order of [`TEMPLATE`].
    pub(super) values: Vec<Range<usize>>,
    /// From the first to the last of the values that name somebody.
    pub(super) names: Range<usize>,
}

/// As the leaf is hashed.
pub(super) static LEAF: LazyLock<Form> = LazyLock::new(|| Form::new(|around| around.to_owned()));

/// As it stands in a line of JSON.
static IN_JSON: LazyLock<Form> = LazyLock::new(|| Form::new(|around| around.replace('"', "\\\"")));

impl Form {
    fn new(written: impl Fn(&str) -> String) -> Self {
        let (mut text, mut may, mut values) = (Vec::new(), Vec::new(), Vec::new());
        let mut around = |what: &str, length: usize| {
            text.extend(written(what).bytes());
            may.resize(text.len(), SAME);
            values.push(text.len()..text.len() + length);
            text.resize(text.len() + length, b'.');
            may.resize(text.len(), TEXT);
        };
        for (before, _, length) in TEMPLATE {
            around(before, length);
        }
        around(END, 0);
        values.pop();
        let place = |name| {
            let named = |(_, value, _): &(&str, &str, usize)| *value == name;
            let at = TEMPLATE.iter().position(named);
            at.and_then(|at| values.get(at))
                .cloned()
                .unwrap_or_default()
        };
        let names = place("covenant").start..place("source").end;
        Self {
            text,
            may,
            values,
            names,
        }
    }

    /// Whether a leaf has this form, whatever its values are: those need no escape in JSON.
    pub(super) fn fits(&self, leaf: &[u8]) -> bool {
        is_like::<false>(&self.text, &self.may, leaf)
    }
}

/// A leaf that JSON text begins with, as far as it has the form of one, put into `leaf`; and what
/// follows it.
pub(crate) fn leaf_in_json<'a>(text: &'a str, leaf: &mut String) -> Option<&'a str> {
    let (written, rest) = text.split_at_checked(IN_JSON.text.len())?;
    if !IN_JSON.fits(written.as_bytes()) {
        return None;
    }
    leaf.clear();
    leaf.reserve(LEAF_LEN);
    for ((before, ..), value) in TEMPLATE.iter().zip(&IN_JSON.values) {
        leaf.push_str(before);
        leaf.push_str(written.get(value.clone())?);
    }
    leaf.push_str(END);
    Some(rest)
}
