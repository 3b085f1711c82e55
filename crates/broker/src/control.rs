//! What the operator asks of a running broker: a socket in its state folder, which nobody but its
//! own user (and root) can reach.
//!
//! One line in, one line back: `ok ...`, or `error ...` with the remedy. After the `ok` of a backup
//! its bytes follow, so that whoever asks writes the file, and the broker needs no right to.

use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader, Read as _, Seek as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use store::{Restored, Restoring};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixListener;

use crate::Broker;
use crate::running::{load, log_signer};

const SOCKET: &str = "control";
const BACKUP: &str = "backup";
const PURGE: &str = "purge";
/// The longest question, in bytes.
const LONGEST: u64 = 64;

/// Answers the operator until the broker stops.
pub(crate) async fn serve(broker: Arc<Broker>, state_dir: PathBuf) {
    let path = state_dir.join(SOCKET);
    // The folder is locked: a socket that is there is what an unclean stop left.
    drop(std::fs::remove_file(&path));
    let listener = match UnixListener::bind(&path) {
        Ok(listener) => listener,
        Err(error) => {
            tracing::error!(%error, "no backup can be asked for: the control socket can't be made");
            return;
        }
    };
    loop {
        let stream = tokio::select! {
            () = broker.stopping().cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, _)) = stream else { continue };
        // One at a time: each holds up the writer.
        if let Err(error) = answer(&broker, &state_dir, stream).await {
            tracing::warn!(
                error = format!("{error:#}"),
                "the operator was not answered"
            );
        }
    }
    drop(std::fs::remove_file(&path));
}

async fn answer(
    broker: &Broker,
    state_dir: &Path,
    stream: tokio::net::UnixStream,
) -> anyhow::Result<()> {
    let (from, mut to) = stream.into_split();
    let mut line = String::new();
    let mut from = tokio::io::BufReader::new(tokio::io::AsyncReadExt::take(from, LONGEST));
    let read = tokio::time::timeout(PATIENCE, from.read_line(&mut line));
    read.await.context("nothing was asked in time")??;
    match line.trim_end() {
        BACKUP => match back_up(broker, state_dir).await {
            Ok((told, file)) => {
                to.write_all(format!("ok {told}\n").as_bytes()).await?;
                let mut file = tokio::fs::File::from_std(file);
                tokio::io::copy(&mut file, &mut to).await?;
            }
            Err(error) => to.write_all(refusal(&error).as_bytes()).await?,
        },
        PURGE => {
            let told = match broker.purge_and_compact().await {
                Ok(records) => format!("ok {records} records are gone, also from the disk\n"),
                Err(refused) => format!("error {}\n", refused.reason()),
            };
            to.write_all(told.as_bytes()).await?;
        }
        _ => to.write_all(b"error unknown question\n").await?,
    }
    to.shutdown().await?;
    Ok(())
}

/// Writes the backup to a file without a name, so that the writer never waits for whoever reads it,
/// and nothing is left of it.
async fn back_up(broker: &Broker, state_dir: &Path) -> anyhow::Result<(String, File)> {
    let path = state_dir.join("backup.part");
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&path)
        .context("making room for the backup in state_dir")?;
    std::fs::remove_file(&path).context("making room for the backup in state_dir")?;
    let held = broker.store().back_up(file.try_clone()?).await?;
    file.rewind()?;
    tracing::info!(leaves = held.leaves, rows = held.rows, "a backup was made");
    let told = format!(
        "{} entries of the log, {} records, {} payloads",
        held.leaves, held.rows, held.payloads
    );
    Ok((told, file))
}

fn refusal(error: &anyhow::Error) -> String {
    format!("error {}\n", format!("{error:#}").replace('\n', " "))
}

/// Asks the running broker of these settings for a backup, and writes it to `out`.
///
/// # Errors
/// When no broker answers, it refuses, or the file exists or can't be written.
pub fn back_up_to(files: &[PathBuf], set: &[String], out: &Path) -> anyhow::Result<String> {
    let config = load(files, set)?;
    anyhow::ensure!(
        !out.exists(),
        "{} exists: a backup never replaces another one",
        out.display()
    );
    let (told, mut bytes) = ask(&config.state_dir, BACKUP)?;
    let part = out.with_extension("part");
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&part)
        .with_context(|| format!("writing {}", part.display()))?;
    let copied = std::io::copy(&mut bytes, &mut file).and_then(|_| file.sync_all());
    copied.with_context(|| format!("writing {}", part.display()))?;
    // A broker that stopped half-way leaves a file that is cut off.
    store::check_backup(&part)?;
    std::fs::rename(&part, out).with_context(|| format!("writing {}", out.display()))?;
    Ok(told)
}

/// Asks the running broker to remove now what is due, from the disk as well.
///
/// # Errors
/// When no broker answers, or it refuses.
pub fn purge_now(files: &[PathBuf], set: &[String]) -> anyhow::Result<String> {
    let config = load(files, set)?;
    Ok(ask(&config.state_dir, PURGE)?.0)
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

fn ask(state_dir: &Path, what: &str) -> anyhow::Result<(String, BufReader<UnixStream>)> {
    let path = state_dir.join(SOCKET);
    let mut stream = UnixStream::connect(&path).with_context(|| {
        format!(
            "no broker answers at {}: it must run, and you must be its user or root",
            path.display()
        )
    })?;
    stream.write_all(format!("{what}\n").as_bytes())?;
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    stream
        .by_ref()
        .take(4_096)
        .read_line(&mut line)
        .context("the broker went away")?;
    match line.trim_end().split_once(' ') {
        Some(("ok", told)) => Ok((told.to_owned(), stream)),
        Some((_, why)) => Err(anyhow::anyhow!("{why}")),
        None => Err(anyhow::anyhow!("the broker went away before it answered")),
    }
}

/// How long the operator's own program may take to say what it wants.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(5);
