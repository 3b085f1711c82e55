//! The directory around a database: one process at a time, private, and copied before a database
//! is opened that was not stopped cleanly.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::error::StoreError;

const LOCK: &str = "lock";
const CLEAN_STOP: &str = "clean-stop";
const OPENING: &str = "opening";
const COPY: &str = "sled.copy";
const REWRITING: &str = "sled.rewriting";
const REWRITTEN: &str = "sled.rewritten";
const REPLACED: &str = "sled.replaced";
const COPIED: &[u8] = b"copied first\n";

/// The state directory of one process, locked.
#[derive(Debug)]
pub(crate) struct StateDirectory {
    root: PathBuf,
    lock: File,
}

impl StateDirectory {
    /// Makes the directory (mode 0700) when there is none, tightens its mode, and locks it.
    pub(crate) fn lock(root: &Path) -> Result<Self, StoreError> {
        private_dir(root)?;
        let lock = private_file(&root.join(LOCK))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self {
                root: root.to_owned(),
                lock,
            }),
            Err(TryLockError::WouldBlock) => Err(StoreError::InUse {
                dir: root.display().to_string(),
            }),
            Err(TryLockError::Error(error)) => {
                Err(StoreError::io("locking the state directory")(error))
            }
        }
    }

    /// Where the engine's own files are.
    pub(crate) fn database(&self) -> PathBuf {
        self.root.join("sled")
    }

    /// Where the copy made before an opening is.
    pub(crate) fn copy(&self) -> PathBuf {
        self.root.join(COPY)
    }

    /// An empty place for a rewritten database, with what an earlier rewriting left removed.
    pub(crate) fn begin_rewriting(&self) -> Result<PathBuf, StoreError> {
        let part = self.root.join(REWRITING);
        remove_tree(&part)?;
        remove_tree(&self.root.join(REWRITTEN))?;
        private_dir(&part)?;
        Ok(part)
    }

    /// Makes a rewritten database durable under the name that says that it is whole.
    pub(crate) fn rewritten(&self) -> Result<(), StoreError> {
        let part = self.root.join(REWRITING);
        sync_tree(&part)?;
        fs::rename(&part, self.root.join(REWRITTEN))
            .map_err(StoreError::io("keeping the rewritten database"))?;
        sync_dir(&self.root)
    }

    /// Puts the rewritten database in the place of the old one, both closed, and removes the old
    /// one with every copy of it. There is no moment at which a power cut leaves neither: see
    /// [`StateDirectory::finish_rewriting`].
    pub(crate) fn put_in_place(&self) -> Result<(), StoreError> {
        let doing = "putting the rewritten database in place";
        fs::rename(self.database(), self.root.join(REPLACED)).map_err(StoreError::io(doing))?;
        sync_dir(&self.root)?;
        fs::rename(self.root.join(REWRITTEN), self.database()).map_err(StoreError::io(doing))?;
        sync_dir(&self.root)?;
        self.remove_replaced()
    }

    /// Removes the replaced database, and every copy of an earlier state.
    fn remove_replaced(&self) -> Result<(), StoreError> {
        remove_tree(&self.root.join(REPLACED))?;
        let doing = "removing copies of an earlier state";
        for entry in fs::read_dir(&self.root).map_err(StoreError::io(doing))? {
            let entry = entry.map_err(StoreError::io(doing))?;
            let name = entry.file_name();
            let copy = name.to_str().is_some_and(|name| name.starts_with(COPY));
            if copy && entry.path().is_dir() {
                remove_tree(&entry.path())?;
            }
        }
        sync_dir(&self.root)
    }

    /// Ends what a crash left of a rewriting. Where the database is in its place, nothing was
    /// exchanged, or all of it; where it is not, the whole rewritten one comes there.
    fn finish_rewriting(&self) -> Result<(), StoreError> {
        let doing = "ending a rewriting of the database that was cut off";
        remove_tree(&self.root.join(REWRITING))?;
        let (whole, replaced) = (self.root.join(REWRITTEN), self.root.join(REPLACED));
        match (self.database().exists(), whole.exists(), replaced.exists()) {
            (true, true, _) => remove_tree(&whole)?,
            (true, false, true) => self.remove_replaced()?,
            (false, true, _) => {
                fs::rename(&whole, self.database()).map_err(StoreError::io(doing))?;
                sync_dir(&self.root)?;
                self.remove_replaced()?;
            }
            (false, false, true) => {
                fs::rename(&replaced, self.database()).map_err(StoreError::io(doing))?;
            }
            (true, false, false) | (false, false, false) => {}
        }
        sync_dir(&self.root)
    }

    /// Copies the database, on which nobody is writing, to a folder of this name beside it.
    pub(crate) fn keep_copy(&self, name: &str) -> Result<(), StoreError> {
        let (part, copy) = (
            self.root.join(format!("{COPY}.new")),
            self.root.join(format!("{COPY}.{name}")),
        );
        if copy.exists() {
            return Ok(());
        }
        remove_tree(&part)?;
        copy_tree(&self.database(), &part)?;
        fs::rename(&part, &copy).map_err(StoreError::io("keeping the copy"))?;
        sync_dir(&self.root)
    }

    /// Prepares an opening. After an unclean stop the database is copied first, because opening
    /// may truncate it; only the newest copy is kept. When an opening that began with a copy did
    /// not succeed, that copy is the better one and stays.
    pub(crate) fn before_opening(&self) -> Result<(), StoreError> {
        self.finish_rewriting()?;
        let database = self.database();
        let clean = self.root.join(CLEAN_STOP);
        let was_clean = clean.exists();
        let mut copied = self.copy_is_of_this_opening();
        if database.exists() && !was_clean && !copied {
            tracing::warn!("the last stop was not clean: copying the database before opening it");
            let fresh = self.root.join("sled.copy.new");
            remove_tree(&fresh)?;
            copy_tree(&database, &fresh)?;
            remove_tree(&self.copy())?;
            fs::rename(&fresh, self.copy()).map_err(StoreError::io("keeping the copy"))?;
            sync_dir(&self.root)?;
            copied = true;
        }
        let mark: &[u8] = if copied {
            COPIED
        } else {
            b"after a clean stop\n"
        };
        write_private(&self.root.join(OPENING), mark)?;
        if was_clean {
            fs::remove_file(&clean).map_err(StoreError::io("removing the clean-stop mark"))?;
        }
        sync_dir(&self.root)
    }

    fn copy_is_of_this_opening(&self) -> bool {
        self.copy().exists() && fs::read(self.root.join(OPENING)).is_ok_and(|m| m == COPIED)
    }

    /// Records that the opening succeeded and that its files are on disk.
    pub(crate) fn opened(&self) -> Result<(), StoreError> {
        sync_tree(&self.database())?;
        fs::remove_file(self.root.join(OPENING))
            .map_err(StoreError::io("removing the opening mark"))?;
        sync_dir(&self.root)
    }

    /// Records a clean stop; the database must be closed.
    pub(crate) fn stopped(&self) -> Result<(), StoreError> {
        sync_tree(&self.database())?;
        write_private(&self.root.join(CLEAN_STOP), b"")?;
        sync_dir(&self.root)
    }

    /// Lets another process have the directory.
    pub(crate) fn unlock(&self) {
        if let Err(error) = self.lock.unlock() {
            tracing::warn!(%error, "the state directory stays locked until this process ends");
        }
    }

    /// The commands that put the copy back, for the operator.
    pub(crate) fn restore_command(&self) -> String {
        let (database, copy) = (self.database(), self.copy());
        if self.copy_is_of_this_opening() {
            format!(
                "the database as it was before this opening is kept; to try again with it: \
                 rm -r '{0}' && cp -a '{1}' '{0}'; if that does not open either, restore a backup",
                database.display(),
                copy.display()
            )
        } else {
            "the last stop was clean, so no copy was made: restore a backup".to_owned()
        }
    }
}

