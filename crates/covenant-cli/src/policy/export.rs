//! `covenant policy export`: a covenant in a language of others.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Args, Subcommand};

use crate::answer::{Found, Language, say};

/// Into which language.
#[derive(Debug, Subcommand)]
pub(crate) enum Export {
    /// Writes the covenant in Cedar: schema, policies, entities and a first question.
    ///
    /// Whoever does not want to take our word for it checks the covenant with these files and the
    /// official `cedar` program. How stands above the policies.
    Cedar(Cedar),
}

/// What `policy export cedar` is told.
#[derive(Debug, Args)]
pub(crate) struct Cedar {
    /// The covenant.
    file: PathBuf,
    /// Into which folder; it is made when it is not there. Without it: `<covenant>-cedar`, here.
    #[arg(long)]
    out: Option<PathBuf>,
}

/// Runs the command.
pub(super) fn run(export: &Export, lang: Language) -> anyhow::Result<Found> {
    let Export::Cedar(arguments) = export;
    let covenant = super::look(&arguments.file, lang)?;
    let name = covenant.id();
    let folder = arguments.out.clone();
    let folder = folder.unwrap_or_else(|| PathBuf::from(format!("{name}-cedar")));
    std::fs::create_dir_all(&folder).with_context(|| format!("create {}", folder.display()))?;
    let texts = covenant::cedar::export(&covenant);
    write(&folder, &format!("{name}.cedarschema"), &texts.schema)?;
    write(&folder, &format!("{name}.cedar"), &texts.policies)?;
    write(&folder, &format!("{name}.entities.json"), &texts.entities)?;
    if let Some(request) = &texts.request {
        write(&folder, &format!("{name}.request.json"), request)?;
    }
    say(&format!(
        "\n{}\n\n  cd {}\n  cedar validate --schema {name}.cedarschema --policies {name}.cedar\n",
        lang.pick(
            "Reken het na met het officiële programma van Cedar (cargo install cedar-policy-cli):",
            "Check it with Cedar's own program (cargo install cedar-policy-cli):",
        ),
        folder.display(),
    ))?;
    say(&match lang {
        Language::Nl => format!("Hoe u een vraag stelt, staat boven in {name}.cedar."),
        Language::En => format!("How to put a question stands at the top of {name}.cedar."),
    })?;
    Ok(Found::Good)
}

/// Writes one text. An older export of the same covenant makes way: it can always be made again.
fn write(folder: &Path, name: &str, text: &str) -> anyhow::Result<()> {
    let path = folder.join(name);
    std::fs::write(&path, text).with_context(|| format!("write {}", path.display()))?;
    say(&path.display().to_string())
}
