//! What can be recorded: a closed list, numbered for good.

/// What an entry is about, coarsely: the only such word in a leaf.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Class {
    /// To reveal, to withhold or to refuse, and what followed from a disclosure.
    Decision,
    /// The life of a covenant.
    Covenant,
    /// A data subject's right was used.
    Rights,
    /// Keys, nodes, limits, retention; also the padding.
    Operation,
}

impl Class {
    /// Every class.
    pub const ALL: [Self; 4] = [
        Self::Decision,
        Self::Covenant,
        Self::Rights,
        Self::Operation,
    ];

    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Decision => "decision",
            Self::Covenant => "covenant",
            Self::Rights => "rights",
            Self::Operation => "operation",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.as_str() == text)
    }
}

macro_rules! kinds {
    ($($number:literal $name:ident $code:literal $class:ident $doc:literal;)*) => {
        /// What happened. Numbers and codes are never used again for something else;
        /// `docs/disclosure-log.md` has them as a table.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
        pub enum Kind {
            $(#[doc = $doc] $name = $number,)*
        }

        impl Kind {
            /// Every kind, by number.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Its number in the catalogue, from 1.
            #[must_use]
            pub const fn number(self) -> u16 {
                match self { $(Self::$name => $number,)* }
            }

            /// Its code, as an outcome writes it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// The class that its leaf shows.
            #[must_use]
            pub const fn class(self) -> Class {
                match self { $(Self::$name => Class::$class,)* }
            }

            /// What it means, one English sentence without its full stop.
            #[must_use]
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$name => $doc,)* }
            }
        }
    };
}

kinds! {
    1 CovenantSigned "covenant-signed" Covenant "A party signed a version of a covenant";
    2 CovenantActivated "covenant-activated" Covenant "Every party had signed and the version came into force";
    3 CovenantSuspended "covenant-suspended" Covenant "A signer or an emergency key suspended it, wholly or in part";
    4 CovenantResumed "covenant-resumed" Covenant "A party resumed it; a suspension ends when the suspender and another party did";
    5 CovenantWithdrawn "covenant-withdrawn" Covenant "A party withdrew from it for good";
    6 CovenantExpired "covenant-expired" Covenant "It came to its end, or lapsed after a suspension of 30 days";
    7 MatchDecided "match-decided" Decision "A continuous match was decided for one clause, recipient and source";
    8 CheckAnswered "check-answered" Decision "A question was decided for one source in its scope";
    9 CheckRefused "check-refused" Decision "A question was refused openly, because of the asker";
    10 ReleaseRequested "release-requested" Decision "Attributes were asked of a source";
    11 ReleaseApproved "release-approved" Decision "A person approved a release";
    12 ReleaseRefused "release-refused" Decision "A person or the source's node refused a release";
    13 ReleaseDelivered "release-delivered" Decision "Sealed attributes were handed to the recipient";
    14 ReleaseAcknowledged "release-acknowledged" Decision "The recipient confirmed that it opened them";
    15 Recall "recall" Rights "A recipient was told that a signal was withdrawn or amended, or confirmed that";
    16 Correction "correction" Rights "A data subject had data corrected (AVG 16, Wpg 28)";
    17 Objection "objection" Rights "A data subject objected (AVG 21)";
    18 Restriction "restriction" Rights "Processing was restricted (AVG 18)";
    19 AccessRequestAnswered "access-request-answered" Rights "A data subject's request for access was answered (AVG 15, Wpg 25)";
    20 ScanAnswered "scan-answered" Decision "Counts over areas were released or suppressed";
    21 EpochStarted "epoch-started" Operation "A covenant key came into use";
    22 EpochPurged "epoch-purged" Operation "Everything under an old covenant key was purged";
    23 RetentionPurged "retention-purged" Operation "Side records past their retention were erased";
    24 QuotaExceeded "quota-exceeded" Operation "A limit was reached";
    25 CanaryTouched "canary-touched" Operation "A question or a signal touched a planted subject";
    26 WitnessRefused "witness-refused" Operation "A witness refused to cosign a checkpoint";
    27 NodeJoined "node-joined" Operation "A party's node connected for the first time";
    28 KeyChanged "key-changed" Operation "A node's, a signer's or the log's key was replaced";
    29 Padding "padding" Operation "A dummy that keeps the number of leaves independent of what happened";
    30 CovenantRejected "covenant-rejected" Covenant "A party refused to sign a version of a covenant";
    31 SubjectLookedUp "subject-looked-up" Rights "A party's desk looked up its own entries about a data subject";
    32 Erasure "erasure" Rights "A data subject had data erased, or what links entries to them (AVG 17, Wpg 28)";
    33 RequestPassedOn "request-passed-on" Rights "A party passed a data subject's request on to another, sealed";
}

impl Kind {
    /// Reads the code.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == text)
    }
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_codes_are_gapless_and_unique() {
        let numbers: Vec<u16> = Kind::ALL.iter().map(|k| k.number()).collect();
        assert_eq!(numbers, (1..=33).collect::<Vec<_>>());
        for kind in Kind::ALL {
            assert_eq!(Kind::parse(kind.as_str()), Some(*kind));
        }
        assert_eq!(Kind::parse("Recall"), None);
    }
}
