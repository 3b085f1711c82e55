//! Category codes that a signal may be pushed under.
