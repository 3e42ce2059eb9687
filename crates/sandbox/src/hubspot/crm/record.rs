//! One contact or deal with the history of every property. It knows no rules about values: see `values` and `write`.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::fields::Fields;

/// Who changed something, as property history and webhooks tell it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    /// An app through the API, by its app id.
    Integration(u64),
    /// A person in HubSpot's own pages, by their user id.
    CrmUi(u64),
    /// Something else in the account, by its id.
    Other(Channel, u64),
}

/// What else in an account changes records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Channel {
    /// A file that was imported.
    Import,
    /// A form that was filled in.
    Form,
    /// A workflow.
    Workflow,
}

impl Source {
    /// Reads a source from HubSpot's name for it and the id of the app, the person, or whatever it is.
    pub(crate) fn named(name: &str, id: u64) -> Option<Self> {
        match name {
            "INTEGRATION" => Some(Self::Integration(id)),
            "CRM_UI" => Some(Self::CrmUi(id)),
            "IMPORT" => Some(Self::Other(Channel::Import, id)),
            "FORM" => Some(Self::Other(Channel::Form, id)),
            "AUTOMATION_PLATFORM" => Some(Self::Other(Channel::Workflow, id)),
            _ => None,
        }
    }

    /// HubSpot's name for it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Integration(_) => "INTEGRATION",
            Self::CrmUi(_) => "CRM_UI",
            Self::Other(Channel::Import, _) => "IMPORT",
            Self::Other(Channel::Form, _) => "FORM",
            Self::Other(Channel::Workflow, _) => "AUTOMATION_PLATFORM",
        }
    }

    /// The name as people read it.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Integration(_) => "Integration",
            Self::CrmUi(_) => "CRM UI",
            Self::Other(Channel::Import, _) => "Import",
            Self::Other(Channel::Form, _) => "Form",
            Self::Other(Channel::Workflow, _) => "Automation platform",
        }
    }

    /// Which app, person or other thing it was.
    pub(crate) fn id(self) -> String {
        match self {
            Self::Integration(id) | Self::Other(_, id) => id.to_string(),
            Self::CrmUi(user_id) => format!("userId:{user_id}"),
        }
    }
}

/// Who writes, and when (milliseconds since 1970).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Author {
    /// Who it is.
    pub(crate) source: Source,
    /// The moment of the write.
    pub(crate) at_ms: u64,
}

/// One value a property has or had; an empty value means it was cleared.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Version<'a> {
    /// The property.
    pub(crate) name: &'a Arc<str>,
    /// The value.
    pub(crate) value: &'a str,
    /// Who wrote it, and when.
    pub(crate) by: Author,
}

/// A contact or a deal.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    /// The current id.
    pub(crate) id: u64,
    /// When it was made, in milliseconds since 1970.
    pub(crate) created_ms: u64,
    /// When any property last changed.
    pub(crate) modified_ms: u64,
    /// Since when there is a record of this id: later than `created_ms` after a merge.
    pub(crate) since_ms: u64,
    /// When it last went into the recycle bin or came out of it.
    pub(crate) moved_ms: u64,
    /// Whether it lies in the recycle bin.
    pub(crate) archived: bool,
    /// The associated records of the other kind.
    pub(crate) associated: BTreeSet<u64>,
    made_by: Source,
    fields: Fields,
    past: Vec<Past>,
}

/// A value that another one replaced.
#[derive(Debug, Clone)]
struct Past {
    name: Arc<str>,
    value: Box<str>,
    by: Author,
}

impl Record {
    /// A record with its first values; empty ones leave no trace.
    pub(crate) fn new(id: u64, values: &[(Arc<str>, String)], by: Author) -> Self {
        let values = values.iter().filter(|(_, value)| !value.is_empty()).map(|(name, v)| (name, v.as_str()));
        Self {
            id,
            created_ms: by.at_ms,
            modified_ms: by.at_ms,
            since_ms: by.at_ms,
            moved_ms: 0,
            archived: false,
            associated: BTreeSet::new(),
            made_by: by.source,
            fields: Fields::written(values, by),
            past: Vec::new(),
        }
    }

    /// The present value of a stored property, `None` when unset or cleared.
    pub(crate) fn stored(&self, name: &str) -> Option<&str> {
        match name {
            "hs_object_source" => Some(self.made_by.name()),
            "hs_object_source_label" => Some(self.made_by.label()),
            _ => self.fields.get(name).map(|version| version.value).filter(|value| !value.is_empty()),
        }
    }

    /// Who made it.
    pub(crate) fn made_by(&self) -> Source {
        self.made_by
    }

    /// Every value a property has had, oldest first.
    pub(crate) fn versions<'a>(&'a self, name: &'a str) -> impl DoubleEndedIterator<Item = Version<'a>> {
        let past = self.past.iter().map(Past::version).filter(move |version| **version.name == *name);
        past.chain(self.fields.get(name))
    }

    /// Every property that was ever set, by name.
    pub(crate) fn names(&self) -> impl Iterator<Item = &Arc<str>> {
        self.fields.iter().map(|version| version.name)
    }

