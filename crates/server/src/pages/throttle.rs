//! Slows down whoever guesses passwords: after five failures within a minute, a login and peer have to wait.
//!
//! It counts in this process only, and forgets when it restarts; argon2 does the rest.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

const FAILURES_MAX: usize = 5;
const WINDOW_MICROS: i64 = 60 * 1_000_000;
/// Pairs remembered at once; the memory a flood of made-up logins can take.
const PAIRS_MAX: usize = 10_000;

/// Counts attempts by login and peer.
#[derive(Debug, Default)]
pub(super) struct Throttle(Mutex<HashMap<(String, String), Vec<i64>>>);

impl Throttle {
    /// Counts an attempt, or says how many seconds to wait. Counted before the password is looked at, so that
    /// attempts side by side do not all slip through.
    pub(super) fn admit(&self, login: &str, peer: &str, now: i64) -> Result<(), i64> {
        let mut pairs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if pairs.len() >= PAIRS_MAX {
            pairs.retain(|_, attempts| attempts.last().is_some_and(|last| now - last < WINDOW_MICROS));
        }
        if pairs.len() >= PAIRS_MAX {
            return Err(WINDOW_MICROS / 1_000_000);
        }
        let attempts = pairs.entry(key(login, peer)).or_default();
        attempts.retain(|at| now - at < WINDOW_MICROS);
        if attempts.len() >= FAILURES_MAX {
            let wait = attempts[0] + WINDOW_MICROS - now;
            return Err((wait + 999_999) / 1_000_000);
        }
        attempts.push(now);
        Ok(())
    }

    /// Forgets the attempts of somebody who knew the password.
    pub(super) fn forgive(&self, login: &str, peer: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&key(login, peer));
    }
}

fn key(login: &str, peer: &str) -> (String, String) {
    (login.trim().to_lowercase(), peer.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000;

    #[test]
    fn the_sixth_attempt_within_a_minute_waits_until_the_first_is_a_minute_old() {
        let throttle = Throttle::default();
        for second in 0..5 {
            assert_eq!(throttle.admit("ann", "peer", second * SECOND), Ok(()));
        }
        assert_eq!(throttle.admit(" ANN", "peer", 10 * SECOND), Err(50));
        assert_eq!(throttle.admit("ann", "peer", 60 * SECOND), Ok(()));
    }

    #[test]
    fn another_login_or_peer_does_not_wait() {
        let throttle = Throttle::default();
        for _ in 0..5 {
            assert_eq!(throttle.admit("ann", "one", 0), Ok(()));
        }
        assert_eq!(throttle.admit("ben", "one", 0), Ok(()));
        assert_eq!(throttle.admit("ann", "two", 0), Ok(()));
    }

    #[test]
    fn the_right_password_forgives() {
        let throttle = Throttle::default();
        for _ in 0..5 {
            assert_eq!(throttle.admit("ann", "one", 0), Ok(()));
        }
        throttle.forgive("ann", "one");
        assert_eq!(throttle.admit("ann", "one", 0), Ok(()));
    }

    #[test]
    fn a_flood_of_logins_takes_no_more_memory_than_allowed_and_passes() {
        let throttle = Throttle::default();
        for number in 0..PAIRS_MAX {
            assert_eq!(throttle.admit(&number.to_string(), "one", 0), Ok(()));
        }
        assert_eq!(throttle.admit("ann", "two", 0), Err(60));
        assert_eq!(throttle.admit("ann", "two", WINDOW_MICROS), Ok(()));
    }
}
