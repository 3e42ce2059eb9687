//! The properties contacts can have in a portal.

use serde::{Deserialize, Serialize};

use crate::lenient;

/// One property as the portal defines it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Property {
    /// Its name in the API.
    pub name: String,
    /// Its name on the pages.
    #[serde(default, deserialize_with = "lenient::null_is_empty")]
    pub label: String,
    /// The group it stands in.
    #[serde(default, deserialize_with = "lenient::optional_text")]
    pub group_name: Option<String>,
    /// The type of its values, such as `string`.
    #[serde(default, deserialize_with = "lenient::optional_text", rename = "type")]
    pub kind: Option<String>,
    /// How it is edited, such as `text`.
    #[serde(default, deserialize_with = "lenient::optional_text")]
    pub field_type: Option<String>,
    /// Whether no two records may have the same value; fixed when the property is made.
    #[serde(default, deserialize_with = "lenient::truth")]
    pub has_unique_value: bool,
    /// Whether HubSpot computes it.
    #[serde(default, deserialize_with = "lenient::truth")]
    pub calculated: bool,
    /// Whether it was archived.
    #[serde(default, deserialize_with = "lenient::truth")]
    pub archived: bool,
    /// What may be chosen, where it is an enumeration; empty where the choices come from elsewhere.
    #[serde(default, deserialize_with = "lenient::or_empty")]
    pub options: Vec<PropertyOption>,
    /// What may be changed about it.
    #[serde(default, deserialize_with = "lenient::or_empty")]
    modification_metadata: ModificationMetadata,
}

/// One choice of an enumeration.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct PropertyOption {
    /// What records carry.
    #[serde(default, deserialize_with = "lenient::null_is_empty")]
    pub value: String,
    /// What people read.
    #[serde(default, deserialize_with = "lenient::null_is_empty")]
    pub label: String,
    /// Whether it is no longer offered to people.
    #[serde(default, deserialize_with = "lenient::truth")]
    pub hidden: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ModificationMetadata {
    #[serde(deserialize_with = "lenient::truth")]
    read_only_value: bool,
}

impl Property {
    /// Whether its values can be written.
    #[must_use]
    pub fn is_writable(&self) -> bool {
        let computed = self.field_type.as_deref().is_some_and(|how| how.starts_with("calculation"));
        !self.calculated && !computed && !self.archived && !self.modification_metadata.read_only_value
    }
}

/// A property to be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewProperty {
    /// The group it is to stand in, which must exist.
    pub group_name: String,
    /// Its name in the API.
    pub name: String,
    /// Its name on the pages.
    pub label: String,
    /// The type of its values, such as `string`.
    #[serde(rename = "type")]
    pub kind: String,
    /// How it is edited, such as `text`.
    pub field_type: String,
    /// Whether no two records may have the same value. A portal has ten of these for all its apps together.
    pub has_unique_value: bool,
    /// What it is for, shown on the pages.
    pub description: String,
    /// Whether forms may ask for it.
    pub form_field: bool,
    /// Whether the pages hide it.
    pub hidden: bool,
}

impl NewProperty {
    /// A line of text that is shown and not asked for on forms.
    #[must_use]
    pub fn text(group_name: &str, name: &str, label: &str, description: &str) -> Self {
        Self {
            group_name: group_name.to_owned(),
            name: name.to_owned(),
            label: label.to_owned(),
            kind: "string".to_owned(),
            field_type: "text".to_owned(),
            has_unique_value: false,
            description: description.to_owned(),
            form_field: false,
            hidden: false,
        }
    }

    /// The same, but no two records may have the same value.
    #[must_use]
    pub fn unique(self) -> Self {
        Self { has_unique_value: true, ..self }
    }
}

#[derive(Deserialize)]
pub(crate) struct Properties {
    #[serde(default, deserialize_with = "lenient::null_is_empty")]
    pub(crate) results: Vec<Property>,
}

#[derive(Deserialize)]
pub(crate) struct Groups {
    #[serde(default, deserialize_with = "lenient::null_is_empty")]
    results: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    name: String,
    #[serde(default, deserialize_with = "lenient::truth")]
    archived: bool,
}

impl Groups {
    pub(crate) fn has(&self, name: &str) -> bool {
        self.results.iter().any(|group| group.name == name && !group.archived)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(body: &Value) -> Property {
        lenient::read(body.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn a_property_says_whether_it_is_unique_and_whether_it_can_be_written() {
        let unique = read(&json!({
            "name": "storeganise_user_id", "label": "Storeganise user ID", "type": "string", "fieldType": "text",
            "groupName": "storeganise", "hasUniqueValue": true, "options": [], "calculated": false,
            "modificationMetadata": { "archivable": true, "readOnlyDefinition": false, "readOnlyValue": false },
        }));
        assert!(unique.has_unique_value && unique.is_writable());
        for body in [
            json!({ "name": "x", "calculated": true }),
            json!({ "name": "x", "fieldType": "calculation_equation" }),
            json!({ "name": "x", "archived": true }),
            json!({ "name": "x", "modificationMetadata": { "readOnlyValue": true } }),
        ] {
            let property = read(&body);
            assert!(!property.is_writable() && !property.has_unique_value, "{body}");
        }
    }

    #[test]
    fn the_options_of_a_choice_are_read_and_odd_ones_do_not_lose_the_property() {
        let choice = read(&json!({
            "name": "tier", "type": "enumeration", "fieldType": "select",
            "options": [
                { "value": "s", "label": "Small", "displayOrder": 0, "hidden": false },
                { "value": "l", "label": "Large", "displayOrder": 1, "hidden": true },
            ],
        }));
        let shown: Vec<_> =
            choice.options.iter().map(|o| (o.value.as_str(), o.label.as_str(), o.hidden)).collect();
        assert_eq!(shown, [("s", "Small", false), ("l", "Large", true)]);
        assert!(read(&json!({ "name": "x", "options": null })).options.is_empty());
        assert!(read(&json!({ "name": "x", "options": [7] })).options.is_empty());
    }

    #[test]
    fn a_new_property_is_sent_with_every_required_key() {
        let new = NewProperty::text("storeganise", "storeganise_user_id", "Storeganise user ID", "The user.")
            .unique();
        assert_eq!(
            json!(new),
            json!({
                "groupName": "storeganise", "name": "storeganise_user_id", "label": "Storeganise user ID",
                "type": "string", "fieldType": "text", "hasUniqueValue": true, "description": "The user.",
                "formField": false, "hidden": false,
            })
        );
    }

    #[test]
    fn an_archived_group_does_not_count() {
        let groups: Groups = serde_json::from_value(
            json!({ "results": [{ "name": "storeganise", "archived": true }, { "name": "contactinformation" }] }),
        )
        .unwrap();
        assert!(groups.has("contactinformation") && !groups.has("storeganise"));
    }
}
