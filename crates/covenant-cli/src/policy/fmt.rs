//! `covenant policy fmt`.

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;
use similar::TextDiff;

use crate::answer::{Found, Language, read_file, say};

/// What `policy fmt` is told.
#[derive(Debug, Args)]
pub(crate) struct Fmt {
    /// The covenants; `-` reads standard input and prints.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Changes nothing: shows what would change, and ends with 1 if anything would.
    #[arg(long, conflicts_with = "stdout")]
    check: bool,
    /// Prints the result instead of writing it in place.
    #[arg(long)]
    stdout: bool,
}

/// Runs the command. A file that can't be read as TOML, or that a check would not take as a file,
/// is told as a check tells it, and left alone.
pub(super) fn run(arguments: &Fmt, lang: Language) -> anyhow::Result<Found> {
    let mut good = true;
    for file in &arguments.files {
        good &= one(arguments, file, lang)?;
    }
    Ok(Found::good_if(good))
}

fn one(arguments: &Fmt, file: &Path, lang: Language) -> anyhow::Result<bool> {
    let piped = file == Path::new("-");
    let name = file.display().to_string();
    let bytes = if piped {
        let mut bytes = Vec::new();
        std::io::stdin().read_to_end(&mut bytes)?;
        bytes
    } else {
        read_file(file, lang)?
    };
    let laid_out = match covenant::layout::layout(&bytes) {
        Ok(laid_out) => laid_out,
        Err(faults) => {
            let source = String::from_utf8_lossy(&bytes);
            complain!("{}", covenant::render(&name, &source, &faults, lang.into()));
            return Ok(false);
        }
    };
    let same = laid_out.as_bytes() == bytes.as_slice();
    if arguments.check {
        if !same {
            let source = String::from_utf8_lossy(&bytes);
            let diff = TextDiff::from_lines(source.as_ref(), laid_out.as_str());
            let wanted = lang.pick("opgemaakt", "laid out");
            let diff = diff
                .unified_diff()
                .header(&name, &format!("{name} ({wanted})"))
                .to_string();
            say(diff.trim_end())?;
        }
        return Ok(same);
    }
    if arguments.stdout || piped {
        let mut out = std::io::stdout().lock();
        out.write_all(laid_out.as_bytes())?;
        out.flush()?;
    } else if !same {
        replace(file, laid_out.as_bytes())?;
    }
    Ok(true)
}

/// Writes beside the file and puts it in its place, so that no half of a covenant is ever there.
fn replace(file: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let name = file.display();
    let whole = || format!("write {name}");
    let file = file.canonicalize().with_context(whole)?;
    let rights = std::fs::metadata(&file).with_context(whole)?.permissions();
    let mut beside = file.clone().into_os_string();
    beside.push(".fmt-new");
    let beside = PathBuf::from(beside);
    let write = || -> std::io::Result<()> {
        let mut out = std::fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&beside)?;
        out.write_all(bytes)?;
        out.set_permissions(rights)?;
        out.sync_all()?;
        std::fs::rename(&beside, &file)
    };
    write().with_context(|| format!("write {name} by way of {}", beside.display()))
}
