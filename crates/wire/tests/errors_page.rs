//! `docs/errors.md` is the printed form of the catalogue in the code.
//!
//! After a change to a reason: `WIRE_REGENERATE=1 cargo test -p wire --test errors_page`.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fmt::Write as _;
use std::path::Path;

use wire::{Problem, Reason};

const HEAD: &str = "\
# Errors

Everything that a node or the broker refuses comes with a status, and with these details:

| detail | what is in it |
|---|---|
| `ErrorInfo` | the reason (below), domain `covenant`, and names of things involved; never a value of the request |
| `BadRequest` | every field that is wrong: its path as in the proto, its rule, and the remedy in English and Dutch |
| `LocalizedMessage` | cause and remedy in Dutch; the status itself says it in English |
| `Help` | a link to the reason's heading on this page |
| `RetryInfo` | how long to wait, where waiting helps |

An item of a stream or a batch that is refused has the same as a `google.rpc.Status` of its own.

This page is made from the code and checked against it.

";

fn page() -> String {
    let mut page = String::from(HEAD);
    page.push_str("## Reasons\n\n| reason | status | who must act |\n|---|---|---|\n");
    for reason in Reason::ALL {
        let (status, actor) = (status(*reason), reason.actor().as_str());
        writeln!(page, "| [`{reason}`](#{reason}) | {status} | {actor} |").unwrap();
    }
    for reason in Reason::ALL {
        let (cause, remedy) = halves(reason.message_en());
        writeln!(page, "\n<a id=\"{reason}\"></a>\n### {reason}\n").unwrap();
        writeln!(
            page,
            "Status {}. Who must act: {}.\n",
            status(*reason),
            reason.actor().as_str()
        )
        .unwrap();
        writeln!(page, "- Cause: {cause}.\n- Remedy: {remedy}.").unwrap();
        writeln!(page, "- In het Nederlands: {}.", reason.message_nl()).unwrap();
    }
    page.push_str("\n## Rules of fields\n\n");
    page.push_str(
        "What any message can break. Identifiers have rules of their own, such as `BSN_CHECK`.\n\n",
    );
    page.push_str("| rule | problem and remedy | in het Nederlands |\n|---|---|---|\n");
    for problem in Problem::ALL {
        let (en, nl) = (problem.message_en(), problem.message_nl());
        writeln!(page, "| `{}` | {en} | {nl} |", problem.code()).unwrap();
    }
    page
}

/// The status by its name in the gRPC specification.
fn status(reason: Reason) -> String {
    let mut name = String::new();
    for letter in format!("{:?}", reason.code()).chars() {
        if letter.is_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(letter.to_ascii_uppercase());
    }
    format!("`{name}`")
}

fn halves(text: &str) -> (&str, &str) {
    text.rsplit_once("; ").unwrap()
}

#[test]
fn the_page_is_the_catalogue() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/errors.md");
    if std::env::var_os("WIRE_REGENERATE").is_some() {
        std::fs::write(&path, page()).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == page(),
        "docs/errors.md is not what the code says; run WIRE_REGENERATE=1 cargo test -p wire --test errors_page"
    );
}

/// The table of codes in the gRPC specification, for the codes in use.
#[test]
fn statuses_have_the_names_of_the_specification() {
    assert_eq!(status(Reason::FieldInvalid), "`INVALID_ARGUMENT`");
    assert_eq!(status(Reason::NoCertificate), "`UNAUTHENTICATED`");
    assert_eq!(status(Reason::LogInconsistent), "`DATA_LOSS`");
}
