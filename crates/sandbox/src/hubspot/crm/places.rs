//! A set of places in a long list, one bit each, counted a word at a time.

use std::ops::Range;

/// The set.
#[derive(Debug, Default)]
pub(super) struct Places {
    words: Vec<u64>,
    len: usize,
}

impl Places {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Whether this place is in the set.
    pub(super) fn contains(&self, place: usize) -> bool {
        self.words.get(place / 64).is_some_and(|word| word >> (place % 64) & 1 == 1)
    }

    /// Adds a place.
    pub(super) fn insert(&mut self, place: usize) {
        if self.contains(place) {
            return;
        }
        if self.words.len() <= place / 64 {
            self.words.resize(place / 64 + 1, 0);
        }
        self.words[place / 64] |= 1 << (place % 64);
        self.len += 1;
    }

    /// Takes a place out.
    pub(super) fn remove(&mut self, place: usize) {
        if self.contains(place) {
            self.words[place / 64] &= !(1 << (place % 64));
            self.len -= 1;
        }
    }

    /// How many there are from `range.start` up to but not including `range.end`.
    pub(super) fn count(&self, range: Range<usize>) -> usize {
        let below = |end: usize| {
            let whole = (end / 64).min(self.words.len());
            let full: u32 = self.words[..whole].iter().map(|word| word.count_ones()).sum();
            let rest = self.words.get(end / 64).map_or(0, |word| word & ((1 << (end % 64)) - 1));
            (full + rest.count_ones()) as usize
        };
        below(range.end).saturating_sub(below(range.start))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counting_agrees_with_walking_over_any_range() {
        let mut places = Places::default();
        for place in (0..1_000).filter(|place| place % 7 == 0 || place % 64 == 63) {
            places.insert(place);
        }
        places.insert(0);
        places.remove(64 + 63);
        places.remove(64 + 63);
        let walked = |range: Range<usize>| range.filter(|place| places.contains(*place)).count();
        assert_eq!(places.len(), walked(0..1_000));
        for range in [0..0, 0..1, 0..64, 63..65, 1..700, 127..128, 900..5_000, 2_000..2_100] {
            assert_eq!(places.count(range.clone()), walked(range.clone()), "{range:?}");
        }
        assert_eq!(places.count(0..usize::MAX), places.len());
    }
}
