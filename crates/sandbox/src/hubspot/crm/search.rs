//! Search: filter groups, one sort, pages of at most 200, never beyond 10,000 results (reference section 2.4).
//! What a single filter means is in `filter`, how it is found quickly in `path`.

use std::ops::Range;

use serde::Deserialize;
use serde_json::{Value, json};

use super::filter::{Comparable, Filter};
use super::kind::Kind;
use super::path::Way;
use super::record::Record;
use super::store::Unsettled;
use super::view::View;
use super::write::text;
use crate::hubspot::error::ApiError;
use crate::hubspot::portal::Portal;

const PAGE_MAX: usize = 200;
const PAGE_DEFAULT: usize = 10;
const RESULTS_MAX: usize = 10_000;
const GROUPS_MAX: usize = 5;
const FILTERS_PER_GROUP_MAX: usize = 6;
const FILTERS_MAX: usize = 18;
/// The longest body of a search, in characters.
pub(crate) const BODY_MAX_CHARS: usize = 3_000;

/// What is looked for.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Search {
    filter_groups: Vec<FilterGroup>,
    sorts: Vec<Value>,
    query: Option<String>,
    properties: Vec<String>,
    limit: Option<usize>,
    after: Option<Value>,
}

/// Filters that must all hold; one group that holds is enough.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct FilterGroup {
    pub(super) filters: Vec<Filter>,
}

/// The order of the results.
#[derive(Debug)]
pub(super) struct Sort {
    /// By what.
    pub(super) property: String,
    pub(super) descending: bool,
}

impl Portal {
    /// Answers a search at `now_ms` with one page. The index shows what was before the search lag: a record made
    /// since is not there, one changed since is as it was, one deleted since is still there.
    ///
    /// # Errors
    /// 400 above any of the limits, and for unknown properties and operators.
    pub(crate) fn search(&self, kind: Kind, search: Search, now_ms: u64) -> Result<Value, ApiError> {
        let (skip, limit) = search.page()?;
        self.check_filters(kind, &search)?;
        let sort = Sort::read(search.sorts.first())?;
        if let Some(sort) = &sort {
            self.check_property(kind, &sort.property)?;
        }
        let unsettled = self.store(kind).unsettled(now_ms);
        let (total, page) = self.find(kind, &search, sort.as_ref(), &unsettled, skip..skip + limit);
        let view = View { properties: search.properties, ..View::default() };
        let results: Vec<Value> = page.into_iter().map(|record| self.show(kind, record, &view)).collect();
        let mut answer = json!({"total": total, "results": results});
        if skip + limit < total {
            answer["paging"] = json!({"next": {"after": (skip + limit).to_string()}});
        }
        Ok(answer)
    }

