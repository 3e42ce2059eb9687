//! Randomness as a parameter: the system's for real, a seeded one for tests.

use std::sync::{Arc, Mutex, PoisonError};

use rand::{Rng as _, RngCore as _, SeedableRng as _, rngs::StdRng};
use uuid::{Builder, Uuid};

use crate::clock::Micros;

/// A shared source of random values (ChaCha, seeded once).
#[derive(Debug, Clone)]
pub struct Random(Arc<Mutex<StdRng>>);

impl Random {
    /// Seeded by the operating system.
    #[must_use]
    pub fn from_system() -> Self {
        Self(Arc::new(Mutex::new(StdRng::from_os_rng())))
    }

    /// The same values for the same seed.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(StdRng::seed_from_u64(seed))))
    }

    /// `N` random bytes.
    #[must_use]
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.0.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(&mut bytes);
        bytes
    }

    /// A number from 0 up to, not including, `end`; 0 where `end` is 0. For jitter.
    #[must_use]
    pub fn below(&self, end: u64) -> u64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).random_range(0..end.max(1))
    }

    /// A UUIDv7 made at `now`: ids sort by the time they were made.
    #[must_use]
    pub fn uuid(&self, now: Micros) -> Uuid {
        let millis = u64::try_from(now.0 / 1_000).unwrap_or(0);
        Builder::from_unix_timestamp_millis(millis, &self.bytes()).into_uuid()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_values() {
        assert_eq!(Random::seeded(7).bytes::<16>(), Random::seeded(7).bytes::<16>());
        assert_ne!(Random::seeded(7).bytes::<16>(), Random::seeded(8).bytes::<16>());
    }

    #[test]
    fn ids_sort_by_the_time_they_were_made() {
        let random = Random::seeded(1);
        assert!(random.uuid(Micros(1_000)) < random.uuid(Micros(2_000)));
        assert_eq!(random.uuid(Micros(0)).get_version_num(), 7);
    }

    #[test]
    fn jitter_stays_below_its_end() {
        let random = Random::seeded(1);
        assert!((0..1_000).all(|_| random.below(10) < 10));
        assert_eq!(random.below(0), 0);
    }
}