/// Makes a directory of mode 0700, or tightens the one that is there.
pub(crate) fn private_dir(path: &Path) -> Result<(), StoreError> {
    let doing = "making a private directory";
    match fs::metadata(path) {
        Ok(meta) if meta.permissions().mode() & 0o077 != 0 => {
            fs::set_permissions(path, fs::Permissions::from_mode(0o700))
                .map_err(StoreError::io(doing))
        }
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            fs::DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(path)
                .map_err(StoreError::io(doing))?;
            path.parent()
                .filter(|p| !p.as_os_str().is_empty())
                .map_or(Ok(()), sync_dir)
        }
        Err(error) => Err(StoreError::io(doing)(error)),
    }
}

/// Writes a file of mode 0600 so that a power cut leaves either the old or the new content: to a
/// new file, synced, renamed, and the directory synced.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let doing = "writing a private file";
    let fresh = path.with_extension("new");
    let mut file = private_file(&fresh)?;
    file.set_len(0).map_err(StoreError::io(doing))?;
    file.write_all(bytes).map_err(StoreError::io(doing))?;
    file.sync_all().map_err(StoreError::io(doing))?;
    fs::rename(&fresh, path).map_err(StoreError::io(doing))?;
    path.parent().map_or(Ok(()), sync_dir)
}

/// Writes a file of mode 0600 that nothing names yet, and syncs it; the caller syncs the directory.
pub(crate) fn write_new(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let doing = "writing a payload's file";
    let mut file = private_file(path)?;
    file.write_all(bytes).map_err(StoreError::io(doing))?;
    file.sync_all().map_err(StoreError::io(doing))
}

/// Makes the names in a directory durable.
pub(crate) fn sync_dir(path: &Path) -> Result<(), StoreError> {
    let path = if path.as_os_str().is_empty() {
        Path::new(".")
    } else {
        path
    };
    File::open(path)
        .and_then(|d| d.sync_all())
        .map_err(StoreError::io("syncing a directory"))
}

fn private_file(path: &Path) -> Result<File, StoreError> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
        .map_err(StoreError::io("opening a private file"))
}

fn sync_tree(path: &Path) -> Result<(), StoreError> {
    let doing = "syncing the database's files";
    for entry in fs::read_dir(path).map_err(StoreError::io(doing))? {
        let entry = entry.map_err(StoreError::io(doing))?.path();
        if entry.is_dir() {
            sync_tree(&entry)?;
        } else {
            match File::open(&entry).and_then(|f| f.sync_all()) {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    return Err(StoreError::io(doing)(error));
                }
                _ => {}
            }
        }
    }
    sync_dir(path)
}

fn copy_tree(from: &Path, to: &Path) -> Result<(), StoreError> {
    let doing = "copying the database before opening it (is the disk full?)";
    private_dir(to)?;
    for entry in fs::read_dir(from).map_err(StoreError::io(doing))? {
        let entry = entry.map_err(StoreError::io(doing))?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        if source.is_dir() {
            copy_tree(&source, &target)?;
        } else {
            fs::copy(&source, &target).map_err(StoreError::io(doing))?;
            File::open(&target)
                .and_then(|f| f.sync_all())
                .map_err(StoreError::io(doing))?;
        }
    }
    sync_dir(to)
}

/// Removes a folder with everything in it; that there is none is fine.
pub(crate) fn remove_tree(path: &Path) -> Result<(), StoreError> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(StoreError::io(
            "removing an old copy of the database",
        )(error)),
        _ => Ok(()),
    }
}
