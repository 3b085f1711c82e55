//! Chance that can be repeated: the same seed throws the same.

/// SplitMix64 (Steele, Lea and Flood 2014): enough for tests, and without a dependency.
pub(crate) struct Dice(u64);

impl Dice {
    /// Dice that throw the same for the same seed.
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Any number.
    pub(crate) fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From 0 up to and without `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.number() % end as u64).unwrap()
    }

    /// Whether one of so many chances out of a hundred came.
    pub(crate) fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of them.
    pub(crate) fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())].clone()
    }

    /// At least one and at most so many of them, in their order.
    pub(crate) fn some<T: Clone>(&mut self, from: &[T], most: usize) -> Vec<T> {
        let mut places: Vec<usize> = (0..from.len()).collect();
        let count = 1 + self.below(most.min(from.len()));
        while places.len() > count {
            let gone = self.below(places.len());
            places.remove(gone);
        }
        places
            .into_iter()
            .map(|place| from[place].clone())
            .collect()
    }
}
