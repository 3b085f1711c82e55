//! Words of a closed list, both ways. The word `UNSPECIFIED` is never taken for another.

use model::{Certainty, PoliceArticle, ProtectionStatement, SubjectKind};

use crate::field::Read;
use crate::malformed::{Malformed, Problem};
use crate::{broker_v1, type_v1};

// One arm per word and direction: a word that is added on either side does not compile until it is
// mapped.
macro_rules! words {
    ($($(#[$doc:meta])* $read:ident, $write:ident: $proto:ty as $ours:ty {
        $($theirs:ident = $own:ident,)*
    } else { $($unset:ident)|+ => $problem:ident })*) => {$(
        $(#[$doc])*
        ///
        /// # Errors
        /// [`Problem::Unspecified`] or [`Problem::UnknownValue`].
        pub fn $read(value: i32, field: &str) -> Read<$ours> {
            match <$proto>::try_from(value) {
                $(Ok(<$proto>::$theirs) => Ok(<$ours>::$own),)*
                $(Ok(<$proto>::$unset))|+ => Err(Malformed::new(field, Problem::$problem)),
                Err(_) => Err(Malformed::new(field, Problem::UnknownValue)),
            }
        }

        /// The word as a number of the wire.
        #[must_use]
        pub const fn $write(value: $ours) -> i32 {
            match value {
                $(<$ours>::$own => <$proto>::$theirs as i32,)*
            }
        }
    )*};
}

/// Why a signal is withdrawn.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum WithdrawalReason {
    /// It should not have been entered.
    EnteredInError,
    /// It was right and no longer is.
    NoLongerApplies,
    /// The data subject objected (GDPR article 21).
    Objection,
    /// Its processing is restricted (GDPR article 18).
    Restriction,
    /// It is erased (GDPR article 17).
    Erasure,
    /// It was wrong, and another signal takes its place (GDPR article 16).
    Correction,
}

/// Why what was told is recalled.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum RecallReason {
    /// It should not have been entered.
    EnteredInError,
    /// It was right and no longer is.
    NoLongerApplies,
    /// The data subject objected (GDPR article 21).
    Objection,
    /// Its processing is restricted (GDPR article 18).
    Restriction,
    /// It is erased (GDPR article 17).
    Erasure,
    /// It was wrong, and another signal takes its place (GDPR article 16).
    Correction,
    /// Its time under the covenant is over.
    Expired,
}

impl RecallReason {
    /// Every reason.
    pub const ALL: [Self; 7] = [
        Self::EnteredInError,
        Self::NoLongerApplies,
        Self::Objection,
        Self::Restriction,
        Self::Erasure,
        Self::Correction,
        Self::Expired,
    ];

    /// Its word in the log and in the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EnteredInError => "entered_in_error",
            Self::NoLongerApplies => "no_longer_applies",
            Self::Objection => "objection",
            Self::Restriction => "restriction",
            Self::Erasure => "erasure",
            Self::Correction => "correction",
            Self::Expired => "expired",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == text)
    }

    /// Whether who was told one reason must be told this one too: who set something apart learns that
    /// it is wrong or erased, and everybody that it is erased (GDPR article 19).
    #[must_use]
    pub fn says_more_than(self, before: Self) -> bool {
        let weight = |reason| match reason {
            Self::Expired => 0,
            Self::Restriction => 1,
            Self::NoLongerApplies | Self::EnteredInError | Self::Correction | Self::Objection => 2,
            Self::Erasure => 3,
        };
        weight(self) > weight(before)
    }
}

impl From<WithdrawalReason> for RecallReason {
    fn from(reason: WithdrawalReason) -> Self {
        match reason {
            WithdrawalReason::EnteredInError => Self::EnteredInError,
            WithdrawalReason::NoLongerApplies => Self::NoLongerApplies,
            WithdrawalReason::Objection => Self::Objection,
            WithdrawalReason::Restriction => Self::Restriction,
            WithdrawalReason::Erasure => Self::Erasure,
            WithdrawalReason::Correction => Self::Correction,
        }
    }
}

/// What a recipient did about a recall.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum RecallOutcome {
    /// What was told is deleted everywhere.
    Deleted,
    /// What was told is corrected where it was used.
    Corrected,
    /// What was told is set apart (GDPR article 18).
    Restricted,
    /// Nothing of it was left.
    NothingLeft,
    /// The law obliges to keep it.
    KeptByLaw,
}

