//! `covenant desk pseudonyms`: what an auditor finds entries about the subjects of a case with.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use model::CaseId;
use serde::Serialize;
use wire::audit_v1::SubjectPseudonym;
use wire::node_v1::ListPseudonymsRequest;

use super::node::{Acting, Node, case_id};
use crate::answer::{Format, Found, Language, say, say_json};
use crate::audit::subject;

/// What `desk pseudonyms` is told.
#[derive(Debug, Args)]
pub(crate) struct Pseudonyms {
    /// The case; confirmed.
    #[arg(value_parser = case_id)]
    case: CaseId,
    /// The file for `audit query --subject`, which only you may read; it must not be there yet.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    acting: Acting,
    #[command(flatten)]
    node: Node,
}

#[derive(Serialize)]
struct Saved {
    pseudonyms: usize,
    file: PathBuf,
}

/// Runs the command.
pub(super) fn run(pseudonyms: &Pseudonyms, lang: Language) -> anyhow::Result<Found> {
    let out = &pseudonyms.out;
    anyhow::ensure!(
        out.symlink_metadata().is_err(),
        "{}: {}",
        out.display(),
        lang.pick(
            "dit bestand is er al; kies een andere naam",
            "this file is there already; choose another name",
        )
    );
    let request = ListPseudonymsRequest {
        case_id: pseudonyms.case.to_string(),
        actor: pseudonyms.acting.actor(),
    };
    let answer = pseudonyms
        .node
        .ask(request, lang, async |channel, request| {
            wire::client::desk(channel).list_pseudonyms(request).await
        })?;
    let found: Vec<SubjectPseudonym> = answer
        .pseudonyms
        .into_iter()
        .map(|one| SubjectPseudonym {
            epoch: one.epoch,
            match_key: one.match_key,
            value: one.value,
        })
        .collect();
    let text = subject::write(&found)?;
    identity::secret_file::write_new(out, text.as_bytes()).context("--out")?;
    let saved = Saved {
        pseudonyms: found.len(),
        file: out.clone(),
    };
    tell(&saved, pseudonyms.node.format, lang)
}

fn tell(saved: &Saved, format: Format, lang: Language) -> anyhow::Result<Found> {
    if format == Format::Json {
        say_json(saved)?;
        return Ok(Found::Good);
    }
    let (count, file) = (saved.pseudonyms, saved.file.display());
    say(&match lang {
        Language::Nl => format!(
            "{file}: {count} pseudoniemen. Een toezichthouder zoekt ermee: covenant audit query \
             --subject {file}. Wie dit bestand heeft, kan in het logboek zien wat over deze persoon \
             of dit adres gaat: geef het aan niemand anders, en wis het daarna."
        ),
        Language::En => format!(
            "{file}: {count} pseudonyms. An auditor searches with them: covenant audit query \
             --subject {file}. Who has this file can see in the log what is about this person or \
             address: give it to nobody else, and erase it afterwards."
        ),
    })?;
    Ok(Found::Good)
}
