//! Files with secrets in them: their modes are checked, they are never overwritten, and what was
//! read is wiped.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

const OTHERS: u32 = 0o007;
const GROUP_AND_OTHERS: u32 = 0o077;

/// No key file is longer.
const LONGEST: u64 = 64 * 1024;

/// Reads a file that only its owner may read. A file directly below `$CREDENTIALS_DIRECTORY` is a
/// systemd credential: see [`read_credential`].
///
/// # Errors
/// [`SecretFileError`] when it can't be read, is longer than 64 KiB, or when its group or others
/// may read or write it.
pub fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, SecretFileError> {
    read_checked(path, refused_rights(path, credentials_folder().as_deref()))
}

/// Reads a systemd credential: a file below `$CREDENTIALS_DIRECTORY`, which systemd makes readable
/// for the service alone. There an access control list gives that right, and its mask shows as a
/// group's right in the mode: so only others' rights are refused.
///
/// # Errors
/// As [`read`]; [`SecretFileError::NoCredentials`] when `folder` is `None`;
/// [`SecretFileError::CredentialName`] when `name` is a path.
pub fn read_credential(
    folder: Option<&Path>,
    name: &str,
) -> Result<Zeroizing<Vec<u8>>, SecretFileError> {
    let folder = folder.ok_or(SecretFileError::NoCredentials)?;
    if name.is_empty() || name.contains('/') || name.starts_with('.') {
        return Err(SecretFileError::CredentialName);
    }
    read_checked(&folder.join(name), OTHERS)
}

/// The folder in which systemd puts this service's credentials.
#[must_use]
pub fn credentials_folder() -> Option<PathBuf> {
    std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from)
}

/// Writes a new file that only its owner may read (mode 0600), durable on return.
///
/// # Errors
/// [`SecretFileError`] when the file exists already or can't be written.
pub fn write_new(path: &Path, bytes: &[u8]) -> Result<(), SecretFileError> {
    let failed = |source: std::io::Error| {
        let file = path.to_owned();
        match source.kind() {
            std::io::ErrorKind::AlreadyExists => SecretFileError::Exists { file },
            _ => SecretFileError::Unwritable { file, source },
        }
    };
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(failed)?;
    file.write_all(bytes).map_err(failed)?;
    file.sync_all().map_err(failed)?;
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))
        .and_then(|folder| folder.sync_all())
        .map_err(failed)
}

fn refused_rights(path: &Path, credentials: Option<&Path>) -> u32 {
    if credentials.is_some() && path.parent() == credentials {
        OTHERS
    } else {
        GROUP_AND_OTHERS
    }
}

fn read_checked(path: &Path, refused: u32) -> Result<Zeroizing<Vec<u8>>, SecretFileError> {
    let failed = |source| SecretFileError::Unreadable {
        file: path.to_owned(),
        source,
    };
    let file = File::open(path).map_err(failed)?;
    let about = file.metadata().map_err(failed)?;
    let mode = about.permissions().mode() & 0o777;
    if mode & refused != 0 {
        return Err(SecretFileError::Mode {
            file: path.to_owned(),
            mode,
        });
    }
    if !about.is_file() || about.len() > LONGEST {
        return Err(SecretFileError::malformed(path, "a file up to 64 KiB"));
    }
    // Room for all of it, so that no copy is left behind by a buffer that grows.
    let room = usize::try_from(about.len()).unwrap_or(0).saturating_add(1);
    let mut bytes = Zeroizing::new(Vec::with_capacity(room));
    file.take(LONGEST).read_to_end(&mut bytes).map_err(failed)?;
    Ok(bytes)
}

