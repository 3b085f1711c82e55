//! What a whole check shares: where its findings go.

use std::cell::{Cell, RefCell};
use std::ops::Range;

use crate::diagnostic::{Diagnostic, Severity};
use crate::language::check::Checking;
use crate::lint::{Lint, text};

/// Nobody reads further; a hostile file must not be worth more work.
const MOST_FINDINGS: usize = 1_000;

/// What the whole walk shares: where diagnostics go.
pub(crate) struct Context {
    pub(crate) checking: Checking,
    findings: RefCell<Vec<Diagnostic>>,
    errors: Cell<usize>,
}

impl Context {
    pub(crate) const fn new(checking: Checking) -> Self {
        Self {
            checking,
            findings: RefCell::new(Vec::new()),
            errors: Cell::new(0),
        }
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
        if self.findings.borrow().len() >= MOST_FINDINGS {
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
