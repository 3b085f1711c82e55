//! What the operator asks of a running node, and how a backup is put back.

use std::io::Seek as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use ledger::LogVerifier;
use model::PartyId;
use process::control::{self, Answer};
use store::{NodeChecked, NodeSettings, NodeStore, NodeTx, StoreError};
use tokio_util::sync::CancellationToken;

use crate::keys::Keys;
use crate::log::Memory;
use crate::owner;
use crate::retention::{self, Retention};
use crate::running::load;

const WHO: &str = "node";
const BACKUP: &str = "backup";
const PURGE: &str = "purge";
const RETENTION: &str = "retention";

/// Answers the operator until the node stops.
pub(crate) async fn serve(retention: Retention, state_dir: PathBuf, stop: CancellationToken) {
    let folder = state_dir.clone();
    control::serve(state_dir, stop, move |words| {
        let (retention, folder) = (retention.clone(), folder.clone());
        async move {
            let answered = answer(&retention, &folder, &words).await;
            answered.map_err(|error| format!("{error:#}"))
        }
    })
    .await;
}

async fn answer(retention: &Retention, state_dir: &Path, words: &[String]) -> Result<Answer> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        [BACKUP] => back_up(&retention.store, state_dir).await,
        [PURGE] => {
            let swept = retention.purge_and_compact().await?;
            let records = swept.purged.iter().map(|one| one.count).sum::<u64>();
            Ok(Answer {
                told: format!("{records} records are gone, also from the disk"),
                ..Answer::default()
            })
        }
        [RETENTION] => {
            let due = retention.due().await?;
            let last = retention.store.read(|view| view.last_purge())?;
            let before = retention::history(&retention.purges()?, last);
            Ok(Answer {
                told: "what the next purge would remove; nothing was removed:".to_owned(),
                lines: format!("{}{before}", retention::lines(&due)),
                file: None,
            })
        }
        _ => anyhow::bail!("unknown question"),
    }
}

/// Writes the backup to a file without a name, so that the writer never waits for whoever reads it,
/// and nothing is left of it.
async fn back_up(store: &NodeStore, state_dir: &Path) -> Result<Answer> {
    let file = control::unnamed_file(state_dir, "backup.part");
    let mut file = file.context("making room for the backup in state_dir")?;
    let held = store.back_up(file.try_clone()?).await?;
    file.rewind()?;
    tracing::info!(rows = held.rows, "a backup was made");
    Ok(Answer {
        told: format!("{} records, {} payloads", held.rows, held.payloads),
        file: Some(file),
        ..Answer::default()
    })
}

/// Asks the running node of these settings for a backup, and writes it to `out`.
///
/// # Errors
/// When no node answers, it refuses, or the file exists or can't be written.
pub fn back_up_to(files: &[PathBuf], set: &[String], out: &Path) -> Result<String> {
    let config = load(files, set)?;
    let is_whole = |part: &Path| store::check_backup(part).map_err(|error| error.to_string());
    let told = control::ask_file(WHO, &config.state_dir, &[BACKUP], out, is_whole)?;
    Ok(format!("the backup is in {}: {told}", out.display()))
}

/// Asks the running node to remove now what is due, from the disk as well.
///
/// # Errors
/// When no node answers, or it refuses.
pub fn purge_now(files: &[PathBuf], set: &[String]) -> Result<String> {
    let config = load(files, set)?;
    Ok(control::ask_text(WHO, &config.state_dir, &[PURGE])?)
}

/// Asks the running node what the next purge would remove, and what went before. Nothing is
/// removed.
///
/// # Errors
/// When no node answers.
pub fn retention(files: &[PathBuf], set: &[String]) -> Result<String> {
    let config = load(files, set)?;
    Ok(control::ask_text(WHO, &config.state_dir, &[RETENTION])?)
}

/// A backup that is put back, and what its node knew besides it.
#[derive(Debug, Clone, Copy)]
pub struct Restoring<'a> {
    /// The backup's file.
    pub from: &'a Path,
    /// The state folder of before, where it still is: what it has seen of the log is taken over.
    pub old: Option<&'a Path>,
    /// Files with signed checkpoints that others have.
    pub witnessed: &'a [PathBuf],
    /// Only verifies, and installs nothing.
    pub verify_only: bool,
}

/// What was verified, and installed unless only that was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Restored {
    /// What was checked, and how much of it there is.
    pub checked: NodeChecked,
    /// The size of the newest checkpoint that the node remembers: it goes on behind no smaller
    /// one. `None` when it has seen none.
    pub remembers: Option<u64>,
}

/// Verifies a backup against the party, vault key and log key of the settings, and puts it into the
/// state folder. The node must not run.
///
/// # Errors
/// Says what does not hold; nothing is installed then. A node that is a witness is not restored
/// without anything to remember: it could cosign behind what it cosigned before.
pub fn restore(files: &[PathBuf], set: &[String], what: &Restoring<'_>) -> Result<Restored> {
    let config = load(files, set)?;
    let party = PartyId::parse(&config.party).context("party")?;
    let keys = Keys::read(&config.keys)?;
    let log = LogVerifier::parse(&config.broker.log_vkey).context("broker.log_vkey")?;
    let mut memory = match what.old {
        Some(folder) => remembered(folder, &log)?,
        None => Memory::default(),
    };
    for file in what.witnessed {
        let note = std::fs::read(file).with_context(|| file.display().to_string())?;
        memory.notes.push(note);
    }
    anyhow::ensure!(
        keys.witness.is_none() || what.old.is_some() || !memory.notes.is_empty(),
        "this node is a witness: say what it has seen of the log, with --old (its state folder of \
         before) or --witnessed (the newest checkpoint that another party, the auditor or the \
         broker has), or it could cosign behind what it cosigned before"
    );
    let vault = keys.vault;
    let amended = store::restore_node(
        what.from,
        &config.state_dir,
        what.verify_only,
        move |tx: &mut NodeTx| -> Result<Option<u64>, Refused> {
            owner::is_of(tx, &vault, &party)?
                .context("the backup is of a node that never started: take another one")?;
            Ok(memory.put(tx, &log)?)
        },
    );
    let (checked, remembers) = amended.map_err(|refused| refused.0)?;
    Ok(Restored { checked, remembers })
}

/// Why a state is not restored.
struct Refused(anyhow::Error);

impl From<anyhow::Error> for Refused {
    fn from(error: anyhow::Error) -> Self {
        Self(error)
    }
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        Self(error.into())
    }
}

/// What a state folder that nobody uses any more has seen of the log.
fn remembered(folder: &Path, log: &LogVerifier) -> Result<Memory> {
    let place = || format!("--old {}", folder.display());
    anyhow::ensure!(
        folder.join("lock").exists() || folder.join("sled").exists(),
        "{}: there is no state in it",
        place()
    );
    let store = NodeStore::open(folder, NodeSettings::default())
        .with_context(|| format!("{}: give --witnessed instead if it can't be read", place()))?;
    let memory = store.read(|view| Memory::of(view, log.name()));
    store.close().with_context(place)?;
    Ok(memory?)
}
