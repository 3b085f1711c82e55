//! The vectors in `tests/vectors/ledger`: exports, good and tampered, with what must be found.

mod cheating;
mod good;
mod malformed;
mod tampered;

use crate::log_builder::Log;

/// One vector: a few header lines, an empty line, and an export, exact bytes.
pub(crate) struct Vector {
    pub(crate) name: &'static str,
    about: &'static str,
    expect: String,
    vkey: String,
    body: Vec<u8>,
}

impl Vector {
    fn good(
        name: &'static str,
        about: &'static str,
        expect: &str,
        log: &Log,
        lines: &[String],
    ) -> Self {
        let expect = format!("good {expect}");
        Self {
            name,
            about,
            expect,
            vkey: log.signer.verifier().to_vkey(),
            body: body(lines),
        }
    }

    fn bad(
        name: &'static str,
        about: &'static str,
        (line, index, promise): (u64, Option<u64>, &str),
        log: &Log,
        lines: &[String],
    ) -> Self {
        // What stands behind the bad record is not judged: one more line is enough.
        let kept = lines.len().min(usize::try_from(line).unwrap() + 1);
        let lines = &lines[..kept];
        let index = index.map_or_else(|| "-".to_owned(), |i| i.to_string());
        let expect = format!("bad line={line} index={index} promise={promise}");
        Self {
            name,
            about,
            expect,
            vkey: log.signer.verifier().to_vkey(),
            body: body(lines),
        }
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let Self {
            about,
            expect,
            vkey,
            ..
        } = self;
        let head = format!("about: {about}\nexpect: {expect}\nvkey: {vkey}\n\n");
        [head.as_bytes(), &self.body].concat()
    }
}

fn body(lines: &[String]) -> Vec<u8> {
    lines
        .iter()
        .flat_map(|line| [line.as_bytes(), b"\n"].concat())
        .collect()
}

pub(crate) fn all() -> Vec<Vector> {
    [good::vectors(), tampered::vectors(), cheating::vectors()]
        .into_iter()
        .flatten()
        .collect()
}