    /// How many records fit, and those at the asked places.
    fn find<'a>(
        &'a self,
        kind: Kind,
        search: &Search,
        sort: Option<&Sort>,
        unsettled: &'a Unsettled,
        places: Range<usize>,
    ) -> (usize, Vec<&'a Record>) {
        let Way { path, is_whole } = self.way(kind, &search.filter_groups, sort);
        let words = search.query.as_deref().map(str::to_lowercase).filter(|query| !query.is_empty());
        let is_in = |record: &&Record| self.is_in(kind, record, &search.filter_groups);
        let before = unsettled.shown.iter().filter(is_in);
        if is_whole && words.is_none() && path.is_in_order_of(kind, sort) {
            let is_ahead = |id: &&u64| self.live(kind, **id).is_some_and(|record| path.leads_to(record));
            let ahead = unsettled.hidden.iter().filter(is_ahead).count();
            let before: Vec<&Record> = before.collect();
            let total = self.count_on(kind, &path) - ahead + before.len();
            let descending = sort.is_some_and(|sort| sort.descending);
            let walk = self.walk(kind, path, descending, &unsettled.hidden, before);
            return (total, walk.skip(places.start).take(places.len()).collect());
        }
        let has_words =
            |record: &&Record| words.as_ref().is_none_or(|words| self.has_words(kind, record, words));
        let settled = self.on(kind, path).filter(|record| !unsettled.hidden.contains(&record.id));
        let settled = settled.filter(|record| is_whole || is_in(record));
        let mut found: Vec<&Record> = settled.chain(before).filter(has_words).collect();
        self.sort(kind, &mut found, sort);
        (found.len(), found.into_iter().skip(places.start).take(places.len()).collect())
    }

    /// Puts records in order; those with the same value stay in the order of their ids.
    fn sort(&self, kind: Kind, found: &mut [&Record], sort: Option<&Sort>) {
        found.sort_by_key(|record| record.id);
        let Some(sort) = sort else { return };
        let definition = self.schema(kind).live(&sort.property);
        found.sort_by_cached_key(|record| {
            if sort.property == kind.modified_property() {
                return Some(Comparable::Moment(record.modified_ms));
            }
            let value = self.seen(kind, record, &sort.property);
            value.map(|value| Comparable::of(definition, &value))
        });
        if sort.descending {
            found.reverse();
        }
    }

    fn check_filters(&self, kind: Kind, search: &Search) -> Result<(), ApiError> {
        let counts: Vec<usize> = search.filter_groups.iter().map(|group| group.filters.len()).collect();
        if counts.len() > GROUPS_MAX
            || counts.iter().any(|count| *count > FILTERS_PER_GROUP_MAX)
            || counts.iter().sum::<usize>() > FILTERS_MAX
        {
            return Err(ApiError::invalid("There are too many filters or filter groups in this search"));
        }
        for filter in search.filter_groups.iter().flat_map(|group| &group.filters) {
            if filter.is_astray(kind) || filter.associated_kind().is_none() {
                self.check_property(kind, &filter.property_name)?;
            }
            filter.check()?;
        }
        Ok(())
    }

    fn check_property(&self, kind: Kind, property: &str) -> Result<(), ApiError> {
        match self.schema(kind).live(property) {
            Some(_) => Ok(()),
            None => Err(ApiError::invalid(format!(
                "There was a problem with the request: no property {property}"
            ))),
        }
    }

    fn is_in(&self, kind: Kind, record: &Record, groups: &[FilterGroup]) -> bool {
        let holds = |filter: &Filter| match filter.associated_kind() {
            Some(_) => filter.holds_for_ids(&record.associated),
            None => {
                let value = self.seen(kind, record, &filter.property_name);
                filter.holds(self.schema(kind).live(&filter.property_name), value.as_deref())
            }
        };
        groups.is_empty() || groups.iter().any(|group| group.filters.iter().all(holds))
    }

    fn has_words(&self, kind: Kind, record: &Record, words: &str) -> bool {
        let searched: &[&str] = match kind {
            Kind::Contact => &[
                "firstname",
                "lastname",
                "email",
                "hs_additional_emails",
                "phone",
                "company",
                "hs_searchable_calculated_phone_number",
                "hs_searchable_calculated_mobile_number",
            ],
            Kind::Deal => &["dealname", "dealstage", "pipeline", "description"],
        };
        let values: Vec<String> = searched
            .iter()
            .filter_map(|name| self.seen(kind, record, name))
            .map(|v| v.to_lowercase())
            .collect();
        words.split_whitespace().all(|word| values.iter().any(|value| value.contains(word)))
    }
}

impl Search {
    fn page(&self) -> Result<(usize, usize), ApiError> {
        let limit = self.limit.unwrap_or(PAGE_DEFAULT);
        if limit > PAGE_MAX {
            return Err(ApiError::invalid(format!("Invalid limit {limit}: the maximum is {PAGE_MAX}")));
        }
        let skip = match self.after.as_ref().and_then(text).filter(|after| !after.is_empty()) {
            None => 0,
            Some(after) => after
                .parse()
                .map_err(|_| ApiError::invalid(format!("Invalid after {after}: it must be an integer")))?,
        };
        if skip >= RESULTS_MAX || skip + limit > RESULTS_MAX {
            return Err(ApiError::invalid("A search reaches no further than 10,000 results"));
        }
        if self.sorts.len() > 1 {
            return Err(ApiError::invalid("Only one sort is supported"));
        }
        Ok((skip, limit))
    }
}

impl Sort {
    /// A sort is an object, or a name with a minus for descending.
    fn read(given: Option<&Value>) -> Result<Option<Self>, ApiError> {
        match given {
            None => Ok(None),
            Some(Value::String(name)) => {
                let property = name.trim_start_matches('-').to_owned();
                Ok(Some(Self { property, descending: name.starts_with('-') }))
            }
            Some(sort) => {
                let property = sort["propertyName"].as_str().map(str::to_owned);
                let property = property.ok_or_else(|| ApiError::invalid("A sort needs a propertyName"))?;
                match sort["direction"].as_str() {
                    None | Some("ASCENDING") => Ok(Some(Self { property, descending: false })),
                    Some("DESCENDING") => Ok(Some(Self { property, descending: true })),
                    Some(other) => Err(ApiError::invalid(format!(
                        "Invalid sort direction {other}: it must be ASCENDING or DESCENDING"
                    ))),
                }
            }
        }
    }
}
