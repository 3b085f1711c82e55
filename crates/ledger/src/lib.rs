//! The disclosure log without I/O
