//! Rules of the file itself, before anything is parsed. What a person sees must be what the
//! machine reads.

use std::ops::Range;

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark, is_nfc};

use crate::language::context::Context;
use crate::lint::{Lint, text};

/// The largest covenant in bytes.
pub(crate) const LARGEST: usize = 256 * 1024;

/// Reports a file that is too large to look at.
pub(crate) fn too_large(ctx: &Context, size: usize) {
    ctx.report_file(
        text::FILE_SIZE,
        0..0,
        format!("het bestand heeft {size} bytes, en {LARGEST} mag"),
        format!("the file has {size} bytes, and {LARGEST} are allowed"),
    );
}

/// Checks the file's rules.
pub(crate) fn check(ctx: &Context, source: &str) {
    if source.starts_with('\u{feff}') {
        ctx.report_file(
            text::FILE_BOM,
            0..3,
            "het bestand begint met een BOM".into(),
            "the file begins with a byte order mark".into(),
        );
    }
    if let Some(at) = source.find('\r') {
        ctx.report_file(
            text::FILE_LINE_END,
            at..at + 1,
            "hier staat een CR-teken".into(),
            "there is a carriage return here".into(),
        );
    }
    for (at, c) in source.char_indices().filter(|(_, c)| is_hidden(*c)) {
        let told = c == '\r' || (at, c) == (0, '\u{feff}');
        if !told {
            let (nl, en) = hidden_message(c);
            ctx.report_file(text::FILE_CHARACTERS, at..at + c.len_utf8(), nl, en);
        }
    }
    for line in unnormalised(source) {
        ctx.report_file(
            text::FILE_NFC,
            line,
            "deze letter bestaat hier uit losse tekens".into(),
            "this letter is made of separate characters here".into(),
        );
    }
}

/// What is wrong with a decoded text, in which an escape may have put a hidden character.
pub(crate) fn hidden(value: &str) -> Option<(&'static Lint, String, String)> {
    if let Some(c) = value
        .chars()
        .find(|c| is_hidden(*c) || *c == '\n' || *c == '\t')
    {
        let (nl, en) = hidden_message(c);
        return Some((text::FILE_CHARACTERS, nl, en));
    }
    (!is_nfc(value)).then(|| {
        (
            text::FILE_NFC,
            "deze tekst bevat een letter van losse tekens".into(),
            "this text holds a letter made of separate characters".into(),
        )
    })
}

fn hidden_message(c: char) -> (String, String) {
    let code = u32::from(c);
    (
        format!("onzichtbaar of verboden teken U+{code:04X}"),
        format!("invisible or forbidden character U+{code:04X}"),
    )
}

/// Controls, bidirectional controls, zero-width and other characters that nobody sees: some count
/// as letters, such as the fillers of Korean and the empty Braille cell.
pub(crate) fn is_hidden(c: char) -> bool {
    match c {
        '\n' | '\t' => false,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' => {
            true
        }
        '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' => true,
        '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{2800}' => true,
        '\u{3164}' | '\u{ffa0}' => true,
        '\u{fe00}'..='\u{fe0f}' | '\u{e0000}'..='\u{e0fff}' => true,
        _ => c.is_control(),
    }
}

/// Where a letter with its marks is not in NFC: at most one stretch per line.
fn unnormalised(source: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut start = 0;
    for line in source.split_inclusive('\n') {
        if !is_nfc(line) {
            found.push(first_difference(line, start));
        }
        start += line.len();
    }
    found
}

fn first_difference(line: &str, start: usize) -> Range<usize> {
    let mut normal = line.nfc();
    let mut base = 0;
    for (at, c) in line.char_indices() {
        if !is_combining_mark(c) {
            base = at;
        }
        if normal.next() != Some(c) {
            let marks = line.get(base..).unwrap_or_default().char_indices();
            let end = marks
                .skip(1)
                .find(|(_, c)| !is_combining_mark(*c))
                .map_or(line.len(), |(length, _)| base + length);
            return start + base..start + end;
        }
    }
    start..start + line.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::check::Checking;
    use crate::language::reading::Reading;

    fn codes(source: &str) -> Vec<(&'static str, Range<usize>)> {
        let ctx = Context::new(Checking::Strict, Reading::of(source), Vec::new());
        check(&ctx, source);
        let found = ctx.into_findings();
        found.into_iter().map(|d| (d.code, d.from..d.to)).collect()
    }

    #[test]
    fn what_is_seen_is_what_is_read() {
        assert!(codes("taal = \"nl\" # één\n\ttab\n").is_empty());
        assert_eq!(codes("\u{feff}a"), [("bestand-bom", 0..3)]);
        assert_eq!(codes("a\r\nb\r\n"), [("bestand-regeleinde", 1..2)]);
        assert_eq!(codes("a\u{202e}b"), [("bestand-tekens", 1..4)]);
        assert_eq!(codes("a\u{200b}b"), [("bestand-tekens", 1..4)]);
        assert_eq!(codes("a\u{7}b"), [("bestand-tekens", 1..2)]);
        assert_eq!(codes("x\nbee\u{308}n"), [("bestand-nfc", 4..7)]);
        for filler in [
            "\u{34f}", "\u{115f}", "\u{1160}", "\u{2800}", "\u{3164}", "\u{ffa0}",
        ] {
            let end = 1 + filler.len();
            assert_eq!(codes(&format!("a{filler}b")), [("bestand-tekens", 1..end)]);
        }
        assert_eq!(codes("\u{200b}a"), [("bestand-tekens", 0..3)]);
    }

    #[test]
    fn an_escape_smuggles_nothing_in() {
        assert!(hidden("b\u{202e}c").is_some());
        assert!(hidden("e\u{301}").is_some());
        assert!(hidden("een\nregel").is_some());
        assert!(hidden("één").is_none());
    }
}