impl RecallOutcome {
    /// Every outcome.
    pub const ALL: [Self; 5] = [
        Self::Deleted,
        Self::Corrected,
        Self::Restricted,
        Self::NothingLeft,
        Self::KeptByLaw,
    ];

    /// Its word in the log and in the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Deleted => "deleted",
            Self::Corrected => "corrected",
            Self::Restricted => "restricted",
            Self::NothingLeft => "nothing_left",
            Self::KeptByLaw => "kept_by_law",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|word| word.as_str() == text)
    }
}

/// What a data subject asks for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum RightsKind {
    /// Access (GDPR 15, Wpg 25).
    Access,
    /// Correction (GDPR 16, Wpg 28).
    Correction,
    /// Objection (GDPR 21).
    Objection,
    /// Restriction (GDPR 18).
    Restriction,
    /// Erasure (GDPR 17, Wpg 28).
    Erasure,
}

impl RightsKind {
    /// Its word in the log and in the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::Correction => "correction",
            Self::Objection => "objection",
            Self::Restriction => "restriction",
            Self::Erasure => "erasure",
        }
    }
}

/// How the identity of who asks was verified (GDPR 12(6)).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum IdentityCheck {
    /// An identity document, seen at the desk.
    DocumentAtDesk,
    /// An electronic means of identification (eIDAS).
    Electronic,
    /// A representative, with a verified authority.
    Representative,
}

impl IdentityCheck {
    /// Its word in the log and in the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::DocumentAtDesk => "document_at_desk",
            Self::Electronic => "electronic",
            Self::Representative => "representative",
        }
    }
}

/// How a party stands to an entry of the log.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum EntryRole {
    /// It asked, or was told.
    Recipient,
    /// It let another party know something.
    Source,
}

/// How surely a person was authenticated (eIDAS levels), from weak to strong.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum AssuranceLevel {
    /// Low (laag).
    Low,
    /// Substantial (substantieel).
    Substantial,
    /// High (hoog).
    High,
}

/// What a covenant lets a recipient know (toont), from least to most.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum RevealLevel {
    /// A number (aantal).
    Count,
    /// That another party knows something (treffer).
    Hit,
    /// What to do (handelingsadvies).
    Advice,
    /// Whom to call (contactpunt).
    Contact,
    /// What kind of thing was reported (categorie).
    Category,
    /// Named attributes (gegevens).
    Attributes,
}

/// How one key of a node stands at the broker.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum KeyState {
    /// The maker's announcement is not there yet.
    WaitingForReference,
    /// The probes agree with the reference.
    Agreed,
    /// Some probes differ from the reference.
    Blocked,
}

/// Why a notice was sent.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum NoticeKind {
    /// Signals of several parties agree.
    Match,
}

