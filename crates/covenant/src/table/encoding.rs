//! Which encoding of the table a party signed for.

/// How a table is written down before it is hashed. A sign-off names the one that it signed, and
/// each stays what it was for as long as covenants signed under it may be in force.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Encoding {
    /// The cells, and the demands of the clauses. What a sign-off means that names none.
    V1,
    /// Those, and everything else that has a meaning to the machine: keys, log, auditors, purposes,
    /// and clauses and prohibitions as they are written.
    V2,
}

impl Encoding {
    /// Every encoding, oldest first.
    pub const ALL: &'static [Self] = &[Self::V1, Self::V2];
    /// What new sign-offs name.
    pub const NEWEST: Self = Self::V2;

    /// Its name in a sign-off.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V1 => "v1",
            Self::V2 => "v2",
        }
    }

    /// Reads its name; `None` for one that this program does not know.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|e| e.as_str() == text)
    }
}
