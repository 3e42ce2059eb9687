//! What left a store or came back while the search index lags behind, so that the index can still show it or
//! not show it yet. Without a lag nothing is kept.

use std::collections::VecDeque;

use super::record::Record;

/// The latest departures and returns.
#[derive(Debug, Default)]
pub(super) struct Wake {
    lag_ms: u64,
    moved: VecDeque<(u64, u64)>,
    gone: VecDeque<(u64, Record)>,
}

impl Wake {
    /// How long the index takes to learn of a change, in milliseconds.
    pub(super) fn lag_ms(&self) -> u64 {
        self.lag_ms
    }

    /// From now on the index takes this long.
    pub(super) fn set_lag(&mut self, lag_ms: u64) {
        self.lag_ms = lag_ms;
        if lag_ms == 0 {
            self.moved.clear();
            self.gone.clear();
        }
    }

    /// A record went into the recycle bin or came out of it.
    pub(super) fn moved(&mut self, id: u64, at_ms: u64) {
        if self.lag_ms > 0 {
            self.forget_before(at_ms.saturating_sub(self.lag_ms));
            self.moved.push_back((at_ms, id));
        }
    }

    /// A record went for good.
    pub(super) fn left(&mut self, record: &Record, at_ms: u64) {
        if self.lag_ms > 0 {
            self.forget_before(at_ms.saturating_sub(self.lag_ms));
            self.gone.push_back((at_ms, record.clone()));
        }
    }

    /// The records that moved after a moment.
    pub(super) fn moved_after(&self, at_ms: u64) -> impl Iterator<Item = u64> {
        self.moved.iter().filter(move |(moved_ms, _)| *moved_ms > at_ms).map(|(_, id)| *id)
    }

    /// The records that went for good after a moment.
    pub(super) fn gone_after(&self, at_ms: u64) -> impl Iterator<Item = &Record> {
        self.gone.iter().filter(move |(gone_ms, _)| *gone_ms > at_ms).map(|(_, record)| record)
    }

    fn forget_before(&mut self, at_ms: u64) {
        while self.moved.front().is_some_and(|(moved_ms, _)| *moved_ms < at_ms) {
            self.moved.pop_front();
        }
        while self.gone.front().is_some_and(|(gone_ms, _)| *gone_ms < at_ms) {
            self.gone.pop_front();
        }
    }
}
