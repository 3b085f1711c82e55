//! Keys on disk: which first byte is which kind of record. One tree holds them all.
//!
//! Format 2: side records are encrypted, each under its own key. Format 3: what links entries to
//! data subjects, what can be recalled, recalls, and for which reasons signals were
//! withdrawn; at a node the requests of data subjects, and which key
//! epochs it had (where there are none, it knows of none). A change here is a new format, with a
//! migration and a fixture of the old one.

use model::{CovenantId, Day, KeyEpoch, MatchKeyId};
use sha2::{Digest as _, Sha256};

/// The format that this program writes, and the newest it reads.
pub const FORMAT: u32 = 3;

pub(crate) const FORMAT_RECORD: u8 = 0x00;
/// Payload file names in use.
pub(crate) const FILE: u8 = b'F';
/// Expiry: day, then the key that ends on it.
pub(crate) const EXPIRY: u8 = b'X';
/// Last numbers given out.
pub(crate) const SEQUENCE: u8 = b'Q';
/// Answers by request id.
pub(crate) const REQUEST: u8 = b'R';
/// Nonces of signed messages.
pub(crate) const NONCE: u8 = b'O';

// Both.
/// Versions of covenants that were proposed or configured, by covenant.
pub(crate) const VERSION: u8 = b'V';
/// Files of such versions by digest.
pub(crate) const VERSION_FILE: u8 = b'G';
/// What was signed over such versions, by digest and id.
pub(crate) const SIGNED_OVER: u8 = b'H';
/// Versions that were active, by covenant.
pub(crate) const ACTIVE: u8 = b'A';
/// How far purges are, and what they removed.
pub(crate) const RETENTION: u8 = b'j';

// Broker.
/// Signals by number.
pub(crate) const SIGNAL: u8 = b'S';
/// Signal numbers and tombstones by covenant, epoch, party, id.
pub(crate) const SIGNAL_ID: u8 = b'U';
/// The match index.
pub(crate) const INDEX: u8 = b'I';
/// Signals still to be matched.
pub(crate) const WORK: u8 = b'W';
/// Decision ids that were logged.
pub(crate) const DECISION: u8 = b'D';
/// Undelivered notices by recipient and number.
pub(crate) const NOTICE: u8 = b'N';
/// Notice numbers by recipient and id.
pub(crate) const NOTICE_ID: u8 = b'M';
/// Counts towards a limit.
pub(crate) const LIMIT: u8 = b'L';
/// Key announcements, and what came of them; which nodes joined, and under which keys.
pub(crate) const KEY: u8 = b'K';
/// Probe references.
pub(crate) const PROBE: u8 = b'P';
/// Covenant files by digest.
pub(crate) const COVENANT: u8 = b'C';
/// "Still valid" statements and suspensions.
pub(crate) const STANDING: u8 = b'T';
/// When a signal last matched.
pub(crate) const MATCHED: u8 = b'Y';
/// Who reads the entries of a covenant version.
pub(crate) const READERS: u8 = b'E';
/// Signals to be matched anew when a covenant stands otherwise, by covenant.
pub(crate) const PARKED: u8 = b'J';
/// Withdrawals that wait to be logged.
pub(crate) const WITHDRAWN: u8 = b'B';
/// Cosignatures of checkpoints.
pub(crate) const COSIGNATURE: u8 = b'Z';
/// Log leaves by sequence number.
pub(crate) const LEAF: u8 = b'a';
/// Tree nodes by level and index.
pub(crate) const TREE: u8 = b'b';
/// What an entry is listed by.
pub(crate) const LISTED: u8 = b'c';
/// What opens request, answer and outcome, encrypted, by number and part.
pub(crate) const SIDE: u8 = b'd';
/// Openings of the outcome in format 1, in clear.
pub(crate) const OLD_OUTCOME: u8 = b'e';
/// The key of each side record.
pub(crate) const SIDE_KEY: u8 = b'l';
/// Index rows of the listing.
pub(crate) const LISTED_BY: u8 = b'f';
/// Counters per audience.
pub(crate) const COUNTER: u8 = b'g';
/// The log's head.
pub(crate) const HEAD: u8 = b'h';

/// What links an entry to its data subject, by number.
pub(crate) const LINK: u8 = b'u';
/// Numbers of entries by pseudonym.
pub(crate) const LINKED: u8 = b'y';
/// What was told and can be recalled, by the entry's number.
pub(crate) const TOLD: u8 = b'1';
/// The same by the source's signals that it rests on.
pub(crate) const TOLD_BY: u8 = b'2';
/// What is told and ends with its signals, by day.
pub(crate) const TOLD_ENDS: u8 = b'3';
/// Recalls by id.
pub(crate) const RECALL: u8 = b'4';
/// The recall of an entry.
pub(crate) const RECALL_OF: u8 = b'5';
/// Recalls that are to go out, by day.
pub(crate) const RECALL_DUE: u8 = b'6';
/// The last batch of recalls, and whether anything was withdrawn since.
pub(crate) const RECALL_BATCH: u8 = b'7';
/// For which reasons signals were withdrawn, by the signal's id.
pub(crate) const WITHDRAWN_FOR: u8 = b'8';
/// Reads of the log.
pub(crate) const ACCESS: u8 = b'i';
/// The newest witnessed checkpoint, by covenant version.
pub(crate) const WITNESSED: u8 = b'q';