words! {
    /// Reads how sure the sender is.
    certainty, certainty_number: type_v1::Certainty as Certainty {
        Reported = Reported,
        Confirmed = Confirmed,
    } else { Unspecified => Unspecified }

    /// Reads what the sender attests about a protection.
    attestation, attestation_number: type_v1::Attestation as ProtectionStatement {
        Unknown = Unknown,
        Absent = Absent,
        Present = Present,
    } else { Unspecified => Unspecified }

    /// Reads what a subject is.
    subject_kind, subject_kind_number: broker_v1::SubjectKind as SubjectKind {
        Person = Person,
        Address = Address,
        Organisation = Organisation,
        Vehicle = Vehicle,
        Contact = Contact,
        Account = Account,
    } else { Unspecified => Unspecified }

    /// Reads why a signal is withdrawn.
    withdrawal_reason, withdrawal_reason_number: type_v1::WithdrawalReason as WithdrawalReason {
        EnteredInError = EnteredInError,
        NoLongerApplies = NoLongerApplies,
        Objection = Objection,
        Restriction = Restriction,
        Erasure = Erasure,
        Correction = Correction,
    } else { Unspecified => Unspecified }

    /// Reads why what was told is recalled.
    recall_reason, recall_reason_number: type_v1::RecallReason as RecallReason {
        EnteredInError = EnteredInError,
        NoLongerApplies = NoLongerApplies,
        Objection = Objection,
        Restriction = Restriction,
        Erasure = Erasure,
        Correction = Correction,
        Expired = Expired,
    } else { Unspecified => Unspecified }

    /// Reads what a recipient did about a recall.
    recall_outcome, recall_outcome_number: type_v1::RecallOutcome as RecallOutcome {
        Deleted = Deleted,
        Corrected = Corrected,
        Restricted = Restricted,
        NothingLeft = NothingLeft,
        KeptByLaw = KeptByLaw,
    } else { Unspecified => Unspecified }

    /// Reads what a data subject asks for.
    rights_kind, rights_kind_number: broker_v1::RightsKind as RightsKind {
        Access = Access,
        Correction = Correction,
        Objection = Objection,
        Restriction = Restriction,
        Erasure = Erasure,
    } else { Unspecified => Unspecified }

    /// Reads how an identity was verified.
    identity_check, identity_check_number: broker_v1::IdentityCheck as IdentityCheck {
        DocumentAtDesk = DocumentAtDesk,
        Electronic = Electronic,
        Representative = Representative,
    } else { Unspecified => Unspecified }

    /// Reads how a party stands to an entry.
    entry_role, entry_role_number: broker_v1::EntryRole as EntryRole {
        Recipient = Recipient,
        Source = Source,
    } else { Unspecified => Unspecified }

    /// Reads how surely a person was authenticated.
    assurance_level, assurance_level_number: broker_v1::AssuranceLevel as AssuranceLevel {
        Low = Low,
        Substantial = Substantial,
        High = High,
    } else { Unspecified => Unspecified }

    /// Reads a reveal level.
    reveal_level, reveal_level_number: type_v1::RevealLevel as RevealLevel {
        Count = Count,
        Hit = Hit,
        Advice = Advice,
        Contact = Contact,
        Category = Category,
        Attributes = Attributes,
    } else { Unspecified => Unspecified }

    /// Reads how a key stands.
    key_state, key_state_number: broker_v1::KeyState as KeyState {
        WaitingForReference = WaitingForReference,
        Agreed = Agreed,
        Blocked = Blocked,
    } else { Unspecified => Unspecified }

    /// Reads why a notice was sent.
    notice_kind, notice_kind_number: type_v1::NoticeKind as NoticeKind {
        Match = Match,
    } else { Unspecified => Unspecified }
}

/// Reads the police article, which may be unspecified: then there is no police data.
///
/// # Errors
/// [`Problem::UnknownValue`].
pub fn police_article(value: i32, field: &str) -> Read<Option<PoliceArticle>> {
    use type_v1::PoliceArticle as Theirs;
    match Theirs::try_from(value) {
        Ok(Theirs::Unspecified) => Ok(None),
        Ok(Theirs::PoliceArticle8) => Ok(Some(PoliceArticle::Art8)),
        Ok(Theirs::PoliceArticle9) => Ok(Some(PoliceArticle::Art9)),
        Ok(Theirs::PoliceArticle10) => Ok(Some(PoliceArticle::Art10)),
        Ok(Theirs::PoliceArticle13) => Ok(Some(PoliceArticle::Art13)),
        Err(_) => Err(Malformed::new(field, Problem::UnknownValue)),
    }
}

/// The police article as a number of the wire.
#[must_use]
pub const fn police_article_number(value: Option<PoliceArticle>) -> i32 {
    use type_v1::PoliceArticle as Theirs;
    (match value {
        None => Theirs::Unspecified,
        Some(PoliceArticle::Art8) => Theirs::PoliceArticle8,
        Some(PoliceArticle::Art9) => Theirs::PoliceArticle9,
        Some(PoliceArticle::Art10) => Theirs::PoliceArticle10,
        Some(PoliceArticle::Art13) => Theirs::PoliceArticle13,
    }) as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_word_is_made_of_nothing() {
        assert_eq!(certainty(0, "certainty").unwrap_err().rule(), "UNSPECIFIED");
        assert_eq!(
            certainty(9, "certainty").unwrap_err().rule(),
            "UNKNOWN_VALUE"
        );
        assert_eq!(police_article(0, "police_article"), Ok(None));
        assert_eq!(police_article(99, "p").unwrap_err().rule(), "UNKNOWN_VALUE");
    }

    #[test]
    fn every_word_round_trips() {
        for kind in SubjectKind::ALL {
            assert_eq!(subject_kind(subject_kind_number(kind), "kind"), Ok(kind));
        }
        for article in [
            None,
            Some(PoliceArticle::Art8),
            Some(PoliceArticle::Art9),
            Some(PoliceArticle::Art10),
            Some(PoliceArticle::Art13),
        ] {
            assert_eq!(
                police_article(police_article_number(article), "p"),
                Ok(article)
            );
        }
        let present = ProtectionStatement::Present;
        assert_eq!(
            attestation(attestation_number(present), "minor"),
            Ok(present)
        );
    }
}
