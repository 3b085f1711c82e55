//! What a command says: to people in their language, to programs as JSON, and as an exit code.

use std::io::Write as _;
use std::process::ExitCode;

/// The language of texts for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Language {
    /// Dutch.
    Nl,
    /// English.
    En,
}

impl Language {
    /// The text in this language.
    pub(crate) const fn pick<'a>(self, nl: &'a str, en: &'a str) -> &'a str {
        match self {
            Self::Nl => nl,
            Self::En => en,
        }
    }
}

impl From<Language> for covenant::Lang {
    fn from(language: Language) -> Self {
        match language {
            Language::Nl => Self::Nl,
            Language::En => Self::En,
        }
    }
}

/// As `eprint!`, by way of [`complain`].
macro_rules! complain {
    ($($told:tt)*) => { $crate::answer::complain(&format!($($told)*)) };
}

/// As `eprintln!`, by way of [`complain`].
macro_rules! complainln {
    ($($told:tt)*) => { $crate::answer::complain(&(format!($($told)*) + "\n")) };
}

/// How a person or a program gets the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Text,
    /// For programs: one JSON document.
    Json,
}

/// What a command that did its work found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    /// Everything is well: exit code 0.
    Good,
    /// Something is wrong: exit code 1.
    Bad,
}

impl Found {
    /// Good, unless something is wrong.
    pub(crate) const fn good_if(good: bool) -> Self {
        if good { Self::Good } else { Self::Bad }
    }
}

/// The exit code of a command; an error is told on standard error and is code 2.
pub(crate) fn exit(result: anyhow::Result<Found>) -> ExitCode {
    match result {
        Ok(Found::Good) => ExitCode::SUCCESS,
        Ok(Found::Bad) => ExitCode::from(1),
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            complainln!("covenant: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// Whoever read our output has seen enough.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause
            .downcast_ref::<std::io::Error>()
            .is_some_and(|cause| cause.kind() == std::io::ErrorKind::BrokenPipe)
    })
}

/// Prints a text and a line feed.
pub(crate) fn say(text: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{text}")?;
    Ok(out.flush()?)
}

/// Writes to standard error. Where nobody reads that any more, nobody misses it, and the exit code
/// still says what the command found; `eprint!` would panic.
pub(crate) fn complain(text: &str) {
    let mut out = std::io::stderr().lock();
    let _nobody_reads = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Prints a value as JSON over several lines.
pub(crate) fn say_json<T: serde::Serialize>(value: &T) -> anyhow::Result<()> {
    say(&serde_json::to_string_pretty(value)?)
}

/// A file's bytes; that it can't be read is said in the reader's language.
pub(crate) fn read_file(path: &std::path::Path, lang: Language) -> anyhow::Result<Vec<u8>> {
    use std::io::ErrorKind;
    let name = path.display();
    std::fs::read(path).map_err(|error| {
        let why = match error.kind() {
            ErrorKind::NotFound => lang.pick("dit bestand is er niet", "there is no such file"),
            ErrorKind::IsADirectory => lang.pick(
                "dit is een map en geen bestand",
                "this is a folder and no file",
            ),
            ErrorKind::PermissionDenied => {
                lang.pick("u mag dit bestand niet lezen", "you may not read this file")
            }
            _ => return anyhow::Error::new(error).context(format!("read {name}")),
        };
        anyhow::anyhow!("{name}: {why}")
    })
}

/// Writes a new file; one that is there is left alone.
pub(crate) fn write_new(path: &std::path::Path, bytes: &[u8]) -> anyhow::Result<()> {
    use anyhow::Context as _;
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(path)
        .with_context(|| format!("write {}: it must not be there yet", path.display()))?;
    file.write_all(bytes)?;
    Ok(file.sync_all()?)
}

/// Today, in UTC.
pub(crate) fn today() -> model::Day {
    model::clock::Clock::now(&model::clock::SystemClock).day()
}
