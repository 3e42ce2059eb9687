//! All records of one kind in one portal, found by id, by former id, by a unique property or by when they last
//! changed. It keeps the indexes true; what may be written is decided in `write`.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

use super::keys::Keys;
use super::places::Places;
use super::record::{Author, Record};
use super::wake::Wake;

/// The first id of a portal: twelve digits, as HubSpot's are. Every portal starts here, so that a reader
/// who forgets the portal meets a stranger's record at once.
const FIRST_ID: u64 = 541_900_000_001;

/// The records of one kind. Ids are spent one after another, so a record's place follows from its id.
#[derive(Debug)]
pub(crate) struct Store {
    records: Vec<Option<Box<Record>>>,
    live: Places,
    /// When and which: the live records in the order of their last change.
    modified: BTreeSet<(u64, u64)>,
    keys: Keys,
    aliases: HashMap<u64, u64>,
    former: HashMap<u64, Vec<u64>>,
    wake: Wake,
    first_id: u64,
    next_id: u64,
}

/// What the search index has not learnt yet.
#[derive(Debug, Default)]
pub(super) struct Unsettled {
    /// The records that are not to be taken as they are.
    pub(super) hidden: HashSet<u64>,
    /// What the index still has in their place.
    pub(super) shown: Vec<Record>,
}

impl Store {
    /// An empty store.
    pub(crate) fn new() -> Self {
        Self::starting_at(FIRST_ID)
    }

    /// An empty store whose first record will have this id.
    pub(crate) fn starting_at(first_id: u64) -> Self {
        Self {
            records: Vec::new(),
            live: Places::default(),
            modified: BTreeSet::new(),
            keys: Keys::default(),
            aliases: HashMap::new(),
            former: HashMap::new(),
            wake: Wake::default(),
            first_id,
            next_id: first_id,
        }
    }

    /// A fresh id; it is spent even if the write fails afterwards, as HubSpot's are.
    pub(crate) fn allot(&mut self) -> u64 {
        let id = self.next_id;
        self.next_id += 1;
        id
    }

    /// The record under exactly this id, archived or not.
    pub(crate) fn exact(&self, id: u64) -> Option<&Record> {
        self.records.get(self.place(id)?)?.as_deref()
    }

    /// The record under exactly this id, to change its associations; its values are changed by `set`.
    pub(crate) fn exact_mut(&mut self, id: u64) -> Option<&mut Record> {
        let place = self.place(id)?;
        self.records.get_mut(place)?.as_deref_mut()
    }

    /// The present id for an id that may have been merged away.
    pub(crate) fn present_id(&self, id: u64) -> u64 {
        self.aliases.get(&id).copied().unwrap_or(id)
    }

    /// The former ids that answer with this record.
    pub(crate) fn former_ids(&self, id: u64) -> &[u64] {
        self.former.get(&id).map_or(&[], Vec::as_slice)
    }

    /// Adds a record under an id that was allotted; its unique values are claimed apart.
    pub(crate) fn insert(&mut self, record: Record) {
        let place = self.place(record.id).expect("every id was allotted by a store");
        if self.records.len() <= place {
            self.records.resize_with(place + 1, || None);
        }
        if !record.archived {
            self.live.insert(place);
            self.modified.insert((record.modified_ms, record.id));
        }
        self.records[place] = Some(Box::new(record));
    }

    /// Sets one property of a record; the value before, empty when there was none, if that changed anything.
    pub(crate) fn set(&mut self, id: u64, name: &Arc<str>, value: &str, by: Author) -> Option<String> {
        let place = self.place(id)?;
        let record = self.records.get_mut(place)?.as_deref_mut()?;
        let (before, before_ms) = (record.stored(name).unwrap_or_default().to_owned(), record.modified_ms);
        if !record.set(name, value, by) {
            return None;
        }
        if !record.archived && record.modified_ms != before_ms {
            self.modified.remove(&(before_ms, id));
            self.modified.insert((record.modified_ms, id));
        }
        Some(before)
    }

    /// Puts a record into the recycle bin and frees its keys; `false` when it is not there to be put.
    pub(crate) fn archive(&mut self, id: u64, at_ms: u64) -> bool {
        self.release_all(id);
        self.move_to(id, true, at_ms)
    }

