//! Bounds of the contract. The protos' comments name the same ones.

/// The largest message that anyone takes, in bytes.
pub const MESSAGE_BYTES: usize = 4 * 1024 * 1024;
/// The content of one page of a list, in bytes: what frames and describes it fits beside it.
pub const PAGE_BYTES: usize = 3 * 1024 * 1024;
/// Items of one signed batch.
pub const BATCH: usize = 1_000;
/// Purposes of one signal.
pub const PURPOSES: usize = 16;
/// Subjects of one signal.
pub const SUBJECTS: usize = 16;
/// Pseudonyms of one subject.
pub const PSEUDONYMS: usize = 1_024;
/// Attributes of one signal.
pub const ATTRIBUTES: usize = 32;
/// Characters of one attribute's text.
pub const ATTRIBUTE_CHARS: usize = 4_000;
/// Characters of a source reference.
pub const SOURCE_REFERENCE_CHARS: usize = 128;
/// Characters of a file number.
pub const FILE_NUMBER_CHARS: usize = 64;
/// Characters of a reason.
pub const REASON_CHARS: usize = 1_000;
/// How many days back a party answers a data subject: four years (Wpg 25; AVG 15 has no shorter term).
pub const LOOKED_BACK_DAYS: i32 = 4 * 365 + 1;
/// Covenants of one hello.
pub const COVENANTS: usize = 64;
/// Epochs of one covenant that are live at a node.
pub const EPOCHS: usize = 8;
/// Parties of one covenant.
pub const PARTIES: usize = 64;
/// Probe pseudonyms of one epoch.
pub const PROBES: usize = 4_096;
/// Notices that are under way to one node at once.
pub const NOTICES_UNDER_WAY: usize = 256;
/// Pseudonyms of data subjects in one question to the log.
pub const SUBJECT_PSEUDONYMS: usize = 64;
/// Data subjects of one request of a desk.
pub const CASE_SUBJECTS: usize = 16;
/// Entries of one answer to a look-up.
pub const LOOKED_UP: usize = 200;
/// A request that is passed on sealed, in bytes.
pub const SEALED_REQUEST_BYTES: usize = 64 * 1024;
/// Grounds on which one answer holds back.
pub const GROUNDS: usize = 16;
/// The size of a check's answer, of which the sent size is a multiple.
pub const CHECK_RESPONSE_BYTES: usize = 16 * 1024;
/// The file of one covenant, in bytes.
pub const COVENANT_FILE_BYTES: usize = 256 * 1024;
/// One DSSE envelope, in bytes.
pub const ENVELOPE_BYTES: usize = 64 * 1024;
/// What one party may sign over one version: signatures, rejections, suspensions and the like.
pub const ENVELOPES_PER_PARTY: usize = 200;
