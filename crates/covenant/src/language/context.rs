//! What a whole check shares: where its findings go.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::ops::Range;

use crate::diagnostic::{Diagnostic, Severity};
use crate::language::check::Checking;
use crate::language::fault::Fault;
use crate::language::reading::Reading;
use crate::lint::{Lint, text};

/// Nobody reads further; a hostile file must not be worth more work.
const MOST_FINDINGS: usize = 1_000;

/// What the whole walk shares: the text, and where diagnostics go.
pub(crate) struct Context {
    pub(crate) checking: Checking,
    reading: Reading,
    lost: Lost,
    findings: RefCell<Vec<Diagnostic>>,
    errors: Cell<usize>,
    /// The keys that were asked for, by where their table is.
    #[cfg(test)]
    pub(crate) asked: RefCell<Vec<(usize, Vec<&'static str>)>>,
}

impl Context {
    /// For a text that has these faults.
    pub(crate) fn new(checking: Checking, reading: Reading, lost: Vec<Range<usize>>) -> Self {
        let lost = Lost::new(reading.text(), lost);
        Self {
            checking,
            reading,
            lost,
            findings: RefCell::new(Vec::new()),
            errors: Cell::new(0),
            #[cfg(test)]
            asked: RefCell::new(Vec::new()),
        }
    }

    /// The text that was parsed.
    pub(crate) fn text(&self) -> &str {
        self.reading.text()
    }

    /// Whether a name stands in a line that could not be read: then it is not missing.
    pub(crate) fn is_lost(&self, name: &str) -> bool {
        self.lost.words.contains(name)
    }

    /// Whether a line could not be read of the section that begins at an offset.
    pub(crate) fn is_torn(&self, start: usize) -> bool {
        let rest = self.text().get(start..).unwrap_or_default();
        let end = start + rest.find("\n[").unwrap_or(rest.len());
        end > 0 && self.lost.touches(start, end - 1)
    }

    /// Whether the whole text could be read.
    pub(crate) const fn is_whole(&self) -> bool {
        self.lost.starts.is_empty()
    }

    /// Whether so much was found that nothing is added any more; then it needs no words.
    pub(crate) fn is_full(&self) -> bool {
        self.findings.borrow().len() >= MOST_FINDINGS
    }

    /// Counts an error that is not told, since it only follows from a line that could not be read.
    pub(crate) fn follows(&self) {
        self.errors.set(self.errors.get() + 1);
    }

    /// How many errors there are so far; a part that adds none is clean.
    pub(crate) const fn errors(&self) -> usize {
        self.errors.get()
    }

    pub(crate) fn report(&self, lint: &Lint, at: Range<usize>, nl: String, en: String) {
        self.report_with(lint, at, nl, en, lint.help_nl.into(), lint.help_en.into());
    }

    pub(crate) fn report_with(
        &self,
        lint: &Lint,
        at: Range<usize>,
        message_nl: String,
        message_en: String,
        help_nl: String,
        help_en: String,
    ) {
        let lenient = self.checking == Checking::Template
            && (lint.code == text::KEY_PLACEHOLDER.code
                || lint.code == crate::lint::meaning::EXPIRED.code);
        let severity = if lenient {
            Severity::Warning
        } else {
            lint.severity
        };
        if severity == Severity::Error {
            self.errors.set(self.errors.get() + 1);
        }
        // What is missing in the whole file is shown at its beginning.
        if at != (0..0) && self.lost.touches(at.start, at.end) {
            return;
        }
        self.push(
            lint,
            severity,
            self.reading.in_file(at),
            [message_nl, message_en, help_nl, help_en],
        );
    }

    /// Reports what is wrong with the file itself, at a place of the file.
    pub(crate) fn report_file(&self, lint: &Lint, at: Range<usize>, nl: String, en: String) {
        self.errors.set(self.errors.get() + 1);
        let help = [lint.help_nl.into(), lint.help_en.into()];
        let [help_nl, help_en] = help;
        self.push(lint, lint.severity, at, [nl, en, help_nl, help_en]);
    }

    /// Reports what could not be parsed.
    pub(crate) fn report_fault(&self, fault: &Fault) {
        let at = self.reading.in_file(fault.at.clone());
        self.report_file(text::TOML, at, fault.nl.into(), fault.en.into());
    }

    fn push(&self, lint: &Lint, severity: Severity, at: Range<usize>, texts: [String; 4]) {
        let [message_nl, message_en, help_nl, help_en] = texts;
        if self.is_full() {
            return;
        }
        self.findings.borrow_mut().push(Diagnostic {
            from: at.start,
            to: at.end,
            severity,
            code: lint.code,
            message_nl,
            message_en,
            help_nl,
            help_en,
        });
    }

    /// Everything that was found, in the order of the source, without doubles.
    pub(crate) fn into_findings(self) -> Vec<Diagnostic> {
        let mut found = self.findings.into_inner();
        found.sort_by(|a, b| {
            (a.from, a.severity, a.to, a.code).cmp(&(b.from, b.severity, b.to, b.code))
        });
        found.dedup();
        found
    }
}

/// The lines that could not be read.
struct Lost {
    /// Where each begins, in order.
    starts: Vec<usize>,
    /// How far those up to and with each reach.
    reach: Vec<usize>,
    /// Every word in them.
    words: BTreeSet<String>,
}

impl Lost {
    fn new(text: &str, mut lines: Vec<Range<usize>>) -> Self {
        lines.sort_by_key(|line| line.start);
        let letter = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
        let mut lost = Self {
            starts: Vec::with_capacity(lines.len()),
            reach: Vec::with_capacity(lines.len()),
            words: BTreeSet::new(),
        };
        for line in lines {
            let known = lost.reach.last().copied().unwrap_or(0);
            if lost.starts.last() != Some(&line.start) || line.end > known {
                let words = text.get(line.clone()).unwrap_or_default();
                let words = words.split(|c| !letter(c)).filter(|word| !word.is_empty());
                lost.words.extend(words.map(str::to_owned));
            }
            lost.starts.push(line.start);
            lost.reach.push(line.end.max(known));
        }
        lost
    }

    /// Whether one of them has anything in common with a stretch, ends included.
    fn touches(&self, from: usize, to: usize) -> bool {
        let before = self.starts.partition_point(|start| *start <= to);
        before
            .checked_sub(1)
            .and_then(|last| self.reach.get(last))
            .is_some_and(|reach| *reach >= from)
    }
}
