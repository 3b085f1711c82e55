//! How many streams of the log each organisation has open.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use model::Oin;

/// How many streams one organisation has at most.
const SEATS: usize = 4;

/// The streams of every organisation.
#[derive(Debug, Clone, Default)]
pub(crate) struct Watchers(Arc<Mutex<BTreeMap<Oin, usize>>>);

/// One open stream; gives its place back when it is dropped.
#[derive(Debug)]
pub(crate) struct Seat {
    watchers: Watchers,
    oin: Oin,
}

impl Watchers {
    /// A place for one more stream; `None` when the organisation has as many as it may.
    pub(crate) fn sit(&self, oin: &Oin) -> Option<Seat> {
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = taken.entry(oin.clone()).or_default();
        if *count >= SEATS {
            return None;
        }
        *count = count.saturating_add(1);
        Some(Seat {
            watchers: self.clone(),
            oin: oin.clone(),
        })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self
            .watchers
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = taken.get_mut(&self.oin) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                taken.remove(&self.oin);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_organisation_has_a_few_places_of_its_own() {
        let watchers = Watchers::default();
        let (one, other) = (
            Oin::parse("00000001234567890000").unwrap(),
            Oin::parse("00000009876543210000").unwrap(),
        );
        let seats: Vec<Seat> = (0..SEATS).map(|_| watchers.sit(&one).unwrap()).collect();
        assert!(watchers.sit(&one).is_none());
        assert!(watchers.sit(&other).is_some());
        drop(seats);
        assert!(watchers.sit(&one).is_some());
    }
}
