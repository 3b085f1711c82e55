//! Ids, and the project's only source of entropy besides key generation.

use uuid::Uuid;

use crate::clock::Clock;

/// Fills `bytes` from the operating system's generator.
///
/// # Panics
/// When the operating system has no entropy to give: nothing safe can be done without it.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place that draws entropy"
)]
#[expect(
    clippy::expect_used,
    reason = "without entropy no id, salt or nonce is safe"
)]
pub fn fill_random(bytes: &mut [u8]) {
    getrandom::fill(bytes).expect("the operating system's random generator answers");
}

/// 32 fresh random bytes, for salts and nonces.
#[must_use]
pub fn random_32() -> [u8; 32] {
    let mut bytes = [0; 32];
    fill_random(&mut bytes);
    bytes
}

fn fresh_v4() -> Uuid {
    let mut bytes = [0; 16];
    fill_random(&mut bytes);
    uuid::Builder::from_random_bytes(bytes).into_uuid()
}

/// A fresh UUIDv7 made from `clock` and random bits (RFC 9562 section 5.7), for ids inside a party.
#[must_use]
pub fn fresh_v7(clock: &dyn Clock) -> Uuid {
    let mut bytes = [0; 10];
    fill_random(&mut bytes);
    let millis = u64::try_from(clock.now().as_millis()).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &bytes).into_uuid()
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
        pub struct $name(Uuid);

        impl $name {
            /// A fresh random id (UUIDv4), which says nothing about when or where it was made.
            #[must_use]
            pub fn fresh() -> Self {
                Self(fresh_v4())
            }

            /// Wraps an id that somebody else made.
            #[must_use]
            pub const fn new(id: Uuid) -> Self {
                Self(id)
            }

            /// Reads the hyphenated form; `None` when it is no UUID or the nil UUID.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                Uuid::try_parse(text).ok().filter(|id| !id.is_nil()).map(Self)
            }

            /// Reads 16 bytes.
            #[must_use]
            pub fn from_slice(bytes: &[u8]) -> Option<Self> {
                Uuid::from_slice(bytes).ok().map(Self)
            }

            /// The UUID.
            #[must_use]
            pub const fn uuid(self) -> Uuid {
                self.0
            }

            /// The 16 bytes.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{}", self.0.as_hyphenated())
            }
        }
    )*};
}

ids! {
    /// A signal's id. Inside a party a UUIDv7 made by the sender; across a party's border a fresh
    /// UUIDv4 per covenant and epoch, so that two covenants can't be linked by it.
    SignalId;
    /// The id of one mutating request: the same id again has the same answer.
    RequestId;
    /// A notice's id, given by the broker; the same on redelivery.
    NoticeId;
    /// A recall's id, given by the broker; the same in every reminder of it.
    RecallId;
    /// The id of a data subject's request at a party's desk, given by its node.
    CaseId;
}