/// Why a file with a secret can't be used. For the operator: names the file, never what is in it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SecretFileError {
    /// Others than the owner may read or write it.
    #[error(
        "{} has mode {mode:04o}, so others than its owner can use it: chmod 600 {}", file.display(), file.display()
    )]
    Mode {
        /// The file.
        file: PathBuf,
        /// Its mode bits.
        mode: u32,
    },
    /// It can't be read.
    #[error("{} can't be read: check the path and the owner", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It can't be written.
    #[error("{} can't be written: check the folder and its rights", file.display())]
    Unwritable {
        /// The file.
        file: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It exists already: a key is never overwritten.
    #[error("{} exists already: move it away or name another file", file.display())]
    Exists {
        /// The file.
        file: PathBuf,
    },
    /// It holds something else.
    #[error("{} is not what it should be: expected {expected}", file.display())]
    Malformed {
        /// The file.
        file: PathBuf,
        /// What it should hold.
        expected: &'static str,
    },
    /// There are no systemd credentials.
    #[error(
        "a systemd credential is asked for, but CREDENTIALS_DIRECTORY is not set: add LoadCredentialEncrypted= to the unit"
    )]
    NoCredentials,
    /// A credential's name is no file name.
    #[error("the credential's name is malformed: use a file name without a slash")]
    CredentialName,
}

impl SecretFileError {
    pub(crate) fn malformed(path: &Path, expected: &'static str) -> Self {
        Self::Malformed {
            file: path.to_owned(),
            expected,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allow(path: &Path, mode: u32) {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn a_new_file_is_private_and_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("node.key");
        write_new(&path, b"secret").unwrap();
        let mode = std::fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600);
        assert_eq!(**read(&path).unwrap(), *b"secret");
        assert!(matches!(
            write_new(&path, b"other"),
            Err(SecretFileError::Exists { .. })
        ));
        assert_eq!(**read(&path).unwrap(), *b"secret");
    }

    #[test]
    fn every_right_of_group_or_others_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("node.key");
        write_new(&path, b"secret").unwrap();
        for mode in [0o640, 0o620, 0o604, 0o602, 0o644, 0o666, 0o777] {
            allow(&path, mode);
            let refused = read(&path).unwrap_err();
            assert!(matches!(refused, SecretFileError::Mode { .. }), "{mode:o}");
            assert!(refused.to_string().contains("chmod 600"), "{refused}");
        }
        for mode in [0o600, 0o400] {
            allow(&path, mode);
            assert!(read(&path).is_ok(), "{mode:o}");
        }
    }

    #[test]
    fn only_a_file_of_sensible_size_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("huge");
        write_new(&path, &vec![0; 64 * 1024 + 1]).unwrap();
        assert!(matches!(
            read(&path),
            Err(SecretFileError::Malformed { .. })
        ));
        let inner = folder.path().join("folder");
        std::fs::create_dir(&inner).unwrap();
        allow(&inner, 0o700);
        assert!(matches!(
            read(&inner),
            Err(SecretFileError::Malformed { .. })
        ));
        let absent = read(&folder.path().join("absent")).unwrap_err();
        assert!(absent.to_string().contains("absent can't be read"));
    }

    #[test]
    fn a_credential_may_show_its_access_control_list() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("vault");
        write_new(&path, b"secret").unwrap();
        allow(&path, 0o440);
        assert_eq!(
            **read_credential(Some(folder.path()), "vault").unwrap(),
            *b"secret"
        );
        allow(&path, 0o444);
        assert!(matches!(
            read_credential(Some(folder.path()), "vault"),
            Err(SecretFileError::Mode { .. })
        ));
        for name in ["", "../vault", "a/b", ".."] {
            assert!(matches!(
                read_credential(Some(folder.path()), name),
                Err(SecretFileError::CredentialName)
            ));
        }
        assert!(matches!(
            read_credential(None, "vault"),
            Err(SecretFileError::NoCredentials)
        ));
    }

    #[test]
    fn a_path_to_a_credential_is_a_credential() {
        let folder = Path::new("/run/credentials/covenant-node.service");
        assert_eq!(refused_rights(&folder.join("vault"), Some(folder)), OTHERS);
        assert_eq!(
            refused_rights(&folder.join("vault"), None),
            GROUP_AND_OTHERS
        );
        assert_eq!(
            refused_rights(&folder.join("a/vault"), Some(folder)),
            GROUP_AND_OTHERS
        );
        let elsewhere = Path::new("/etc/covenant/vault");
        assert_eq!(refused_rights(elsewhere, Some(folder)), GROUP_AND_OTHERS);
    }
}
