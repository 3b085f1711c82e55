//! Two covenants compared, in properties and in examples.

mod agreement;
mod mutate;
mod properties;
mod told;
