//! By which way a search reaches its candidates without looking at every record: by key, by id, or in the order
//! of changes. A way may lead to too many records, never to too few: the filters are asked all the same.

use std::collections::{BTreeSet, HashSet, VecDeque};

use super::filter::Filter;
use super::kind::Kind;
use super::record::Record;
use super::search::{FilterGroup, Sort};
use super::values::instant;
use crate::hubspot::portal::Portal;

/// The way.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Path {
    /// These records.
    Ids(BTreeSet<u64>),
    /// The records from one id to another.
    IdRange(u64, u64),
    /// The records that last changed from one moment to another, in that order.
    Modified(u64, u64),
}

/// A way, and whether every live record on it is a find.
#[derive(Debug)]
pub(super) struct Way {
    /// The way.
    pub(super) path: Path,
    /// Whether no filter is left to be asked.
    pub(super) is_whole: bool,
}

impl Path {
    /// Whether the records come in the order of this sort, or of the opposite one.
    pub(super) fn is_in_order_of(&self, kind: Kind, sort: Option<&Sort>) -> bool {
        let property = sort.map_or("hs_object_id", |sort| sort.property.as_str());
        match self {
            Self::Modified(..) => property == kind.modified_property(),
            _ => property == "hs_object_id",
        }
    }

    /// Whether a live record is on the way.
    pub(super) fn leads_to(&self, record: &Record) -> bool {
        match self {
            Self::Ids(ids) => ids.contains(&record.id),
            Self::IdRange(low, high) => (*low..=*high).contains(&record.id),
            Self::Modified(from, to) => (*from..=*to).contains(&record.modified_ms),
        }
    }

    /// What the way is in the order of.
    fn place(&self, record: &Record) -> (u64, u64) {
        match self {
            Self::Modified(..) => (record.modified_ms, record.id),
            _ => (record.id, record.id),
        }
    }
}

impl Portal {
    /// The best way for these groups of filters and this sort.
    pub(super) fn way(&self, kind: Kind, groups: &[FilterGroup], sort: Option<&Sort>) -> Way {
        let by_change = sort.is_some_and(|sort| sort.property == kind.modified_property());
        match groups {
            [] if by_change => Way { path: Path::Modified(0, u64::MAX), is_whole: true },
            [] => Way { path: Path::IdRange(0, u64::MAX), is_whole: true },
            [group] => self.way_of_one(kind, group),
            groups => self.way_of_many(kind, groups),
        }
    }

    /// The live records on a way.
    pub(super) fn on<'a>(
        &'a self,
        kind: Kind,
        path: Path,
    ) -> Box<dyn DoubleEndedIterator<Item = &'a Record> + 'a> {
        let store = self.store(kind);
        match path {
            Path::Ids(ids) => Box::new(ids.into_iter().filter_map(move |id| self.live(kind, id))),
            Path::IdRange(low, high) => Box::new(store.live_within(low, high)),
            Path::Modified(from, to) => {
                Box::new(store.modified_within(from, to).filter_map(move |id| store.exact(id)))
            }
        }
    }

    /// Walks a way in its order or backwards, past the hidden records, and meets others where they belong.
    pub(super) fn walk<'a>(
        &'a self,
        kind: Kind,
        path: Path,
        backwards: bool,
        hidden: &'a HashSet<u64>,
        mut others: Vec<&'a Record>,
    ) -> impl Iterator<Item = &'a Record> {
        let order = match path {
            Path::Modified(from, to) => Path::Modified(from, to),
            _ => Path::IdRange(0, u64::MAX),
        };
        others.sort_by_key(|record| order.place(record));
        let mut others = VecDeque::from(others);
        let mut way = self.on(kind, path).filter(|record| !hidden.contains(&record.id));
        let mut next = if backwards { way.next_back() } else { way.next() };
        std::iter::from_fn(move || {
            let other = if backwards { others.back() } else { others.front() };
            let is_other_first = match (next, other) {
                (Some(record), Some(other)) => (order.place(other) < order.place(record)) != backwards,
                (None, Some(_)) => true,
                (_, None) => false,
            };
            match is_other_first {
                true if backwards => others.pop_back(),
                true => others.pop_front(),
                false if backwards => std::mem::replace(&mut next, way.next_back()),
                false => std::mem::replace(&mut next, way.next()),
            }
        })
    }

    /// How many live records are on a way.
    pub(super) fn count_on(&self, kind: Kind, path: &Path) -> usize {
        match path {
            Path::IdRange(low, high) => self.store(kind).count_within(*low, *high),
            Path::Modified(0, u64::MAX) => self.store(kind).live_count(),
            Path::Modified(from, to) => self.store(kind).modified_within(*from, *to).count(),
            Path::Ids(ids) => ids.iter().filter(|id| self.live(kind, **id).is_some()).count(),
        }
    }

    fn way_of_one(&self, kind: Kind, group: &FilterGroup) -> Way {
        let is_only = group.filters.len() == 1;
        if let Some(ids) = group.filters.iter().find_map(|filter| self.points(kind, filter)) {
            return Way { path: Path::Ids(ids), is_whole: false };
        }
        let range = |property: &str, read: fn(&str) -> Option<u64>| {
            let of_property = group.filters.iter().filter(|filter| filter.property_name == property);
            of_property
                .filter_map(|filter| filter.range(read))
                .reduce(|one, two| (one.0.max(two.0), one.1.min(two.1)))
        };
        // Several bounds of one property are one range, but then more than one filter stands behind it.
        if let Some((from, to)) = range(kind.modified_property(), instant) {
            return Way { path: Path::Modified(from, to), is_whole: is_only };
        }
        let (low, high) = range("hs_object_id", |id| id.parse().ok()).unwrap_or((0, u64::MAX));
        Way { path: Path::IdRange(low, high), is_whole: is_only && (low, high) != (0, u64::MAX) }
    }

    fn way_of_many(&self, kind: Kind, groups: &[FilterGroup]) -> Way {
        let of_group =
            |group: &FilterGroup| group.filters.iter().find_map(|filter| self.points(kind, filter));
        let ids: Option<Vec<BTreeSet<u64>>> = groups.iter().map(of_group).collect();
        let path = match ids {
            Some(ids) => Path::Ids(ids.into_iter().flatten().collect()),
            None => Path::IdRange(0, u64::MAX),
        };
        Way { path, is_whole: false }
    }

    /// The records a filter names by id or by key.
    fn points(&self, kind: Kind, filter: &Filter) -> Option<BTreeSet<u64>> {
        let property = filter.property_name.as_str();
        if property == "hs_object_id" {
            return filter.points()?.iter().map(|id| id.trim().parse().ok()).collect();
        }
        let definition = self.schema(kind).live(property)?;
        if !definition.is_key() || definition.value_type != "string" {
            return None;
        }
        let values = filter.points()?;
        Some(values.iter().flat_map(|value| self.store(kind).may_hold(property, value)).collect())
    }
}
