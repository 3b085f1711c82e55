//! Why a covenant or an event is not taken.

use model::PartyId;

/// Why a covenant is not in force here, or an event is refused. Every reason is final: nothing is
/// taken in part.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignoffError {
    /// The file has errors.
    #[error("the covenant has errors ({codes}); run `covenant policy check` and mend them")]
    NotClean {
        /// The codes of the errors, each once.
        codes: String,
    },
    /// The file is a template.
    #[error("the covenant still has place-holders; fill in its keys and dates before signing")]
    Template,
    /// An example that all parties signed does not hold.
    #[error("example {number} of the covenant gives another outcome; run `covenant policy check`")]
    Example {
        /// Its place in the file, from 1.
        number: usize,
    },
    /// `profiel = "oprf"`.
    #[error(
        "a comparison has profiel = \"oprf\", which needs a key holder that this version does not \
         have yet; use profiel = \"hmac\" or leave the comparison out"
    )]
    NeedsKeyHolder,
    /// More cells than a process will hold.
    #[error("the covenant has more than {most} cells; split it")]
    TooManyCells {
        /// The most that is allowed.
        most: usize,
    },
    /// Today is before `geldig_van`.
    #[error("the covenant is not valid yet; wait for geldig_van")]
    NotYetValid,
    /// Today is on or after `geldig_tot`.
    #[error("the covenant is no longer valid since geldig_tot; sign a new version")]
    Expired,
    /// This process knows no key of a party.
    #[error("the configuration pins no key for party {0}; add it after checking it with them")]
    NotPinned(PartyId),
    /// A key in the file is not the pinned one.
    #[error("a key of party {0} in the file differs from the pinned one; compare them aloud")]
    KeyDiffers(PartyId),
    /// A key that no signature can be trusted under.
    #[error("a key of party {0} is no usable ed25519 key; ask them for another")]
    KeyUnusable(PartyId),
    /// One key has two uses or two holders.
    #[error("a key of party {0} is used twice; every party and every use has a key of its own")]
    KeyTwice(PartyId),
    /// No key of the file is the one that signs.
    #[error("the key is not the one that the covenant names for party {0}; use the signer's key")]
    NotTheSigner(PartyId),
    /// A party that the covenant does not have.
    #[error("party {0} is not in the covenant; leave its signature out")]
    UnknownParty(PartyId),
    /// A party did not sign.
    #[error("party {0} has not signed; all parties must")]
    Unsigned(PartyId),
    /// A party signed more than once.
    #[error("party {0} has more than one signature; give exactly one")]
    SignedTwice(PartyId),
    /// The envelope can't be read.
    #[error("the envelope is malformed; use the file that `covenant policy sign` wrote")]
    EnvelopeMalformed,
    /// The envelope does not have exactly one signature.
    #[error("the envelope must hold exactly one signature; give one envelope per party")]
    NotOneSignature,
    /// The payload type is another.
    #[error("the envelope's payload type is not that of an in-toto statement; sign again")]
    PayloadType,
    /// The signature does not verify under the pinned key.
    #[error("the signature does not verify under the pinned key; sign again with that key")]
    SignatureInvalid,
    /// The statement can't be read.
    #[error("the statement is malformed; sign again with this version of the tool")]
    StatementMalformed,
    /// The statement is of another kind.
    #[error("the statement is of another kind; use a sign-off where one is asked, else an event")]
    PredicateType,
    /// The statement is about other bytes.
    #[error("the statement is about other bytes than this file; sign this file")]
    OtherFile,
    /// A field of the statement does not agree with the file.
    #[error("{field} in the statement of party {party} differs from the covenant; sign again")]
    FieldDiffers {
        /// Who signed.
        party: PartyId,
        /// Which field.
        field: &'static str,
    },
    /// Another compiler makes another table.
    #[error(
        "party {0} signed another cell table than this program makes; use the same version of the \
         program, and sign again when its meaning changed"
    )]
    TableDiffers(PartyId),
    /// The sign-off names an encoding of the table that is not known here.
    #[error(
        "the signature is over an encoding of the table that this program does not know; use a \
         newer version of the program"
    )]
    UnknownEncoding,
    /// The history is of another covenant.
    #[error("the history is of another covenant; give the one with this id")]
    OtherHistory,
    /// The version is lower than one that was in force.
    #[error("a higher version was already in force; a version never goes back")]
    Rollback,
    /// The version does not follow on the one that was in force.
    #[error("the version does not replace the one that was in force; set vervangt to its digest")]
    Fork,
    /// A sign-off of a version that was in force already: signing it again could only take back a
    /// rejection, and one party does not open alone what all must open.
    #[error("the version was in force already; propose a new version and have all parties sign it")]
    WasInForce,
    /// An event that this key may not sign.
    #[error("this key may not sign such an event; a signer may all, an emergency key only suspend")]
    NotEntitled,
    /// A suspension of a clause, signal or recipient that the covenant does not have.
    #[error("the event names a {0} that the covenant does not have; look it up in the covenant")]
    UnknownScope(&'static str),
    /// An event from the future.
    #[error("the event is dated in the future; set the clock of who signed it")]
    FromTheFuture,
}
