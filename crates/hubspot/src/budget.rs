//! The rolling window of requests HubSpot allows one app in one portal, and the budget that waits for it.
//!
//! [`RollingWindow`] is pure: its caller brings the time. [`Budget`] brings it, and learns from the answers.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::{Instant, sleep};

/// Requests allowed per window to a marketplace app, per portal.
pub const REQUESTS_PER_WINDOW: usize = 110;
/// The length of the window.
pub const WINDOW: Duration = Duration::from_secs(10);
/// Searches we allow ourselves per [`SEARCH_WINDOW`]; HubSpot allows five to all apps together.
pub const SEARCHES_PER_WINDOW: usize = 4;
/// The length of the window for searches.
pub const SEARCH_WINDOW: Duration = Duration::from_secs(1);

/// HubSpot counts a request when it arrives, we when it is sent: one that was long under way leaves HubSpot's
/// window later than ours, so that ours is longer by this much.
const ARRIVAL_SLACK: Duration = Duration::from_millis(250);

/// What a request counts as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Any request but a search.
    Standard,
    /// A search, which counts twice: in its own window and in that of all requests.
    Search,
}

/// The requests one portal still has, shared by all who call it; clones are the same budget.
#[derive(Debug, Clone)]
pub struct Budget(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    start: Instant,
    windows: Mutex<Windows>,
}

#[derive(Debug)]
struct Windows {
    all: RollingWindow,
    searches: RollingWindow,
}

