//! Rules over a whole covenant, each with a code and a page in `docs/lints`.
