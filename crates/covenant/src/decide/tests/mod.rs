//! The decision, held against the covenant of `world.toml`.

mod asking;
mod conditions;
mod examples;
mod lacking;
mod life_properties;
mod matches;
pub(crate) mod properties;
mod receipts;
mod standing;
pub(crate) mod world;
