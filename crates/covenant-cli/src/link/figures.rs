//! Pairs of rows, and how they compare with the truth.

use std::collections::{BTreeMap, HashMap};

use super::rows::Rows;

/// Pairs of rows by their places, with the number of keys that agree.
#[derive(Debug)]
pub(super) struct Pairs(BTreeMap<(usize, usize), u32>);

impl Pairs {
    /// Takes what was found. When the file was laid beside itself, a row and itself are no pair,
    /// and two rows are one pair whichever stood left.
    pub(super) fn of(
        found: impl IntoIterator<Item = ((usize, usize), u32)>,
        with_itself: bool,
    ) -> Self {
        let mut pairs = BTreeMap::new();
        for ((left, right), keys) in found {
            if with_itself && left == right {
                continue;
            }
            let pair = if with_itself {
                (left.min(right), left.max(right))
            } else {
                (left, right)
            };
            // Each sighting says at least as many keys as agree: the smallest is nearest.
            pairs
                .entry(pair)
                .and_modify(|known: &mut u32| *known = keys.min(*known))
                .or_insert(keys);
        }
        Self(pairs)
    }

    /// How many agree by at least so many keys.
    pub(super) fn count(&self, keys: u32) -> usize {
        self.0.values().filter(|agreed| **agreed >= keys).count()
    }

    /// Left row, right row, keys.
    pub(super) fn rows(&self) -> impl Iterator<Item = (usize, usize, u32)> {
        self.0
            .iter()
            .map(|((left, right), keys)| (*left, *right, *keys))
    }
}

/// Pairs found beside pairs that are true.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) found: usize,
    pub(super) right: usize,
    pub(super) truth: usize,
}

impl Counts {
    /// Which share of what was found is true; `None` when nothing was found.
    pub(super) fn precision(&self) -> Option<f64> {
        share(self.right, self.found)
    }

    /// Which share of what is true was found; `None` when nothing is true.
    pub(super) fn recall(&self) -> Option<f64> {
        share(self.right, self.truth)
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "counts of rows are far below 2^52"
)]
fn share(part: usize, whole: usize) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// The figures of one run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Figures {
    /// Where any key agrees.
    pub(super) any: Counts,
    /// Where two keys agree.
    pub(super) two: Counts,
}

impl Figures {
    /// Lays the pairs beside the truth of the rows.
    pub(super) fn of(pairs: &Pairs, left: &Rows<'_>, right: &Rows<'_>, with_itself: bool) -> Self {
        let truth = true_pairs(left, right, with_itself);
        let counts = |least: u32| {
            let found = pairs.rows().filter(|(_, _, keys)| *keys >= least);
            let is_right = |(a, b, _): &(usize, usize, u32)| {
                left.truth(*a)
                    .is_some_and(|truth| right.truth(*b) == Some(truth))
            };
            Counts {
                found: pairs.count(least),
                right: found.filter(is_right).count(),
                truth,
            }
        };
        Self {
            any: counts(1),
            two: counts(2),
        }
    }
}

/// How many pairs of rows are about the same subject.
fn true_pairs(left: &Rows<'_>, right: &Rows<'_>, with_itself: bool) -> usize {
    let mut of_left: HashMap<&str, usize> = HashMap::new();
    for truth in left.truths() {
        *of_left.entry(truth).or_default() += 1;
    }
    if with_itself {
        return of_left
            .values()
            .map(|rows| rows * rows.saturating_sub(1) / 2)
            .sum();
    }
    right.truths().filter_map(|truth| of_left.get(truth)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_beside_itself_has_each_pair_once_and_no_row_with_itself() {
        let found = [((1, 2), 3), ((2, 1), 1), ((4, 4), 9), ((5, 3), 2)];
        let pairs = Pairs::of(found, true);
        assert_eq!(pairs.rows().collect::<Vec<_>>(), [(1, 2, 1), (3, 5, 2)]);
        assert_eq!((pairs.count(1), pairs.count(2)), (2, 1));
        assert_eq!(Pairs::of(found, false).count(1), 4);
    }

    #[test]
    fn a_share_of_nothing_is_no_figure() {
        let counts = Counts {
            found: 4,
            right: 3,
            truth: 6,
        };
        assert_eq!(
            (counts.precision(), counts.recall()),
            (Some(0.75), Some(0.5))
        );
        let nothing = Counts::default();
        assert_eq!((nothing.precision(), nothing.recall()), (None, None));
    }
}
