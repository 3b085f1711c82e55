//! Files of a demo world: private by mode, whole by rename.

use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

use anyhow::Context as _;

/// Writes `bytes` to `path` with mode 0600, whole or not at all.
///
/// # Errors
/// When the folder is missing or the file can't be written.
pub fn write_private(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    let staged = std::path::PathBuf::from(name);
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&staged)
        .with_context(|| format!("write {}", staged.display()))?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&staged, path).with_context(|| format!("write {}", path.display()))
}

/// Makes a folder, and those above it, with mode 0700.
///
/// # Errors
/// When it can't be made.
pub fn make_folder(path: &Path) -> anyhow::Result<()> {
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .with_context(|| format!("make the folder {}", path.display()))
}
