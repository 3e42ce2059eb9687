//! What can be mapped: the fields that a business's users hold, and the properties of its portal that take a value of some
//! kind. Read live, for whoever chooses.

use hubspot::properties::Property;
use storeganise::user::User;

use super::{Direction, Kind, Mapping, check::names, fit::fit, seen::Seen};
use crate::{core::Core, error::Error, installation::Installation};

/// The most specific first: what takes a number takes it as one.
const KINDS: [Kind; 5] = [Kind::Choice, Kind::Boolean, Kind::Number, Kind::Date, Kind::Text];
/// The beginning of the names of HubSpot's own properties, which are seldom what is looked for.
const OF_HUBSPOT: &str = "hs_";

/// What both sides have that can be mapped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// Codes of custom fields that the newest users have something in, and what it looks like.
    pub user_fields: Vec<(String, Kind)>,
    /// Properties that contacts of the portal have.
    pub properties: Vec<Offered>,
}

/// A property that can be mapped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offered {
    /// Its internal name.
    pub name: String,
    /// Its name on the pages of HubSpot.
    pub label: String,
    /// What it takes.
    pub kind: Kind,
}

impl Offer {
    /// What these users and properties offer, by name; the portal's own properties before HubSpot's.
    #[must_use]
    pub fn of(users: &[User], properties: &[Property]) -> Self {
        let mut offered: Vec<Offered> = properties.iter().filter_map(offered).collect();
        offered.sort_by_key(|property| (property.name.starts_with(OF_HUBSPOT), property.name.clone()));
        Self { user_fields: Seen::of(users).fields(), properties: offered }
    }
}

fn offered(property: &Property) -> Option<Offered> {
    let takes = |kind: &Kind| {
        let mapping = Mapping {
            user_field: "any".to_owned(),
            contact_property: property.name.clone(),
            kind: *kind,
            direction: Direction::ToContact,
            options: Vec::new(),
        };
        names(std::slice::from_ref(&mapping)).is_empty() && fit(&mapping, property).is_ok()
    };
    let kind = KINDS.into_iter().find(takes)?;
    Some(Offered { name: property.name.clone(), label: property.label.clone(), kind })
}

impl Core {
    /// Reads what can be mapped at both sides.
    ///
    /// # Errors
    /// HubSpot is not authorised, or a side cannot be asked.
    pub async fn mapping_offer(&self, found: &Installation) -> Result<Offer, Error> {
        let live = self.read_live(found, &[]).await?;
        Ok(live.offer())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn property(name: &str, kind: &str, more: &Value) -> Property {
        let mut whole =
            json!({ "name": name, "label": format!("Label of {name}"), "type": kind, "fieldType": "text" });
        whole.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        serde_json::from_value(whole).unwrap()
    }

    #[test]
    fn what_takes_a_value_is_offered_with_its_kind_and_what_is_synced_anyway_is_not() {
        let options = json!({ "options": [{ "value": "a", "label": "A" }], "fieldType": "select" });
        let properties = [
            property("hs_note", "string", &json!({})),
            property("unit_size", "number", &json!({})),
            property("gate", "enumeration", &options),
            property("email", "string", &json!({})),
            property("score", "number", &json!({ "calculated": true })),
            property("story", "string", &json!({ "fieldType": "html" })),
            property("born", "date", &json!({})),
        ];
        let offer = Offer::of(&[], &properties);
        let shown: Vec<(&str, Kind)> =
            offer.properties.iter().map(|offered| (offered.name.as_str(), offered.kind)).collect();
        let expected = [
            ("born", Kind::Date),
            ("gate", Kind::Choice),
            ("unit_size", Kind::Number),
            ("hs_note", Kind::Text),
        ];
        assert_eq!(shown, expected);
    }

    #[test]
    fn codes_that_users_have_something_in_are_offered_by_what_it_looks_like() {
        let user = |fields: Value| -> User {
            serde_json::from_value(json!({ "id": "u", "roles": [], "customFields": fields })).unwrap()
        };
        let users = [
            user(json!({ "gateCode": "12", "size": 4, "hubspot_contactId": "1" })),
            user(json!({ "vip": true, "size": 5, "gateCode": null, "parts": {} })),
        ];
        let expected = [("gateCode", Kind::Text), ("size", Kind::Number), ("vip", Kind::Boolean)]
            .map(|(code, kind)| (code.to_owned(), kind));
        assert_eq!(Offer::of(&users, &[]).user_fields, expected);
    }
}
