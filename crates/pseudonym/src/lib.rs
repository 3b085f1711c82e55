//! Raw identifier to normal form to match key to keyed HMAC: the only code that can make a
//! pseudonym.
//!
//! This crate is *not* in the broker's binary, and it does not keep, send, log or display
//! anything: no I/O, no clock, no entropy. It makes no key (that is `identity`'s) and does not
//! decide which comparisons exist: a covenant does, and hands over [`model::MatchKeySpec`]s whose
//! families are already written out.
//!
//! The chain has one step per type, and each is made in one place:
//! [`raw::RawSubject`] -> [`normalise`](normalise()) -> [`NormalSubject`] -> [`Deriver::derive`] ->
//! [`model::Token`].
//!
//! ```
//! use model::{CovenantId, FieldName, KeyEpoch, MatchKey, MatchKeyId, MatchKeyName, MatchKeySpec};
//! use model::{Phonetic, Profile, Secret, SubjectKind};
//! use pseudonym::{CovenantKey, Deriver, RawSubject, normalise};
//!
//! let name = MatchKeyName::parse("adres")?;
//! let fields = vec![FieldName::Postcode, FieldName::HouseNumber];
//! let spec = MatchKeySpec {
//!     kind: SubjectKind::Address,
//!     keys: vec![MatchKey { id: MatchKeyId::new(&name, &fields), fields }],
//!     name,
//!     profile: Profile::Hmac,
//!     phonetic: Phonetic::Cologne,
//!     needed: 1,
//!     too_frequent: None,
//! };
//! let key = CovenantKey::from_secret(Secret::new([7; 32]));
//! let deriver = Deriver::new(&key, &CovenantId::parse("voorbeeld")?, KeyEpoch::FIRST, &[spec])?;
//! let raw = RawSubject::from_fields([
//!     ("address.postcode", "1234 ab".into()),
//!     ("address.house_number", "0012".into()),
//! ])?;
//! let subject = normalise(&raw).map_err(|refusals| format!("{refusals:?}"))?;
//! assert_eq!(deriver.derive(&subject).len(), 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod derive;
mod eleven;
mod fold;
mod key;
pub mod normalise;
mod probe;
pub mod raw;
pub mod refusal;
pub mod subject;

pub use derive::{CovenantKey, Deriver, DeriverError};
pub use normalise::{normalise, normalise_partial};
pub use raw::{
    RawAccount, RawAddress, RawAddressAbroad, RawContact, RawIdentifier, RawOrganisation,
    RawPerson, RawSubject, RawVehicle, UnknownField,
};
pub use refusal::{Refusal, Rule};
pub use subject::NormalSubject;

/// The version of all rules in [`normalise`](mod@normalise) and of the match-key input. It belongs
/// to a key epoch: whatever changes a normal form changes this number and needs a new epoch.
pub const NORMALISER_VERSION: u32 = 2;