    /// Takes a record out of the recycle bin, without its keys; `false` when it is not in there.
    pub(crate) fn restore(&mut self, id: u64, at_ms: u64) -> bool {
        self.move_to(id, false, at_ms)
    }

    /// Takes a record out for good.
    pub(crate) fn remove(&mut self, id: u64, at_ms: u64) -> Option<Record> {
        let place = self.place(id)?;
        let record = self.records.get_mut(place)?.take()?;
        self.live.remove(place);
        self.modified.remove(&(record.modified_ms, id));
        self.wake.left(&record, at_ms);
        Some(*record)
    }

    /// Makes a former id, and every id that led to it, lead to the new one.
    pub(crate) fn alias(&mut self, former: u64, present: u64) {
        let mut leading = self.former.remove(&former).unwrap_or_default();
        leading.push(former);
        self.aliases.extend(leading.iter().map(|id| (*id, present)));
        self.former.entry(present).or_default().extend(leading);
    }

    /// Who holds this value of a unique property.
    pub(crate) fn holder(&self, property: &str, value: &str) -> Option<u64> {
        self.keys.ids(property, value).find(|id| self.exact(*id).is_some_and(|r| r.holds(property, value)))
    }

    /// Who may hold this value of a unique property, in whatever letter case.
    pub(super) fn may_hold(&self, property: &str, value: &str) -> impl Iterator<Item = u64> {
        self.keys.ids(property, value)
    }

    /// Notes that a record holds this value of a unique property.
    pub(crate) fn claim(&mut self, property: &str, value: &str, id: u64) {
        self.keys.claim(property, value, id);
    }

    /// Frees a value that this record holds; another holder's stays.
    pub(crate) fn release(&mut self, property: &str, value: &str, id: u64) {
        self.keys.release(property, value, id);
    }

    /// Frees everything that this record holds.
    pub(crate) fn release_all(&mut self, id: u64) {
        let Some(record) = self.exact(id) else { return };
        let mut held: Vec<(Box<str>, String)> = Vec::new();
        for property in self.keys.properties() {
            let values: Vec<&str> = match &*property {
                "email" => record.emails().collect(),
                name => record.stored(name).into_iter().collect(),
            };
            held.extend(values.into_iter().map(|value| (property.clone(), value.to_owned())));
        }
        for (property, value) in held {
            self.keys.release(&property, &value, id);
        }
    }

    /// Every record that is not archived, by id.
    pub(crate) fn live(&self) -> impl DoubleEndedIterator<Item = &Record> {
        self.live_within(0, u64::MAX)
    }

    /// How many records are not archived.
    pub(crate) fn live_count(&self) -> usize {
        self.live.len()
    }

    /// Every record that is not archived, by id, from the lowest to the highest id.
    pub(super) fn live_within(&self, low: u64, high: u64) -> impl DoubleEndedIterator<Item = &Record> {
        self.within(self.places(low, high), false)
    }

    /// How many records are not archived from the lowest to the highest id.
    pub(super) fn count_within(&self, low: u64, high: u64) -> usize {
        self.live.count(self.places(low, high))
    }

    /// The ids of the live records that last changed between two moments, in the order of their changes.
    pub(super) fn modified_within(&self, from_ms: u64, to_ms: u64) -> impl DoubleEndedIterator<Item = u64> {
        let range = (from_ms <= to_ms).then(|| self.modified.range((from_ms, 0)..=(to_ms, u64::MAX)));
        range.into_iter().flatten().map(|(_, id)| *id)
    }

    /// Every record before an id, archived or not as asked, the newest first.
    pub(crate) fn before(&self, id: u64, archived: bool) -> impl Iterator<Item = &Record> {
        self.within(self.places(0, id.saturating_sub(1)), archived).rev()
    }

    /// Every record after an id, archived or not as asked.
    pub(crate) fn after(&self, id: u64, archived: bool) -> impl Iterator<Item = &Record> {
        self.within(self.places(id.saturating_add(1), u64::MAX), archived)
    }

    /// From now on the index takes this long to learn of a change, in milliseconds.
    pub(crate) fn set_lag(&mut self, lag_ms: u64) {
        self.wake.set_lag(lag_ms);
    }

