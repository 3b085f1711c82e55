//! A file of the log's lines: read once, on every core, and taken in the order of the file.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Seek as _, SeekFrom};
use std::path::Path;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{available_parallelism, scope};

use anyhow::Context as _;
use ledger::export::MAX_LINE;
use ledger::verify::{Line, Lines, Verifier};
use ledger::{LogVerifier, Report};

use crate::progress::Progress;

/// How much a core reads at a time, in bytes: few enough to be still in the processor's own memory
/// when its lines are read.
const PIECE: u64 = 512 << 10;
/// How much of a line is read before it is given up as too long.
const LONGEST: usize = MAX_LINE + 2;

/// Whether it is a file that can be read more than once, and in pieces.
fn whole(path: &Path) -> anyhow::Result<std::fs::Metadata> {
    let name = path.display();
    let known = std::fs::metadata(path).with_context(|| format!("read {name}"))?;
    let remedy =
        "no plain file, which is read in pieces: keep what comes out of a pipe in a file first";
    anyhow::ensure!(known.is_file(), "{name}: {remedy}");
    Ok(known)
}

/// The first line of a file, without its line feed.
pub(super) fn first(path: &Path) -> anyhow::Result<Vec<u8>> {
    let told = || format!("read {}", path.display());
    whole(path)?;
    let file = File::open(path).with_context(told)?;
    let mut line = Vec::new();
    let most = u64::try_from(LONGEST)?;
    BufReader::new(file.take(most))
        .read_until(b'\n', &mut line)
        .with_context(told)?;
    if line.last() == Some(&b'\n') {
        line.pop();
    }
    Ok(line)
}

/// The lines of one piece, or why it can't be read.
type Read = std::io::Result<Vec<Line>>;

/// Gives every line to `take`, with or without its contents, until it says that it wants no more.
pub(super) fn each(
    path: &Path,
    contents: bool,
    mut take: impl FnMut(Line) -> bool,
) -> anyhow::Result<()> {
    let told = || format!("read {}", path.display());
    let length = whole(path)?.len();
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let mut progress = Progress::of(usize::try_from(length >> 20)?, &format!("{name} (MiB)"));
    let cores = available_parallelism().map_or(1, std::num::NonZero::get);
    let (queue, queued) = sync_channel::<Receiver<Read>>(2 * cores);
    let next = Mutex::new(Next {
        from: 0,
        length,
        queue: Some(queue),
    });
    let read = scope(|scope| -> std::io::Result<()> {
        for _ in 0..cores {
            scope.spawn(|| pieces(path, &next, Lines::new(contents)));
        }
        let mut done = 0;
        // In the order of the file, whichever core had them.
        for lines in queued {
            for read in lines {
                if !read?.into_iter().all(&mut take) {
                    return Ok(());
                }
            }
            done += PIECE;
            progress.at(usize::try_from(done.min(length) >> 20).unwrap_or(usize::MAX));
        }
        Ok(())
    });
    progress.finish();
    read.with_context(told)
}

/// Verifies a file by a log's key: `see` looks at what every good line showed, with or without its
/// contents, and says whether to go on.
pub(super) fn verify(
    path: &Path,
    log: &LogVerifier,
    contents: bool,
    mut see: impl FnMut(&mut Verifier) -> bool,
) -> anyhow::Result<Report> {
    let mut verifier = Verifier::new(log);
    each(path, contents, |line| {
        verifier.take(line).is_ok() && see(&mut verifier)
    })?;
    Ok(verifier.finish())
}

/// Which piece is read next, by whoever asks first.
struct Next {
    from: u64,
    length: u64,
    /// Where its lines are waited for; `None` once there are no more pieces.
    queue: Option<SyncSender<Receiver<Read>>>,
}

impl Next {
    /// Where the next piece begins, and where its lines go.
    fn piece(&mut self) -> Option<(u64, SyncSender<Read>)> {
        let from = self.from;
        let queue = self.queue.as_ref().filter(|_| from < self.length);
        let (done, lines) = sync_channel(1);
        // Whoever takes the lines may want no more.
        if queue.is_none_or(|queue| queue.send(lines).is_err()) {
            self.queue = None;
            return None;
        }
        self.from = from.saturating_add(PIECE);
        Some((from, done))
    }
}

/// Reads one piece after another, until there are no more.
fn pieces(path: &Path, next: &Mutex<Next>, mut reading: Lines) {
    let mut file = File::open(path);
    let (mut bytes, mut expected) = (Vec::new(), 0);
    loop {
        let piece = next.lock().ok().and_then(|mut next| next.piece());
        let Some((from, done)) = piece else { return };
        let lines = match &mut file {
            Ok(file) => read(file, from, &mut bytes).map(|begin| {
                let mut lines = Vec::with_capacity(expected);
                cut(&bytes, begin, from, &mut reading, &mut lines);
                expected = lines.len();
                lines
            }),
            Err(error) => Err(std::io::Error::new(error.kind(), error.to_string())),
        };
        drop(done.send(lines));
    }
}

