//! `covenant desk answer`: the answer as data and as a letter, in files of their own.

use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;
use identity::secret_file;
use model::CaseId;
use serde::Serialize;
use wire::node_v1::{AnswerCaseRequest, AnswerCaseResponse};

use super::case::{instant, minute};
use super::node::{Node, Step, case_id};
use crate::answer::{Format, Found, Language, say, say_json};

const FILES: [&str; 3] = ["answer.json", "brief.md", "letter.md"];

/// What `desk answer` is told.
#[derive(Debug, Args)]
pub(crate) struct Answer {
    /// The case; confirmed.
    #[arg(value_parser = case_id)]
    case: CaseId,
    /// The folder for answer.json, brief.md (Dutch) and letter.md (English), which only you may
    /// read. It is made where it is not there; files that are there are left alone.
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
    #[command(flatten)]
    step: Step,
    #[command(flatten)]
    node: Node,
}

/// What was saved.
#[derive(Serialize)]
struct Saved {
    answered_at: Option<String>,
    files: Vec<PathBuf>,
}

/// Runs the command.
pub(super) fn run(answer: &Answer, lang: Language) -> anyhow::Result<Found> {
    // A case is answered once: there must be room for the answer before it is asked for.
    make_room(&answer.out, lang)?;
    let id = answer.step.id();
    let request = AnswerCaseRequest {
        request_id: id.clone(),
        case_id: answer.case.to_string(),
        actor: answer.step.actor(),
    };
    let given = answer
        .node
        .act(request, &id, lang, async |channel, request| {
            wire::client::desk(channel).answer_case(request).await
        })?;
    let saved = Saved {
        answered_at: instant(given.answered_at),
        files: save(&answer.out, &given, lang)?,
    };
    if answer.node.format == Format::Json {
        say_json(&saved)?;
        return Ok(Found::Good);
    }
    for file in &saved.files {
        say(&file.display().to_string())?;
    }
    let at = minute(saved.answered_at.as_ref());
    say(&match lang {
        Language::Nl => format!(
            "Beantwoord op {at} (UTC). Stuur de brief aan de betrokkene en wis daarna de bestanden: \
             het knooppunt geeft hetzelfde antwoord opnieuw."
        ),
        Language::En => format!(
            "Answered on {at} (UTC). Send the letter to the data subject and then erase the files: \
             the node gives the same answer again."
        ),
    })?;
    Ok(Found::Good)
}

/// Makes the folder, and refuses one with an answer in it.
fn make_room(out: &Path, lang: Language) -> anyhow::Result<()> {
    for name in FILES {
        let path = out.join(name);
        anyhow::ensure!(
            path.symlink_metadata().is_err(),
            "{}: {}",
            path.display(),
            lang.pick(
                "dit bestand is er al; kies een andere map",
                "this file is there already; choose another folder",
            )
        );
    }
    if out.is_dir() {
        return Ok(());
    }
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(out)
        .with_context(|| format!("make {}", out.display()))
}

/// Saves all files or none.
fn save(out: &Path, given: &AnswerCaseResponse, lang: Language) -> anyhow::Result<Vec<PathBuf>> {
    let texts = [
        &given.answer_json[..],
        given.letter_nl.as_bytes(),
        given.letter_en.as_bytes(),
    ];
    let mut saved = Vec::new();
    for (name, text) in FILES.into_iter().zip(texts) {
        let path = out.join(name);
        if let Err(error) = secret_file::write_new(&path, text) {
            for path in &saved {
                // What is left behind is named by the next try.
                let _left = std::fs::remove_file(path);
            }
            return Err(error).context(lang.pick(
                "het verzoek is beantwoord, maar het antwoord kon niet worden bewaard; geef de \
                 opdracht opnieuw met een andere map",
                "the case is answered, but the answer could not be saved; give the command again \
                 with another folder",
            ));
        }
        saved.push(path);
    }
    Ok(saved)
}
