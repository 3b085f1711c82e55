//! Putting a backup back: everything is verified before anything is installed, it is installed all
//! at once, and never over a state that is there.

use std::fs::{self, File};
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ledger::{Checkpoint, LogVerifier};

use super::{BROKER, NODE, Reading, Record, damaged, refuse};
use crate::broker::{BrokerView, Checked, SignedCheckpoint, check_health};
use crate::engine::{
    Batch, Engine as _, SledEngine, SledSettings, private_dir, remove_tree, sync_dir, write_private,
};
use crate::error::StoreError;
use crate::files::{FileId, Files};
use crate::format::{self, Found};
use crate::tx::Tx;

/// What is restored, and what it is held against.
#[derive(Debug)]
pub struct Restoring<'a> {
    /// The backup's file.
    pub from: &'a Path,
    /// The log's public key.
    pub log: &'a LogVerifier,
    /// Signed checkpoints that somebody else has: nodes, auditors, witnesses. The log in the backup
    /// must contain what each of them says.
    pub witnessed: &'a [Vec<u8>],
    /// Where the broker keeps its newest checkpoint besides the database, if not in its folder.
    pub checkpoint_file: Option<&'a Path>,
}

/// What was verified, and installed unless only that was asked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Restored {
    /// What was checked, and how much of it there is.
    pub checked: Checked,
    /// The checkpoint of the log in the backup.
    pub checkpoint: Vec<u8>,
    /// The largest size among the checkpoints that it was held against; `None` without any.
    pub witnessed: Option<u64>,
}

/// Verifies a backup as [`restore`] does and installs nothing. It needs room for the database
/// beside `state_dir` while it runs.
///
/// # Errors
/// As [`restore`].
pub fn verify_backup(what: &Restoring<'_>, state_dir: &Path) -> Result<Restored, StoreError> {
    let stage = Stage::beside(state_dir)?;
    stage.fill(what)
}

/// Verifies a backup and makes it the state in `state_dir`, which must not exist or be empty: the
/// tree is built again from the leaves and has the signed root, numbers have no gap, every row
/// resolves, and the log is not behind any checkpoint that it is held against.
///
/// # Errors
/// [`StoreError::NotRestored`] with what does not hold and the remedy; nothing is installed then.
pub fn restore(what: &Restoring<'_>, state_dir: &Path) -> Result<Restored, StoreError> {
    if is_occupied(state_dir) {
        return Err(refuse(
            "there is a state already: stop the broker and move the folder of state_dir away, \
             so that nothing of it is lost",
        ));
    }
    let stage = Stage::beside(state_dir)?;
    let restored = stage.fill(what)?;
    if let Some(file) = what.checkpoint_file.filter(|file| !file.exists()) {
        write_private(file, &restored.checkpoint)?;
    }
    if what.checkpoint_file.is_none() {
        write_private(&stage.0.join("checkpoint"), &restored.checkpoint)?;
    }
    stage.install(state_dir)?;
    Ok(restored)
}

/// Whether something is in the folder already.
pub(super) fn is_occupied(state_dir: &Path) -> bool {
    fs::read_dir(state_dir).is_ok_and(|mut entries| entries.next().is_some())
}

/// Reads a backup of a broker or a node to its end: whether it is whole, and nothing more.
///
/// # Errors
/// [`StoreError::NotRestored`] when it is cut off or was changed.
pub fn check_backup(from: &Path) -> Result<(), StoreError> {
    let file = File::open(from).map_err(StoreError::io("opening the backup"))?;
    let mut reading = Reading::begin(BufReader::new(file), &[BROKER, NODE])?;
    while reading.next()?.is_some() {}
    Ok(())
}

/// A folder beside the state folder, which goes when it is not installed.
pub(super) struct Stage(PathBuf);

impl Stage {
    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// Makes the folder the state in `state_dir`, all at once.
    pub(super) fn install(&self, state_dir: &Path) -> Result<(), StoreError> {
        fs::rename(&self.0, state_dir).map_err(StoreError::io(
            "putting the restored state in place (is state_dir a mount point?)",
        ))?;
        parent(state_dir).map_or(Ok(()), sync_dir)
    }

    pub(super) fn beside(state_dir: &Path) -> Result<Self, StoreError> {
        let mut name = state_dir
            .file_name()
            .ok_or(refuse("state_dir has no name: give the folder's full path"))?
            .to_owned();
        name.push(".restoring");
        let stage = state_dir.with_file_name(name);
        remove_tree(&stage)?;
        private_dir(&stage)?;
        Ok(Self(stage))
    }

