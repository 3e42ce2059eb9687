//! Request limits: at most so many requests within any window of so many milliseconds, and so many within a day
//! where an account has such a limit (reference section 6). Refused requests take no place.

use std::collections::VecDeque;

use serde::Deserialize;

use super::error::ApiError;
use super::portal::Portal;

const DAY_MS: u64 = 24 * 3_600_000;

/// What an account pays for, as far as it decides how often an app may ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Plan {
    /// An app of the marketplace: the same for every account.
    Marketplace,
    /// A private app in an account that is free or on Starter.
    Starter,
    /// A private app in an account on Professional.
    Professional,
    /// A private app in an account on Enterprise.
    Enterprise,
}

impl Plan {
    /// How many requests an app may make in one window.
    pub(crate) fn per_window(self) -> usize {
        match self {
            Self::Marketplace => 110,
            Self::Starter => 100,
            Self::Professional | Self::Enterprise => 190,
        }
    }

    /// How many requests all apps together may make in one day.
    pub(crate) fn daily(self) -> Option<usize> {
        match self {
            Self::Marketplace => None,
            Self::Starter => Some(250_000),
            Self::Professional => Some(625_000),
            Self::Enterprise => Some(1_000_000),
        }
    }
}

/// The requests of the present day (UTC), where they are limited.
#[derive(Debug, Default)]
pub(crate) struct DailyLimit {
    max: Option<usize>,
    day: u64,
    taken: usize,
}

impl DailyLimit {
    /// From now on so many a day, or any number; what was taken today stays taken.
    pub(crate) fn set(&mut self, max: Option<usize>) {
        self.max = max;
    }

    /// How many a day there may be.
    pub(crate) fn max(&self) -> Option<usize> {
        self.max
    }

    /// Whether the day has no place left at `now_ms`.
    fn is_full(&mut self, now_ms: u64) -> bool {
        if self.day != now_ms / DAY_MS {
            (self.day, self.taken) = (now_ms / DAY_MS, 0);
        }
        self.max.is_some_and(|max| self.taken >= max)
    }
}

/// The requests of the last window.
#[derive(Debug)]
pub(crate) struct RollingWindow {
    max: usize,
    length_ms: u64,
    taken_ms: VecDeque<u64>,
}

impl RollingWindow {
    /// An empty window.
    pub(crate) fn new(max: usize, length_ms: u64) -> Self {
        Self { max, length_ms, taken_ms: VecDeque::new() }
    }

    /// Takes a place at `now_ms`; `false` when the window is full.
    pub(crate) fn take(&mut self, now_ms: u64) -> bool {
        while self.taken_ms.front().is_some_and(|taken| now_ms.saturating_sub(*taken) >= self.length_ms) {
            self.taken_ms.pop_front();
        }
        if self.taken_ms.len() >= self.max {
            return false;
        }
        self.taken_ms.push_back(now_ms);
        true
    }

    /// From now on so many places; what was taken stays taken.
    pub(crate) fn resize(&mut self, max: usize) {
        self.max = max;
    }

    /// How many places are left.
    pub(crate) fn remaining(&self) -> usize {
        self.max.saturating_sub(self.taken_ms.len())
    }

    /// How many places are taken at `now_ms`.
    pub(crate) fn used(&self, now_ms: u64) -> usize {
        self.taken_ms.iter().filter(|taken| now_ms.saturating_sub(**taken) < self.length_ms).count()
    }

    /// How many places there are.
    pub(crate) fn max(&self) -> usize {
        self.max
    }

    /// The length of the window in milliseconds.
    pub(crate) fn length_ms(&self) -> u64 {
        self.length_ms
    }
}

impl Portal {
    /// Takes a place for a request of an app.
    ///
    /// # Errors
    /// 429 in the name of the limit that is reached.
    pub(crate) fn admit(&mut self, now_ms: u64) -> Result<(), ApiError> {
        self.check_day(now_ms)?;
        if !self.requests.take(now_ms) {
            let message = "You have reached your ten_secondly_rolling limit.";
            return Err(ApiError::limited(message, "TEN_SECONDLY_ROLLING", "publicapi:api:oauth"));
        }
        self.daily.taken += 1;
        Ok(())
    }

    /// Takes a place for a search, which has a limit of its own.
    ///
    /// # Errors
    /// 429 in the name of the limit that is reached.
    pub(crate) fn admit_search(&mut self, now_ms: u64) -> Result<(), ApiError> {
        self.check_day(now_ms)?;
        if !self.searches.take(now_ms) {
            let message = "You have reached your secondly limit.";
            return Err(ApiError::limited(message, "SECONDLY", "publicapi:crm:search:oauth"));
        }
        self.daily.taken += 1;
        Ok(())
    }

    fn check_day(&mut self, now_ms: u64) -> Result<(), ApiError> {
        match self.daily.is_full(now_ms) {
            true => {
                Err(ApiError::limited("You have reached your daily limit.", "DAILY", "publicapi:api:oauth"))
            }
            false => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_comes_free_exactly_one_window_after_it_was_taken() {
        let mut window = RollingWindow::new(2, 10_000);
        assert!(window.take(0) && window.take(4_000));
        assert!(!window.take(9_999), "both places are still taken");
        assert!(window.take(10_000), "the first place is free again");
        assert!(!window.take(13_999));
        assert!(window.take(14_000));
        assert_eq!(window.remaining(), 0);
        assert_eq!((window.used(14_000), window.used(20_000), window.used(24_000)), (2, 1, 0));
    }
}
