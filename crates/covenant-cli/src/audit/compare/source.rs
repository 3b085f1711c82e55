//! What somebody holds of the log: a checkpoint, and perhaps every leaf's hash.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use ledger::checkpoint::MAX_NOTE;
use ledger::evidence::Item;
use ledger::export::MAX_LINE;
use ledger::tree::{append, leaf_hash, root};
use ledger::{Checkpoint, LogVerifier, NodeId};
use model::Digest;
use serde::Deserialize;

use crate::audit::lines;

/// The root of the tree at some sizes.
pub(super) type Roots = BTreeMap<u64, Digest>;

/// A checkpoint and where it comes from.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) name: String,
    pub(super) note: Vec<u8>,
    pub(super) checkpoint: Checkpoint,
    /// The entries that came with it.
    pub(super) entries: Option<Entries>,
}

/// A file with the hash of every leaf.
#[derive(Debug)]
pub(super) struct Entries(PathBuf);

#[derive(Deserialize)]
struct Header {
    checkpoint: String,
    /// Where an export begins; a memory file has none.
    #[serde(default)]
    from: Option<u64>,
}

#[derive(Deserialize)]
struct Line {
    index: u64,
    leaf: Option<String>,
    hash: Option<String>,
}

impl Held {
    /// A note whose signature holds.
    pub(super) fn of(name: String, note: Vec<u8>, key: &LogVerifier) -> anyhow::Result<Self> {
        let checkpoint = key.verify(&note).with_context(|| name.clone())?;
        Ok(Self {
            name,
            note,
            checkpoint,
            entries: None,
        })
    }
}

/// Reads a note, a memory file, an export or an evidence bundle.
pub(super) fn read(path: &Path, key: &LogVerifier) -> anyhow::Result<Held> {
    let name = path.display().to_string();
    if path.is_dir() {
        let note = short(&path.join(Item::Checkpoint.path()))?;
        let mut held = Held::of(name, note, key)?;
        let entries = path.join(Item::Entries.path());
        let header: Header = first_line(&entries)?;
        held.entries = (header.from == Some(0)).then_some(Entries(entries));
        return Ok(held);
    }
    let mut first = [0];
    open(path)?
        .read_exact(&mut first)
        .with_context(|| format!("{name} is empty"))?;
    if first != *b"{" {
        return Held::of(name, short(path)?, key);
    }
    // An export is one line after another; a memory file is one document.
    if let Ok(header) = first_line::<Header>(path) {
        let mut held = Held::of(name, header.checkpoint.into_bytes(), key)?;
        held.entries = (header.from == Some(0)).then(|| Entries(path.to_path_buf()));
        return Ok(held);
    }
    let memory: Header = serde_json::from_slice(&std::fs::read(path)?).with_context(|| {
        format!("{name} is no checkpoint, memory file, export or evidence bundle")
    })?;
    Held::of(name, memory.checkpoint.into_bytes(), key)
}

/// The checkpoint in the header of an export.
pub(in crate::audit) fn note_of(export: &Path) -> anyhow::Result<Vec<u8>> {
    Ok(first_line::<Header>(export)?.checkpoint.into_bytes())
}

impl Entries {
    /// The roots at these sizes, as far as the entries reach. None when there is no entry.
    ///
    /// # Errors
    /// When they do not make the root of the checkpoint they came with: then they prove nothing.
    pub(super) fn roots(&self, sizes: &[u64], own: &Checkpoint) -> anyhow::Result<Option<Roots>> {
        let mut nodes: BTreeMap<NodeId, Digest> = BTreeMap::new();
        let mut roots = Roots::new();
        let mut file = BufReader::new(open(&self.0)?);
        let mut line = Vec::new();
        let mut next = 0_u64;
        read_line(&mut file, &mut line)?;
        while next < own.size && read_line(&mut file, &mut line)? {
            let entry: Line = serde_json::from_slice(&line).context("a line is no entry")?;
            anyhow::ensure!(entry.index == next, "entry {next} is missing");
            let hash = match (&entry.leaf, &entry.hash) {
                (Some(leaf), _) => Some(leaf_hash(leaf.as_bytes())),
                (None, hash) => hash.as_deref().and_then(Digest::from_hex),
            };
            let hash = hash.with_context(|| format!("entry {next} has no hash"))?;
            nodes.extend(append(next, hash, |id| nodes.get(&id).copied())?);
            next += 1;
            if sizes.contains(&next) || next == own.size {
                roots.insert(next, root(next, |id| nodes.get(&id).copied())?);
            }
        }
        anyhow::ensure!(
            own.size == 0 || roots.get(&own.size) == Some(&own.root),
            "its entries do not make the root of its checkpoint: see covenant audit verify"
        );
        Ok((!roots.is_empty()).then_some(roots))
    }
}

fn open(path: &Path) -> anyhow::Result<File> {
    File::open(path).with_context(|| format!("read {}", path.display()))
}

/// A whole file that can be a note.
fn short(path: &Path) -> anyhow::Result<Vec<u8>> {
    let most = u64::try_from(MAX_NOTE).unwrap_or(u64::MAX);
    let mut bytes = Vec::new();
    let name = path.display();
    let read = std::io::Read::take(open(path)?, most.saturating_add(1)).read_to_end(&mut bytes);
    read.with_context(|| format!("read {name}"))?;
    Ok(bytes)
}

fn first_line<T: for<'a> Deserialize<'a>>(path: &Path) -> anyhow::Result<T> {
    serde_json::from_slice(&lines::first(path)?)
        .with_context(|| format!("{} has no header", path.display()))
}

fn read_line(file: &mut BufReader<File>, line: &mut Vec<u8>) -> anyhow::Result<bool> {
    line.clear();
    let most = u64::try_from(MAX_LINE).unwrap_or(u64::MAX) + 2;
    Ok(std::io::Read::take(file, most).read_until(b'\n', line)? > 0)
}