impl Budget {
    /// A full budget of `limit` requests per [`WINDOW`].
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self::with(RollingWindow::new(limit, WINDOW + ARRIVAL_SLACK))
    }

    /// A budget of which half counts as just spent, because the former lease holder may have spent it.
    #[must_use]
    pub fn after_takeover(limit: usize) -> Self {
        Self::with(RollingWindow::after_takeover(limit, WINDOW + ARRIVAL_SLACK, Duration::ZERO))
    }

    fn with(all: RollingWindow) -> Self {
        let searches = RollingWindow::new(SEARCHES_PER_WINDOW, SEARCH_WINDOW + ARRIVAL_SLACK);
        Self(Arc::new(Shared { start: Instant::now(), windows: Mutex::new(Windows { all, searches }) }))
    }

    /// Waits for a place for one request and takes it; the request is to be sent at once.
    pub async fn place(&self, kind: Kind) {
        let asked = Instant::now();
        while let Err(wait) = self.try_place(kind) {
            // The timer counts in whole milliseconds and must not wake us too early.
            sleep(wait + Duration::from_millis(1)).await;
        }
        metrics::histogram!("annex_hubspot_budget_wait_seconds").record(asked.elapsed().as_secs_f64());
        metrics::histogram!("annex_hubspot_budget_used_ratio").record(self.used());
    }

    /// Corrects the budget by the limit and the rest an answer states. It only ever gets tighter: an answer
    /// does not know of the requests that were under way with it.
    pub fn learn(&self, max: Option<u32>, remaining: Option<u32>) {
        let now = self.now();
        let mut windows = self.windows();
        if let Some(max) = max.and_then(|max| usize::try_from(max).ok()) {
            windows.all.lower_limit(max);
        }
        if let Some(remaining) = remaining.and_then(|remaining| usize::try_from(remaining).ok()) {
            windows.all.leave_at_most(remaining, now);
        }
    }

    /// Closes the window of this kind for its whole length, after HubSpot refused a request with 429.
    pub fn refused(&self, kind: Kind) {
        let now = self.now();
        let mut windows = self.windows();
        match kind {
            Kind::Standard => windows.all.close(now),
            Kind::Search => windows.searches.close(now),
        }
    }

    /// How many requests could go at once.
    #[must_use]
    pub fn left(&self) -> usize {
        let now = self.now();
        self.windows().all.left(now)
    }

    /// How much of the window is spent, from 0 to 1.
    fn used(&self) -> f64 {
        let now = self.now();
        self.windows().all.used(now)
    }

    fn try_place(&self, kind: Kind) -> Result<(), Duration> {
        let now = self.now();
        let mut windows = self.windows();
        if kind == Kind::Search {
            windows.searches.check(now)?;
        }
        windows.all.take(now)?;
        if kind == Kind::Search {
            windows.searches.take(now)?;
        }
        Ok(())
    }

    fn now(&self) -> Duration {
        self.0.start.elapsed()
    }

    fn windows(&self) -> MutexGuard<'_, Windows> {
        // Every change of the windows is whole before anything could panic, so a poisoned lock is still good.
        self.0.windows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

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
    /// The wait until there is a place.
    pub fn take(&mut self, now: Duration) -> Result<(), Duration> {
        self.check(now)?;
        self.sent.push_back(now);
        Ok(())
    }

    /// Whether there is a place at `now`, without taking it.
    ///
    /// # Errors
    /// The wait until there is a place.
    pub fn check(&mut self, now: Duration) -> Result<(), Duration> {
        self.forget_before(now);
        match self.sent.len().checked_sub(self.limit).and_then(|over| self.sent.get(over)) {
            Some(last_in_the_way) => Err(*last_in_the_way + self.window - now),
            None => Ok(()),
        }
    }

    /// How many places there are at `now`.
    pub fn left(&mut self, now: Duration) -> usize {
        self.forget_before(now);
        self.limit.saturating_sub(self.sent.len())
    }

    /// How much of the window is spent at `now`, from 0 to 1.
    pub fn used(&mut self, now: Duration) -> f64 {
        1.0 - self.left(now) as f64 / self.limit as f64
    }

    /// Lowers the limit (to one at least); never raises it.
    pub fn lower_limit(&mut self, limit: usize) {
        self.limit = self.limit.min(limit.max(1));
    }

    /// Fills the window so that no more than `places` are left at `now`.
    pub fn leave_at_most(&mut self, places: usize, now: Duration) {
        let fill = self.left(now).saturating_sub(places);
        self.sent.extend(std::iter::repeat_n(now, fill));
    }

    /// Leaves no place for a whole window from `now`.
    pub fn close(&mut self, now: Duration) {
        self.sent.clear();
        self.leave_at_most(0, now);
    }

    fn forget_before(&mut self, now: Duration) {
        while self.sent.front().is_some_and(|oldest| *oldest + self.window <= now) {
            self.sent.pop_front();
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

    #[test]
    fn a_lowered_limit_holds_at_once_and_is_never_raised() {
        let mut window = RollingWindow::new(4, WINDOW);
        for second in 0..4 {
            assert_eq!(window.take(Duration::from_secs(second)), Ok(()));
        }
        window.lower_limit(2);
        window.lower_limit(100);
        // Three of the four have to leave before one more may go.
        assert_eq!(window.take(Duration::from_secs(10)), Err(Duration::from_secs(2)));
        assert_eq!(window.take(Duration::from_secs(12)), Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_budget_gives_its_places_at_once_and_the_next_one_after_the_window() {
        let (budget, start) = (Budget::new(3), Instant::now());
        for _ in 0..3 {
            budget.place(Kind::Standard).await;
        }
        assert_eq!(start.elapsed(), Duration::ZERO);
        budget.place(Kind::Standard).await;
        assert!(start.elapsed() > WINDOW && start.elapsed() < WINDOW + Duration::from_millis(300));
    }

    #[tokio::test(start_paused = true)]
    async fn clones_spend_the_same_budget() {
        let (budget, start) = (Budget::new(2), Instant::now());
        budget.place(Kind::Standard).await;
        budget.clone().place(Kind::Standard).await;
        budget.place(Kind::Standard).await;
        assert!(start.elapsed() > WINDOW);
    }

    #[tokio::test(start_paused = true)]
    async fn searches_have_four_places_a_second_within_the_budget_of_all() {
        let (budget, start) = (Budget::new(6), Instant::now());
        for _ in 0..5 {
            budget.place(Kind::Search).await;
        }
        assert!(start.elapsed() > SEARCH_WINDOW && start.elapsed() < WINDOW);
        budget.place(Kind::Standard).await;
        assert!(start.elapsed() < WINDOW, "the sixth of six");
        budget.place(Kind::Standard).await;
        assert!(start.elapsed() > WINDOW, "the seventh of six");
    }

    #[tokio::test(start_paused = true)]
    async fn a_search_that_waits_holds_no_place_of_the_others() {
        let (budget, start) = (Budget::new(5), Instant::now());
        for _ in 0..4 {
            budget.place(Kind::Search).await;
        }
        assert!(tokio::time::timeout(Duration::from_millis(10), budget.place(Kind::Search)).await.is_err());
        budget.place(Kind::Standard).await;
        assert!(start.elapsed() < SEARCH_WINDOW);
    }

    #[tokio::test(start_paused = true)]
    async fn what_the_headers_say_makes_the_budget_tighter_and_never_wider() {
        let (budget, start) = (Budget::new(100), Instant::now());
        budget.place(Kind::Standard).await;
        budget.learn(Some(250), Some(249));
        budget.learn(Some(10), Some(1));
        budget.learn(None, Some(5));
        budget.learn(None, None);
        budget.place(Kind::Standard).await;
        assert_eq!(start.elapsed(), Duration::ZERO);
        budget.place(Kind::Standard).await;
        assert!(start.elapsed() > WINDOW);
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_closes_the_window_it_is_about_and_only_that() {
        let (budget, start) = (Budget::new(100), Instant::now());
        budget.refused(Kind::Search);
        budget.place(Kind::Standard).await;
        assert_eq!(start.elapsed(), Duration::ZERO);
        budget.place(Kind::Search).await;
        assert!(start.elapsed() > SEARCH_WINDOW && start.elapsed() < WINDOW);
        budget.refused(Kind::Standard);
        let closed = Instant::now();
        budget.place(Kind::Standard).await;
        assert!(closed.elapsed() > WINDOW);
    }

    #[tokio::test(start_paused = true)]
    async fn after_a_takeover_the_second_half_comes_with_the_next_window() {
        let (budget, start) = (Budget::after_takeover(10), Instant::now());
        for _ in 0..5 {
            budget.place(Kind::Standard).await;
        }
        assert_eq!(start.elapsed(), Duration::ZERO);
        budget.place(Kind::Standard).await;
        assert!(start.elapsed() > WINDOW);
    }
}