    /// What the search index has not learnt yet at this moment.
    pub(super) fn unsettled(&self, now_ms: u64) -> Unsettled {
        if self.wake.lag_ms() == 0 {
            return Unsettled::default();
        }
        let known_ms = now_ms.saturating_sub(self.wake.lag_ms());
        let changed = self.modified_within(known_ms.saturating_add(1), u64::MAX);
        let hidden: HashSet<u64> = changed.chain(self.wake.moved_after(known_ms)).collect();
        let present = hidden.iter().filter_map(|id| self.exact(*id));
        let before = present.chain(self.wake.gone_after(known_ms));
        Unsettled { shown: before.filter_map(|record| record.as_of(known_ms)).collect(), hidden }
    }

    fn place(&self, id: u64) -> Option<usize> {
        usize::try_from(id.checked_sub(self.first_id)?).ok()
    }

    /// The places of the ids from `low` to `high`.
    fn places(&self, low: u64, high: u64) -> Range<usize> {
        let end = high.checked_add(1).map_or(usize::MAX, |end| self.place(end).unwrap_or(0));
        self.place(low).unwrap_or(0)..end
    }

    fn within(&self, places: Range<usize>, archived: bool) -> impl DoubleEndedIterator<Item = &Record> {
        let places = places.start..places.end.min(self.records.len());
        let wanted = places.filter(move |place| self.live.contains(*place) != archived);
        wanted.filter_map(|place| self.records[place].as_deref())
    }

    fn move_to(&mut self, id: u64, archived: bool, at_ms: u64) -> bool {
        let Some(place) = self.place(id) else { return false };
        let record = self.records.get_mut(place).and_then(|record| record.as_deref_mut());
        let Some(record) = record.filter(|record| record.archived != archived) else { return false };
        (record.archived, record.moved_ms) = (archived, at_ms);
        if archived {
            self.live.remove(place);
            self.modified.remove(&(record.modified_ms, id));
        } else {
            self.live.insert(place);
            self.modified.insert((record.modified_ms, id));
        }
        self.wake.moved(id, at_ms);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::super::record::Source;
    use super::*;

    const FIRST: u64 = 100;

    fn at(at_ms: u64) -> Author {
        Author { source: Source::CrmUi(1), at_ms }
    }

    fn store_of(count: u64) -> Store {
        let mut store = Store::starting_at(FIRST);
        for number in 0..count {
            let id = store.allot();
            store.insert(Record::new(id, &[("city".into(), "Rye".to_owned())], at(number)));
        }
        store
    }

    #[test]
    fn the_order_of_changes_follows_every_set_and_every_move() {
        let mut store = store_of(4);
        let order =
            |store: &Store| -> Vec<u64> { store.modified_within(0, u64::MAX).map(|id| id - FIRST).collect() };
        store.set(FIRST, &"city".into(), "Hythe", at(50)).unwrap();
        assert_eq!(store.set(FIRST, &"city".into(), "Hythe", at(60)), None);
        assert_eq!(order(&store), [1, 2, 3, 0]);
        assert!(store.archive(FIRST + 2, 70) && !store.archive(FIRST + 2, 71));
        assert_eq!((order(&store), store.live_count()), (vec![1, 3, 0], 3));
        assert!(store.restore(FIRST + 2, 80));
        assert!(store.remove(FIRST + 1, 90).is_some());
        assert_eq!((order(&store), store.live_count()), (vec![2, 3, 0], 3));
        assert_eq!(store.modified_within(3, 2).count(), 0, "a range that ends before it starts");
    }

    #[test]
    fn a_list_starts_after_an_id_and_a_count_ends_with_one() {
        let mut store = store_of(130);
        store.archive(FIRST + 128, 1);
        assert_eq!(store.after(0, false).count(), 129);
        assert_eq!(
            store.after(FIRST + 126, false).map(|r| r.id).collect::<Vec<_>>(),
            [FIRST + 127, FIRST + 129]
        );
        assert_eq!(store.after(0, true).map(|r| r.id).collect::<Vec<_>>(), [FIRST + 128]);
        assert_eq!(store.after(u64::MAX, false).count(), 0);
        assert_eq!(store.count_within(FIRST, FIRST), 1);
        assert_eq!(store.count_within(0, FIRST - 1), 0);
        assert_eq!(
            store.count_within(FIRST + 127, u64::MAX),
            store.live_within(FIRST + 127, u64::MAX).count()
        );
    }
}
