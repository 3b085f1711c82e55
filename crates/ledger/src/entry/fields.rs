//! A leaf as a verifier reads a million of them: by the places of its values, its names left as they
//! stand there, since nearly every leaf names who leaves before it named. Why something is no leaf is
//! left to [`Skeleton::from_leaf`](super::Skeleton::from_leaf); a test holds that both read the same.

use model::{Digest, Timestamp};

use super::form::LEAF;
use super::{class, digest, instant, number, party};
use crate::counters::{Counters, Named};
use crate::kind::Class;

/// What a leaf says, but for its names and its random bytes.
#[derive(PartialEq, Eq, Debug)]
pub(crate) struct Fields<'a> {
    pub(crate) seq: u64,
    pub(crate) at: Timestamp,
    pub(crate) class: Class,
    /// What [`names`] reads.
    pub(crate) names: &'a str,
    pub(crate) counters: Counters,
    /// In the order of [`Part::ALL`](crate::opening::Part::ALL).
    pub(crate) commitments: [Digest; 3],
}

impl<'a> Fields<'a> {
    /// `None` unless it is a leaf, as far as that can be said without its names.
    pub(crate) fn read(leaf: &'a str) -> Option<Self> {
        LEAF.fits(leaf.as_bytes()).then(|| Self::of_form(leaf))?
    }

    /// The same for a text that has the form of a leaf: for any other it is something or `None`.
    pub(crate) fn of_form(leaf: &'a str) -> Option<Self> {
        let mut places = LEAF.values.iter().cloned();
        let mut next = || leaf.get(places.next()?).map(|value| ("", value));
        let (seq, at, class_name) = (next()?, next()?, next()?);
        for _name in 0..3 {
            next()?;
        }
        let mut counter = || number(next()?).ok();
        let counters = Counters {
            recipient: counter()?,
            source: counter()?,
            purpose: counter()??,
        };
        let mut hash = || digest(next()?).ok()?;
        hash()?;
        Some(Self {
            seq: number(seq).ok()??,
            at: instant(at).ok()?,
            class: class(class_name).ok()?,
            names: leaf.get(LEAF.names.clone())?,
            counters,
            commitments: [hash()?, hash()?, hash()?],
        })
    }
}

/// Whom a leaf names, from the part of it in which they stand.
pub(crate) fn names(names: &str) -> Option<Named> {
    let begin = LEAF.names.start;
    let mut places = LEAF.values.iter().skip_while(|at| at.start < begin);
    let mut next = || {
        let at = places.next()?;
        names
            .get(at.start - begin..at.end - begin)
            .map(|value| ("", value))
    };
    let covenant = digest(next()?).ok()?;
    let (recipient, source) = (party(next()?).ok()?, party(next()?).ok()?);
    Some(Named::new(covenant, recipient, source))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::Skeleton;
    use crate::opening::Part;

    const COVENANT: &str = "c4f0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e";

    fn leaf(covenant: &str, recipient: &str, source: &str, counters: [&str; 3]) -> String {
        let [of_recipient, of_source, of_purpose] = counters;
        let hash = |digit: char| String::from(digit).repeat(64);
        format!(
            "{{\"v\":1,\"seq\":\"00000000000000000042\",\"at\":\"2026-11-23T20:15:00.000Z\",\
             \"class\":\"decision.\",\"covenant\":\"{covenant:.<64}\",\"recipient\":\"{recipient:.<64}\",\
             \"source\":\"{source:.<64}\",\"counters\":{{\"recipient\":\"{of_recipient:.<20}\",\
             \"source\":\"{of_source:.<20}\",\"purpose\":\"{of_purpose:.<20}\"}},\"n\":\"{}\",\
             \"request\":\"{}\",\"answer\":\"{}\",\"outcome\":\"{}\"}}",
            hash('7'),
            hash('a'),
            hash('b'),
            hash('c'),
        )
    }

    /// Whether it is a leaf, once both say so and say the same of it.
    fn is_leaf(text: &str) -> bool {
        let skeleton = Skeleton::from_leaf(text.as_bytes());
        let fields = Fields::read(text).and_then(|fields| {
            let named = names(fields.names)?;
            let (recipient, source) = (named.recipient.as_ref(), named.source.as_ref());
            let fit = fields.counters.fit(recipient, source);
            fit.then_some((fields, named))
        });
        let Ok(skeleton) = skeleton else {
            assert!(fields.is_none(), "{text}");
            return false;
        };
        let (fields, named) = fields.unwrap();
        assert_eq!(
            (fields.seq, fields.at, fields.class, fields.counters),
            (skeleton.seq, skeleton.at, skeleton.class, skeleton.counters),
            "{text}"
        );
        let commitments = Part::ALL.map(|part| *skeleton.commitment(part));
        assert_eq!(fields.commitments, commitments, "{text}");
        let Skeleton {
            covenant,
            recipient,
            source,
            ..
        } = skeleton;
        assert_eq!(named, Named::new(covenant, recipient, source), "{text}");
        true
    }

    #[test]
    fn what_names_anybody_or_nobody_is_read_alike() {
        let one = "00000000000000000001";
        for (covenant, recipient, source, counters, good) in [
            (COVENANT, "corporatie", "gemeente", [one, one, one], true),
            (COVENANT, "corporatie", "", [one, "", one], true),
            ("", "", "", ["", "", "18446744073709551615"], true),
            ("", "", "", ["", "", "18446744073709551616"], false),
            ("", "", "", ["", "", "99999999999999999999"], false),
            ("", "", "", ["", "", "00000000000000000000"], false),
            ("", "", "", ["", "", ""], false),
            ("", "", "", ["", one, one], false),
            (COVENANT, "corporatie", "", ["", "", one], false),
            (COVENANT, "Corporatie", "", [one, "", one], false),
            ("c4f0", "corporatie", "", [one, "", one], false),
        ] {
            let leaf = leaf(covenant, recipient, source, counters);
            assert_eq!(is_leaf(&leaf), good, "{leaf}");
        }
    }

    #[test]
    fn no_changed_byte_is_read_in_two_ways() {
        let one = "00000000000000000001";
        let good = leaf(COVENANT, "corporatie", "gemeente", [one, one, one]);
        let (mut leaves, mut tried) = (0, 0);
        for at in 0..good.len() {
            let before = good.get(..at).unwrap();
            assert!(!is_leaf(before));
            for byte in (0..128_u8).map(char::from) {
                for behind in ["", "é"] {
                    let end = (at + 1 + behind.len()).min(good.len());
                    let rest = good.get(end..).unwrap();
                    let changed = format!("{before}{byte}{behind}{rest}");
                    leaves += usize::from(is_leaf(&changed));
                    tried += 1;
                }
            }
        }
        assert!(leaves > 3_000 && tried > 20 * leaves, "{leaves} of {tried}");
    }
}
