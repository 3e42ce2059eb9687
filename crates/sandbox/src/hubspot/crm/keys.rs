//! Who may hold which unique value: a sorted set of digests per property, 16 bytes a value. Two values may share
//! a digest, so whoever asks looks at the record itself; letter case makes no difference here, but may there.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

/// The digests of every unique property.
#[derive(Debug, Default)]
pub(super) struct Keys(BTreeMap<Box<str>, BTreeSet<(u64, u64)>>);

impl Keys {
    /// Every property of which a value was ever claimed.
    pub(super) fn properties(&self) -> Vec<Box<str>> {
        self.0.keys().cloned().collect()
    }

    /// The records that may hold this value.
    pub(super) fn ids(&self, property: &str, value: &str) -> impl Iterator<Item = u64> {
        let digest = digest(value);
        let found = self.0.get(property).into_iter();
        found.flat_map(move |set| set.range((digest, 0)..=(digest, u64::MAX))).map(|(_, id)| *id)
    }

    /// Notes that a record holds a value.
    pub(super) fn claim(&mut self, property: &str, value: &str, id: u64) {
        match self.0.get_mut(property) {
            Some(set) => set.insert((digest(value), id)),
            None => self.0.entry(property.into()).or_default().insert((digest(value), id)),
        };
    }

    /// Notes that a record holds a value no longer.
    pub(super) fn release(&mut self, property: &str, value: &str, id: u64) {
        if let Some(set) = self.0.get_mut(property) {
            set.remove(&(digest(value), id));
        }
    }
}

fn digest(value: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.to_lowercase().hash(&mut hasher);
    hasher.finish()
}
