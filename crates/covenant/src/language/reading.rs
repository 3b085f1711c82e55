//! The text that is checked, and where each part of it is in the file. What makes a file
//! unfit to be signed (a byte order mark, line ends of Windows, hidden characters, letters in
//! pieces) was reported before; it is left out here, so that the rest can be looked at too.

use std::ops::Range;

use unicode_normalization::{UnicodeNormalization as _, char::is_combining_mark, is_nfc};

use crate::language::file::is_hidden;

/// A file as it is parsed.
pub(crate) struct Reading {
    text: String,
    pieces: Vec<Piece>,
}

/// A stretch of the text and what it was in the file: the same bytes, or letters put together.
struct Piece {
    text: Range<usize>,
    file: Range<usize>,
}

impl Reading {
    pub(crate) fn of(source: &str) -> Self {
        let mut reading = Self {
            text: String::with_capacity(source.len()),
            pieces: Vec::new(),
        };
        let mut start = 0;
        for line in source.split_inclusive('\n') {
            reading.line(line, start);
            start += line.len();
        }
        reading
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Where a stretch of the text is in the file.
    pub(crate) fn in_file(&self, at: Range<usize>) -> Range<usize> {
        let start = self.start(at.start);
        if at.is_empty() {
            return start..start;
        }
        start..self.end(at.end).max(start)
    }

    fn start(&self, at: usize) -> usize {
        let next = self.pieces.partition_point(|piece| piece.text.end <= at);
        match self.pieces.get(next) {
            Some(piece) if piece.is_verbatim() => {
                piece.file.start + at.saturating_sub(piece.text.start)
            }
            Some(piece) => piece.file.start,
            None => self.pieces.last().map_or(0, |piece| piece.file.end),
        }
    }

    fn end(&self, at: usize) -> usize {
        let next = self.pieces.partition_point(|piece| piece.text.end < at);
        match self.pieces.get(next) {
            Some(piece) if piece.is_verbatim() => {
                piece.file.start + at.saturating_sub(piece.text.start)
            }
            Some(piece) => piece.file.end,
            None => self.pieces.last().map_or(0, |piece| piece.file.end),
        }
    }

    /// Takes a line over, letter by letter with its marks.
    fn line(&mut self, line: &str, start: usize) {
        let whole = is_nfc(line);
        if whole && !line.chars().any(is_hidden) {
            self.push(line, start..start + line.len());
            return;
        }
        let mut rest = line;
        let mut at = start;
        while let Some(first) = rest.chars().next() {
            let length = if whole {
                first.len_utf8()
            } else {
                letter(rest)
            };
            let (one, after) = rest.split_at_checked(length).unwrap_or((rest, ""));
            // A line that ends in a carriage return alone ends all the same.
            let alone = first == '\r' && !after.starts_with('\n');
            if alone {
                self.push("\n", at..at + 1);
            } else if whole && !is_hidden(first) {
                self.push(one, at..at + one.len());
            } else {
                let seen: String = one.chars().filter(|c| !is_hidden(*c)).nfc().collect();
                self.push(&seen, at..at + one.len());
            }
            at += one.len();
            rest = after;
        }
    }

    fn push(&mut self, text: &str, file: Range<usize>) {
        if text.is_empty() {
            return;
        }
        let start = self.text.len();
        self.text.push_str(text);
        let piece = Piece {
            text: start..self.text.len(),
            file,
        };
        match self.pieces.last_mut() {
            Some(last)
                if last.is_verbatim()
                    && piece.is_verbatim()
                    && last.file.end == piece.file.start =>
            {
                last.text.end = piece.text.end;
                last.file.end = piece.file.end;
            }
            _ => self.pieces.push(piece),
        }
    }
}

impl Piece {
    fn is_verbatim(&self) -> bool {
        self.text.len() == self.file.len()
    }
}

/// How long a letter is with all that may be put together with it: its marks, and what makes a
/// Korean syllable.
fn letter(text: &str) -> usize {
    let joins = |c: char| is_combining_mark(c) || matches!(c, '\u{1160}'..='\u{11ff}');
    text.char_indices()
        .skip(1)
        .find(|(_, c)| !joins(*c))
        .map_or(text.len(), |(at, _)| at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(source: &str, word: &str) -> String {
        let reading = Reading::of(source);
        let start = reading.text().find(word).unwrap();
        let place = reading.in_file(start..start + word.len());
        source.get(place).unwrap().to_owned()
    }

    #[test]
    fn what_is_fit_stays_as_it_is() {
        let source = "taal = \"nl\" # één\n";
        let reading = Reading::of(source);
        assert_eq!(reading.text(), source);
        assert_eq!(reading.pieces.len(), 1);
        for (from, to) in [(0, 4), (12, 20), (20, 20), (0, 20)] {
            assert_eq!(reading.in_file(from..to), from..to);
        }
        assert_eq!(Reading::of("").in_file(0..0), 0..0);
    }

    #[test]
    fn places_are_those_of_the_file() {
        let source = "\u{feff}a = 1\r\nbee\u{308}n = \"twee\u{301}\"\r\nc\u{200b}d = 3\re = 4";
        let reading = Reading::of(source);
        assert_eq!(reading.text(), "a = 1\nbeën = \"tweé\"\ncd = 3\ne = 4");
        assert_eq!(at(source, "a = 1"), "a = 1");
        assert_eq!(at(source, "beën"), "bee\u{308}n");
        assert_eq!(at(source, "ë"), "e\u{308}");
        assert_eq!(at(source, "tweé"), "twee\u{301}");
        assert_eq!(at(source, "cd"), "c\u{200b}d");
        assert_eq!(at(source, "d"), "d");
        assert_eq!(at(source, "e = 4"), "e = 4");
        let length = reading.text().len();
        assert_eq!(reading.in_file(length..length), source.len()..source.len());
    }
}
