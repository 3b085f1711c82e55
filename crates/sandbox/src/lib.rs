//! The whole demo world in one process on loopback: throw-away certificates, a broker, nodes,
//! covenants signed by all, and the story that they tell.
//!
//! This crate is *not* how the product is deployed, and nothing that ships depends on it but the
//! command-line tool, for `covenant link` and `covenant bench`. Its parties are fictitious.

pub mod authority;
pub mod clients;
pub mod command;
mod configuration;
pub mod files;
pub mod filling;
mod keys;
pub mod layout;
pub mod messages;
pub mod running;
pub mod story;
pub mod world;

pub use layout::Plan;
pub use running::Running;
pub use world::World;
