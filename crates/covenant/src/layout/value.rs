//! Values: on one line, or one element a line.

use toml_parser::lexer::TokenKind;

use super::Rest;

const STEP: usize = 4;

/// Reads a value until the end of its line, or in a list until its comma, and lays it out for a
/// place that is `indent` columns in.
pub(super) fn value(rest: &mut Rest<'_, '_>, indent: usize) -> String {
    let mut text = String::new();
    let mut before: Option<TokenKind> = None;
    let mut spaced = false;
    while let Some(piece) = rest.peek() {
        match piece.kind {
            TokenKind::Newline
            | TokenKind::Comment
            | TokenKind::Comma
            | TokenKind::RightSquareBracket
            | TokenKind::RightCurlyBracket => break,
            TokenKind::Whitespace => {
                rest.next();
                spaced = true;
                continue;
            }
            TokenKind::Equals => {
                rest.next();
                text.push_str(" = ");
            }
            TokenKind::LeftSquareBracket | TokenKind::LeftCurlyBracket => {
                rest.next();
                let table = piece.kind == TokenKind::LeftCurlyBracket;
                text.push_str(&list(rest, table, indent));
            }
            _ => {
                rest.next();
                // A date and its time may stand apart.
                let apart = before == Some(TokenKind::Atom) && piece.kind == TokenKind::Atom;
                if apart && spaced {
                    text.push(' ');
                }
                text.push_str(piece.text);
            }
        }
        before = Some(piece.kind);
        spaced = false;
    }
    text
}

enum Part {
    Item(String),
    Comma,
    /// With whether it has a line to itself.
    Comment(String, bool),
}

/// The rest of a list or table, whose opening bracket has been read.
fn list(rest: &mut Rest<'_, '_>, table: bool, indent: usize) -> String {
    let broken = is_broken(rest);
    let within = if broken { indent + STEP } else { indent };
    let mut parts = Vec::new();
    let mut alone = false;
    while let Some(piece) = rest.peek() {
        match piece.kind {
            TokenKind::RightSquareBracket | TokenKind::RightCurlyBracket => {
                rest.next();
                break;
            }
            TokenKind::Whitespace => drop(rest.next()),
            TokenKind::Newline => {
                rest.next();
                alone = true;
            }
            TokenKind::Comma => {
                rest.next();
                parts.push(Part::Comma);
                alone = false;
            }
            TokenKind::Comment => {
                rest.next();
                parts.push(Part::Comment(piece.text.trim_end().to_owned(), alone));
            }
            _ => {
                parts.push(Part::Item(value(rest, within)));
                alone = false;
            }
        }
    }
    let (open, close) = if table { ("{", "}") } else { ("[", "]") };
    if broken {
        return spread(&parts, open, close, indent);
    }
    let gap = if table && !parts.is_empty() { " " } else { "" };
    let mut text = format!("{open}{gap}");
    let mut before_item = false;
    for part in &parts {
        match part {
            Part::Item(item) => {
                if before_item {
                    text.push(' ');
                }
                text.push_str(item);
            }
            Part::Comma => text.push(','),
            // There is none: a comment breaks the line.
            Part::Comment(comment, _) => text.push_str(comment),
        }
        before_item = true;
    }
    text.push_str(gap);
    text.push_str(close);
    text
}

/// Whether there is a line break in the list itself.
fn is_broken(rest: &Rest<'_, '_>) -> bool {
    let mut depth = 0_usize;
    for piece in rest.0 {
        match piece.kind {
            TokenKind::LeftSquareBracket | TokenKind::LeftCurlyBracket => depth += 1,
            TokenKind::RightSquareBracket | TokenKind::RightCurlyBracket if depth == 0 => {
                return false;
            }
            TokenKind::RightSquareBracket | TokenKind::RightCurlyBracket => depth -= 1,
            TokenKind::Newline | TokenKind::Comment if depth == 0 => return true,
            _ => {}
        }
    }
    false
}

fn spread(parts: &[Part], open: &str, close: &str, indent: usize) -> String {
    let new_line = format!("\n{}", " ".repeat(indent + STEP));
    let mut text = open.to_owned();
    // What the line holds that may be added to.
    let mut fresh = false;
    for part in parts {
        match part {
            Part::Item(item) => {
                text.push_str(&new_line);
                text.push_str(item);
                fresh = true;
            }
            Part::Comma => {
                if !fresh {
                    text.push_str(&new_line);
                }
                text.push(',');
                fresh = true;
            }
            Part::Comment(comment, alone) => {
                let before = if *alone { &new_line } else { "  " };
                text.push_str(before);
                text.push_str(comment);
                fresh = false;
            }
        }
    }
    text.push_str(&format!("\n{}{close}", " ".repeat(indent)));
    text
}
