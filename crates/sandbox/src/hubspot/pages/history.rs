//! Every value that every property of a record has had: when, through what, and by whom.

use std::collections::BTreeMap;

use super::moment::Moment;
use crate::hubspot::crm::kind::Kind;
use crate::hubspot::crm::record::{Author, Record};
use crate::hubspot::portal::Portal;

/// The latest values of a property that a page shows.
const VALUES_SHOWN: usize = 100;

/// The values of one property, the latest first.
pub(super) struct PropertyHistory {
    /// What people read.
    pub(super) label: String,
    /// How many values there were in all.
    pub(super) count: usize,
    /// The latest of them.
    pub(super) entries: Vec<Entry>,
}

/// One value.
pub(super) struct Entry {
    /// When it was written.
    pub(super) at: Moment,
    /// The value; empty when it was cleared.
    pub(super) value: String,
    /// HubSpot's word for the way it came.
    pub(super) source: String,
    /// The app or the person.
    pub(super) who: String,
}

/// The history of a record, the property that changed last first.
pub(super) fn history(portal: &Portal, kind: Kind, record: &Record, now_ms: u64) -> Vec<PropertyHistory> {
    let mut values: BTreeMap<&str, Vec<(&str, Author)>> = BTreeMap::new();
    for (name, value, by) in versions(record) {
        values.entry(name).or_default().push((value, by));
    }
    let mut properties: Vec<(u64, PropertyHistory)> = Vec::with_capacity(values.len());
    for (name, mut values) in values {
        values.sort_by_key(|(_, by)| by.at_ms);
        let last_ms = values.last().map_or(0, |(_, by)| by.at_ms);
        let label = portal.schema(kind).live(name).map_or_else(|| name.to_owned(), |d| d.label.clone());
        let shown = values.iter().rev().take(VALUES_SHOWN);
        let entries = shown.map(|(value, by)| entry(value, *by, now_ms)).collect();
        properties.push((last_ms, PropertyHistory { label, count: values.len(), entries }));
    }
    properties.sort_by_key(|(last_ms, _)| std::cmp::Reverse(*last_ms));
    properties.into_iter().map(|(_, property)| property).collect()
}

/// Every value that every property has had; those of one property in the order of their writing.
fn versions(record: &Record) -> impl Iterator<Item = (&str, &str, Author)> {
    record
        .names()
        .flat_map(|name| record.versions(name).map(|version| (&**version.name, version.value, version.by)))
}

fn entry(value: &str, by: Author, now_ms: u64) -> Entry {
    let (source, id) = (by.source.name(), by.source.id());
    let who = match id.strip_prefix("userId:") {
        Some(person) => format!("person {person}"),
        None if source == "INTEGRATION" => format!("app {id}"),
        None => id,
    };
    Entry { at: Moment::of(by.at_ms, now_ms), value: value.to_owned(), source: source.to_owned(), who }
}
