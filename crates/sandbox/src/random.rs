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

    /// True with the probability `rate` (0 never, 1 always).
    #[must_use]
    pub fn chance(&self, rate: f64) -> bool {
        self.with(|rng| rng.random_bool(rate.clamp(0.0, 1.0)))
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
