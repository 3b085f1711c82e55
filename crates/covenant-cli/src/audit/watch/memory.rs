//! What a watcher remembers between two runs, and what it keeps as evidence.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use ledger::{Checkpoint, LogVerifier};
use model::Timestamp;
use serde::{Deserialize, Serialize};

use super::judge::Alarm;
use crate::answer::write_new;

const FORMAT: &str = "covenant-watch/1";

/// The last good checkpoint.
#[derive(Debug)]
pub(super) struct Memory {
    path: PathBuf,
    vkey: String,
    last: Option<(Checkpoint, Vec<u8>)>,
    verified_at: Timestamp,
    cosigned_at: Timestamp,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    format: String,
    vkey: String,
    checkpoint: String,
    verified_at: String,
    cosigned_at: String,
}

impl Memory {
    /// Reads the file; without one, nothing was seen before, and waiting begins now.
    pub(super) fn load(path: &Path, key: &LogVerifier, now: Timestamp) -> anyhow::Result<Self> {
        let mut memory = Self {
            path: path.to_path_buf(),
            vkey: key.to_vkey(),
            last: None,
            verified_at: now,
            cosigned_at: now,
        };
        let name = path.display();
        let text = match std::fs::read(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(memory),
            Err(error) => return Err(error).with_context(|| format!("read {name}")),
        };
        let stored: Stored = serde_json::from_slice(&text).with_context(|| {
            format!("{name} is no state file of audit watch: name another, or restore it")
        })?;
        anyhow::ensure!(
            stored.format == FORMAT,
            "{name}: this version reads {FORMAT}"
        );
        anyhow::ensure!(
            stored.vkey == memory.vkey,
            "{name} is about a log with another key: name another file"
        );
        let note = stored.checkpoint.into_bytes();
        let checkpoint = key
            .verify(&note)
            .with_context(|| format!("{name}: checkpoint"))?;
        let time = |text: &str| {
            Timestamp::from_rfc3339(text).with_context(|| format!("{name}: a time is no time"))
        };
        memory.last = Some((checkpoint, note));
        memory.verified_at = time(&stored.verified_at)?;
        memory.cosigned_at = time(&stored.cosigned_at)?;
        Ok(memory)
    }

    pub(super) fn checkpoint(&self) -> Option<&Checkpoint> {
        self.last.as_ref().map(|(checkpoint, _)| checkpoint)
    }

    /// The exact bytes of the last good checkpoint; empty when there was none.
    pub(super) fn note(&self) -> &[u8] {
        self.last.as_ref().map_or(&[], |(_, note)| note)
    }

    /// When a checkpoint was last verified.
    pub(super) const fn verified_at(&self) -> Timestamp {
        self.verified_at
    }

    /// When a witness last cosigned one.
    pub(super) const fn cosigned_at(&self) -> Timestamp {
        self.cosigned_at
    }

    /// Keeps a good checkpoint, on disk before it counts.
    pub(super) fn keep(
        &mut self,
        checkpoint: Checkpoint,
        note: &[u8],
        cosigned: Option<Timestamp>,
        now: Timestamp,
    ) -> anyhow::Result<()> {
        self.last = Some((checkpoint, note.to_vec()));
        self.verified_at = now;
        self.cosigned_at = self.cosigned_at.max(cosigned.unwrap_or(self.cosigned_at));
        let stored = Stored {
            format: FORMAT.to_owned(),
            vkey: self.vkey.clone(),
            checkpoint: String::from_utf8(note.to_vec()).context("a checkpoint is text")?,
            verified_at: self.verified_at.to_rfc3339(),
            cosigned_at: self.cosigned_at.to_rfc3339(),
        };
        let name = self.path.display();
        let mut part = self.path.clone().into_os_string();
        part.push(".part");
        let part = PathBuf::from(part);
        let mut file =
            std::fs::File::create(&part).with_context(|| format!("write {}", part.display()))?;
        file.write_all(&serde_json::to_vec_pretty(&stored)?)?;
        file.sync_all()?;
        std::fs::rename(&part, &self.path).with_context(|| format!("write {name}"))
    }
}

/// Keeps both checkpoints in a folder of their own, and says what they prove.
pub(super) fn keep_evidence(
    evidence: &Path,
    alarm: Alarm,
    seen: &[u8],
    given: &[u8],
    now: Timestamp,
) -> anyhow::Result<PathBuf> {
    let time: String = now
        .to_rfc3339()
        .chars()
        .filter(|c| c.is_ascii_alphanumeric())
        .collect();
    let folder = evidence.join(format!("{time}-{}", alarm.word()));
    std::fs::create_dir_all(&folder).with_context(|| format!("write {}", folder.display()))?;
    write_new(&folder.join("seen.note"), seen)?;
    write_new(&folder.join("given.note"), given)?;
    let told = format!(
        "{}\n\n{}\n\nseen.note   the last checkpoint that was good / het laatste controlepunt dat klopte\n\
         given.note  what the broker gave at {} / wat de broker toen gaf\n\n\
         Both are exact bytes. Two notes that the log's key signed and of which one can't follow from \
         the other prove that the log was changed. Keep this folder; tell the other parties.\n",
        alarm.text(crate::answer::Language::Nl),
        alarm.text(crate::answer::Language::En),
        now.to_rfc3339()
    );
    write_new(&folder.join("README.txt"), told.as_bytes())?;
    Ok(folder)
}
