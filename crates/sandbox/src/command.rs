//! The sandbox's command line.

use std::io::Write as _;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use model::clock::Stopwatch;
use process::telemetry::{Telemetry, TelemetrySettings};

use crate::layout::Plan;
use crate::running::Running;
use crate::story::{Language, Listener, play};

/// Runs the whole demo world on this machine: a broker, four nodes, two signed covenants.
#[derive(Debug, Parser)]
#[command(name = "sandbox", version)]
pub struct Arguments {
    /// The language of the story.
    #[arg(long, value_enum, default_value = "nl", global = true)]
    lang: Language,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Tells the story (the same as no command).
    Demo {
        /// Prints one JSON object instead.
        #[arg(long)]
        json: bool,
        /// Writes what the processes log to standard error, for example `debug`.
        #[arg(long)]
        log: Option<String>,
    },
    /// Starts the world, writes `DIR/world.json`, and stays up until SIGTERM.
    Serve {
        /// A folder without a world in it; it is made when it does not exist yet.
        #[arg(long)]
        dir: PathBuf,
        /// What the processes write to their logs, for example `info`.
        #[arg(long, default_value = "warn")]
        log: String,
    },
}

/// Runs the command.
///
/// # Errors
/// When the world does not start, or the story does not happen as it is told.
pub fn run(arguments: Arguments) -> anyhow::Result<()> {
    let runtime = process::shutdown::runtime()?;
    match arguments.command.unwrap_or(Command::Demo {
        json: false,
        log: None,
    }) {
        Command::Demo { json, log } => runtime.block_on(demo(arguments.lang, json, log)),
        Command::Serve { dir, log } => runtime.block_on(serve(dir, log)),
    }
}

async fn demo(language: Language, json: bool, log: Option<String>) -> anyhow::Result<()> {
    let watch = Stopwatch::start();
    let _telemetry = log.map(|filter| telemetry(&filter)).transpose()?;
    let folder = Folder::fresh()?;
    let mut teller = Teller {
        language,
        silent: json,
        broken: None,
    };
    teller.line(
        "Vier partijen, een makelaar en twee convenanten, getekend door wie eraan meedoen. Alles is verzonnen.",
        "Four parties, a broker, and two covenants that all their parties signed. Everything is made up.",
    );
    // Stopped halfway, it takes its folder with all keys in it along.
    let stop = process::shutdown::on_signal()?;
    let whole = async {
        let running = Running::start(&folder.0, &Plan::demo()).await?;
        let summary = play(&running.world, watch, &mut teller).await?;
        running.stop().await?;
        anyhow::Ok(summary)
    };
    let summary = tokio::select! {
        summary = whole => summary?,
        () = stop.cancelled() => anyhow::bail!("stopped before the story was over"),
    };
    if json {
        say(&serde_json::to_string(&summary)?)?;
    }
    match teller.broken {
        Some(error) => Err(error),
        None => Ok(()),
    }
}

async fn serve(dir: PathBuf, log: String) -> anyhow::Result<()> {
    let stop = process::shutdown::on_signal()?;
    let mut plan = Plan::demo();
    plan.log_filter.clone_from(&log);
    let telemetry = telemetry(&log)?;
    let running = Running::start(&dir, &plan).await?;
    let file = running.world.write(&dir)?;
    say(&format!("{}", file.display()))?;
    stop.cancelled().await;
    running.stop().await?;
    telemetry.shutdown().await;
    Ok(())
}

fn telemetry(filter: &str) -> anyhow::Result<Telemetry> {
    let settings = TelemetrySettings {
        log_filter: filter.to_owned(),
        ..TelemetrySettings::default()
    };
    Ok(Telemetry::start("sandbox", &settings)?)
}

/// A folder of this run alone, removed at its end.
struct Folder(PathBuf);

impl Folder {
    fn fresh() -> anyhow::Result<Self> {
        let name = format!("covenant-sandbox-{}", model::RequestId::fresh());
        let path = std::env::temp_dir().join(name);
        crate::files::make_folder(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            tracing::warn!(%error, "the demo's folder was left behind");
        }
    }
}

struct Teller {
    language: Language,
    silent: bool,
    /// Why a line could not be written: the story goes on to its end, and fails then.
    broken: Option<anyhow::Error>,
}

impl Listener for Teller {
    fn line(&mut self, nl: &str, en: &str) {
        if !self.silent {
            let written = say(match self.language {
                Language::Nl => nl,
                Language::En => en,
            });
            self.broken = self.broken.take().or(written.err());
        }
    }
}

fn say(line: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    match writeln!(out, "{line}").and_then(|()| out.flush()) {
        // A reader that went away, as `head` does, has read enough.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        written => written.context("write to standard output"),
    }
}
