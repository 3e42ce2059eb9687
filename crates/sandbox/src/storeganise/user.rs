//! One user of a business, and how it looks on the wire: what is not set is absent, not null.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::clock::iso;

/// The fields of a user that are plain text.
pub(crate) const TEXT_FIELDS: [&str; 9] =
    ["email", "firstName", "lastName", "phone", "phone2", "address", "companyName", "language", "area"];

/// The text fields that a user cannot be without.
pub(crate) const REQUIRED_FIELDS: [&str; 3] = ["email", "firstName", "lastName"];

/// A user.
#[derive(Debug, Clone)]
pub(crate) struct User {
    /// Its 24 digits.
    pub id: String,
    /// The text fields that are set.
    pub texts: BTreeMap<&'static str, String>,
    /// Not empty for staff.
    pub roles: Vec<String>,
    /// Ids of labels.
    pub labels: Vec<String>,
    /// Custom fields by code.
    pub custom_fields: Map<String, Value>,
    /// Whether the user is renting.
    pub is_active: bool,
    /// Whether the user was disabled.
    pub disabled: bool,
    /// What the API shows in the place of some fields: a shape that nobody expects.
    pub odd: Map<String, Value>,
    /// When it was made, in milliseconds.
    pub created_ms: u64,
    /// When it was changed last, in milliseconds.
    pub updated_ms: u64,
}

impl User {
    /// A text field's value; empty where it is not set.
    pub(crate) fn text(&self, field: &str) -> &str {
        self.texts.get(field).map_or("", String::as_str)
    }

    /// First and last name, as far as there are any.
    pub(crate) fn name(&self) -> String {
        format!("{} {}", self.text("firstName"), self.text("lastName")).trim().to_owned()
    }

    /// The user on the wire, with or without custom fields.
    pub(crate) fn to_json(&self, with_custom_fields: bool) -> Value {
        let mut json = json!({
            "id": self.id,
            "name": self.name(),
            "isActive": self.is_active,
            "roles": self.roles,
            "permissions": [],
            "labels": self.labels,
            "billing": null,
            "billingMethod": "default",
            "billingTrigger": "auto",
            "charges": [],
            "deposits": [],
            "files": [],
            "itemCounts": {},
            "created": iso(self.created_ms),
            "updated": iso(self.updated_ms),
        });
        for (field, value) in &self.texts {
            json[*field] = value.as_str().into();
        }
        if self.disabled {
            json["disabled"] = true.into();
        }
        for (field, value) in &self.odd {
            json[field.as_str()] = value.clone();
        }
        if with_custom_fields {
            json["customFields"] = Value::Object(self.custom_fields.clone());
        }
        json
    }
}
