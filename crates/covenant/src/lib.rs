//! The covenant language: parse, check, decide, sign
