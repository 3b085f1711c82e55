//! Sign-off: from the bytes of a file to a covenant in force, and what changes that later.
//!
//! Every party signs the exact bytes: one DSSE envelope over an in-toto Statement v1 per party.
//! An [`ActiveCovenant`] comes from [`verify`] alone, so an unsigned covenant cannot decide
//! anything. Suspending, resuming, withdrawing and "still valid" are signed in the same way:
//! [`sign_event`] and [`verify_event`], folded into a [`crate::decide::Standing`].

mod active;
#[cfg(test)]
mod attacks;
mod envelope;
mod error;
mod event;
mod keys;
mod statement;
mod verify;

pub use active::ActiveCovenant;
pub(crate) use active::Compiled;
pub use envelope::{Envelope, pae};
pub use error::SignoffError;
pub use event::{Event, EventKind, KeyRole, Scope, VerifiedEvent, sign_event, verify_event};
pub use keys::{PartyPins, Pins, public_key};
pub use statement::{Statement, sign};
pub use verify::{History, verify};
