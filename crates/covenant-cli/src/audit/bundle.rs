//! An evidence bundle on disk: reading it for whoever verifies, and the two files for people.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;

use ::replay::evidence::{Found, Given, Judge, Report};
use anyhow::Context as _;
use ledger::evidence::{Item, Listed, MAX_FILE};
use ledger::export::MAX_LINE;
use ledger::verify::Seen;
use model::Digest;
use sha2::{Digest as _, Sha256};

/// The bundle's own program: the one that is held against this one by tests.
pub(super) const PROGRAM: &str = include_str!("../../../../tests/independent/verify.py");
/// What the bundle says of itself.
pub(super) const README: &str = include_str!("bundle.md");

/// Judges a folder, and gives what each good entry shows to `take`.
pub(super) fn read(
    folder: &Path,
    given: Given<'_>,
    mut take: impl FnMut(Seen),
) -> anyhow::Result<Report> {
    let files = files(folder)?;
    let mut judge = Judge::new(&files, given);
    if judge.is_good() {
        let path = folder.join(Item::Entries.path());
        let mut entries = BufReader::with_capacity(1 << 20, open(&path)?);
        let limit = u64::try_from(MAX_LINE).unwrap_or(u64::MAX) + 2;
        let mut line = Vec::new();
        loop {
            line.clear();
            let read = std::io::Read::take(&mut entries, limit)
                .read_until(b'\n', &mut line)
                .with_context(|| format!("read {}", path.display()))?;
            if read == 0 || !judge.line(line.strip_suffix(b"\n").unwrap_or(&line)) {
                break;
            }
            if let Some(seen) = judge.take_seen() {
                take(seen);
            }
        }
    }
    Ok(judge.finish())
}

/// The covenants in a folder, whose digests are still to be judged.
pub(super) fn covenants(folder: &Path) -> anyhow::Result<Vec<std::path::PathBuf>> {
    let place = folder.join("covenants");
    let mut all = Vec::new();
    for entry in std::fs::read_dir(&place).with_context(|| format!("read {}", place.display()))? {
        let path = entry?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "toml")
        {
            all.push(path);
        }
    }
    all.sort();
    Ok(all)
}

/// Whether the files for people are those of this program; another version has others.
pub(super) fn is_own_program(folder: &Path) -> bool {
    std::fs::read(folder.join(Item::Program.path())).is_ok_and(|bytes| bytes == PROGRAM.as_bytes())
}

/// Everything in the folder. What is no plain file, or longer than it may be, measures like nothing
/// that a manifest can list.
fn files(folder: &Path) -> anyhow::Result<BTreeMap<String, Found>> {
    let mut files = BTreeMap::new();
    for entry in list(folder)? {
        let kind = entry.file_type()?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name == "covenants" && kind.is_dir() {
            for inner in list(&entry.path())? {
                let path = format!("covenants/{}", inner.file_name().to_string_lossy());
                files.insert(path, measure(&inner, MAX_FILE)?);
            }
        } else {
            let most = if name == Item::Entries.path() {
                u64::MAX
            } else {
                MAX_FILE
            };
            files.insert(name, measure(&entry, most)?);
        }
    }
    Ok(files)
}

fn list(folder: &Path) -> anyhow::Result<Vec<std::fs::DirEntry>> {
    let told = || format!("read {}", folder.display());
    let entries = std::fs::read_dir(folder).with_context(told)?;
    entries.collect::<Result<_, _>>().with_context(told)
}

fn measure(entry: &std::fs::DirEntry, most: u64) -> anyhow::Result<Found> {
    let none = Found {
        listed: Listed {
            length: u64::MAX,
            digest: Digest::new([0; 32]),
        },
        bytes: Vec::new(),
    };
    if !entry.file_type()?.is_file() || entry.metadata()?.len() > most {
        return Ok(none);
    }
    let path = entry.path();
    let told = || format!("read {}", path.display());
    let mut file = open(&path)?;
    let (mut bytes, mut length, mut hasher) = (Vec::new(), 0_u64, Sha256::new());
    let mut piece = vec![0; 1 << 20];
    loop {
        let read = file.read(&mut piece).with_context(told)?;
        let piece = piece.get(..read).unwrap_or_default();
        if piece.is_empty() {
            break;
        }
        length += u64::try_from(read)?;
        hasher.update(piece);
        if most == MAX_FILE {
            bytes.extend_from_slice(piece);
        }
    }
    let digest = Digest::new(hasher.finalize().into());
    Ok(Found {
        listed: Listed { length, digest },
        bytes,
    })
}

fn open(path: &Path) -> anyhow::Result<File> {
    File::open(path).with_context(|| format!("read {}", path.display()))
}
