//! The rolling window of requests HubSpot allows one app in one portal. Pure: the caller brings the time.

use std::{collections::VecDeque, time::Duration};

/// Requests allowed per window to a marketplace app, per portal.
pub const REQUESTS_PER_WINDOW: usize = 110;
/// The length of the window.
pub const WINDOW: Duration = Duration::from_secs(10);

/// Remembers when requests were sent and says when the next may go. Times count from any fixed start.
#[derive(Debug, Clone)]
pub struct RollingWindow {
    limit: usize,
    window: Duration,
    sent: VecDeque<Duration>,
}

impl RollingWindow {
    /// A window of `limit` requests (at least one) per `window`, with nothing sent yet.
    #[must_use]
    pub fn new(limit: usize, window: Duration) -> Self {
        Self { limit: limit.max(1), window, sent: VecDeque::new() }
    }

    /// A window in which half the requests count as just sent: what a new lease holder starts with,
    /// because it does not know what the former one sent.
    #[must_use]
    pub fn after_takeover(limit: usize, window: Duration, now: Duration) -> Self {
        let mut fresh = Self::new(limit, window);
        fresh.sent.extend(std::iter::repeat_n(now, fresh.limit / 2));
        fresh
    }

    /// Takes a place for one request sent at `now`, or says how long to wait before asking again.
    ///
    /// # Errors
    /// The wait until the oldest request leaves the window.
    pub fn take(&mut self, now: Duration) -> Result<(), Duration> {
        while self.sent.front().is_some_and(|oldest| *oldest + self.window <= now) {
            self.sent.pop_front();
        }
        match self.sent.front() {
            Some(oldest) if self.sent.len() >= self.limit => Err(*oldest + self.window - now),
            _ => {
                self.sent.push_back(now);
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_no_window_of_ten_seconds_are_more_than_the_limit_sent() {
        let mut window = RollingWindow::new(REQUESTS_PER_WINDOW, WINDOW);
        let (mut now, mut sent) = (Duration::ZERO, Vec::new());
        while sent.len() < 1_000 {
            match window.take(now) {
                Ok(()) => {
                    sent.push(now);
                    now += Duration::from_millis(7);
                }
                Err(wait) => now += wait,
            }
        }
        let most = sent.iter().map(|s| sent.iter().filter(|t| **t >= *s && **t < *s + WINDOW).count()).max();
        assert_eq!(most, Some(REQUESTS_PER_WINDOW));
    }

    #[test]
    fn after_a_takeover_half_the_budget_is_held_back_for_one_window() {
        let mut window = RollingWindow::after_takeover(10, WINDOW, Duration::ZERO);
        let taken = (0..20).filter(|_| window.take(Duration::ZERO).is_ok()).count();
        assert_eq!(taken, 5);
        assert_eq!(window.take(Duration::ZERO), Err(WINDOW));
        assert_eq!(window.take(WINDOW), Ok(()));
    }
}
