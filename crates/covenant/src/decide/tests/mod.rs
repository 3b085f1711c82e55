//! The decision, held against the covenant of `world.toml`.

mod asking;
mod conditions;
mod examples;
mod lacking;
mod matches;
pub(crate) mod properties;
mod standing;
pub(crate) mod world;
