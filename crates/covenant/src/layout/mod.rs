//! One layout for covenants: only white space changes, so meaning and comments can't.
//!
//! - Sections keep their order. A blank line goes before each, and before the comment right above
//!   it; elsewhere at most one blank line stays where it was.
//! - `=` stands in one column for keys that follow each other and have the same first part:
//!   `grondslag.*`, `voorwaarde.*`, or keys without a dot. So do comments that follow each other.
//! - A list or table on one line stays on one line; one with a line break in it gets a line for
//!   each element.
//!
//! A file that is not fit to be read (a byte order mark, line ends of Windows, hidden characters,
//! letters in pieces, no valid TOML) is not laid out: its faults are returned as a check reports
//! them, and nothing is mended in silence.

mod page;
mod value;

use toml_parser::Source;
use toml_parser::lexer::TokenKind;

use crate::diagnostic::Diagnostic;
use crate::language::check::faults_of_file;

/// Lays a covenant out. Errors of meaning are no hindrance.
///
/// # Errors
/// What a check reports about the file and its TOML, when there is any such error.
pub fn layout(bytes: &[u8]) -> Result<String, Vec<Diagnostic>> {
    let faults = faults_of_file(bytes);
    if !faults.is_empty() {
        return Err(faults);
    }
    let source = std::str::from_utf8(bytes).unwrap_or_default();
    let laid_out = page::write(&lines(source));
    // Columns may make a file larger than a covenant may be.
    let faults = faults_of_file(laid_out.as_bytes());
    if faults.is_empty() {
        Ok(laid_out)
    } else {
        Err(faults)
    }
}

/// One line of a covenant's statements; a value may take more lines.
enum Line {
    Blank,
    Comment(String),
    Header {
        text: String,
        comment: Option<String>,
    },
    Entry(Entry),
}

struct Entry {
    key: String,
    /// What keys under each other share; empty for a key without a dot.
    first: String,
    value: String,
    comment: Option<String>,
}

/// A piece of the source.
#[derive(Clone, Copy)]
struct Piece<'s> {
    kind: TokenKind,
    text: &'s str,
}

fn pieces(source: &str) -> Vec<Piece<'_>> {
    Source::new(source)
        .lex()
        .filter(|token| token.kind() != TokenKind::Eof)
        .map(|token| Piece {
            kind: token.kind(),
            text: source
                .get(token.span().start()..token.span().end())
                .unwrap_or_default(),
        })
        .collect()
}

fn lines(source: &str) -> Vec<Line> {
    let pieces = pieces(source);
    let mut rest = Rest(pieces.as_slice());
    let mut lines = Vec::new();
    let mut after_line = false;
    while let Some(piece) = rest.peek() {
        match piece.kind {
            TokenKind::Whitespace => drop(rest.next()),
            TokenKind::Newline => {
                rest.next();
                if !after_line {
                    lines.push(Line::Blank);
                }
                after_line = false;
            }
            TokenKind::Comment => {
                rest.next();
                lines.push(Line::Comment(piece.text.trim_end().to_owned()));
                after_line = true;
            }
            TokenKind::LeftSquareBracket => {
                let text =
                    rest.joined(|kind| matches!(kind, TokenKind::Newline | TokenKind::Comment));
                let comment = rest.comment();
                lines.push(Line::Header { text, comment });
                after_line = true;
            }
            _ => {
                lines.push(Line::Entry(entry(&mut rest)));
                after_line = true;
            }
        }
    }
    lines
}

fn entry(rest: &mut Rest<'_, '_>) -> Entry {
    let dotted = rest
        .0
        .iter()
        .take_while(|p| p.kind != TokenKind::Equals)
        .any(|p| p.kind == TokenKind::Dot);
    let first = rest.peek().filter(|_| dotted).map_or("", |p| p.text);
    let first = first.to_owned();
    let key = rest.joined(|kind| kind == TokenKind::Equals);
    rest.next();
    let value = value::value(rest, 0);
    let comment = rest.comment();
    Entry {
        key,
        first,
        value,
        comment,
    }
}

/// What is still to be read.
struct Rest<'p, 's>(&'p [Piece<'s>]);

impl<'s> Rest<'_, 's> {
    fn peek(&self) -> Option<Piece<'s>> {
        self.0.first().copied()
    }

    fn next(&mut self) -> Option<Piece<'s>> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    /// Everything until `end`, without its white space.
    fn joined(&mut self, end: impl Fn(TokenKind) -> bool) -> String {
        let mut text = String::new();
        while let Some(piece) = self.peek().filter(|p| !end(p.kind)) {
            self.next();
            if piece.kind != TokenKind::Whitespace {
                text.push_str(piece.text);
            }
        }
        text
    }

    /// The comment that ends the line, if there is one.
    fn comment(&mut self) -> Option<String> {
        while self.peek().is_some_and(|p| p.kind == TokenKind::Whitespace) {
            self.next();
        }
        let comment = self.peek().filter(|p| p.kind == TokenKind::Comment)?;
        self.next();
        Some(comment.text.trim_end().to_owned())
    }
}