    fn fill(&self, what: &Restoring<'_>) -> Result<Restored, StoreError> {
        let engine = Arc::new(SledEngine::open(&self.0, SledSettings::default())?);
        let files = Arc::new(Files::in_directory(self.0.join("files"))?);
        let filled = self.load(what, &engine, &files);
        let closed = engine.close();
        let restored = filled?;
        closed?;
        fs::remove_file(self.0.join("lock"))
            .map_err(StoreError::io("removing the lock of the restored state"))?;
        Ok(restored)
    }

    fn load(
        &self,
        what: &Restoring<'_>,
        engine: &Arc<SledEngine>,
        files: &Arc<Files>,
    ) -> Result<Restored, StoreError> {
        let note = read_into(what.from, BROKER, engine, files)?.ok_or(damaged())?;
        let checkpoint = verified(what.log, &note, "the checkpoint in the backup")?;
        let view = BrokerView::over(
            Tx::new(
                Arc::clone(engine) as Arc<dyn crate::Engine>,
                Arc::clone(files),
            ),
            SignedCheckpoint {
                size: checkpoint.size,
                root: checkpoint.root,
                note: note.clone(),
            },
        );
        if format::read(&view.tx, "broker")? == Found::New {
            return Err(refuse("the backup is empty: take another one"));
        }
        let checked = check_health(&view)?;
        let mut known: Vec<Vec<u8>> = what.witnessed.to_vec();
        if let Some(file) = what.checkpoint_file.filter(|file| file.exists()) {
            let note = fs::read(file).map_err(StoreError::io("reading the checkpoint file"))?;
            known.push(note);
        }
        let mut witnessed: Option<u64> = None;
        for note in &known {
            let seen = verified(what.log, note, "a checkpoint that it is held against")?;
            not_behind(&view, &checkpoint, &seen)?;
            witnessed = Some(witnessed.map_or(seen.size, |size| size.max(seen.size)));
        }
        Ok(Restored {
            checked,
            checkpoint: note,
            witnessed,
        })
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if let Err(error) = remove_tree(&self.0) {
            tracing::warn!(%error, "the folder in which a backup was verified was not removed");
        }
    }
}

fn verified(log: &LogVerifier, note: &[u8], which: &str) -> Result<Checkpoint, StoreError> {
    log.verify(note).map_err(|error| StoreError::NotRestored {
        why: format!(
            "{which} is not signed by this log's key ({error}): check log.origin, \
             log.signing_key and the file"
        )
        .into(),
    })
}

/// The log in the backup has at least what was seen, and exactly that.
fn not_behind(view: &BrokerView, own: &Checkpoint, seen: &Checkpoint) -> Result<(), StoreError> {
    if seen.size > own.size {
        return Err(StoreError::NotRestored {
            why: format!(
                "the backup is behind what others have seen: its log has {} entries and a \
                 checkpoint says {}: take a newer backup; where there is none, this log has ended, \
                 and the broker begins a new one under a new log.origin",
                own.size, seen.size
            )
            .into(),
        });
    }
    if view.root(seen.size)? == seen.root {
        return Ok(());
    }
    Err(refuse(
        "the backup's log has another history than a checkpoint that others have seen: keep both \
         and tell the auditor",
    ))
}

/// Reads a backup of that form into an empty state. Answers the checkpoint in it, if it has one.
pub(super) fn read_into(
    from: &Path,
    form: &str,
    engine: &SledEngine,
    files: &Files,
) -> Result<Option<Vec<u8>>, StoreError> {
    let file = File::open(from).map_err(StoreError::io("opening the backup"))?;
    let mut reading = Reading::begin(BufReader::new(file), &[form])?;
    let mut checkpoint = None;
    let mut batch = Batch::new();
    while let Some(record) = reading.next()? {
        match record {
            Record::Checkpoint(note) => {
                if checkpoint.replace(note).is_some() {
                    return Err(damaged());
                }
            }
            Record::Row(key, stored) => {
                batch.insert(key, Some(stored));
                if batch.len() >= 1_000 {
                    engine.apply(&std::mem::take(&mut batch))?;
                }
            }
            Record::Payload(id, bytes) => {
                files.write(&std::collections::BTreeMap::<FileId, Vec<u8>>::from([(
                    id, bytes,
                )]))?;
            }
        }
    }
    engine.apply(&batch)?;
    Ok(checkpoint)
}

fn parent(path: &Path) -> Option<&Path> {
    path.parent()
}
