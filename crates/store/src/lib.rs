//! Durable state of broker and node
