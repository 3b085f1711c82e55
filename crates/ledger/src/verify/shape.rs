//! Outcomes that were read before, and what in them may be something else.
//!
//! In a large log nearly every outcome is like one of a few before it, with other ids and other
//! numbers. What differs from a JSON text only inside of its texts, by characters that need no
//! escape, and in the digits of its numbers, is JSON of the same shape: it need not be read again. A
//! test holds that both ways say the same.

use model::PurposeId;

use crate::kind::Kind;

/// What a verifier reads of an outcome.
pub(super) type Head = (Kind, Option<PurposeId>);

/// How many shapes are remembered: more than one covenant's decisions have, few enough to look
/// through.
const REMEMBERED: usize = 64;

/// What may stand at a place: what stood there.
pub(crate) const SAME: u8 = 0;
/// Any printable ASCII character but a quotation mark and a backslash.
pub(crate) const TEXT: u8 = 1;
/// Any digit but 0, which a number does not begin with.
const DIGIT: u8 = 2;

/// The shapes of outcomes that were read before.
#[derive(Debug, Default)]
pub(super) struct Shapes {
    known: Vec<Shape>,
    next: usize,
}

#[derive(Debug)]
struct Shape {
    bytes: Vec<u8>,
    /// For every byte what may stand in its place.
    may: Vec<u8>,
    head: Head,
}

impl Shapes {
    /// What is in an outcome of a shape that was read before.
    pub(super) fn of(&self, bytes: &[u8]) -> Option<&Head> {
        let alike = self
            .known
            .iter()
            .find(|shape| is_like::<true>(&shape.bytes, &shape.may, bytes));
        alike.map(|shape| &shape.head)
    }

    /// Remembers an outcome that is JSON, and what was read of it.
    pub(super) fn remember(&mut self, bytes: &[u8], head: &Head) {
        let shape = Shape {
            bytes: bytes.to_vec(),
            may: may_be(bytes, head),
            head: head.clone(),
        };
        match self.known.get_mut(self.next) {
            Some(oldest) => *oldest = shape,
            None => self.known.push(shape),
        }
        self.next = (self.next + 1) % REMEMBERED;
    }
}

/// Whether `is` is what `was` is, but for what `may` lets stand in its place; `DIGITS` says whether
/// there is any [`DIGIT`] in it.
pub(crate) fn is_like<const DIGITS: bool>(was: &[u8], may: &[u8], is: &[u8]) -> bool {
    /// Enough for a processor to compare many at a time, and to stop soon.
    const AT_A_TIME: usize = 128;
    was.len() == is.len() && {
        let known = was.chunks(AT_A_TIME).zip(may.chunks(AT_A_TIME));
        known.zip(is.chunks(AT_A_TIME)).all(|((was, may), is)| {
            // Most of an outcome is the same as before.
            if was == is {
                return true;
            }
            let each = was.iter().zip(may).zip(is);
            each.fold(true, |alike, ((was, may), is)| {
                let text = (0x20..0x7f).contains(is) & (*is != b'"') & (*is != b'\\');
                let digit = DIGITS && (*may == DIGIT) & (b'1'..=b'9').contains(is);
                alike & ((was == is) | ((*may == TEXT) & text) | digit)
            })
        })
    }
}

/// What may stand where, in a text that is JSON. Names stay as they are, and so does what was read.
fn may_be(json: &[u8], (kind, purpose): &Head) -> Vec<u8> {
    let read = [Some(kind.as_str()), purpose.as_ref().map(PurposeId::as_str)];
    let mut may = vec![SAME; json.len()];
    let mut at = 0;
    while let Some(byte) = json.get(at) {
        if *byte != b'"' {
            if let Some(place) = may.get_mut(at).filter(|_| byte.is_ascii_digit()) {
                *place = DIGIT;
            }
            at += 1;
            continue;
        }
        let text = inside(json.get(at + 1..).unwrap_or_default());
        let end = at + 1 + text.len();
        let behind = json.get(end + 1..).unwrap_or_default();
        let is_name = behind.trim_ascii_start().first() == Some(&b':');
        let is_read = read.iter().flatten().any(|read| read.as_bytes() == text);
        if !is_name && !is_read && !text.contains(&b'\\') && text.is_ascii() {
            may.get_mut(at + 1..end).unwrap_or_default().fill(TEXT);
        }
        at = end + 1;
    }
    may
}

