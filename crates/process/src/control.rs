//! What the operator asks of a running process: a socket in its state folder, which nobody but its
//! own user (and root) can reach.
//!
//! One line in, one line back: `ok ...`, or `error ...` with the remedy. After an `ok` lines of
//! text or the bytes of a file may follow, so that whoever asks writes the file, and the process
//! needs no right to.

use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixListener;
use tokio_util::sync::CancellationToken;

const SOCKET: &str = "control";
/// The longest question, in bytes.
const LONGEST: u64 = 256;
/// The longest first line of an answer, in bytes.
const LONGEST_ANSWER: u64 = 4_096;
/// How long the operator's own program may take to say what it wants.
const PATIENCE: Duration = Duration::from_secs(5);

/// What is answered to a question that could be answered.
#[derive(Debug, Default)]
pub struct Answer {
    /// What is told, in one line.
    pub told: String,
    /// More lines, each with its line feed.
    pub lines: String,
    /// A file that follows, from where it stands.
    pub file: Option<File>,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// Nothing listens there.
    #[error("no {who} answers at {path}: it must run, and you must be its user or root")]
    Nobody {
        /// Which process.
        who: &'static str,
        /// The socket.
        path: PathBuf,
        /// What the machine says.
        #[source]
        source: std::io::Error,
    },
    /// It said why not.
    #[error("{0}")]
    Refused(String),
    /// It ended before it answered.
    #[error("the {0} went away before it answered: see its log")]
    Gone(&'static str),
    /// The connection failed.
    #[error("asking the {who}")]
    Broken {
        /// Which process.
        who: &'static str,
        /// What the machine says.
        #[source]
        source: std::io::Error,
    },
}

/// Answers the operator until `stop` is cancelled, one question at a time. `answer` gets the
/// question's words and says, on failure, why not and what to do.
pub async fn serve<F>(
    state_dir: PathBuf,
    stop: CancellationToken,
    answer: impl Fn(Vec<String>) -> F,
) where
    F: Future<Output = Result<Answer, String>>,
{
    let path = state_dir.join(SOCKET);
    // The folder is locked: a socket that is there is what an unclean stop left.
    drop(std::fs::remove_file(&path));
    let listener = match UnixListener::bind(&path) {
        Ok(listener) => listener,
        Err(error) => {
            tracing::error!(%error, "the operator can ask nothing: the control socket can't be made");
            return;
        }
    };
    loop {
        let stream = tokio::select! {
            () = stop.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, _)) = stream else { continue };
        if let Err(error) = converse(stream, &answer).await {
            tracing::warn!(%error, "the operator was not answered");
        }
    }
    drop(std::fs::remove_file(&path));
}

async fn converse<F>(
    stream: tokio::net::UnixStream,
    answer: &impl Fn(Vec<String>) -> F,
) -> std::io::Result<()>
where
    F: Future<Output = Result<Answer, String>>,
{
    let (from, mut to) = stream.into_split();
    let mut line = String::new();
    let mut from = tokio::io::BufReader::new(tokio::io::AsyncReadExt::take(from, LONGEST));
    tokio::time::timeout(PATIENCE, from.read_line(&mut line)).await??;
    match answer(line.split_whitespace().map(str::to_owned).collect()).await {
        Ok(answer) => {
            let told = format!("ok {}\n{}", one_line(&answer.told), answer.lines);
            to.write_all(told.as_bytes()).await?;
            if let Some(file) = answer.file {
                tokio::io::copy(&mut tokio::fs::File::from_std(file), &mut to).await?;
            }
        }
        Err(why) => {
            let told = format!("error {}\n", one_line(&why));
            to.write_all(told.as_bytes()).await?;
        }
    }
    to.shutdown().await
}

fn one_line(text: &str) -> String {
    text.replace('\n', " ")
}

/// A file in the state folder that has no name any more: nobody else can open it, and nothing is
/// left of it.
///
/// # Errors
/// When it can't be made.
pub fn unnamed_file(state_dir: &Path, name: &str) -> std::io::Result<File> {
    let path = state_dir.join(name);
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&path)?;
    std::fs::remove_file(&path)?;
    Ok(file)
}

/// Asks the process that runs on `state_dir`. Answers what it told, and what follows.
///
/// # Errors
/// [`ControlError`]: nobody answers, or the answer is no.
pub fn ask(
    who: &'static str,
    state_dir: &Path,
    words: &[&str],
) -> Result<(String, impl Read + use<>), ControlError> {
    let path = state_dir.join(SOCKET);
    let broken = |source| ControlError::Broken { who, source };
    let mut stream =
        UnixStream::connect(&path).map_err(|source| ControlError::Nobody { who, path, source })?;
    let question = format!("{}\n", words.join(" "));
    stream.write_all(question.as_bytes()).map_err(broken)?;
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    let mut first = stream.by_ref().take(LONGEST_ANSWER);
    first.read_line(&mut line).map_err(broken)?;
    match line.trim_end().split_once(' ') {
        Some(("ok", told)) => Ok((told.to_owned(), stream)),
        Some((_, why)) => Err(ControlError::Refused(why.to_owned())),
        None => Err(ControlError::Gone(who)),
    }
}

