//! An evidence bundle on disk: reading it for whoever verifies, and the two files for people.

use std::collections::BTreeMap;
use std::fs::DirEntry;
use std::path::Path;

use ::replay::evidence::{Found, Given, Judge, Report};
use anyhow::Context as _;
use ledger::evidence::{Item, Listed, MANIFEST, MAX_FILE, Manifest};
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
/// the report says that a file is not what the manifest lists.
pub(super) fn read(
    folder: &Path,
    given: Given<'_>,
    mut take: impl FnMut(Seen),
) -> anyhow::Result<Report> {
    read_with(folder, given, Some(&mut take))
}

/// The entries are read once. Until their end they are taken for what the manifest says; where they
/// turn out to be something else, that alone is what is wrong, as if they had been measured before.
fn read_with(
    folder: &Path,
    given: Given<'_>,
    mut take: Option<&mut dyn FnMut(Seen)>,
) -> anyhow::Result<Report> {
    let mut files = files(folder)?;
    if let Some(claimed) = claimed(&files) {
        let entries = Item::Entries.path();
        let found = |listed| Found {
            listed,
            bytes: Vec::new(),
        };
        files.insert(entries.clone(), found(claimed));
        let mut judge = Judge::new(&files, given);
        let worth_reading = judge.is_good();
        let measured = lines::measured(&folder.join(&entries), take.is_some(), |line| {
            let more = worth_reading && judge.take(line);
            if let (Some(take), Some(seen)) = (&mut take, judge.take_seen()) {
                take(seen);
            }
            more
        })?;
        if measured == claimed {
            return Ok(judge.finish());
        }
        files.insert(entries, found(measured));
    }
    Ok(Judge::new(&files, given).finish())
}

/// What the manifest says of the entries, if they have that length at least: else nothing that they
/// hold makes them what it lists.
fn claimed(files: &BTreeMap<String, Found>) -> Option<Listed> {
    let entries = Item::Entries.path();
    let manifest = Manifest::parse(&files.get(MANIFEST)?.bytes)?;
    let claimed = *manifest.files.get(&entries)?;
    (files.get(&entries)?.listed.length == claimed.length).then_some(claimed)
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
            let found = if name == Item::Entries.path() {
                length(&entry)?
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

/// The entries, of which only the length is known before they are read.
fn length(entry: &DirEntry) -> anyhow::Result<Found> {
    let mut listed = NOTHING;
    if entry.file_type()?.is_file() {
        listed.length = entry.metadata()?.len();
    }
    Ok(Found {
        listed,
        bytes: Vec::new(),
    })
}

fn measure(entry: &DirEntry) -> anyhow::Result<Found> {
    if !entry.file_type()?.is_file() || entry.metadata()?.len() > MAX_FILE {
        return Ok(Found {
            listed: NOTHING,
            bytes: Vec::new(),
        });
    }
    let path = entry.path();
    let bytes = std::fs::read(&path).with_context(|| format!("read {}", path.display()))?;
    let listed = Listed {
        length: u64::try_from(bytes.len())?,
        digest: Digest::new(Sha256::digest(&bytes).into()),
    };
    Ok(Found { listed, bytes })
}
