//! The newest checkpoint as a text file, to be compared with other parties' outside the broker.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::Log;

/// The file in the state folder with the newest checkpoint that this node verified.
#[must_use]
pub fn checkpoint_file(state: &Path) -> PathBuf {
    state.join("checkpoint")
}

/// Writes a file whole or not at all, in place of what was there.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let part = path.with_extension("part");
    let mut file = std::fs::File::create(&part)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&part, path)
}

impl Log {
    /// Writes the newest checkpoint beside the state, whole or not at all. It is a copy for people:
    /// what the node goes by is in the store.
    ///
    /// # Errors
    /// When it can't be written.
    pub(crate) async fn lay_out(&self, state: &Path) -> std::io::Result<()> {
        let Some((_, note)) = self.newest() else {
            return Ok(());
        };
        let path = checkpoint_file(state);
        let written = tokio::task::spawn_blocking(move || {
            if std::fs::read(&path).is_ok_and(|there| there == note) {
                return Ok(());
            }
            write_whole(&path, &note)
        });
        written.await.map_err(std::io::Error::other)?
    }
}
