//! Every value that every property of a record has had: when, through what, and by whom.

use super::moment::Moment;
use crate::hubspot::crm::kind::Kind;
use crate::hubspot::crm::record::{Record, Source};
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
    at_ms: u64,
}

/// The history of a record, the property that changed last first.
pub(super) fn history(portal: &Portal, kind: Kind, record: &Record, now_ms: u64) -> Vec<PropertyHistory> {
    let mut properties: Vec<PropertyHistory> = record
        .properties
        .iter()
        .map(|(name, versions)| PropertyHistory {
            label: portal.schema(kind).live(name).map_or_else(|| name.to_string(), |d| d.label.clone()),
            count: versions.len(),
            entries: versions
                .iter()
                .rev()
                .take(VALUES_SHOWN)
                .map(|version| Entry {
                    at: Moment::of(version.by.at_ms, now_ms),
                    value: version.value.to_string(),
                    source: version.by.source.name().to_owned(),
                    who: who(version.by.source),
                    at_ms: version.by.at_ms,
                })
                .collect(),
        })
        .collect();
    properties.sort_by_key(|property| std::cmp::Reverse(property.entries.first().map(|entry| entry.at_ms)));
    properties
}

fn who(source: Source) -> String {
    let id = source.id();
    match id.strip_prefix("userId:") {
        Some(person) => format!("person {person}"),
        None => format!("app {id}"),
    }
}
