//! What pages and the JSON API show: lists with a cursor, read within one installation or over the fleet.

pub mod activity;
pub mod day;
pub mod failures;
pub mod fleet;
pub mod overview;
pub mod runs;
pub mod waiting;

/// Rows on one page at most.
pub const PAGE_MAX: u64 = 200;

/// A page of a list, and where the next one begins.
#[derive(Debug, Clone)]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// The cursor of the next page; none on the last one.
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// Cuts rows that were read one too many into a page; `cursor` names a row's place.
    pub(crate) fn cut(mut items: Vec<T>, limit: u64, cursor: impl Fn(&T) -> String) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = items.len() > limit;
        items.truncate(limit);
        let next = items.last().filter(|_| more).map(cursor);
        Self { items, next }
    }
}

/// A page's length as it was asked for, within bounds.
pub(crate) fn bounded(limit: u64) -> u64 {
    limit.clamp(1, PAGE_MAX)
}
