//! The command-line tool
