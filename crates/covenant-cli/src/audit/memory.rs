//! What a reader of the log remembers between two runs, and what it keeps as evidence. `audit watch`,
//! `audit query` and `audit export` may share one file.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use ledger::counters::selection::{Audience, Reached, Selection, Whose};
use ledger::{Checkpoint, LogVerifier};
use model::{Digest, PartyId, PurposeId, Timestamp};
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
    reached: Vec<(Audience, Reached)>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    format: String,
    vkey: String,
    checkpoint: String,
    verified_at: String,
    cosigned_at: String,
    /// The last number of each audience that a query showed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    numbers: Vec<Number>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Number {
    covenant: String,
    counter: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    party: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    purpose: Option<String>,
    number: u64,
    index: u64,
    at: String,
}

impl Number {
    fn of(audience: &Audience, reached: Reached) -> Self {
        let (counter, party, purpose) = match &audience.whose {
            Whose::Recipient(party) => ("recipient", Some(party), None),
            Whose::Source(party) => ("source", Some(party), None),
            Whose::Purpose(party, purpose) => ("purpose", party.as_ref(), purpose.as_ref()),
        };
        Self {
            covenant: audience.covenant.to_hex(),
            counter: counter.to_owned(),
            party: party.map(ToString::to_string),
            purpose: purpose.map(ToString::to_string),
            number: reached.number,
            index: reached.seq,
            at: reached.at.to_rfc3339(),
        }
    }

    fn read(&self) -> Option<(Audience, Reached)> {
        let party = self.party.as_deref().map(PartyId::parse);
        let party = party.transpose().ok()?;
        let purpose = self.purpose.as_deref().map(PurposeId::parse);
        let whose = match (self.counter.as_str(), party) {
            ("recipient", Some(party)) => Whose::Recipient(party),
            ("source", Some(party)) => Whose::Source(party),
            ("purpose", party) => Whose::Purpose(party, purpose.transpose().ok()?),
            _ => return None,
        };
        let covenant = Digest::from_hex(&self.covenant)?;
        let reached = Reached {
            number: self.number,
            seq: self.index,
            at: Timestamp::from_rfc3339(&self.at)?,
        };
        Some((Audience { covenant, whose }, reached))
    }
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
            reached: Vec::new(),
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
        let numbers: Option<Vec<_>> = stored.numbers.iter().map(Number::read).collect();
        memory.reached = numbers.with_context(|| format!("{name}: numbers are not well formed"))?;
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

    /// The last number of each audience that was ever shown.
    pub(super) fn reached(&self) -> &[(Audience, Reached)] {
        &self.reached
    }

    /// Takes over what a query showed; [`Memory::keep`] makes it durable.
    pub(super) fn showed(&mut self, selection: &Selection) {
        for (audience, now) in selection.reached() {
            let mut known = self.reached.iter_mut();
            match known.find(|(known, _)| known == audience) {
                Some((_, before)) if before.number < now.number => *before = now,
                Some(_) => {}
                None => self.reached.push((audience.clone(), now)),
            }
        }
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
            numbers: self
                .reached
                .iter()
                .map(|(audience, reached)| Number::of(audience, *reached))
                .collect(),
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
    let about = format!(
        "{}\n\n{}\n\nseen.note   the last checkpoint that was good / het laatste controlepunt dat klopte\n\
         given.note  what the broker gave at {} / wat de broker toen gaf\n",
        alarm.text(crate::answer::Language::Nl),
        alarm.text(crate::answer::Language::En),
        now.to_rfc3339()
    );
    let notes = [("seen.note", seen), ("given.note", given)];
    keep_notes(evidence, alarm.word(), notes, &about, now)
}

/// Keeps two notes in a folder of their own, with a text.
pub(super) fn keep_notes(
    evidence: &Path,
    word: &str,
    notes: [(&str, &[u8]); 2],
    about: &str,
    now: Timestamp,
) -> anyhow::Result<PathBuf> {
    let time: String = now
        .to_rfc3339()
        .chars()
        .filter(|c| c.is_ascii_alphanumeric())
        .collect();
    let folder = evidence.join(format!("{time}-{word}"));
    std::fs::create_dir_all(&folder).with_context(|| format!("write {}", folder.display()))?;
    for (name, note) in notes {
        write_new(&folder.join(name), note)?;
    }
    let told = format!(
        "{about}\nBoth are exact bytes. Two notes that the log's key signed and of which one can't follow from \
         the other prove that the log was changed. Keep this folder; tell the other parties.\n"
    );
    write_new(&folder.join("README.txt"), told.as_bytes())?;
    Ok(folder)
}
