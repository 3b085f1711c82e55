//! What the next purge would remove, as the operator and the auditor read it.

use std::fmt::Write as _;

use model::CovenantId;
use store::Purged;

/// Where copies may be that no purge at the broker reaches.
const COPIES: &str = "\
copies that a purge here does not reach:
  evidence bundles  folders with a manifest.json (find / -name manifest.json): it says when each was made;
                    delete them when the retention of their entries is over
  receipts          at the nodes: covenant-node retention says which are due there (limits.receipt_days)
  backups           files that begin with \"covenant-broker backup\": delete those older than what is due
";

/// One line for each covenant and kind, and where copies may be.
pub(crate) fn lines(due: &[Purged]) -> String {
    let mut lines = String::new();
    if due.is_empty() {
        lines.push_str("nothing is due\n");
    }
    for one in due {
        let covenant = one.covenant.as_ref().map_or("-", CovenantId::as_str);
        let since = one.since.map_or_else(
            || "its covenant is over".to_owned(),
            |day| format!("oldest of {day}"),
        );
        // Writing to a text does not fail.
        let (what, count) = (one.what.as_str(), one.count);
        let _ = writeln!(lines, "{covenant}  {what}  {count}  {since}");
    }
    lines.push_str(COPIES);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Day;
    use store::Purgeable;

    #[test]
    fn every_kind_has_its_line_and_copies_are_named() {
        let today = Day::parse("2026-11-26").unwrap();
        let one = |covenant: Option<&str>, what, since| Purged {
            covenant: covenant.map(|id| CovenantId::parse(id).unwrap()),
            what,
            count: 3,
            since,
        };
        let due = [
            one(Some("veilig"), Purgeable::Signals, Some(today)),
            one(None, Purgeable::Answers, None),
        ];
        let told = lines(&due);
        assert!(told.starts_with("veilig  signals  3  oldest of 2026-11-26\n-  answers  3  "));
        assert!(told.contains("manifest.json") && told.contains("covenant-node retention"));
        assert!(lines(&[]).starts_with("nothing is due\n"));
    }
}