/// Asks, and answers what was told with all lines after it.
///
/// # Errors
/// As [`ask`].
pub fn ask_text(
    who: &'static str,
    state_dir: &Path,
    words: &[&str],
) -> Result<String, ControlError> {
    let (mut told, mut more) = ask(who, state_dir, words)?;
    let mut lines = String::new();
    more.read_to_string(&mut lines)
        .map_err(|source| ControlError::Broken { who, source })?;
    if !lines.is_empty() {
        told.push('\n');
        told.push_str(lines.trim_end());
    }
    Ok(told)
}

/// Asks for a file and writes it to `out` beside its final name, to which it is moved when
/// `is_whole` finds it so: a process that stops half-way leaves a file that is cut off.
///
/// # Errors
/// As [`ask`]; when `out` exists or can't be written; and what `is_whole` says.
pub fn ask_file(
    who: &'static str,
    state_dir: &Path,
    words: &[&str],
    out: &Path,
    is_whole: impl FnOnce(&Path) -> Result<(), String>,
) -> Result<String, ControlError> {
    if out.exists() {
        let why = format!(
            "{} exists: a backup never replaces another one",
            out.display()
        );
        return Err(ControlError::Refused(why));
    }
    let writing = |error: std::io::Error| {
        ControlError::Refused(format!(
            "writing {} (is the disk full?): {error}",
            out.display()
        ))
    };
    let (told, mut bytes) = ask(who, state_dir, words)?;
    let part = out.with_extension("part");
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&part)
        .map_err(writing)?;
    let copied = std::io::copy(&mut bytes, &mut file).and_then(|_| file.sync_all());
    copied.map_err(writing)?;
    is_whole(&part).map_err(ControlError::Refused)?;
    std::fs::rename(&part, out).map_err(writing)?;
    Ok(told)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn questions_get_a_line_more_lines_or_a_file_and_a_no_says_why() {
        let dir = tempfile::tempdir().unwrap();
        let state = dir.path().to_path_buf();
        let stop = CancellationToken::new();
        let folder = state.clone();
        let serving = tokio::spawn(serve(state.clone(), stop.clone(), move |words| {
            let folder = folder.clone();
            async move {
                match words.first().map(String::as_str) {
                    Some("lines") => Ok(Answer {
                        told: "two".to_owned(),
                        lines: "one\ntwo\n".to_owned(),
                        file: None,
                    }),
                    Some("file") => {
                        use std::io::Seek as _;
                        let mut file = unnamed_file(&folder, "x").map_err(|e| e.to_string())?;
                        file.write_all(b"bytes").map_err(|e| e.to_string())?;
                        file.rewind().map_err(|e| e.to_string())?;
                        Ok(Answer {
                            told: "five".to_owned(),
                            file: Some(file),
                            ..Answer::default()
                        })
                    }
                    _ => Err("no\nsuch question".to_owned()),
                }
            }
        }));
        while !state.join(SOCKET).exists() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let asked = tokio::task::spawn_blocking(move || {
            let lines = ask_text("test", &state, &["lines"]).unwrap();
            assert_eq!(lines, "two\none\ntwo");
            let no = ask_text("test", &state, &["else"]).unwrap_err();
            assert_eq!(no.to_string(), "no such question");
            let out = state.join("out");
            let cut_off = ask_file("test", &state, &["file"], &out, |_| Err("cut".to_owned()));
            assert_eq!(cut_off.unwrap_err().to_string(), "cut");
            assert!(!out.exists());
            assert_eq!(
                ask_file("test", &state, &["file"], &out, |_| Ok(())).unwrap(),
                "five"
            );
            assert_eq!(std::fs::read(&out).unwrap(), b"bytes");
            let again = ask_file("test", &state, &["file"], &out, |_| Ok(())).unwrap_err();
            assert!(again.to_string().contains("exists"), "{again}");
            assert!(!state.join("x").exists(), "it has no name");
            state
        });
        let state = asked.await.unwrap();
        stop.cancel();
        serving.await.unwrap();
        let nobody = ask_text("test", &state, &["lines"]).unwrap_err();
        assert!(nobody.to_string().contains("must run"), "{nobody}");
    }
}
