//! Why something is withheld or refused.

use crate::language::words::Reason as Word;

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $word:expr;)*) => {
        /// Why a decision withholds. The order is that in which reasons are written.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
        pub enum Reason {
            $($(#[$doc])* $name,)*
        }

        impl Reason {
            /// Every reason.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Its code, `UPPER_SNAKE`: stable, for logs and machines.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self {
                    $(Self::$name => $code,)*
                }
            }

            /// The word for it in an example of a covenant; `None` where an example can't know it.
            #[must_use]
            pub const fn word(self) -> Option<Word> {
                match self {
                    $(Self::$name => $word,)*
                }
            }
        }
    };
}

reasons! {
    /// The covenant is not in force: not yet, no longer, withdrawn or lapsed.
    NotActive = "COVENANT_NOT_ACTIVE", None;
    /// A suspension touches the cell.
    Suspended = "SUSPENDED", None;
    /// A party of the cell has no "still valid" statement younger than 24 hours.
    NotConfirmed = "PARTY_NOT_CONFIRMED", None;
    /// A prohibition covers the cell. Fact: its place in the file, from 1.
    Prohibited = "PROHIBITED", Some(Word::Prohibited);
    /// No clause opens the cell.
    NotNamed = "NOT_NAMED", Some(Word::NotNamed);
    /// The clause is not set in motion by this occasion.
    OtherTrigger = "OTHER_TRIGGER", Some(Word::NotNamed);
    /// The source contributes nothing that counts.
    NothingFromSource = "NOTHING_FROM_SOURCE", None;
    /// `treffers`: too few signals that count.
    Hits = "HITS", Some(Word::Hits);
    /// `partijen`: too few parties.
    Parties = "PARTIES", Some(Word::Parties);
    /// `binnen`: too few signals that are recent enough.
    Within = "WITHIN", Some(Word::Within);
    /// `dossier`: no file number was given.
    FileNumber = "FILE_NUMBER", Some(Word::FileNumber);
    /// `motivering`: no reason was given.
    Motivation = "MOTIVATION", Some(Word::Motivation);
    /// `beoordeling`: too few signals that a person reviewed as the clause asks.
    Review = "REVIEW", Some(Word::Review);
    /// `goedkeuring`: too few approvals.
    Approval = "APPROVAL", Some(Word::Approval);
    /// `antwoord_na`: the answer was not held back as long as the clause asks.
    AnswerAfter = "ANSWER_AFTER", None;
    /// `inlogniveau`: the login was too weak. Fact and threshold: 1 low, 2 substantial, 3 high.
    LoginLevel = "LOGIN_LEVEL", Some(Word::LoginLevel);
    /// `niet_over`: minor. Fact: 1 unknown, 2 present.
    Minor = "NOT_ABOUT_MINOR", Some(Word::NotAbout);
    /// `niet_over`: shielded address. Fact: 1 unknown, 2 present.
    ShieldedAddress = "NOT_ABOUT_SHIELDED_ADDRESS", Some(Word::NotAbout);
    /// `gebied`: too few signals in the clause's areas.
    Area = "AREA", Some(Word::Area);
    /// `per_medewerker_per_dag`.
    PerEmployee = "LIMIT_PER_EMPLOYEE", Some(Word::PerEmployee);
    /// `per_partij_per_dag`.
    PerParty = "LIMIT_PER_PARTY", Some(Word::PerParty);
    /// `per_betrokkene_per_maand`.
    PerSubject = "LIMIT_PER_SUBJECT", Some(Word::PerSubject);
    /// `drempel`: the count is below it.
    Threshold = "THRESHOLD", Some(Word::Threshold);
    /// `overheersing`: one contributor dominates the count. Percentages.
    Dominance = "DOMINANCE", None;
    /// `gegevens`: attributes travel by a sealed release, which this broker cannot give.
    Attributes = "ATTRIBUTES", None;
    /// Another advice goes before this one, so this one was not told.
    Outranked = "OUTRANKED", None;
}

impl Reason {
    /// The reason with a code.
    #[must_use]
    pub fn of_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|one| one.code() == code)
    }

    /// Whether it follows from the asker alone, so that it may be told openly.
    #[must_use]
    pub const fn is_about_asker(self) -> bool {
        matches!(
            self,
            Self::FileNumber
                | Self::Motivation
                | Self::LoginLevel
                | Self::PerEmployee
                | Self::PerParty
                | Self::PerSubject
        )
    }
}

/// One condition or limit that is not met, as numbers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Unmet {
    /// Which.
    pub reason: Reason,
    /// What was the case. Truth is 1.
    pub fact: u32,
    /// What the clause asks; for a limit the highest that is allowed.
    pub threshold: u32,
}