/// What stands before the quotation mark that ends a text.
fn inside(rest: &[u8]) -> &[u8] {
    let mut escaped = false;
    let end = rest.iter().position(|byte| {
        let ends = *byte == b'"' && !escaped;
        escaped = *byte == b'\\' && !escaped;
        ends
    });
    rest.get(..end.unwrap_or(rest.len())).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTCOME: &str = r#"{"kind":"check-answered","transaction_id":"258f0d9f","clause":"3.1",
"cell" : {"purpose":"bezoekveiligheid","source":"gemeente","kind":"x"},"purpose":"bezoekveiligheid",
"basis":{"receive":"AVG 6.1.c \"(Arbo)\"","exception":[]},"naam":"café","leeg":"",
"facts":{"approvals":0,"hits":10,"share":-1.50e+07,"minor":"absent","told":true},"output":null}"#;

    fn head() -> Head {
        let purpose = PurposeId::parse("bezoekveiligheid").unwrap();
        (Kind::CheckAnswered, Some(purpose))
    }

    fn shapes() -> Shapes {
        let mut shapes = Shapes::default();
        shapes.remember(OUTCOME.as_bytes(), &head());
        shapes
    }

    /// Kind and purpose as JSON says them; `None` where it is none, or a name stands twice.
    fn read(text: &[u8]) -> Option<(String, Option<String>)> {
        #[derive(serde::Deserialize)]
        struct Fields {
            kind: String,
            purpose: Option<String>,
        }
        let fields: Fields = serde_json::from_slice(text).ok()?;
        Some((fields.kind, fields.purpose))
    }

    #[test]
    fn what_is_alike_is_json_that_says_the_same() {
        let (shapes, said) = (shapes(), read(OUTCOME.as_bytes()).unwrap());
        let (mut alike, mut tried) = (0, 0);
        for at in 0..OUTCOME.len() {
            for byte in 0..=255 {
                // And a second one behind it, since what is wrong may take two.
                for second in [None, Some(b'"'), Some(b'\\'), Some(b'0'), Some(b':')] {
                    let mut text = OUTCOME.as_bytes().to_vec();
                    text[at] = byte;
                    if let (Some(second), Some(place)) = (second, text.get_mut(at + 1)) {
                        *place = second;
                    }
                    tried += 1;
                    if shapes.of(&text).is_some() {
                        alike += 1;
                        let shown = String::from_utf8_lossy(&text);
                        assert_eq!(read(&text).as_ref(), Some(&said), "{shown}");
                    }
                }
            }
        }
        assert!(alike > 5_000 && tried > 20 * alike, "{alike} of {tried}");
    }

    #[test]
    fn other_ids_and_numbers_are_the_same_shape() {
        let shapes = shapes();
        let with = |from: &str, to: &str| {
            let other = OUTCOME.replace(from, to);
            assert_ne!(other, OUTCOME, "{from}");
            shapes.of(other.as_bytes()).cloned()
        };
        for (from, to) in [
            ("258f0d9f", "ffffffff"),
            ("gemeente", "politie1"),
            ("\"hits\":10", "\"hits\":97"),
            ("-1.50e+07", "-9.91e+11"),
        ] {
            assert_eq!(with(from, to), Some(head()), "{to}");
        }
        for (from, to) in [
            ("check-answered", "check-refused-"),
            (
                ",\"purpose\":\"bezoekveiligheid\"",
                ",\"purpose\":\"bezoekveiligheit\"",
            ),
            ("\"clause\"", "\"clausd\""),
            ("\"hits\":10", "\"hits\":00"),
            ("true", "tru3"),
            ("258f0d9f", "258f0d9\""),
            ("caf", "cav\u{e9}"),
            ("\"leeg\":\"\"", "\"leeg\":\"\" "),
        ] {
            assert_eq!(with(from, to), None, "{to}");
        }
    }

    #[test]
    fn the_oldest_shape_makes_room() {
        let mut shapes = shapes();
        let text = |number: usize| format!("{{\"kind\":\"{}\"}}", "k".repeat(number));
        for number in 0..REMEMBERED {
            shapes.remember(text(number).as_bytes(), &head());
        }
        assert_eq!(shapes.known.len(), REMEMBERED);
        assert!(shapes.of(OUTCOME.as_bytes()).is_none());
        assert!(shapes.of(text(0).as_bytes()).is_some());
    }
}
