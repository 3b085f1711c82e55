//! Matches hashed signals and decides by the covenant
