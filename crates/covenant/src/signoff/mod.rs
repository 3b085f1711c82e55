//! Sign-off: from the bytes of a file to a covenant in force, and what changes that later.
//!
//! Every party signs the exact bytes: one DSSE envelope over an in-toto Statement v1 per party. A
//! [`Proposal`] is what can be signed; an [`ActiveCovenant`] comes from [`verify`] or
//! [`Proposal::activate`] alone, so an unsigned covenant cannot decide anything. Rejecting,
//! suspending, resuming, withdrawing and "still valid" are signed in the same way: [`sign_event`]
//! and [`Proposal::verify_event`], folded into a [`crate::decide::Standing`]. A [`Status`] says how
//! all of that stands at a moment, in a sentence.

mod active;
#[cfg(test)]
mod attacks;
#[cfg(test)]
mod attacks_of_events;
mod envelope;
mod error;
mod error_nl;
mod event;
mod keys;
mod proposal;
mod signed;
mod statement;
mod status;
mod verify;

pub use active::ActiveCovenant;
pub(crate) use active::Compiled;
pub use envelope::{Envelope, pae};
pub use error::SignoffError;
pub use event::{Event, EventKind, KeyRole, Scope, VerifiedEvent, sign_event, verify_event};
pub use keys::{PartyPins, Pins, public_key};
pub use proposal::{Proposal, propose};
pub use signed::Signed;
pub use statement::{Statement, VerifiedStatement, sign};
pub use status::{PartyWord, State, Status, moment};
pub use verify::{History, verify};
