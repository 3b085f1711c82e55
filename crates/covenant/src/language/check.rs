//! From text to [`Covenant`], or to everything that is wrong with it.

use model::{Day, Digest};
use sha2::{Digest as _, Sha256};
use toml::de::DeTable;

use crate::diagnostic::{Diagnostic, Severity};
use crate::language::ast::Document;
use crate::language::context::Context;
use crate::language::covenant::Covenant;
use crate::language::file;
use crate::language::parse::{self, Draft};
use crate::language::places::Places;
use crate::language::reader::Table;
use crate::language::reading::Reading;
use crate::language::recover::recover;
use crate::lint;
use crate::lint::text;

/// How strictly a file is checked.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Checking {
    /// As it must be to be signed.
    #[default]
    Strict,
    /// As a model text: place-holders for keys, and dates that are past, are warnings.
    Template,
}

/// The outcome of a check.
#[derive(Debug)]
pub struct Checked {
    /// The covenant; `None` when there is any error.
    pub covenant: Option<Covenant>,
    /// The covenant when nothing is wrong with it but examples that come out otherwise: as a
    /// template, so that it can be looked at and never be signed.
    pub but_examples: Option<Covenant>,
    /// All errors, warnings and notes, in the order of the source.
    pub diagnostics: Vec<Diagnostic>,
}

impl Checked {
    /// Whether there is any error.
    #[must_use]
    pub const fn has_errors(&self) -> bool {
        self.covenant.is_none()
    }

    /// What has a severity.
    pub fn with(&self, severity: Severity) -> impl Iterator<Item = &Diagnostic> {
        self.diagnostics
            .iter()
            .filter(move |d| d.severity == severity)
    }
}

/// Checks a covenant strictly, without regard to the date.
#[must_use]
pub fn check(source: &str) -> Checked {
    check_as(source, Checking::Strict, None)
}

/// Checks a covenant's bytes, which may not even be text.
#[must_use]
pub fn check_bytes(bytes: &[u8], checking: Checking, today: Option<Day>) -> Checked {
    match std::str::from_utf8(bytes) {
        Ok(source) => check_as(source, checking, today),
        Err(error) => {
            let ctx = Context::new(checking, Reading::of(""), Vec::new());
            let at = error.valid_up_to();
            ctx.report_file(
                text::FILE_UTF8,
                at..at,
                format!("byte {at} is geen UTF-8"),
                format!("byte {at} is not UTF-8"),
            );
            refused(ctx)
        }
    }
}

/// Checks a covenant; with `today`, also whether its validity is over.
#[must_use]
pub fn check_as(source: &str, checking: Checking, today: Option<Day>) -> Checked {
    if source.len() > file::LARGEST {
        let ctx = Context::new(checking, Reading::of(""), Vec::new());
        file::too_large(&ctx, source.len());
        return refused(ctx);
    }
    // Whatever is wrong with the file or its TOML is reported, and the rest is checked all the same.
    let reading = Reading::of(source);
    let recovered = recover(reading.text());
    let ctx = Context::new(checking, reading, recovered.lines);
    file::check(&ctx, source);
    for fault in &recovered.faults {
        ctx.report_fault(fault);
    }
    let (tree, _) = DeTable::parse_recoverable(&recovered.text);
    let places = Places::new(ctx.text(), tree.get_ref());
    let root = Table::new(&ctx, tree.get_ref(), 0..0);
    let mut draft = parse::document(&root, tree.get_ref());
    let before = ctx.errors();
    root.finish();
    // What stands under a section's name that is unknown may be a clause or a prohibition.
    draft.torn |= ctx.errors() > before;
    let coherent = lint::run(&ctx, &draft, &places, today);
    let judged = coherent && lint::examples::can_be_judged(&draft);
    let digest = Digest::new(Sha256::digest(source.as_bytes()).into());
    let template = checking == Checking::Template;
    let mut covenant = whole(draft).map(|d| Covenant::new(d, digest, template));
    let sound = ctx.errors() == 0;
    if let Some(covenant) = covenant.as_ref().filter(|_| judged) {
        lint::examples::judge(&ctx, &places, covenant);
    }
    let mut but_examples = None;
    if ctx.errors() > 0 {
        let whole = covenant.take().filter(|_| sound);
        but_examples = whole.map(|c| Covenant::new(c.document().clone(), digest, true));
    }
    Checked {
        covenant,
        but_examples,
        diagnostics: ctx.into_findings(),
    }
}

/// What is wrong with the file itself and its TOML, whatever it means.
pub(crate) fn faults_of_file(bytes: &[u8]) -> Vec<Diagnostic> {
    match std::str::from_utf8(bytes) {
        Ok(source) if source.len() <= file::LARGEST => {
            let reading = Reading::of(source);
            let recovered = recover(reading.text());
            let ctx = Context::new(Checking::Template, reading, recovered.lines);
            file::check(&ctx, source);
            for fault in &recovered.faults {
                ctx.report_fault(fault);
            }
            ctx.into_findings()
        }
        // Not even text, or too large: that is all that a check says of it.
        _ => check_bytes(bytes, Checking::Template, None).diagnostics,
    }
}

fn refused(ctx: Context) -> Checked {
    Checked {
        covenant: None,
        but_examples: None,
        diagnostics: ctx.into_findings(),
    }
}

fn whole(draft: Draft) -> Option<Document> {
    Some(Document {
        header: draft.header?,
        parties: draft.parties,
        signals: draft.signals,
        purposes: draft.purposes,
        match_keys: draft.match_keys,
        clauses: draft.clauses.into_iter().map(|c| c.clause).collect(),
        prohibitions: draft.prohibitions.into_iter().map(|p| p.value).collect(),
        examples: draft.examples.into_iter().map(|e| e.value).collect(),
        auditors: draft.auditors,
        log: draft.log?,
    })
}
