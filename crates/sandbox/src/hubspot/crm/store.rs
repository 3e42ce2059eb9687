//! All records of one kind in one portal, found by id, by former id, or by a unique property.
//! It keeps the indexes true; what may be written is decided in `write`.

use std::collections::{BTreeMap, HashMap};

use super::record::Record;

/// The first id of a portal: twelve digits, as HubSpot's are. Every portal starts here, so that a reader
/// who forgets the portal meets a stranger's record at once.
const FIRST_ID: u64 = 541_900_000_001;

/// The records of one kind.
#[derive(Debug)]
pub(crate) struct Store {
    records: BTreeMap<u64, Record>,
    unique: HashMap<Box<str>, HashMap<Box<str>, u64>>,
    aliases: HashMap<u64, u64>,
    former: HashMap<u64, Vec<u64>>,
    next_id: u64,
}

impl Store {
    /// An empty store.
    pub(crate) fn new() -> Self {
        Self {
            records: BTreeMap::new(),
            unique: HashMap::new(),
            aliases: HashMap::new(),
            former: HashMap::new(),
            next_id: FIRST_ID,
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
        self.records.get(&id)
    }

    /// The record under exactly this id, to be changed; keep unique values true with `claim` and `release`.
    pub(crate) fn exact_mut(&mut self, id: u64) -> Option<&mut Record> {
        self.records.get_mut(&id)
    }

    /// The present id for an id that may have been merged away.
    pub(crate) fn present_id(&self, id: u64) -> u64 {
        self.aliases.get(&id).copied().unwrap_or(id)
    }

    /// The former ids that answer with this record.
    pub(crate) fn former_ids(&self, id: u64) -> &[u64] {
        self.former.get(&id).map_or(&[], Vec::as_slice)
    }

    /// Adds a record; its unique values are claimed apart.
    pub(crate) fn insert(&mut self, record: Record) {
        self.records.insert(record.id, record);
    }

    /// Takes a record out for good.
    pub(crate) fn remove(&mut self, id: u64) -> Option<Record> {
        self.records.remove(&id)
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
        self.unique.get(property)?.get(value).copied()
    }

    /// Notes that a record holds this value of a unique property.
    pub(crate) fn claim(&mut self, property: &str, value: &str, id: u64) {
        self.unique.entry(property.into()).or_default().insert(value.into(), id);
    }

    /// Frees a value that this record holds; another holder's stays.
    pub(crate) fn release(&mut self, property: &str, value: &str, id: u64) {
        if let Some(values) = self.unique.get_mut(property)
            && values.get(value) == Some(&id)
        {
            values.remove(value);
        }
    }

    /// Frees everything that this record holds.
    pub(crate) fn release_all(&mut self, id: u64) {
        let Some(record) = self.records.get(&id) else { return };
        for (property, values) in &mut self.unique {
            let held = record.stored(property).into_iter().chain(match &**property {
                "email" => Some(record.emails()).into_iter().flatten(),
                _ => None.into_iter().flatten(),
            });
            for value in held {
                if values.get(value) == Some(&id) {
                    values.remove(value);
                }
            }
        }
    }

    /// Every record that is not archived, by id.
    pub(crate) fn live(&self) -> impl Iterator<Item = &Record> {
        self.records.values().filter(|record| !record.archived)
    }

    /// Every record before an id, archived or not as asked, the newest first.
    pub(crate) fn before(&self, id: u64, archived: bool) -> impl Iterator<Item = &Record> {
        let records = self.records.range(..id).rev().map(|(_, record)| record);
        records.filter(move |record| record.archived == archived)
    }

    /// Every record after an id, archived or not as asked.
    pub(crate) fn after(&self, id: u64, archived: bool) -> impl Iterator<Item = &Record> {
        self.records.range(id + 1..).map(|(_, record)| record).filter(move |r| r.archived == archived)
    }
}
