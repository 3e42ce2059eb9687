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

/// The search for won deals changed at or after `modified_since_ms` (milliseconds since 1970).
pub(crate) fn won_since(modified_since_ms: i64, after: Option<&str>) -> Value {
    let mut body = json!({
        "filterGroups": [{ "filters": [
            { "propertyName": "hs_is_closed_won", "operator": "EQ", "value": "true" },
            { "propertyName": "hs_lastmodifieddate", "operator": "GTE", "value": modified_since_ms.to_string() },
        ] }],
        "sorts": [{ "propertyName": "hs_lastmodifieddate", "direction": "ASCENDING" }],
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
        let first = won_since(1_790_000_000_000, None);
        assert_eq!(first["filterGroups"][0]["filters"][1]["value"], "1790000000000");
        assert!(first.get("after").is_none());
        assert_eq!(won_since(0, Some("200"))["after"], "200");
    }
}
