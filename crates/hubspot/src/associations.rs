//! Which contacts belong to which deals.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::lenient;

/// How many deals one request may ask for.
pub const DEALS_PER_REQUEST: usize = 1_000;

/// How many pages of contacts one call follows before it gives up.
pub(crate) const PAGES_MAX: usize = 100;

/// One answer: some of the contacts of some of the deals. Its errors are not read: HubSpot reports a deal
/// without contacts as one, and such a deal has no entry here.
#[derive(Debug, Deserialize)]
pub(crate) struct Reply {
    #[serde(default, deserialize_with = "lenient::null_is_empty")]
    results: Vec<OfDeal>,
}

#[derive(Debug, Deserialize)]
struct OfDeal {
    from: From,
    #[serde(default, deserialize_with = "lenient::null_is_empty")]
    to: Vec<To>,
    #[serde(default, deserialize_with = "lenient::or_empty")]
    paging: Option<Paging>,
}

#[derive(Debug, Deserialize)]
struct From {
    #[serde(deserialize_with = "lenient::id")]
    id: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct To {
    /// A number in HubSpot's guide, text in its specification.
    #[serde(deserialize_with = "lenient::id", alias = "id")]
    to_object_id: String,
}

/// Where the next page is, in the form all of HubSpot's lists share.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Paging {
    #[serde(default, deserialize_with = "lenient::or_empty")]
    next: Option<Next>,
}

#[derive(Debug, Deserialize)]
struct Next {
    #[serde(deserialize_with = "lenient::id")]
    after: String,
}

impl Paging {
    pub(crate) fn after(self) -> Option<String> {
        self.next.map(|next| next.after)
    }
}

/// Takes an answer into `found`, and gives what to ask for next: deals with more contacts, and from where.
pub(crate) fn gather(reply: Reply, found: &mut BTreeMap<String, Vec<String>>) -> Vec<Value> {
    let mut open = Vec::new();
    for of_deal in reply.results {
        let Some(contacts) = found.get_mut(&of_deal.from.id) else { continue };
        for to in of_deal.to {
            if !contacts.contains(&to.to_object_id) {
                contacts.push(to.to_object_id);
            }
        }
        if let Some(after) = of_deal.paging.and_then(Paging::after) {
            open.push(json!({ "id": of_deal.from.id, "after": after }));
        }
    }
    open
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gathered(body: &Value, found: &mut BTreeMap<String, Vec<String>>) -> Vec<Value> {
        gather(lenient::read(body.to_string().as_bytes()).unwrap(), found)
    }

    #[test]
    fn contacts_come_as_numbers_or_text_over_several_pages_and_no_deal_is_forgotten() {
        let mut found: BTreeMap<String, Vec<String>> =
            ["5", "6", "7"].map(|deal| (deal.to_owned(), Vec::new())).into();
        let first = json!({ "status": "COMPLETE", "results": [
            { "from": { "id": "5" }, "to": [{ "toObjectId": 101, "associationTypes": [] }, { "toObjectId": "102" }],
              "paging": { "next": { "after": "102" } } },
            { "from": { "id": 6 }, "to": [{ "id": "103", "type": "deal_to_contact" }], "paging": null },
            { "from": { "id": "8" }, "to": [{ "toObjectId": 1 }] },
        ], "errors": [{ "subCategory": "crm.associations.NO_ASSOCIATIONS_FOUND", "context": { "fromObjectId": ["7"] } }] });
        assert_eq!(gathered(&first, &mut found), [json!({ "id": "5", "after": "102" })]);
        let second = json!({ "results": [{ "from": { "id": "5" }, "to": [{ "toObjectId": 102 }, { "toObjectId": 104 }] }] });
        assert!(gathered(&second, &mut found).is_empty());
        let expected = [("5", vec!["101", "102", "104"]), ("6", vec!["103"]), ("7", vec![])];
        let found: Vec<(&str, Vec<&str>)> =
            found.iter().map(|(deal, c)| (deal.as_str(), c.iter().map(String::as_str).collect())).collect();
        assert_eq!(found, expected);
    }
}
