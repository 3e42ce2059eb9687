//! Rolling windows: the most requests that ever lay within one, exactly and not by the second of the clock.

use std::collections::VecDeque;

/// The requests of the last window, and the most there ever were in one.
#[derive(Debug, Default)]
pub(super) struct Window {
    recent_ms: VecDeque<u64>,
    highest: usize,
}

impl Window {
    /// Adds a request. Requests come in order; one that another thread overtook counts at the later time.
    pub(super) fn add(&mut self, at_ms: u64, window_ms: u64) {
        let at_ms = self.recent_ms.back().map_or(at_ms, |last| at_ms.max(*last));
        while self.recent_ms.front().is_some_and(|oldest| at_ms - oldest >= window_ms) {
            self.recent_ms.pop_front();
        }
        self.recent_ms.push_back(at_ms);
        self.highest = self.highest.max(self.recent_ms.len());
    }

    /// The most requests within any window.
    pub(super) fn highest(&self) -> usize {
        self.highest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_rolls_and_its_end_does_not_belong_to_it() {
        let mut window = Window::default();
        for at_ms in [0, 9_000, 9_999, 10_000, 15_000, 30_000] {
            window.add(at_ms, 10_000);
        }
        assert_eq!(window.highest(), 4, "9.0, 9.999, 10.0 and 15.0 s share a window, 0 and 10.0 s do not");
    }
}
