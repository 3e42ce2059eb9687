//! Finding the deals that were won, and the contacts that changed, a page at a time.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    associations::Paging,
    lenient,
    record::{Record, Unread},
};

/// The properties of a deal that are read.
pub const DEAL_PROPERTIES: [&str; 7] =
    ["dealname", "dealstage", "pipeline", "amount", "closedate", "hs_is_closed_won", "hs_lastmodifieddate"];

/// How many deals one page of a search holds.
pub const SEARCH_PAGE: u32 = 200;
/// How many deals one search gives at most, over all its pages; then it has to start again further on.
pub const SEARCH_RESULTS_MAX: u32 = 10_000;

const MODIFIED: &str = "hs_lastmodifieddate";
const OBJECT_ID: &str = "hs_object_id";

/// One page of a search.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(from = "WirePage")]
pub struct Page {
    /// The records, in the order of their last change.
    pub records: Vec<Record>,
    /// The records that are not what we know.
    pub unread: Vec<Unread>,
    /// Where the next page begins; `None` on the last one.
    pub next: Option<String>,
}

#[derive(Deserialize)]
struct WirePage {
    #[serde(default, deserialize_with = "lenient::null_is_empty")]
    results: Vec<Value>,
    #[serde(default, deserialize_with = "lenient::or_empty")]
    paging: Option<Paging>,
}

impl From<WirePage> for Page {
    fn from(page: WirePage) -> Self {
        let (records, unread) = lenient::each(page.results);
        Self { records, unread, next: page.paging.and_then(Paging::after) }
    }
}

/// Where a search for won deals begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WonFrom<'a> {
    /// With those changed at or after a time, the one changed first coming first.
    Time {
        /// The time, in milliseconds since 1970.
        since_ms: i64,
        /// The `next` of the page before.
        after: Option<&'a str>,
    },
    /// With those changed at exactly a time, by their ids: more were changed at once than one search gives.
    Tie {
        /// The time, in milliseconds since 1970.
        at_ms: i64,
        /// Only those with a higher id.
        above_id: &'a str,
    },
}

/// The search for won deals from a place on.
pub(crate) fn won_from(from: WonFrom<'_>) -> Value {
    let (filters, sort, after) = match from {
        WonFrom::Time { since_ms, after } => {
            let changed =
                json!({ "propertyName": MODIFIED, "operator": "GTE", "value": since_ms.to_string() });
            (vec![changed], MODIFIED, after)
        }
        WonFrom::Tie { at_ms, above_id } => {
            let changed = json!({ "propertyName": MODIFIED, "operator": "EQ", "value": at_ms.to_string() });
            let above = json!({ "propertyName": OBJECT_ID, "operator": "GT", "value": above_id });
            (vec![changed, above], OBJECT_ID, None)
        }
    };
    let won = json!({ "propertyName": "hs_is_closed_won", "operator": "EQ", "value": "true" });
    let filters: Vec<Value> = std::iter::once(won).chain(filters).collect();
    let mut body = json!({
        "filterGroups": [{ "filters": filters }],
        "sorts": [{ "propertyName": sort, "direction": "ASCENDING" }],
        "properties": DEAL_PROPERTIES,
        "limit": SEARCH_PAGE,
    });
    if let Some(after) = after {
        body["after"] = json!(after);
    }
    body
}

/// The property of a contact that says when it last changed.
pub const CONTACT_MODIFIED: &str = "lastmodifieddate";

/// The search for contacts with a value of `marker`, changed at or after `modified_since_ms`.
pub(crate) fn contacts_since(marker: &str, modified_since_ms: i64, after: Option<&str>) -> Value {
    let mut body = json!({
        "filterGroups": [{ "filters": [
            { "propertyName": marker, "operator": "HAS_PROPERTY" },
            { "propertyName": CONTACT_MODIFIED, "operator": "GTE", "value": modified_since_ms.to_string() },
        ] }],
        "sorts": [{ "propertyName": CONTACT_MODIFIED, "direction": "ASCENDING" }],
        "properties": [CONTACT_MODIFIED],
        "limit": SEARCH_PAGE,
    });
    if let Some(after) = after {
        body["after"] = json!(after);
    }
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_knows_where_the_next_one_begins_and_the_last_one_knows_that_it_is() {
        for (body, next) in [
            (
                json!({ "total": 3, "results": [{ "id": "1" }], "paging": { "next": { "after": "200", "link": "x" } } }),
                Some("200"),
            ),
            (json!({ "results": [{ "id": "1" }], "paging": { "next": { "after": 200 } } }), Some("200")),
            (json!({ "results": [{ "id": "1" }], "paging": null }), None),
            (json!({ "results": [{ "id": "1" }] }), None),
        ] {
            let page: Page = lenient::read(body.to_string().as_bytes()).unwrap();
            assert_eq!((page.records.len(), page.next.as_deref()), (1, next), "{body}");
        }
    }

    #[test]
    fn the_search_names_its_place_only_beyond_the_first_page() {
        let from = |after| won_from(WonFrom::Time { since_ms: 1_790_000_000_000, after });
        let first = from(None);
        assert_eq!(first["filterGroups"][0]["filters"][1]["value"], "1790000000000");
        assert!(first.get("after").is_none());
        assert_eq!(from(Some("200"))["after"], "200");
    }

    #[test]
    fn those_changed_at_one_time_are_told_apart_by_their_ids() {
        let tie = won_from(WonFrom::Tie { at_ms: 5, above_id: "77" });
        let filters = &tie["filterGroups"][0]["filters"];
        assert_eq!((&filters[1]["operator"], &filters[1]["value"]), (&json!("EQ"), &json!("5")));
        assert_eq!((&filters[2]["operator"], &filters[2]["value"]), (&json!("GT"), &json!("77")));
        assert_eq!(tie["sorts"][0]["propertyName"], OBJECT_ID);
    }
}
