//! The texts that a configuration is read from, laid end to end: one span names both a text and a
//! place in it.

use std::ops::Range;

/// What a text is, and so how a place in it is told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// A file or the defaults, by name.
    File(String),
    /// One environment variable, by name.
    Variable(String),
    /// One `--set`, by the setting's name.
    Flag(String),
}

impl Kind {
    /// Whether its values come from a shell, where everything is a string.
    pub(super) const fn is_untyped(&self) -> bool {
        matches!(self, Self::Variable(_) | Self::Flag(_))
    }
}

#[derive(Clone, Debug)]
pub(super) struct Document {
    pub(super) kind: Kind,
    pub(super) text: String,
    base: usize,
}

/// All texts.
#[derive(Clone, Debug, Default)]
pub(super) struct Documents(Vec<Document>);

impl Documents {
    /// Adds a text; the answer is what to add to its own offsets.
    pub(super) fn add(&mut self, kind: Kind, text: String) -> usize {
        // One apart, so that the end of a text is not the beginning of the next.
        let base = self.0.last().map_or(0, |d| d.base + d.text.len() + 1);
        self.0.push(Document { kind, text, base });
        base
    }

    pub(super) fn at(&self, span: &Range<usize>) -> Option<&Document> {
        self.0
            .iter()
            .find(|d| d.base <= span.start && span.start <= d.base + d.text.len())
    }

    /// `file:line:column` or the name of the variable or flag.
    pub(super) fn place(&self, span: &Range<usize>) -> Option<String> {
        let document = self.at(span)?;
        Some(match &document.kind {
            Kind::File(name) => {
                let (line, column) = document.line_column(span.start);
                format!("{name}:{line}:{column}")
            }
            Kind::Variable(name) => format!("environment variable {name}"),
            Kind::Flag(name) => format!("--set {name}"),
        })
    }

    /// Where a value came from, without its column.
    pub(super) fn origin(&self, span: &Range<usize>) -> Option<String> {
        let document = self.at(span)?;
        match &document.kind {
            Kind::File(name) => Some(format!("{name}:{}", document.line_column(span.start).0)),
            Kind::Variable(_) | Kind::Flag(_) => self.place(span),
        }
    }

    /// The text of a span.
    pub(super) fn text(&self, span: &Range<usize>) -> Option<&str> {
        let document = self.at(span)?;
        document
            .text
            .get(span.start - document.base..span.end.checked_sub(document.base)?)
    }
}

impl Document {
    fn line_column(&self, at: usize) -> (usize, usize) {
        let before = self.text.get(..at - self.base).unwrap_or(&self.text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or(before).chars().count() + 1;
        (line, column)
    }
}
