//! Published, versioned words: advice, legal bases, category codes.

pub mod advice;
pub mod law;
pub mod taxonomy;
