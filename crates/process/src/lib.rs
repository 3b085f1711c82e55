//! What every process has.
