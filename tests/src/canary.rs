//! Looks for things that must not be somewhere, in every form in which they could be there.

use anyhow::{Context as _, Result};
use data_encoding::{BASE32, BASE64, BASE64URL_NOPAD, HEXLOWER, HEXUPPER};
use pseudonym::raw::{RawIdentifier, RawSubject};
use regex::bytes::{Regex, RegexBuilder};

/// The shortest text that is looked for: a shorter one is found everywhere by chance.
const SHORTEST: usize = 5;

/// Something that must not be found.
#[derive(Debug, Clone)]
struct Needle {
    name: String,
    form: &'static str,
    bytes: Vec<u8>,
}

/// All that must not be found.
#[derive(Debug, Clone, Default)]
pub struct Canaries(Vec<Needle>);

impl Canaries {
    /// A text, as it is and as libraries may write it.
    pub fn text(&mut self, name: &str, text: &str) {
        if text.len() < SHORTEST {
            return;
        }
        self.add(name, "as it is", text.as_bytes());
        self.add(name, "lower case", text.to_lowercase().as_bytes());
        self.add(name, "upper case", text.to_uppercase().as_bytes());
        self.encoded(name, text.as_bytes());
    }

    /// Secret bytes, as they are and as libraries may write them.
    pub fn secret(&mut self, name: &str, bytes: &[u8]) {
        self.add(name, "as it is", bytes);
        self.encoded(name, bytes);
    }

    /// The identifiers of one subject by their paths, raw, and in each of their normal forms.
    ///
    /// # Errors
    /// When they are not taken: a canary must be a good value, or it would never go anywhere.
    pub fn subject(&mut self, fields: &[(&str, &str)]) -> Result<()> {
        for (path, value) in fields {
            self.text(path, value);
        }
        let raw = fields
            .iter()
            .map(|(path, value)| (*path, RawIdentifier::new(*value)));
        let raw = RawSubject::from_fields(raw)?;
        let normal = pseudonym::normalise(&raw)
            .map_err(|refusals| anyhow::anyhow!("not taken: {refusals:?}"))?;
        for field in normal.fields() {
            for value in normal.values(field) {
                self.text(&format!("normal form of {field:?}"), value);
            }
        }
        Ok(())
    }

    /// How many different things are looked for, each in several forms.
    #[must_use]
    pub fn len(&self) -> usize {
        let mut names: Vec<&str> = self.0.iter().map(|needle| needle.name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        names.len()
    }

    /// Whether nothing is looked for.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Without those of these names.
    #[must_use]
    pub fn but(&self, names: &[&str]) -> Self {
        let others = self
            .0
            .iter()
            .filter(|needle| !names.contains(&needle.name.as_str()));
        Self(others.cloned().collect())
    }

    /// Both.
    #[must_use]
    pub fn and(&self, others: &Self) -> Self {
        Self(self.0.iter().chain(&others.0).cloned().collect())
    }

    /// Ready to search.
    ///
    /// # Errors
    /// When there are too many.
    pub fn hunter(&self) -> Result<Hunter> {
        let escape = |bytes: &[u8]| -> String {
            bytes.iter().map(|byte| format!("\\x{byte:02x}")).collect()
        };
        let all: Vec<String> = self.0.iter().map(|needle| escape(&needle.bytes)).collect();
        let expression = RegexBuilder::new(&all.join("|"))
            .unicode(false)
            .size_limit(1 << 26)
            .build()
            .context("an expression of all canaries")?;
        Ok(Hunter {
            expression,
            canaries: self.clone(),
        })
    }

    fn encoded(&mut self, name: &str, bytes: &[u8]) {
        // What a following byte would change is left out of an encoding.
        let whole = bytes.len() - bytes.len() % 3;
        let head = bytes.get(..whole).unwrap_or_default();
        let fives = bytes
            .get(..bytes.len() - bytes.len() % 5)
            .unwrap_or_default();
        let list = |separator: &str| {
            bytes
                .iter()
                .map(u8::to_string)
                .collect::<Vec<_>>()
                .join(separator)
        };
        self.add(name, "hexadecimal", HEXLOWER.encode(bytes).as_bytes());
        self.add(
            name,
            "hexadecimal, upper case",
            HEXUPPER.encode(bytes).as_bytes(),
        );
        self.add(name, "base64", BASE64.encode(head).as_bytes());
        self.add(
            name,
            "base64 for addresses",
            BASE64URL_NOPAD.encode(head).as_bytes(),
        );
        self.add(name, "base32", BASE32.encode(fives).as_bytes());
        self.add(name, "a list of bytes", list(", ").as_bytes());
        self.add(name, "a list of bytes", list(",").as_bytes());
    }

    fn add(&mut self, name: &str, form: &'static str, bytes: &[u8]) {
        let known = self
            .0
            .iter()
            .any(|needle| needle.bytes == bytes && needle.name == name);
        if bytes.len() >= SHORTEST && !known {
            self.0.push(Needle {
                name: name.to_owned(),
                form,
                bytes: bytes.to_vec(),
            });
        }
    }
}

/// Searches.
#[derive(Debug, Clone)]
pub struct Hunter {
    expression: Regex,
    canaries: Canaries,
}

impl Hunter {
    /// What is found in `haystack`: each canary with its form and its surroundings. Empty is good.
    #[must_use]
    pub fn found(&self, place: &str, haystack: &[u8]) -> Vec<String> {
        let mut told = Vec::new();
        for hit in self.expression.find_iter(haystack) {
            if by_chance(haystack, hit.start(), hit.end()) {
                continue;
            }
            let around = hit.start().saturating_sub(60)..(hit.end() + 20).min(haystack.len());
            let around = haystack
                .get(around)
                .unwrap_or_default()
                .escape_ascii()
                .to_string();
            for needle in self
                .canaries
                .0
                .iter()
                .filter(|needle| needle.bytes == hit.as_bytes())
            {
                told.push(format!(
                    "{place}: {} ({}): ..{around}..",
                    needle.name, needle.form
                ));
            }
        }
        told.sort();
        told.dedup_by_key(|line| line.split("): ..").next().map(ToOwned::to_owned));
        told
    }

