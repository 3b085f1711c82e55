//! The whole demo world in one process on loopback
