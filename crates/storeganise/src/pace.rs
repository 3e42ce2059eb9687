//! The pace of one business: one request in flight, and no more than so many per second.
//!
//! Storeganise asks for requests in series and publishes no numbers; this is politeness, not an answer to 429.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::{Mutex, OwnedMutexGuard},
    time::{Instant, sleep_until},
};

const SLOWEST_PER_SECOND: f64 = 0.01;
const FASTEST_PER_SECOND: f64 = 1_000.0;

/// Lets requests to one business go one after the other; clones share the pace.
#[derive(Debug, Clone)]
pub struct Pace {
    /// When the next request may go. Whoever has a request in flight holds the lock.
    next: Arc<Mutex<Instant>>,
    interval: Duration,
}

/// The right to have the one request in flight; dropping it lets the next one go.
#[derive(Debug)]
pub struct Turn {
    _held: OwnedMutexGuard<Instant>,
}

impl Pace {
    /// A pace of at most `requests_per_second`, kept between one in 100 seconds and 1000 a second.
    #[must_use]
    pub fn new(requests_per_second: f64) -> Self {
        let per_second = if requests_per_second.is_nan() { SLOWEST_PER_SECOND } else { requests_per_second };
        let interval =
            Duration::from_secs_f64(1.0 / per_second.clamp(SLOWEST_PER_SECOND, FASTEST_PER_SECOND));
        Self { next: Arc::new(Mutex::new(Instant::now())), interval }
    }

    /// Waits until a request could be sent now, without taking the turn: a caller can gather work until then.
    pub async fn slot(&self) {
        let next = self.next.lock().await;
        sleep_until(*next).await;
    }

    /// Waits for the turn to send one request, to be held until its answer is read.
    pub async fn turn(&self) -> Turn {
        let mut next = Arc::clone(&self.next).lock_owned().await;
        sleep_until(*next).await;
        *next = Instant::now() + self.interval;
        Turn { _held: next }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn turns_are_spaced_so_that_no_second_has_more_than_the_pace() {
        let (pace, start) = (Pace::new(2.0), Instant::now());
        let mut sent_after_ms = Vec::new();
        for _ in 0..4 {
            drop(pace.turn().await);
            sent_after_ms.push(start.elapsed().as_millis());
        }
        assert_eq!(sent_after_ms, [0, 500, 1000, 1500]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_second_request_waits_for_the_answer_to_the_first_however_long_it_takes() {
        let pace = Pace::new(2.0);
        let first = pace.turn().await;
        let minute = Duration::from_secs(60);
        assert!(tokio::time::timeout(minute, pace.turn()).await.is_err());
        drop(first);
        assert!(tokio::time::timeout(Duration::ZERO, pace.turn()).await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn waiting_for_a_slot_takes_nothing_away() {
        let (pace, start) = (Pace::new(2.0), Instant::now());
        drop(pace.turn().await);
        pace.slot().await;
        pace.slot().await;
        drop(pace.turn().await);
        assert_eq!(start.elapsed(), Duration::from_millis(500));
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_that_is_given_up_while_it_waits_leaves_the_pace_as_it_was() {
        let (pace, start) = (Pace::new(2.0), Instant::now());
        drop(pace.turn().await);
        assert!(tokio::time::timeout(Duration::from_millis(100), pace.turn()).await.is_err());
        drop(pace.turn().await);
        assert_eq!(start.elapsed(), Duration::from_millis(500));
    }

    #[test]
    fn an_impossible_pace_is_brought_into_bounds() {
        for (asked, interval) in [
            (0.0, Duration::from_secs(100)),
            (-3.0, Duration::from_secs(100)),
            (f64::NAN, Duration::from_secs(100)),
            (f64::INFINITY, Duration::from_millis(1)),
        ] {
            assert_eq!(Pace::new(asked).interval, interval, "{asked}");
        }
    }
}
