//! The desk against a broker of the tests.
