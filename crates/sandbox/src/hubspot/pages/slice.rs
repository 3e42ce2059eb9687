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
    use crate::hubspot::crm::kind::Kind;
    use crate::hubspot::crm::record::Author;
    use crate::hubspot::crm::write::{Claims, Properties};
    use crate::hubspot::desk::PERSON;
    use crate::hubspot::portal::Portal;
    use crate::options::Options;

    const AUTHOR: Author = Author { source: PERSON, at_ms: 0 };

    /// An account with this many contacts, and their ids from the newest to the oldest.
    fn account_of(count: usize) -> (Portal, Vec<u64>) {
        let mut portal = Portal::new(1, "Acme Storage", &Options::default(), 0);
        let mut ids = Vec::new();
        for _ in 0..count {
            let properties = Properties::from([("firstname".to_owned(), "Ann".into())]);
            let plan = portal.plan_create(Kind::Contact, &properties, &[], &mut Claims::default()).unwrap();
            ids.insert(0, portal.carry_out(Kind::Contact, plan, AUTHOR));
        }
        (portal, ids)
    }

    fn page(portal: &Portal, start: Start) -> (Vec<u64>, Option<u64>, Option<u64>) {
        let slice = slice(portal.store(Kind::Contact), false, start, |_| true);
        (slice.records.iter().map(|record| record.id).collect(), slice.newer, slice.older)
    }

    #[test]
    fn pages_lead_down_to_the_oldest_record_and_up_again_without_a_gap() {
        let (portal, ids) = account_of(120);
        let (first, newer, older) = page(&portal, Start::Newest);
        assert_eq!((first.as_slice(), newer), (&ids[..50], None));
        let (second, second_newer, older) = page(&portal, Start::Below(older.unwrap()));
        assert_eq!(second, ids[50..100]);
        let (third, newer, end) = page(&portal, Start::Below(older.unwrap()));
        assert_eq!((third.as_slice(), end), (&ids[100..], None));
        let (up, newer, _) = page(&portal, Start::Above(newer.unwrap()));
        assert_eq!((&up, newer), (&second, second_newer));
        let (top, newer, _) = page(&portal, Start::Above(newer.unwrap()));
        assert_eq!((top, newer), (first, None));
    }

    #[test]
    fn a_page_of_an_endless_account_looks_at_a_bounded_number_of_records() {
        let (portal, ids) = account_of(1);
        let endless = || std::iter::repeat(portal.live(Kind::Contact, ids[0]).unwrap());
        let looked_at = Cell::new(0);
        let counting = |answer: bool| {
            looked_at.set(0);
            let looked_at = &looked_at;
            move |_: &Record| {
                looked_at.set(looked_at.get() + 1);
                answer
            }
        };
        let none = look(endless(), counting(false));
        assert_eq!((none.records.len(), none.is_cut, none.next), (0, true, Some(ids[0])));
        assert_eq!(looked_at.get(), LOOKED_AT_RECORDS_MAX);
        let full = look(endless(), counting(true));
        assert_eq!((full.records.len(), full.is_cut, full.next), (PAGE_RECORDS, false, Some(ids[0])));
        assert_eq!(looked_at.get(), PAGE_RECORDS, "what is not shown is not looked at");
    }

    #[test]
    fn the_recycle_bin_is_paged_apart() {
        let (mut portal, ids) = account_of(3);
        portal.archive(Kind::Contact, ids[1], AUTHOR);
        assert_eq!(page(&portal, Start::Newest).0, [ids[0], ids[2]]);
        let bin = slice(portal.store(Kind::Contact), true, Start::Newest, |_| true);
        assert_eq!(bin.records.iter().map(|record| record.id).collect::<Vec<_>>(), [ids[1]]);
    }

    #[test]
    fn an_address_without_a_usable_place_begins_at_the_newest_record() {
        assert_eq!(Start::read("", ""), Start::Newest);
        assert_eq!(Start::read("x", "y"), Start::Newest);
        assert_eq!(Start::read("7", "9"), Start::Below(7));
        assert_eq!(Start::read("", "9"), Start::Above(9));
    }
}
