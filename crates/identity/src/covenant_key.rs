//! A covenant key at rest.