// Node.
/// Encrypted vault records.
pub(crate) const VAULT: u8 = b'v';
/// Outbox items by number.
pub(crate) const OUTBOX: u8 = b'o';
/// Outbox totals.
pub(crate) const OUTBOX_TOTAL: u8 = b'p';
/// Own signals' states by id.
pub(crate) const OWN: u8 = b'w';
/// Outside ids back to own ids.
pub(crate) const OUTSIDE: u8 = b'x';
/// Notices received, by number.
pub(crate) const RECEIVED: u8 = b'n';
/// Numbers of notices received, by id.
pub(crate) const RECEIVED_ID: u8 = b'm';
/// The last checkpoints seen.
pub(crate) const SEEN: u8 = b's';
/// Receipts.
pub(crate) const RECEIPT: u8 = b'r';

/// Tallies.
pub(crate) const TALLY: u8 = b't';
/// Small state by name.
pub(crate) const NOTE: u8 = b'k';
/// Cases of data subjects, newest first.
pub(crate) const CASE: u8 = b'1';
/// Numbers of cases, by id.
pub(crate) const CASE_ID: u8 = b'2';
/// What is held back, by the entry's place in the log.
pub(crate) const HELD: u8 = b'3';
/// How many cases there were.
pub(crate) const CASE_COUNT: u8 = b'4';
/// Recalls of what this party was told, newest first.
pub(crate) const NODE_RECALL: u8 = b'5';
/// Numbers of recalls, by id.
pub(crate) const RECALL_ID: u8 = b'6';
/// What was said about recalls and the broker does not have yet.
pub(crate) const RECALL_OWED: u8 = b'7';
/// Recalls by the notice that they take back.
pub(crate) const RECALLED: u8 = b'8';
/// Key epochs that the node had, by covenant.
pub(crate) const KEY_EPOCH: u8 = b'9';

/// The day that [`Key::day`] wrote.
pub(crate) fn day_in_key(bytes: [u8; 4]) -> Day {
    Day::from_days((u32::from_be_bytes(bytes) ^ (1 << 31)).cast_signed())
}

/// Builds a key whose parts can't run into each other.
#[derive(Debug, Clone)]
pub(crate) struct Key(pub(crate) Vec<u8>);

impl Key {
    pub(crate) fn of(space: u8) -> Self {
        Self(vec![space])
    }

    pub(crate) fn raw(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self
    }

    pub(crate) fn u32(self, number: u32) -> Self {
        self.raw(&number.to_be_bytes())
    }

    pub(crate) fn u64(self, number: u64) -> Self {
        self.raw(&number.to_be_bytes())
    }

    /// Text with its length before it.
    pub(crate) fn text(self, text: &str) -> Self {
        let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
        self.u32(length).raw(text.as_bytes())
    }

    /// A day, so that earlier days sort first.
    pub(crate) fn day(self, day: Day) -> Self {
        self.raw(&(day.as_days().cast_unsigned() ^ (1 << 31)).to_be_bytes())
    }

    pub(crate) fn done(self) -> Vec<u8> {
        self.0
    }
}

/// The first key after all keys that begin with `prefix`.
pub(crate) fn key_end(prefix: &[u8]) -> Vec<u8> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if last < u8::MAX {
            end.push(last + 1);
            return end;
        }
    }
    // No prefix ends here: every space's first byte is below 0xff.
    vec![u8::MAX; 64]
}

/// The big-endian number that ends a key.
pub(crate) fn last_u64(key: &[u8]) -> Option<u64> {
    key.last_chunk().map(|n| u64::from_be_bytes(*n))
}

/// Where the pseudonyms of one covenant, epoch and match key begin in the match index: 16 bytes
/// of a hash in place of three long names, which keeps rows short. The match index is read by
/// this prefix only, never listed.
pub(crate) fn index_space(covenant: &CovenantId, epoch: KeyEpoch, key: &MatchKeyId) -> Vec<u8> {
    pseudonym_space(INDEX, covenant, epoch, key)
}

/// The same in another space.
pub(crate) fn pseudonym_space(
    space: u8,
    covenant: &CovenantId,
    epoch: KeyEpoch,
    key: &MatchKeyId,
) -> Vec<u8> {
    let mut hash = Sha256::new();
    hash.update(b"covenant-broker/store/index/v1\0");
    hash.update(covenant.as_str().as_bytes());
    hash.update([0]);
    hash.update(epoch.get().to_be_bytes());
    hash.update(key.as_str().as_bytes());
    let hash: [u8; 32] = hash.finalize().into();
    let (short, _) = hash.split_at(16);
    Key::of(space).raw(short).done()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_sort_as_numbers() {
        let key = |days| Key::of(EXPIRY).day(Day::from_days(days)).done();
        assert!(key(-1) < key(0));
        assert!(key(0) < key(1));
        assert!(key(1) < key(20_000));
        for days in [i32::MIN, -1, 0, 20_000, i32::MAX] {
            let bytes = *key(days).last_chunk().unwrap();
            assert_eq!(day_in_key(bytes), Day::from_days(days));
        }
    }

    #[test]
    fn a_prefix_ends_after_its_last_key() {
        assert_eq!(key_end(b"ab"), b"ac".to_vec());
        assert_eq!(key_end(&[b'a', 0xff]), b"b".to_vec());
        assert!(key_end(&[0xff]) > vec![0xff, 0xfe]);
    }

    #[test]
    fn parts_of_a_key_do_not_run_into_each_other() {
        let ab = Key::of(KEY).text("a").text("bc").done();
        let abc = Key::of(KEY).text("ab").text("c").done();
        assert_ne!(ab, abc);
    }
}