/// Reads the lines that begin in a piece, the last one to its end, and says where the first begins.
fn read(file: &mut File, from: u64, bytes: &mut Vec<u8>) -> std::io::Result<usize> {
    bytes.clear();
    // A line begins behind a line feed, which may be the last byte of the piece before. What is read
    // begins a little earlier still: at a place from which memory is copied fast.
    let before = from.min(64);
    file.seek(SeekFrom::Start(from - before))?;
    file.by_ref().take(before + PIECE).read_to_end(bytes)?;
    let begin = match usize::try_from(before).unwrap_or_default().checked_sub(1) {
        None => 0,
        Some(skipped) => {
            let feed = memchr::memchr(b'\n', bytes.get(skipped..).unwrap_or_default());
            feed.map_or(bytes.len(), |feed| skipped + feed + 1)
        }
    };
    let mut last = memchr::memrchr(b'\n', bytes).map_or(begin, |feed| feed + 1);
    while begin < bytes.len() && last < bytes.len() && bytes.len() - last < LONGEST {
        let known = bytes.len();
        if file.by_ref().take(8 << 10).read_to_end(bytes)? == 0 {
            break;
        }
        let more = bytes.get(known..).unwrap_or_default();
        if let Some(feed) = memchr::memchr(b'\n', more) {
            last = known + feed + 1;
            bytes.truncate(last);
        }
    }
    Ok(begin)
}

fn cut(bytes: &[u8], begin: usize, from: u64, reading: &mut Lines, lines: &mut Vec<Line>) {
    let mut rest = bytes.get(begin..).unwrap_or_default();
    while !rest.is_empty() {
        let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        let (line, after) = rest.split_at(end);
        lines.push(if from == 0 && lines.is_empty() {
            reading.header(line)
        } else {
            reading.record(line)
        });
        rest = after.strip_prefix(b"\n").unwrap_or(after);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines of a file in pieces, as they are read.
    fn in_pieces(content: &[u8]) -> Vec<Vec<u8>> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lines");
        std::fs::write(&path, content).unwrap();
        let mut file = File::open(&path).unwrap();
        let (mut all, mut bytes, mut from) = (Vec::new(), Vec::new(), 0);
        while from < content.len() as u64 {
            let begin = read(&mut file, from, &mut bytes).unwrap();
            let lines = bytes[begin..].split_inclusive(|byte| *byte == b'\n');
            all.extend(lines.map(<[u8]>::to_vec));
            from += PIECE;
        }
        all
    }

    #[test]
    fn every_line_is_in_one_piece_wherever_pieces_begin() {
        let piece = usize::try_from(PIECE).unwrap();
        for (length, more) in [
            (1, 0),
            (1, 1),
            (2, 0),
            (1_000, 7),
            (300_000, 0),
            (LONGEST - 1, 3),
        ] {
            // The feeds of lines stand before, at and behind the place where a piece begins.
            for shift in [0, 1, 2, length / 2] {
                let mut content = vec![b'x'; piece.saturating_sub(length + shift) % length];
                content.push(b'\n');
                while content.len() < 3 * piece + more {
                    content.extend(std::iter::repeat_n(b'y', length - 1));
                    content.push(b'\n');
                }
                for end in [content.len(), content.len() - 1] {
                    let content = &content[..end];
                    let whole = content.split_inclusive(|byte| *byte == b'\n');
                    assert!(
                        whole.eq(in_pieces(content).iter().map(Vec::as_slice)),
                        "{length} {more} {shift} {end}"
                    );
                }
            }
        }
    }

    #[test]
    fn what_can_be_read_only_once_is_refused_with_a_remedy() {
        let folder = tempfile::tempdir().unwrap();
        for path in [folder.path(), Path::new("/dev/null")] {
            let all = each(path, false, |_| true).unwrap_err().to_string();
            let first = first(path).unwrap_err().to_string();
            assert!(first.contains("keep what comes out of a pipe in a file"));
            assert_eq!(first, all);
        }
    }

    #[test]
    fn a_line_that_is_too_long_is_not_read_to_its_end() {
        let content = vec![b'x'; 4 << 20];
        let first = &in_pieces(&content)[0];
        assert!((LONGEST..LONGEST + (8 << 10)).contains(&first.len()));
    }
}
