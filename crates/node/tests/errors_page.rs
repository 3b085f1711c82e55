//! `docs/errors.md` is the printed form of the reasons and rules in the code. The test is here since
//! the node is the crate that knows all of them.
//!
//! After a change to a reason or a rule: `WIRE_REGENERATE=1 cargo test -p node --test errors_page`.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use wire::{Problem, Reason};

use node::intake::Rule;

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

const RULES: &str = "
## Rules of fields

The rule of a field that is wrong, as `BadRequest` names it. A field can also be wrong for a reason
of the list above, such as `CATEGORY_UNKNOWN`; when nothing else is wrong, that is the reason and
its status that of the reason. Some texts say more than here, where the field allows it.
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
        if let Some(note) = note(*reason) {
            writeln!(page, "- Note: {note}.").unwrap();
        }
    }
    page.push_str(RULES);
    let rows = Problem::ALL.iter();
    page.push_str(&table(
        "What any message can break",
        rows.map(|p| (p.code(), p.message_en(), p.message_nl())),
    ));
    let rows = Rule::ALL.iter();
    page.push_str(&table(
        "What a signal, a question or a case can break",
        rows.map(|r| (r.code(), r.message_en(), r.message_nl())),
    ));
    let rows = pseudonym::Rule::ALL.iter();
    page.push_str(&table(
        "What an identifier can break",
        rows.map(|r| (r.code(), r.message_en(), r.message_nl())),
    ));
    page
}

/// One list of rules.
fn table<'a>(title: &str, rows: impl Iterator<Item = (&'a str, &'a str, &'a str)>) -> String {
    let mut table = format!("\n### {title}\n\n");
    table.push_str("| rule | problem and remedy | in het Nederlands |\n|---|---|---|\n");
    for (code, en, nl) in rows {
        writeln!(table, "| `{code}` | {en} | {nl} |").unwrap();
    }
    table
}

/// What a client sees of a reason when it does not see the reason itself.
const fn note(reason: Reason) -> Option<&'static str> {
    match reason {
        Reason::NoCertificate | Reason::CertificateRefused => Some(
            "A client certificate that is missing, expired, of another authority or without an OIN \
             ends in the TLS handshake, before there is a call to answer: no status of ours comes \
             back, and gRPC clients show `UNAVAILABLE`. Look at the certificate first when a node \
             that is up is unavailable",
        ),
        _ => None,
    }
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
        "docs/errors.md is not what the code says; run WIRE_REGENERATE=1 cargo test -p node --test errors_page"
    );
}

/// The table of codes in the gRPC specification, for the codes in use.
#[test]
fn statuses_have_the_names_of_the_specification() {
    assert_eq!(status(Reason::FieldInvalid), "`INVALID_ARGUMENT`");
    assert_eq!(status(Reason::NoCertificate), "`UNAUTHENTICATED`");
    assert_eq!(status(Reason::LogInconsistent), "`DATA_LOSS`");
}

/// Every rule that the code has stands on the page, and no other.
#[test]
fn the_page_has_exactly_the_rules_of_the_code() {
    let page = page();
    let (_, rules) = page.split_once("## Rules of fields").unwrap();
    let printed: BTreeSet<&str> = rules
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once('`'))
        .map(|(code, _)| code)
        .collect();
    let mut known: BTreeSet<&str> = Problem::ALL.iter().map(|p| p.code()).collect();
    known.extend(Rule::ALL.iter().map(|r| r.code()));
    known.extend(pseudonym::Rule::ALL.iter().map(|r| r.code()));
    assert_eq!(printed, known);
}

/// No code of a rule stands in the node's sources outside its lists.
#[test]
fn the_node_has_no_rule_outside_its_lists() {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let tests = path.components().any(|part| part.as_os_str() == "tests");
            if path.is_dir() {
                folders.push(path);
            } else if !tests {
                let text = std::fs::read_to_string(&path).unwrap();
                let code = text.split("#[cfg(test)]").next().unwrap();
                let made = code.matches("Violation {").count();
                let may = usize::from(path.ends_with("intake/findings.rs"));
                assert_eq!(made, may, "{} makes a violation", path.display());
            }
        }
    }
}
