//! The sandbox's randomness: seeded, so that the same seed and the same calls give the same world and the same faults.

use std::sync::{Mutex, PoisonError};

use rand::{Rng as _, SeedableRng as _, rngs::StdRng};

/// A seeded source of randomness that many tasks may share.
#[derive(Debug)]
pub struct Random(Mutex<StdRng>);

impl Random {
    /// A source that gives the same numbers for the same seed.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Self(Mutex::new(StdRng::seed_from_u64(seed)))
    }

    /// Starts again from `seed`.
    pub fn reseed(&self, seed: u64) {
        self.with(|rng| *rng = StdRng::seed_from_u64(seed));
    }

    /// A number from 0 up to but not including `end`; 0 when `end` is 0.
    #[must_use]
    pub fn below(&self, end: u64) -> u64 {
        self.with(|rng| if end == 0 { 0 } else { rng.random_range(0..end) })
    }

    /// `bytes` random bytes in hexadecimal, for tokens and codes.
    #[must_use]
    pub fn hex(&self, bytes: usize) -> String {
        self.with(|rng| hex::encode((0..bytes).map(|_| rng.random::<u8>()).collect::<Vec<_>>()))
    }

    fn with<T>(&self, draw: impl FnOnce(&mut StdRng) -> T) -> T {
        draw(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Number `n` of the stream `stream` of `seed`, from 0 up to but not including 1. Nothing is kept between two draws, so
/// what is drawn elsewhere cannot shift it.
#[must_use]
pub fn uniform(seed: u64, stream: u64, n: u64) -> f64 {
    let bits = mixed(mixed(mixed(seed) ^ stream) ^ n);
    // The upper 53 bits are what a double holds exactly.
    (bits >> 11) as f64 / (1_u64 << 53) as f64
}

/// One step of SplitMix64: numbers that differ in one bit come out as if unrelated.
fn mixed(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_a_stream_are_spread_evenly_and_differ_between_streams_and_seeds() {
        let drawn = |seed, stream| (0..10_000).map(|n| uniform(seed, stream, n)).collect::<Vec<_>>();
        let first = drawn(1, 0);
        assert!(first.iter().all(|u| (0.0..1.0).contains(u)));
        for tenth in 0..10 {
            let (low, high) = (f64::from(tenth) / 10.0, f64::from(tenth + 1) / 10.0);
            let hits = first.iter().filter(|u| (low..high).contains(*u)).count();
            assert!((850..1150).contains(&hits), "{hits} of 10,000 between {low} and {high}");
        }
        assert_eq!(first, drawn(1, 0));
        assert_ne!(first, drawn(1, 1));
        assert_ne!(first, drawn(2, 0));
    }
}
