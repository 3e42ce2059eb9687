//! One page of records out of any number, newest first. It never looks at more than a fixed number of them,
//! because the account is locked meanwhile, and clones none.

use crate::hubspot::crm::record::Record;
use crate::hubspot::crm::store::Store;

/// How many records a page shows.
pub(super) const PAGE_RECORDS: usize = 50;
/// How many records one request looks at.
pub(super) const LOOKED_AT_RECORDS_MAX: usize = 20_000;

/// Where a page begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Start {
    /// At the newest record.
    Newest,
    /// Just below this id.
    Below(u64),
    /// It ends just above this id.
    Above(u64),
}

/// A page of records.
#[derive(Debug)]
pub(super) struct Slice<'a> {
    /// The records, newest first.
    pub(super) records: Vec<&'a Record>,
    /// The id above which there are newer ones.
    pub(super) newer: Option<u64>,
    /// The id below which older ones are, or may be.
    pub(super) older: Option<u64>,
    /// Whether the page ends because enough was looked at, not because it is full or at the end.
    pub(super) is_cut: bool,
}

impl Start {
    /// Reads `before` and `after` of an address.
    pub(super) fn read(before: &str, after: &str) -> Self {
        match (before.parse(), after.parse()) {
            (Ok(id), _) => Self::Below(id),
            (_, Ok(id)) => Self::Above(id),
            _ => Self::Newest,
        }
    }
}

/// The page that begins at `start`, of the live or the archived records that fit.
pub(super) fn slice(
    store: &Store,
    archived: bool,
    start: Start,
    fits: impl Fn(&Record) -> bool,
) -> Slice<'_> {
    match start {
        Start::Newest => downwards(store, archived, u64::MAX, fits),
        Start::Below(id) => downwards(store, archived, id, fits),
        Start::Above(id) => upwards(store, archived, id, fits),
    }
}

fn downwards(store: &Store, archived: bool, below: u64, fits: impl Fn(&Record) -> bool) -> Slice<'_> {
    let Looked { records, next, is_cut } = look(store.before(below, archived), fits);
    let newer = records.first().map(|record| record.id).filter(|_| below != u64::MAX);
    Slice { newer, older: next, is_cut, records }
}

/// The page above an id; at the top it is the first page, so that this one is always full.
fn upwards(store: &Store, archived: bool, above: u64, fits: impl Fn(&Record) -> bool) -> Slice<'_> {
    let Looked { mut records, next, is_cut } = look(store.after(above, archived), &fits);
    let Some(top) = next else { return downwards(store, archived, u64::MAX, fits) };
    records.reverse();
    let older = records.last().map(|record| record.id).or(Some(above + 1));
    Slice { newer: Some(top), older, is_cut, records }
}

struct Looked<'a> {
    records: Vec<&'a Record>,
    /// Where to go on, if there may be more.
    next: Option<u64>,
    is_cut: bool,
}

fn look<'a>(records: impl Iterator<Item = &'a Record>, fits: impl Fn(&Record) -> bool) -> Looked<'a> {
    let mut found: Vec<&Record> = Vec::with_capacity(PAGE_RECORDS);
    let mut last_id = None;
    for (looked_at, record) in records.enumerate() {
        let is_cut = looked_at == LOOKED_AT_RECORDS_MAX;
        if is_cut || found.len() == PAGE_RECORDS {
            return Looked { records: found, next: last_id, is_cut };
        }
        if fits(record) {
            found.push(record);
        }
        last_id = Some(record.id);
    }
    Looked { records: found, next: None, is_cut: false }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    fn store_of(count: u64) -> Store {
        let mut store = Store::new();
        for id in 1..=count {
            store.insert(Record::new(id, 0));
        }
        store
    }

    fn ids(slice: &Slice<'_>) -> Vec<u64> {
        slice.records.iter().map(|record| record.id).collect()
    }

    #[test]
    fn pages_lead_down_to_the_oldest_record_and_up_again_without_a_gap() {
        let store = store_of(120);
        let first = slice(&store, false, Start::Newest, |_| true);
        assert_eq!((ids(&first), first.newer), ((71..=120).rev().collect(), None));
        let second = slice(&store, false, Start::Below(first.older.unwrap()), |_| true);
        assert_eq!(ids(&second), (21..=70).rev().collect::<Vec<_>>());
        let third = slice(&store, false, Start::Below(second.older.unwrap()), |_| true);
        assert_eq!((ids(&third), third.older), ((1..=20).rev().collect(), None));
        let up = slice(&store, false, Start::Above(third.newer.unwrap()), |_| true);
        assert_eq!(ids(&up), ids(&second));
        let top = slice(&store, false, Start::Above(up.newer.unwrap()), |_| true);
        assert_eq!((ids(&top), top.newer), (ids(&first), None));
    }

    #[test]
    fn a_page_of_a_huge_account_looks_at_a_bounded_number_of_records_and_says_where_to_go_on() {
        let store = store_of(3 * LOOKED_AT_RECORDS_MAX as u64);
        let looked_at = Cell::new(0);
        let rare = |record: &Record| {
            looked_at.set(looked_at.get() + 1);
            record.id == 10
        };
        let mut page = slice(&store, false, Start::Newest, rare);
        assert_eq!((looked_at.get(), page.records.len(), page.is_cut), (LOOKED_AT_RECORDS_MAX, 0, true));
        for _ in 0..2 {
            page = slice(&store, false, Start::Below(page.older.unwrap()), rare);
        }
        assert_eq!((ids(&page), page.is_cut, page.older), (vec![10], false, None), "found on the third look");

        looked_at.set(0);
        let all = |_: &Record| {
            looked_at.set(looked_at.get() + 1);
            true
        };
        assert_eq!(slice(&store, false, Start::Newest, all).records.len(), PAGE_RECORDS);
        assert_eq!(looked_at.get(), PAGE_RECORDS, "what is not shown is not looked at");
    }

    #[test]
    fn the_recycle_bin_is_paged_apart() {
        let mut store = store_of(3);
        store.exact_mut(2).unwrap().archived = true;
        assert_eq!(ids(&slice(&store, false, Start::Newest, |_| true)), [3, 1]);
        assert_eq!(ids(&slice(&store, true, Start::Newest, |_| true)), [2]);
    }

    #[test]
    fn an_address_without_a_usable_place_begins_at_the_newest_record() {
        assert_eq!(Start::read("", ""), Start::Newest);
        assert_eq!(Start::read("x", "y"), Start::Newest);
        assert_eq!(Start::read("7", "9"), Start::Below(7));
        assert_eq!(Start::read("", "9"), Start::Above(9));
    }
}
