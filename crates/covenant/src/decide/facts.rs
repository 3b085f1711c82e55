//! What a decision looks at, besides the covenant and the time. Closed structs without holes.

use model::{Protection, ProtectionStatement, PurposeId, RoleRef};

use crate::language::words::{LoginLevel, Trigger};

/// How often was asked, **this question included**. The counters are the broker's; a node that
/// asks beforehand on its own behalf gives 1 for each.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counters {
    /// Questions of this employee under this covenant today.
    pub employee_today: u32,
    /// Questions of this party under this covenant today.
    pub party_today: u32,
    /// Questions of this party about this subject this month: the highest over its pseudonyms.
    pub subject_this_month: u32,
}

/// What is known of the asker before anything is looked up.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AskerFacts {
    /// The role in which is asked; its party is the asker's.
    pub role: RoleRef,
    /// What for.
    pub purpose: PurposeId,
    /// How the asker asks.
    pub asking: Asking,
}

/// How the asker asks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Asking {
    /// Whether a file number was given (`dossier`).
    pub file_number: bool,
    /// Whether a reason was given (`motivering`).
    pub motivation: bool,
    /// How surely the asker was logged in (`inlogniveau`).
    pub login_level: LoginLevel,
    /// How often was asked.
    pub counters: Counters,
}

impl Asking {
    /// Nobody asks: a continuous match or a scan by itself.
    pub const NOBODY: Self = Self {
        file_number: false,
        motivation: false,
        login_level: LoginLevel::Low,
        counters: Counters {
            employee_today: 0,
            party_today: 0,
            subject_this_month: 0,
        },
    };
}

/// Distinct signals and their distinct parties.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Tally {
    /// Signals.
    pub hits: u32,
    /// Their parties.
    pub parties: u32,
}

impl Tally {
    /// So many signals of so many parties.
    #[must_use]
    pub const fn new(hits: u32, parties: u32) -> Self {
        Self { hits, parties }
    }
}

/// What is attested about the subject: the worst over the question and every live signal that
/// agrees, whoever sent it and whatever it is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Protections {
    /// About [`Protection::Minor`].
    pub minor: ProtectionStatement,
    /// About [`Protection::ShieldedAddress`].
    pub shielded_address: ProtectionStatement,
}

impl Protections {
    /// Nothing protects: attested by everybody.
    pub const ABSENT: Self = Self {
        minor: ProtectionStatement::Absent,
        shielded_address: ProtectionStatement::Absent,
    };

    /// What is attested about one protection.
    #[must_use]
    pub const fn of(self, protection: Protection) -> ProtectionStatement {
        match protection {
            Protection::Minor => self.minor,
            Protection::ShieldedAddress => self.shielded_address,
        }
    }
}

/// The facts of one decision about one cell. Which signals are meant by a tally is the clause's
/// matter: those of its `over` and `van` that are live, carry its purpose, agree by one of its
/// comparisons, lie in an open cell, and are not the recipient's own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Facts {
    /// What set it in motion.
    pub trigger: Trigger,
    /// How was asked.
    pub asking: Asking,
    /// The signals.
    pub live: Tally,
    /// Those of them that are recent enough (`binnen`).
    pub recent: Tally,
    /// Those of them that a person reviewed as the clause asks (`beoordeling`).
    pub reviewed: Tally,
    /// Those of them in the clause's areas (`gebied`).
    pub in_area: Tally,
    /// Those of them that are all three: what counts.
    pub counted: Tally,
    /// Those that count and are of this very cell: its source and its kind of signal.
    pub of_cell: u32,
    /// What is attested about the subject.
    pub protections: Protections,
    /// How many people approved, of those that the clause names, within its time.
    pub approvals: u32,
    /// Whether the answer was held back as long as the clause asks (`antwoord_na`).
    pub waited: bool,
    /// Whether sealed attributes can be released.
    pub can_release: bool,
    /// A scan: the number of distinct subjects in the cell of the count.
    pub total: u32,
    /// A scan: the percentage that the largest contributor has in it.
    pub largest_share_percent: u32,
}

impl Facts {
    /// Nothing was found. Approvals, held-back answers and sealed releases do not exist yet, so a
    /// clause that asks for one withholds, with that reason.
    #[must_use]
    pub const fn nothing_found(trigger: Trigger, asking: Asking, protections: Protections) -> Self {
        let none = Tally::new(0, 0);
        Self {
            trigger,
            asking,
            live: none,
            recent: none,
            reviewed: none,
            in_area: none,
            counted: none,
            of_cell: 0,
            protections,
            approvals: 0,
            waited: false,
            can_release: false,
            total: 0,
            largest_share_percent: 0,
        }
    }
}
