//! What the operator asks of a running broker, and how a backup is put back.

use std::io::Seek as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use model::{CovenantId, KeyEpoch};
use process::control::{self, Answer};
use store::{Restored, Restoring};

use crate::Broker;
use crate::running::{load, log_signer};

const WHO: &str = "broker";
const BACKUP: &str = "backup";
const PURGE: &str = "purge";
const PURGE_EPOCH: &str = "purge-epoch";
const RETENTION: &str = "retention";

/// Answers the operator until the broker stops.
pub(crate) async fn serve(broker: Arc<Broker>, state_dir: PathBuf) {
    let stop = broker.stopping().clone();
    let folder = state_dir.clone();
    control::serve(state_dir, stop, move |words| {
        let (broker, folder) = (Arc::clone(&broker), folder.clone());
        async move {
            let answered = answer(&broker, &folder, &words).await;
            answered.map_err(|error| format!("{error:#}"))
        }
    })
    .await;
}

async fn answer(broker: &Broker, state_dir: &Path, words: &[String]) -> anyhow::Result<Answer> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let refused = |refused: crate::refusal::Refused| anyhow::anyhow!("{}", refused.reason());
    match words.as_slice() {
        [BACKUP] => back_up(broker, state_dir).await,
        [PURGE] => {
            let records = broker.purge_and_compact().await.map_err(refused)?;
            Ok(told(format!(
                "{records} records are gone, also from the disk"
            )))
        }
        [PURGE_EPOCH, covenant, epoch] => {
            let covenant = CovenantId::parse(covenant).context("covenant")?;
            let epoch = epoch.parse().ok().and_then(KeyEpoch::new);
            let epoch = epoch.context("epoch: it is a number from 1")?;
            let signals = broker.purge_old_epoch(&covenant, epoch).await?;
            Ok(told(format!(
                "epoch {epoch} of {covenant} is closed, and its {signals} signals are gone: take \
                 its key out of the settings of every node"
            )))
        }
        [RETENTION] => {
            let due = broker.purge_due().await.map_err(refused)?;
            Ok(Answer {
                lines: crate::due::lines(&due),
                ..told("what the next purge would remove; nothing was removed:".to_owned())
            })
        }
        _ => anyhow::bail!("unknown question"),
    }
}

fn told(told: String) -> Answer {
    Answer {
        told,
        ..Answer::default()
    }
}

/// Writes the backup to a file without a name, so that the writer never waits for whoever reads it,
/// and nothing is left of it.
async fn back_up(broker: &Broker, state_dir: &Path) -> anyhow::Result<Answer> {
    let file = control::unnamed_file(state_dir, "backup.part");
    let mut file = file.context("making room for the backup in state_dir")?;
    let held = broker.store().back_up(file.try_clone()?).await?;
    file.rewind()?;
    tracing::info!(leaves = held.leaves, rows = held.rows, "a backup was made");
    Ok(Answer {
        file: Some(file),
        ..told(format!(
            "{} entries of the log, {} records, {} payloads",
            held.leaves, held.rows, held.payloads
        ))
    })
}

/// Asks the running broker of these settings for a backup, and writes it to `out`.
///
/// # Errors
/// When no broker answers, it refuses, or the file exists or can't be written.
pub fn back_up_to(files: &[PathBuf], set: &[String], out: &Path) -> anyhow::Result<String> {
    let config = load(files, set)?;
    let is_whole = |part: &Path| store::check_backup(part).map_err(|error| error.to_string());
    Ok(control::ask_file(
        WHO,
        &config.state_dir,
        &[BACKUP],
        out,
        is_whole,
    )?)
}

/// Asks the running broker to remove now what is due, from the disk as well.
///
/// # Errors
/// When no broker answers, or it refuses.
pub fn purge_now(files: &[PathBuf], set: &[String]) -> anyhow::Result<String> {
    ask(files, set, &[PURGE])
}

/// Asks the running broker to close an old epoch of a covenant and to remove everything under it.
///
/// # Errors
/// When no broker answers, or it refuses: no later epoch has been in use for 31 days.
pub fn purge_epoch(
    files: &[PathBuf],
    set: &[String],
    covenant: &str,
    epoch: u32,
) -> anyhow::Result<String> {
    CovenantId::parse(covenant).context("covenant")?;
    ask(files, set, &[PURGE_EPOCH, covenant, &epoch.to_string()])
}

/// Asks the running broker what the next purge would remove. Nothing is removed.
///
/// # Errors
/// When no broker answers.
pub fn retention(files: &[PathBuf], set: &[String]) -> anyhow::Result<String> {
    ask(files, set, &[RETENTION])
}

fn ask(files: &[PathBuf], set: &[String], words: &[&str]) -> anyhow::Result<String> {
    let config = load(files, set)?;
    Ok(control::ask_text(WHO, &config.state_dir, words)?)
}

/// Verifies a backup against the log's key and the checkpoints in these files, and puts it into
/// the state folder of the settings unless `verify_only`.
///
/// # Errors
/// Says what does not hold; nothing is installed then.
pub fn restore(
    files: &[PathBuf],
    set: &[String],
    from: &Path,
    witnessed: &[PathBuf],
    verify_only: bool,
) -> anyhow::Result<Restored> {
    let config = load(files, set)?;
    let signer = log_signer(&config)?;
    let notes = witnessed
        .iter()
        .map(|file| std::fs::read(file).with_context(|| file.display().to_string()))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let what = Restoring {
        from,
        log: signer.verifier(),
        witnessed: &notes,
        checkpoint_file: config.log.checkpoint_file.as_deref(),
    };
    Ok(if verify_only {
        store::verify_backup(&what, &config.state_dir)?
    } else {
        store::restore(&what, &config.state_dir)?
    })
}
