//! What is due and what went, as the operator reads it.

use std::fmt::Write as _;

use model::Timestamp;
use store::{NodePurge, NodePurgeable, NodePurged};

/// Where copies may be that no purge of this node reaches.
const COPIES: &str = "\
copies that a purge here does not reach:
  backups           files that begin with \"covenant-node backup\": delete those older than what is due
  evidence bundles  folders with a manifest.json (find / -name manifest.json): it says when each was made
  other systems     whatever read notices and answers over gRPC: the promise `bewaren` counts there too
";

/// Adds counts up, each kind once.
pub(super) fn add_up(to: &mut Vec<NodePurged>, more: &[NodePurged]) {
    for one in more {
        match to.iter_mut().find(|known| known.what == one.what) {
            Some(known) => {
                known.count = known.count.saturating_add(one.count);
                known.since = known.since.min(one.since);
            }
            None => to.push(*one),
        }
    }
}

/// `own_signals=3 notices=2`.
pub(super) fn in_words(counts: impl Iterator<Item = (NodePurgeable, u64)>) -> String {
    let words: Vec<String> = counts
        .map(|(what, count)| format!("{}={count}", what.as_str()))
        .collect();
    words.join(" ")
}

/// One line for each kind that is due, and where copies may be.
pub(crate) fn lines(due: &[NodePurged]) -> String {
    let mut lines = String::new();
    if due.is_empty() {
        lines.push_str("nothing is due\n");
    }
    for one in due {
        // Writing to a text does not fail.
        let _ = writeln!(
            lines,
            "{}  {}  due since {}",
            one.what.as_str(),
            one.count,
            one.since
        );
    }
    lines.push_str(COPIES);
    lines
}

/// One line for each purge that removed something, newest first.
pub(crate) fn history(purges: &[NodePurge], last: Option<Timestamp>) -> String {
    let mut lines = match last {
        Some(at) => format!("purged last: {at}\n"),
        None => "not purged yet\n".to_owned(),
    };
    for purge in purges {
        let counts = in_words(purge.counts.iter().copied());
        let _ = writeln!(lines, "{}  {counts}", purge.at);
    }
    lines
}
