//! An evidence bundle on disk: reading it for whoever verifies, and the two files for people.

use std::collections::BTreeMap;
use std::fs::DirEntry;
use std::path::Path;

use ::replay::evidence::{Found, Given, Judge, Report};
use anyhow::Context as _;
use ledger::evidence::{Item, Listed, MAX_FILE};
use ledger::verify::Seen;
use model::Digest;
use sha2::{Digest as _, Sha256};

use super::lines;

/// The bundle's own program: the one that is held against this one by tests.
pub(super) const PROGRAM: &str = include_str!("../../../../tests/independent/verify.py");
/// What the bundle says of itself.
pub(super) const README: &str = include_str!("bundle.md");

/// Judges a folder.
pub(crate) fn judge(folder: &Path, given: Given<'_>) -> anyhow::Result<Report> {
    read_with(folder, given, None)
}

/// Judges a folder, and gives what each good entry shows to `take`: what it makes of that holds unless
/// the report says that the entries show other parts than the manifest lists.
pub(super) fn read(
    folder: &Path,
    given: Given<'_>,
    mut take: impl FnMut(Seen),
) -> anyhow::Result<Report> {
    read_with(folder, given, Some(&mut take))
}

fn read_with(
    folder: &Path,
    given: Given<'_>,
    mut take: Option<&mut dyn FnMut(Seen)>,
) -> anyhow::Result<Report> {
    let mut judge = Judge::new(&files(folder)?, given);
    if judge.is_good() {
        let entries = folder.join(Item::Entries.path());
        lines::each(&entries, take.is_some(), |line| {
            let more = judge.take(line);
            if let (Some(take), Some(seen)) = (&mut take, judge.take_seen()) {
                take(seen);
            }
            more
        })?;
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
                files.insert(path, measure(&inner)?);
            }
        } else {
            let found = if name == Item::Entries.path() && kind.is_file() {
                Found::Entries(entry.metadata()?.len())
            } else {
                measure(&entry)?
            };
            files.insert(name, found);
        }
    }
    Ok(files)
}

fn list(folder: &Path) -> anyhow::Result<Vec<DirEntry>> {
    let told = || format!("read {}", folder.display());
    let entries = std::fs::read_dir(folder).with_context(told)?;
    entries.collect::<Result<_, _>>().with_context(told)
}

/// What measures like nothing that a manifest can list.
const NOTHING: Listed = Listed {
    length: u64::MAX,
    digest: Digest::new([0; 32]),
};

fn measure(entry: &DirEntry) -> anyhow::Result<Found> {
    if !entry.file_type()?.is_file() || entry.metadata()?.len() > MAX_FILE {
        return Ok(Found::File(NOTHING, Vec::new()));
    }
    let path = entry.path();
    let bytes = std::fs::read(&path).with_context(|| format!("read {}", path.display()))?;
    let listed = Listed {
        length: u64::try_from(bytes.len())?,
        digest: Digest::new(Sha256::digest(&bytes).into()),
    };
    Ok(Found::File(listed, bytes))
}
