//! `covenant policy test`.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;
use covenant::Checking;
use covenant::cases::{CheckedCases, Tested, check_cases};

use crate::answer::{Format, Found, Language, say, say_json};

/// What the name of a file of cases ends in.
const CASES: &str = ".cases.toml";

/// What is said instead of an outcome, in Dutch and English.
const NOT_TESTED: (&str, &str) = (
    "Niet getest: verbeter eerst deze fouten.",
    "Not tested: correct these errors first.",
);

/// What `policy test` is told.
#[derive(Debug, Args)]
pub(crate) struct Test {
    /// The covenants. A file of cases stands for the covenant beside it.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Takes these files of cases, and not `<name>.cases.toml` beside the covenant.
    #[arg(long)]
    cases: Vec<PathBuf>,
    /// Also fails when a condition or limit has no example or case that is refused for it.
    #[arg(long)]
    every_demand: bool,
    /// For people, or for programs.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

/// Runs the command.
pub(super) fn run(arguments: &Test, lang: Language) -> anyhow::Result<Found> {
    let files = covenants(&arguments.files);
    if files.len() > 1 && !arguments.cases.is_empty() {
        anyhow::bail!("--cases goes with one covenant; test each by itself");
    }
    let mut found = Vec::new();
    let mut good = true;
    for (index, file) in files.iter().enumerate() {
        let (well, json) = one(arguments, file, index, lang)?;
        good &= well;
        found.push(json);
    }
    if arguments.format == Format::Json {
        say_json(&found)?;
    }
    Ok(Found::good_if(good))
}

/// The covenants that are meant, each once: `policies/*.toml` names the files of cases too.
fn covenants(files: &[PathBuf]) -> Vec<PathBuf> {
    let mut meant: Vec<PathBuf> = Vec::new();
    for file in files {
        let name = file.to_string_lossy();
        let covenant = match name.strip_suffix(CASES) {
            Some(stem) => PathBuf::from(format!("{stem}.toml")),
            None => file.clone(),
        };
        if !meant.contains(&covenant) {
            meant.push(covenant);
        }
    }
    meant
}

/// The files of cases of a covenant: those that were named, or the one beside it.
fn cases_of(arguments: &Test, file: &Path) -> Vec<PathBuf> {
    if !arguments.cases.is_empty() {
        return arguments.cases.clone();
    }
    let beside = PathBuf::from(format!("{}{CASES}", file.with_extension("").display()));
    beside.exists().then_some(beside).into_iter().collect()
}

/// One covenant: whether it is good, and what to say of it as JSON.
fn one(
    arguments: &Test,
    file: &Path,
    index: usize,
    lang: Language,
) -> anyhow::Result<(bool, serde_json::Value)> {
    let text = arguments.format == Format::Text;
    let name = file.display().to_string();
    if text {
        say(&format!("{}{name}", if index > 0 { "\n\n" } else { "" }))?;
    }
    let (source, checked) = super::checked(file, Checking::Template, lang)?;
    // An example that comes out otherwise is what this is about.
    let covenant = checked.covenant.as_ref().or(checked.but_examples.as_ref());
    let Some(covenant) = covenant else {
        if text {
            say(&covenant::render(
                &name,
                &source,
                &checked.diagnostics,
                lang.into(),
            ))?;
            say(lang.pick(NOT_TESTED.0, NOT_TESTED.1))?;
        }
        return Ok((false, refused(&name, &source, &checked.diagnostics)?));
    };
    let mut read: Vec<(String, String, CheckedCases)> = Vec::new();
    for path in cases_of(arguments, file) {
        let bytes = std::fs::read(&path).with_context(|| format!("read {}", path.display()))?;
        let checked = check_cases(&bytes, covenant);
        let source = String::from_utf8_lossy(&bytes).into_owned();
        let name = path.display().to_string();
        if text && !checked.diagnostics.is_empty() {
            say(&covenant::render(
                &name,
                &source,
                &checked.diagnostics,
                lang.into(),
            ))?;
        }
        if checked.cases.is_none() {
            if text {
                say(lang.pick(NOT_TESTED.0, NOT_TESTED.1))?;
            }
            return Ok((false, refused(&name, &source, &checked.diagnostics)?));
        }
        read.push((name, source, checked));
    }
    let cases = read.iter().filter_map(|(name, source, checked)| {
        let cases = checked.cases.as_ref()?;
        Some((name.as_str(), source.as_str(), cases.as_slice()))
    });
    let tested = Tested::new(covenant, &name, &source, cases);
    if text {
        say(tested.text(lang.into(), arguments.every_demand).trim_end())?;
    }
    let good = tested.is_good(arguments.every_demand);
    Ok((good, tested.json(arguments.every_demand)))
}

/// A file that can't be tested, as JSON.
fn refused(
    name: &str,
    source: &str,
    diagnostics: &[covenant::Diagnostic],
) -> anyhow::Result<serde_json::Value> {
    let list: serde_json::Value = serde_json::from_str(&covenant::to_json(source, diagnostics))?;
    Ok(serde_json::json!({ "file": name, "good": false, "diagnostics": list }))
}
