//! A signal as it leaves a party: pseudonyms, category, day. No raw identifier fits in here.

use crate::Digest;
use crate::id::SignalId;
use crate::name::{CategoryCode, CovenantId, Neighbourhood, PartyId, PurposeId};
use crate::pseudonym::{KeyEpoch, Token};
use crate::time::Day;

/// What a signal is about.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum SubjectKind {
    /// A natural person.
    Person,
    /// An address.
    Address,
    /// An organisation.
    Organisation,
    /// A vehicle.
    Vehicle,
    /// A telephone number.
    Contact,
    /// A bank account.
    Account,
}

impl SubjectKind {
    /// Every kind.
    pub const ALL: [Self; 6] = [
        Self::Person,
        Self::Address,
        Self::Organisation,
        Self::Vehicle,
        Self::Contact,
        Self::Account,
    ];

    /// The covenant's word (`soort`); also the first part of a match key's HMAC input.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Person => "persoon",
            Self::Address => "adres",
            Self::Organisation => "organisatie",
            Self::Vehicle => "voertuig",
            Self::Contact => "contact",
            Self::Account => "rekening",
        }
    }

    /// Reads the covenant's word.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|k| k.as_str() == text)
    }
}

/// A ground to withhold that the source attests.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Protection {
    /// The subject is a minor (`minderjarige`).
    Minor,
    /// The address is shielded by law (`afgeschermd-adres`).
    ShieldedAddress,
}

impl Protection {
    /// Every protection.
    pub const ALL: [Self; 2] = [Self::Minor, Self::ShieldedAddress];

    /// The covenant's word, in `niet_over`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Minor => "minderjarige",
            Self::ShieldedAddress => "afgeschermd-adres",
        }
    }
}

/// What a sender attests about one [`Protection`] of a subject.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
pub enum ProtectionStatement {
    /// The sender does not know. A clause with `niet_over` then withholds.
    #[default]
    Unknown,
    /// The sender looked and it does not apply.
    Absent,
    /// It applies.
    Present,
}

/// How sure the sender is (`zekerheid`), from weak to strong.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Certainty {
    /// Reported by somebody (`gemeld`).
    Reported,
    /// Confirmed by the sender (`bevestigd`).
    Confirmed,
}

impl Certainty {
    /// The covenant's word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reported => "gemeld",
            Self::Confirmed => "bevestigd",
        }
    }
}

/// The article of the Wet politiegegevens under which police data is processed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum PoliceArticle {
    /// Wpg 8: daily police task.
    Art8,
    /// Wpg 9: targeted investigation.
    Art9,
    /// Wpg 10: insight into serious threats.
    Art10,
    /// Wpg 13: support of the police task.
    Art13,
}

/// One subject of a signal or question, as tokens.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Subject {
    /// What it is.
    pub kind: SubjectKind,
    /// What the sender attests about [`Protection::Minor`].
    pub minor: ProtectionStatement,
    /// What the sender attests about [`Protection::ShieldedAddress`].
    pub shielded_address: ProtectionStatement,
    /// Its tokens: several of one key where a surname has several forms.
    pub tokens: Vec<Token>,
}

impl Subject {
    /// What the sender attests about `protection`.
    #[must_use]
    pub const fn statement(&self, protection: Protection) -> ProtectionStatement {
        match protection {
            Protection::Minor => self.minor,
            Protection::ShieldedAddress => self.shielded_address,
        }
    }
}

/// A pseudonymised signal: what a node pushes and the broker stores.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Signal {
    /// Random per covenant and epoch; unique by (party, id, epoch).
    pub id: SignalId,
    /// Who pushed it: from the connection's certificate, never from the message.
    pub party: PartyId,
    /// Under which covenant.
    pub covenant: CovenantId,
    /// Under which key.
    pub epoch: KeyEpoch,
    /// What kind of thing was seen.
    pub category: CategoryCode,
    /// What it may be used for.
    pub purposes: Vec<PurposeId>,
    /// The day it was observed.
    pub day: Day,
    /// Where, coarsely.
    pub neighbourhood: Option<Neighbourhood>,
    /// How sure the sender is.
    pub certainty: Certainty,
    /// Whether a person at the source reviewed it on entry.
    pub reviewed_by_person: bool,
    /// The police article, where it applies.
    pub police_article: Option<PoliceArticle>,
    /// The first day on which it no longer matches.
    pub expires_on: Day,
    /// What it is about.
    pub subjects: Vec<Subject>,
    /// Salted commitment to the raw content, made by the node, which keeps the salt.
    pub content_commitment: Digest,
}

impl Signal {
    /// Whether it may match on `today`.
    #[must_use]
    pub fn is_live(&self, today: Day) -> bool {
        today < self.expires_on
    }
}
