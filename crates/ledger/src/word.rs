//! The two forms of text that an outcome may hold beside model names. Neither is free text.

/// A text does not have the form that a log may hold. The text is not repeated.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{what} is not well formed: {rule}")]
pub struct WordError {
    /// Which kind of text.
    pub what: &'static str,
    /// The rule, with the remedy in it.
    pub rule: &'static str,
}

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident, $what:literal, $check:expr, $rule:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
        pub struct $name(String);

        impl $name {
            /// Reads it.
            ///
            /// # Errors
            /// [`WordError`] when the text has another form.
            pub fn parse(text: &str) -> Result<Self, WordError> {
                let check: fn(&str) -> bool = $check;
                if check(text) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(WordError { what: $what, rule: $rule })
                }
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl std::str::FromStr for $name {
            type Err = WordError;
            fn from_str(text: &str) -> Result<Self, WordError> {
                Self::parse(text)
            }
        }
    )*};
}

words! {
    /// A word of a closed list of the covenant language, for example `treffer` or `partijen`.
    Code, "code",
        |t| !t.is_empty() && t.len() <= 96
            && t.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-._:".contains(&b)),
        "use 1 to 96 of a-z, 0-9, hyphen, dot, underscore and colon";
    /// A text that stands in the signed covenant itself: a legal basis (`AVG 6.1.e`) or the
    /// reference of a decision. 1 to 200 bytes without control characters.
    Reference, "reference",
        |t| !t.is_empty() && t.len() <= 200 && !t.chars().any(char::is_control),
        "use 1 to 200 bytes without control characters";
    /// An id of a request, match or decision: UUID, digest or the like.
    TransactionId, "transaction id",
        |t| !t.is_empty() && t.len() <= 64
            && t.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'),
        "use 1 to 64 of a-z, 0-9 and hyphen";
    /// A W3C trace id: 32 lower-case hexadecimal digits, not all zero.
    TraceId, "trace id",
        |t| t.len() == 32 && t.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
            && t.bytes().any(|b| b != b'0'),
        "use 32 lower-case hexadecimal digits, not all zero";
}