    /// What is found in the files of a folder and all folders in it.
    ///
    /// # Errors
    /// When a file can't be read.
    pub fn found_below(&self, folder: &std::path::Path) -> Result<(usize, Vec<String>)> {
        let (mut bytes, mut told) = (0, Vec::new());
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                let (more, inside) = self.found_below(&path)?;
                bytes += more;
                told.extend(inside);
            } else {
                let content = std::fs::read(&path)?;
                bytes += content.len();
                told.extend(self.found(&path.display().to_string(), &content));
            }
        }
        Ok((bytes, told))
    }
}

/// Whether a hit is a short number inside a longer run of letters and digits, or of listed bytes:
/// five digits stand in some hash or key by chance, once in a megabyte of hexadecimal text. Or a
/// number in a line of sled's page cache, which says where in a file it reads and writes: five
/// digits are one of its thousands of places every so often. Keys and values it does not write.
fn by_chance(haystack: &[u8], start: usize, end: usize) -> bool {
    let hit = haystack.get(start..end).unwrap_or_default();
    let before = start
        .checked_sub(1)
        .and_then(|place| haystack.get(place))
        .copied();
    let after = haystack.get(end).copied();
    let number = hit.len() < 9 && hit.iter().all(u8::is_ascii_digit);
    let in_run = |side: Option<u8>| side.is_some_and(|byte| byte.is_ascii_alphanumeric());
    let list = hit.len() < 40
        && hit.contains(&b',')
        && hit
            .iter()
            .all(|byte| byte.is_ascii_digit() || b", ".contains(byte));
    let in_list = |side: Option<u8>| side.is_some_and(|byte| b", 0123456789".contains(&byte));
    (number && (in_run(before) || in_run(after) || is_of_the_page_cache(haystack, start)))
        || (list && (in_list(before) || in_list(after)))
}

/// Whether a place lies in a log line whose target is sled's page cache.
fn is_of_the_page_cache(haystack: &[u8], place: usize) -> bool {
    let before = haystack.get(..place).unwrap_or_default();
    let line = before.rsplit(|byte| *byte == b'\n').next();
    let mut words = line.unwrap_or_default().split(|byte| *byte == b' ');
    words
        .nth(1)
        .is_some_and(|target| target.starts_with(b"sled::pagecache::"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_a_canary_is_found() {
        let mut canaries = Canaries::default();
        canaries.text("name", "Kanarievogel");
        canaries.secret("key", &[0xfb; 32]);
        canaries.text("too short", "abcd");
        assert_eq!(canaries.len(), 2);
        let hunter = canaries.hunter().unwrap();
        for (haystack, hits) in [
            ("nothing here", 0),
            ("x KANARIEVOGEL y", 1),
            ("x kanarievogel y", 1),
            ("4b616e61726965766f67656c", 1),
            (
                "bytes: [75, 97, 110, 97, 114, 105, 101, 118, 111, 103, 101, 108]",
                1,
            ),
            ("S2FuYXJpZXZvZ2Vs", 1),
            ("DEBUG sled::pagecache::iobuf kanarievogel", 1),
        ] {
            assert_eq!(
                hunter.found("here", haystack.as_bytes()).len(),
                hits,
                "{haystack}"
            );
        }
        assert_eq!(
            hunter
                .found("raw", &[[0; 4].as_slice(), &[0xfb; 32], &[1]].concat())
                .len(),
            1
        );
        assert_eq!(
            hunter
                .found("base64", BASE64.encode(&[0xfb; 32]).as_bytes())
                .len(),
            1
        );
        assert_eq!(canaries.but(&["name"]).len(), 1);
    }

    #[test]
    fn a_short_number_counts_where_it_stands_alone() {
        let mut canaries = Canaries::default();
        canaries.text("number", "98713");
        let hunter = canaries.hunter().unwrap();
        for alone in [
            "number=98713",
            "\"98713\"",
            " 98713 ",
            "[57, 56, 55, 49, 51]",
            "TRACE sled::tree found 98713",
            "DEBUG sled::pagecache::iobuf wrote 4 bytes\nTRACE node found 98713",
            "DEBUG sled::pagecache::iobuf wrote [57, 56, 55, 49, 51]",
        ] {
            assert_eq!(hunter.found("here", alone.as_bytes()).len(), 1, "{alone}");
        }
        for inside in [
            "3be398713f12",
            "[1, 57, 56, 55, 49, 51, 2]",
            "x\nDEBUG sled::pagecache::iobuf wrote lsns 98713-98760 to disk",
        ] {
            assert_eq!(hunter.found("here", inside.as_bytes()).len(), 0, "{inside}");
        }
    }
}
