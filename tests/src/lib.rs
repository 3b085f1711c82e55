//! Stories across the whole, and the checks of the architecture itself.
//!
//! This crate is *not* linked into anything that ships. Its library holds what several journeys
//! share: a world to travel through, whole or piece by piece, a voice that speaks to the broker as
//! a node would, a stream on which nothing is said but by a test, a tape recorder on the wire between
//! them, a broker that lies about its log, what the witnesses say of it, a hunter for what must not
//! be found, what a desk is handed, where the repository is, and its source files.

pub mod canary;
pub mod desk;
pub mod liar;
pub mod processes;
pub mod realm;
pub mod repository;
pub mod spoken;
pub mod tape;
pub mod voice;
pub mod witnesses;
pub mod world;
