//! A subject whose every value passed its check and has its one normal form.

use std::collections::BTreeMap;
use std::fmt;

use model::{FieldName, SubjectKind};
use zeroize::Zeroizing;

/// The longest normal form in bytes; a longer one is refused.
pub(crate) const LONGEST: usize = 250;

/// Normal forms by field. Made only by [`normalise`](crate::normalise()) and
/// [`normalise_partial`](crate::normalise_partial); shows nothing of its values.
#[derive(Clone, PartialEq, Eq)]
pub struct NormalSubject {
    kind: SubjectKind,
    values: BTreeMap<FieldName, Vec<Zeroizing<String>>>,
}

impl NormalSubject {
    pub(crate) const fn new(kind: SubjectKind) -> Self {
        Self {
            kind,
            values: BTreeMap::new(),
        }
    }

    /// Adds one normal form of a field; a form that is already there is not added again.
    pub(crate) fn put(&mut self, field: FieldName, value: impl Into<String>) {
        let value = Zeroizing::new(value.into());
        let values = self.values.entry(field).or_default();
        if !values.contains(&value) {
            values.push(value);
        }
    }

    /// What the subject is.
    #[must_use]
    pub const fn kind(&self) -> SubjectKind {
        self.kind
    }

    /// Whether nothing is known: no key can be derived.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The fields that have a normal form, for a report of which comparisons a subject supports.
    /// The fields by sound are not listed: they follow from the names.
    pub fn fields(&self) -> impl Iterator<Item = FieldName> {
        self.values.keys().copied()
    }

    /// The normal forms of a field: none, one, or up to four for a surname. Sounds are made from
    /// the names when a key is expanded.
    pub fn values(&self, field: FieldName) -> impl Iterator<Item = &str> {
        self.all(field).iter().map(|value| value.as_str())
    }

    pub(crate) fn all(&self, field: FieldName) -> &[Zeroizing<String>] {
        self.values.get(&field).map_or(&[], Vec::as_slice)
    }
}

impl fmt::Debug for NormalSubject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NormalSubject({}, ..)", self.kind.as_str())
    }
}
