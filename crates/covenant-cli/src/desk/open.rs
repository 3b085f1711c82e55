//! `covenant desk open`: a request of a data subject is taken in.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;
use wire::node_v1::OpenCaseRequest;

use super::case::Case;
use super::case_file::{self, Form};
use super::node::{Node, Step};
use crate::answer::{Found, Language, read_file};

/// What `desk open` is told.
#[derive(Debug, Args)]
pub(crate) struct Open {
    #[command(flatten)]
    file: File,
    #[command(flatten)]
    step: Step,
    #[command(flatten)]
    node: Node,
}

/// The request, in one of two forms.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct File {
    /// The request as TOML; see `examples/desk/verzoek.toml`. `-` reads standard input.
    #[arg(long, value_name = "FILE")]
    case: Option<PathBuf>,
    /// The same as JSON, with the same keys. `-` reads standard input.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// Runs the command.
pub(super) fn run(open: &Open, lang: Language) -> anyhow::Result<Found> {
    let (path, form) = match (&open.file.case, &open.file.json) {
        (Some(path), _) => (path, Form::Toml),
        (None, Some(path)) => (path, Form::Json),
        (None, None) => anyhow::bail!("--case"),
    };
    let text = text(path, lang)?;
    let file = case_file::read(&text, form)
        .map_err(|mistakes| anyhow::anyhow!("{}:\n{}", path.display(), mistakes.text(lang)))?;
    let id = open.step.id();
    let request = OpenCaseRequest {
        request_id: id.clone(),
        actor: open.step.actor(),
        ..file.request
    };
    let line = |field: &str| file.lines.of(field);
    let answer = open
        .node
        .act_on_file(request, &id, lang, line, async |channel, request| {
            wire::client::desk(channel).open_case(request).await
        })?;
    let case = Case::of(answer.case)?;
    let (id, kind) = (&case.id, case.kind.pick(lang));
    let done = match lang {
        Language::Nl => format!("Verzoek {id} om {kind} is ingenomen."),
        Language::En => format!("Case {id} about {kind} is taken in."),
    };
    case.tell(&done, open.node.format, lang)
}

fn text(path: &Path, lang: Language) -> anyhow::Result<String> {
    let bytes = if path == Path::new("-") {
        let mut bytes = Vec::new();
        let read = std::io::stdin().lock().read_to_end(&mut bytes);
        read.context("read standard input")?;
        bytes
    } else {
        read_file(path, lang)?
    };
    String::from_utf8(bytes).ok().with_context(|| {
        let save = lang.pick("bewaar het bestand als UTF-8", "save the file as UTF-8");
        format!("{}: {save}", path.display())
    })
}
