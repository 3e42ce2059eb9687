//! Rolling request limits: at most so many requests within any window of so many milliseconds.
//! Refused requests take no place.

use std::collections::VecDeque;

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