    /// Every value that another one replaced.
    pub(crate) fn replaced(&self) -> impl Iterator<Item = Version<'_>> {
        self.past.iter().map(Past::version)
    }

    /// The primary address and every additional one, all of which belong to this contact alone.
    pub(crate) fn emails(&self) -> impl Iterator<Item = &str> {
        let additional = self.stored("hs_additional_emails").unwrap_or("").split(';');
        self.stored("email").into_iter().chain(additional.filter(|email| !email.is_empty()))
    }

    /// Whether it holds this value of a unique property, or this address.
    pub(crate) fn holds(&self, property: &str, value: &str) -> bool {
        match property {
            "email" => self.emails().any(|email| email == value),
            _ => self.stored(property) == Some(value),
        }
    }

    /// Sets a property; `false` when it already had this value and nothing was recorded. A record in a store is
    /// set through the store, which keeps its indexes.
    pub(super) fn set(&mut self, name: &Arc<str>, value: &str, by: Author) -> bool {
        let before = self.fields.get(name);
        if before.map_or("", |version| version.value) == value {
            return false;
        }
        if let Some(Version { value, by, .. }) = before {
            self.past.push(Past { name: Arc::clone(name), value: value.into(), by });
        }
        self.fields.put(Version { name, value, by });
        self.modified_ms = self.modified_ms.max(by.at_ms);
        true
    }

    /// Takes over, with their history, the values that only the other record has, and says how many they are.
    pub(super) fn inherit(&mut self, other: &Self) -> usize {
        let mut inherited = 0;
        for version in other.fields.iter() {
            if version.value.is_empty() || self.stored(version.name).is_some() {
                continue;
            }
            let replaced = other.past.iter().filter(|past| past.name == *version.name);
            self.past.extend(replaced.cloned());
            self.fields.put(version);
            inherited += 1;
        }
        self.past.sort_by_key(|past| past.by.at_ms);
        inherited
    }

    /// The record as it was at a moment, unless it was not there or in the recycle bin. Associations are as now.
    pub(super) fn as_of(&self, at_ms: u64) -> Option<Self> {
        let was_archived = if self.moved_ms > at_ms { !self.archived } else { self.archived };
        if was_archived || self.since_ms > at_ms {
            return None;
        }
        let mut versions: Vec<Version<'_>> = Vec::new();
        for present in self.fields.iter() {
            let then = self.versions(present.name).rfind(|version| version.by.at_ms <= at_ms);
            versions.extend(then.map(|then| Version { name: present.name, ..then }));
        }
        let modified_ms = versions.iter().map(|version| version.by.at_ms).fold(self.since_ms, u64::max);
        let fields = Fields::packed(&versions);
        let associated = self.associated.clone();
        Some(Self { modified_ms, archived: false, associated, fields, past: Vec::new(), ..*self })
    }
}

impl Past {
    fn version(&self) -> Version<'_> {
        Version { name: &self.name, value: &self.value, by: self.by }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(at_ms: u64) -> Author {
        Author { source: Source::CrmUi(1), at_ms }
    }

    fn record() -> (Record, Arc<str>, Arc<str>) {
        let (city, zip): (Arc<str>, Arc<str>) = ("city".into(), "zip".into());
        let values = [(Arc::clone(&zip), "1".to_owned()), (Arc::clone(&city), "Rye".to_owned())];
        (Record::new(7, &values, at(10)), city, zip)
    }

    #[test]
    fn values_of_any_order_and_length_are_found_again_with_their_history() {
        let (mut record, city, zip) = record();
        assert!(record.set(&zip, "22", at(20)) && record.set(&"address".into(), "Quay 1", at(20)));
        assert!(!record.set(&zip, "22", at(30)), "nothing changed");
        assert!(record.set(&city, "", at(40)));
        assert_eq!((record.stored("zip"), record.stored("address")), (Some("22"), Some("Quay 1")));
        assert_eq!((record.stored("city"), record.stored("company")), (None, None));
        let seen: Vec<_> = record.versions("zip").map(|v| (v.value.to_owned(), v.by.at_ms)).collect();
        assert_eq!(seen, [("1".to_owned(), 10), ("22".to_owned(), 20)]);
        let cleared: Vec<&str> = record.versions("city").map(|version| version.value).collect();
        assert_eq!(cleared, ["Rye", ""]);
        assert_eq!(record.modified_ms, 40);
    }

    #[test]
    fn a_record_can_be_seen_as_it_was() {
        let (mut record, city, _) = record();
        record.set(&city, "Hythe", at(20));
        assert!(record.as_of(9).is_none(), "it was not there yet");
        let then = record.as_of(19).unwrap();
        assert_eq!((then.stored("city"), then.modified_ms), (Some("Rye"), 10));
        let now = record.as_of(20).unwrap();
        assert_eq!((now.stored("city"), now.modified_ms), (Some("Hythe"), 20));
        (record.archived, record.moved_ms) = (true, 30);
        assert!(record.as_of(29).is_some() && record.as_of(30).is_none());
    }

    #[test]
    fn a_contact_as_the_sync_makes_it_takes_few_bytes() {
        assert!(size_of::<Record>() <= 176, "{}", size_of::<Record>());
    }
}
