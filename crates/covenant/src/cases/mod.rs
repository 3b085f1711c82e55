//! Cases beside a covenant (`<name>.cases.toml`): questions with their outcome, as the signed
//! examples are, but as many as a lawyer wants and without anybody signing them.
//!
//! A case may name every reason to refuse, and the clause or prohibition that refuses, so that a
//! refusal for another reason than the one meant does not pass. With the examples they show for
//! each clause whether there is a yes and a no ([`coverage`]).

pub mod coverage;
mod parse;
mod report;
mod trial;

use std::ops::Range;

use model::ClauseNo;
use toml::de::DeTable;

use crate::diagnostic::Diagnostic;
use crate::language::ast::Example;
use crate::language::check::Checking;
use crate::language::context::Context;
use crate::language::covenant::Covenant;
use crate::language::file;
use crate::language::parse::Names;
use crate::language::reader::Table;
use crate::language::reading::Reading;
use crate::language::recover::recover;
use crate::language::words::Reason;
use crate::lint::text;

pub(crate) use parse::cases as read;
pub use report::{Tested, TestedCases};
pub use trial::{Tried, try_cases, try_examples};

/// The format that a file of cases names.
pub const FORMAT: &str = "convenant-gevallen/1";

/// One case.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Case {
    /// Name, question, facts and outcome, as of a signed example. The name of a row of a series
    /// ends in its number, from 1.
    pub example: Example,
    /// `redenen`: exactly these reasons to refuse, in any order.
    pub reasons: Option<Vec<Reason>>,
    /// `regel`: the clause that refuses.
    pub clause: Option<ClauseNo>,
    /// `verbod`: the prohibition that refuses.
    pub prohibition: Option<ClauseNo>,
    /// Where the outcome stands: byte offsets in the file.
    pub at: Range<usize>,
}

/// The outcome of reading a file of cases.
#[derive(Debug)]
pub struct CheckedCases {
    /// The cases, in the file's order; `None` when there is any error.
    pub cases: Option<Vec<Case>>,
    /// All errors and warnings, in the order of the source.
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads the cases of a covenant from a file's bytes, which may not even be text.
#[must_use]
pub fn check_cases(bytes: &[u8], covenant: &Covenant) -> CheckedCases {
    let empty = || Context::new(Checking::Strict, Reading::of(""), Vec::new());
    let source = match std::str::from_utf8(bytes) {
        Ok(source) if source.len() <= file::LARGEST => source,
        Ok(source) => {
            let ctx = empty();
            file::too_large(&ctx, source.len());
            return settled(ctx, None);
        }
        Err(error) => {
            let (ctx, at) = (empty(), error.valid_up_to());
            ctx.report_file(
                text::FILE_UTF8,
                at..at,
                format!("byte {at} is geen UTF-8"),
                format!("byte {at} is not UTF-8"),
            );
            return settled(ctx, None);
        }
    };
    let reading = Reading::of(source);
    let recovered = recover(reading.text());
    let ctx = Context::new(Checking::Strict, reading, recovered.lines);
    file::check(&ctx, source);
    for fault in &recovered.faults {
        ctx.report_fault(fault);
    }
    let (tree, _) = DeTable::parse_recoverable(&recovered.text);
    let root = Table::new(&ctx, tree.get_ref(), 0..0);
    let cases = read(&root, covenant, &Names::of(covenant));
    root.finish();
    settled(ctx, Some(cases))
}

fn settled(ctx: Context, cases: Option<Vec<Case>>) -> CheckedCases {
    let whole = ctx.errors() == 0;
    let mut diagnostics = ctx.into_findings();
    // What the rows of a series share is read once for each of them.
    let mut told = Vec::new();
    diagnostics.retain(|found| {
        let new = !told.contains(found);
        if new {
            told.push(found.clone());
        }
        new
    });
    CheckedCases {
        cases: cases.filter(|_| whole),
        diagnostics,
    }
}
