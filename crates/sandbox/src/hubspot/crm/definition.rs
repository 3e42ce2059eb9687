//! What a property is: its type, its options, whether its values are unique. The rules for whole sets of them
//! (names taken, at most ten unique ones) are in `schema`.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::clock;

/// The types HubSpot knows, each a word on the wire.
pub(crate) const TYPES: [&str; 7] =
    ["bool", "date", "datetime", "enumeration", "number", "phone_number", "string"];

/// The ways a property is filled in.
pub(crate) const FIELD_TYPES: [&str; 12] = [
    "booleancheckbox",
    "calculation_equation",
    "checkbox",
    "date",
    "file",
    "html",
    "number",
    "phonenumber",
    "radio",
    "select",
    "text",
    "textarea",
];

/// One choice of an enumeration.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Choice {
    /// What people read.
    pub(crate) label: String,
    /// What records carry.
    pub(crate) value: String,
    /// Its place in the list.
    #[serde(default)]
    pub(crate) display_order: i64,
    /// Whether forms leave it out.
    #[serde(default)]
    pub(crate) hidden: bool,
}

/// What a property looks like when it is made through the API; the same shape changes one.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct PropertyInput {
    /// The name that records carry; never changes.
    pub(crate) name: Option<String>,
    /// What people read.
    pub(crate) label: Option<String>,
    /// One of `TYPES`.
    #[serde(rename = "type")]
    pub(crate) value_type: Option<String>,
    /// One of `FIELD_TYPES`.
    pub(crate) field_type: Option<String>,
    /// The group it stands in.
    pub(crate) group_name: Option<String>,
    /// What it is for.
    pub(crate) description: Option<String>,
    /// Whether no two records may have the same value; never changes.
    pub(crate) has_unique_value: Option<bool>,
    /// Whether forms may use it.
    pub(crate) form_field: Option<bool>,
    /// Whether people see it.
    pub(crate) hidden: Option<bool>,
    /// Its place in its group.
    pub(crate) display_order: Option<i64>,
    /// The choices of an enumeration.
    pub(crate) options: Option<Vec<Choice>>,
}

/// A property as it is defined.
#[derive(Debug, Clone)]
pub(crate) struct Definition {
    /// The name that records carry.
    pub(crate) name: Arc<str>,
    /// What people read.
    pub(crate) label: String,
    /// What it is for.
    pub(crate) description: String,
    /// The group it stands in.
    pub(crate) group: String,
    /// One of `TYPES`.
    pub(crate) value_type: String,
    /// One of `FIELD_TYPES`.
    pub(crate) field_type: String,
    /// The choices of an enumeration; none means that they come from elsewhere.
    pub(crate) options: Vec<Choice>,
    /// Whether no two records may have the same value.
    pub(crate) unique: bool,
    /// Whether only HubSpot writes it.
    pub(crate) read_only: bool,
    /// Whether HubSpot made it.
    pub(crate) built_in: bool,
    /// Whether forms may use it.
    pub(crate) form_field: bool,
    /// Whether people see it.
    pub(crate) hidden: bool,
    /// Its place in its group.
    pub(crate) display_order: i64,
    /// When it was made, in milliseconds since 1970.
    pub(crate) created_ms: u64,
    /// When it was last changed.
    pub(crate) updated_ms: u64,
    /// Whether it lies in the recycle bin.
    pub(crate) archived: bool,
}

impl Definition {
    /// Whether a value leads to one record: an address does, though it is not marked unique.
    pub(crate) fn is_key(&self) -> bool {
        self.unique || &*self.name == "email"
    }

    /// Takes over what an input names, except what never changes.
    pub(crate) fn change(&mut self, input: PropertyInput, at_ms: u64) {
        let PropertyInput { label, description, group_name, field_type, options, .. } = input;
        take(&mut self.label, label);
        take(&mut self.description, description);
        take(&mut self.group, group_name);
        take(&mut self.field_type, field_type);
        take(&mut self.value_type, input.value_type);
        take(&mut self.options, options);
        take(&mut self.form_field, input.form_field);
        take(&mut self.hidden, input.hidden);
        take(&mut self.display_order, input.display_order);
        self.updated_ms = at_ms;
    }

    /// The definition as the API shows it.
    pub(crate) fn to_json(&self) -> Value {
        let options: Vec<Value> = self
            .options
            .iter()
            .map(|choice| {
                json!({"label": choice.label, "value": choice.value,
                       "displayOrder": choice.display_order, "hidden": choice.hidden})
            })
            .collect();
        let mut shown = json!({
            "name": &*self.name, "label": self.label, "description": self.description,
            "groupName": self.group, "type": self.value_type, "fieldType": self.field_type,
            "options": options, "displayOrder": self.display_order,
            "hasUniqueValue": self.unique, "formField": self.form_field, "hidden": self.hidden,
            "calculated": self.read_only && self.built_in, "externalOptions": false,
            "archived": self.archived, "dataSensitivity": "non_sensitive",
            "createdAt": clock::iso(self.created_ms), "updatedAt": clock::iso(self.updated_ms),
            "modificationMetadata": {
                "archivable": !self.built_in, "readOnlyDefinition": self.built_in,
                "readOnlyOptions": self.built_in, "readOnlyValue": self.read_only,
            },
        });
        if self.built_in {
            shown["hubspotDefined"] = true.into();
        }
        shown
    }
}

fn take<T>(place: &mut T, given: Option<T>) {
    if let Some(value) = given {
        *place = value;
    }
}
