//! A file of the log's lines: read once, its lines read on every core, and taken in their order.

use std::fs::File;
use std::io::{BufRead as _, Read as _};
use std::path::Path;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread::{available_parallelism, scope};

use anyhow::Context as _;
use ledger::evidence::Listed;
use ledger::export::MAX_LINE;
use ledger::verify::{Line, Lines};
use model::Digest;
use sha2::{Digest as _, Sha256};

use crate::progress::Progress;

/// How much is handed to a core at a time, in bytes: few enough to be still in the processor's own
/// memory when they are read.
const PIECE: usize = 256 << 10;
/// How much is read before a line without an end is given up as too long.
const LONGEST: usize = MAX_LINE + 2;

/// Gives every line to `take`, without its contents, until it says that it wants no more.
pub(super) fn each(path: &Path, take: impl FnMut(Line) -> bool) -> anyhow::Result<()> {
    read(path, None, false, take).map(drop)
}

/// The same with or without contents, and measures the file to its end, whatever `take` wants of it.
pub(super) fn measured(
    path: &Path,
    contents: bool,
    take: impl FnMut(Line) -> bool,
) -> anyhow::Result<Listed> {
    read(path, Some(Sha256::new()), contents, take)
}

/// Whole lines, for a worker.
struct Piece {
    /// A buffer, of which the lines are the beginning.
    bytes: Vec<u8>,
    length: usize,
    /// Whether the first of them is the first of the file.
    first: bool,
}

/// A worker's piece, and where its lines go.
type Work = (Piece, SyncSender<Vec<Line>>);

fn read(
    path: &Path,
    hasher: Option<Sha256>,
    contents: bool,
    mut take: impl FnMut(Line) -> bool,
) -> anyhow::Result<Listed> {
    let told = || format!("read {}", path.display());
    let file = File::open(path).with_context(told)?;
    let megabytes = usize::try_from(file.metadata().with_context(told)?.len())? >> 20;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let mut progress = Progress::of(megabytes, &format!("{name} (MiB)"));
    let cores = available_parallelism().map_or(1, std::num::NonZero::get);
    let (work, works) = sync_channel::<Work>(cores);
    let (queue, queued) = sync_channel(2 * cores);
    let (spare, spares) = channel();
    let works = Mutex::new(works);
    let measured = scope(|scope| {
        let reading = scope.spawn(move || {
            let mut cutting = Cutting {
                file,
                hasher,
                length: 0,
                spares,
            };
            cutting.cut(|piece| {
                let (done, lines) = sync_channel(1);
                queue.send((piece.length, lines)).is_ok() && work.send((piece, done)).is_ok()
            })?;
            std::io::Result::Ok(cutting.listed())
        });
        for _ in 0..cores {
            let (works, spare) = (&works, spare.clone());
            scope.spawn(move || prepare(works, &spare, Lines::new(contents)));
        }
        let mut done = 0;
        // In the order in which they were cut, whichever core had them.
        for (length, lines) in queued {
            let lines: Receiver<Vec<Line>> = lines;
            if !lines.into_iter().flatten().all(&mut take) {
                break;
            }
            done += length;
            progress.at(done >> 20);
        }
        reading.join()
    });
    progress.finish();
    match measured {
        Ok(listed) => listed.with_context(told),
        Err(panic) => std::panic::resume_unwind(panic),
    }
}

/// Reads the lines of one piece after another, until there are no more.
fn prepare(works: &Mutex<Receiver<Work>>, spare: &Sender<Vec<u8>>, mut reading: Lines) {
    loop {
        let next = works.lock().map(|works| works.recv());
        let Ok(Ok((piece, done))) = next else {
            return;
        };
        // Whoever takes the lines may want no more, and who reads may be through.
        drop(done.send(piece.lines(&mut reading)));
        drop(spare.send(piece.bytes));
    }
}

impl Piece {
    fn lines(&self, reading: &mut Lines) -> Vec<Line> {
        let mut rest = self.bytes.get(..self.length).unwrap_or_default();
        let (mut lines, mut first) = (Vec::new(), self.first);
        while !rest.is_empty() {
            // Reading from memory does not fail.
            let length = { rest }.skip_until(b'\n').unwrap_or(rest.len());
            let (line, after) = rest.split_at(length);
            let line = line.strip_suffix(b"\n").unwrap_or(line);
            lines.push(if first {
                reading.header(line)
            } else {
                reading.record(line)
            });
            (rest, first) = (after, false);
        }
        lines
    }
}

/// Cuts a file into pieces, and measures it.
struct Cutting {
    file: File,
    hasher: Option<Sha256>,
    length: u64,
    /// Buffers that were used before.
    spares: Receiver<Vec<u8>>,
}

impl Cutting {
    /// Gives every piece to `give`, until it wants no more; what is measured is measured to its end.
    fn cut(&mut self, mut give: impl FnMut(Piece) -> bool) -> std::io::Result<()> {
        let (mut rest, mut first, mut wanted) = (Vec::new(), true, true);
        while wanted || self.hasher.is_some() {
            let spare = self.spares.try_recv();
            let mut bytes = spare.unwrap_or_else(|_| vec![0; LONGEST]);
            if let Some(start) = bytes.get_mut(..rest.len()) {
                start.copy_from_slice(&rest);
            }
            let (mut length, mut ended, mut end) = (rest.len(), false, 0);
            // A longer line is a piece of its own.
            for most in [PIECE, LONGEST] {
                if end == 0 && !ended {
                    let room = bytes.get_mut(length..most).unwrap_or_default();
                    let (read, at_end) = self.fill(room)?;
                    (length, ended) = (length + read, at_end);
                    let filled = bytes.get(..length).unwrap_or_default();
                    end = match filled.iter().rposition(|byte| *byte == b'\n') {
                        Some(at) if !ended => at + 1,
                        None if !ended && length < LONGEST => 0,
                        _ => length,
                    };
                }
            }
            rest.clear();
            rest.extend_from_slice(bytes.get(end..length).unwrap_or_default());
            if wanted && end > 0 {
                wanted = give(Piece {
                    bytes,
                    length: end,
                    first,
                });
                first = false;
            }
            if ended {
                break;
            }
        }
        Ok(())
    }

    /// Fills what it is given: how much was read, and whether the file is at its end.
    fn fill(&mut self, bytes: &mut [u8]) -> std::io::Result<(usize, bool)> {
        let mut length = 0;
        while let Some(room) = bytes.get_mut(length..).filter(|room| !room.is_empty()) {
            let read = match self.file.read(room) {
                Ok(0) => return Ok((length, true)),
                Ok(read) => read,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if let Some(hasher) = &mut self.hasher {
                hasher.update(room.get(..read).unwrap_or_default());
            }
            self.length += u64::try_from(read).unwrap_or(u64::MAX);
            length += read;
        }
        Ok((length, false))
    }

    fn listed(self) -> Listed {
        let digest = self
            .hasher
            .map_or([0; 32], |hasher| hasher.finalize().into());
        Listed {
            length: self.length,
            digest: Digest::new(digest),
        }
    }
}
