//! One user of a business, and how it looks on the wire: what is not set is absent, unless the dialect says null.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::history::History;
use crate::{
    clock::iso,
    dialect::{AddressForm, Dialect},
};

/// The fields of a user that are plain text.
pub(crate) const TEXT_FIELDS: [&str; 9] =
    ["email", "firstName", "lastName", "phone", "phone2", "address", "companyName", "language", "area"];

/// The text fields that a user cannot be without at the portal.
pub(crate) const REQUIRED_FIELDS: [&str; 3] = ["email", "firstName", "lastName"];

/// A user.
#[derive(Debug, Clone, Default)]
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
    /// How it pays, if somebody said.
    pub billing: Option<Value>,
    /// Whether the user is renting.
    pub is_active: bool,
    /// Whether the user was disabled.
    pub disabled: bool,
    /// What the API shows in the place of some fields: a shape that nobody expects.
    pub odd: Map<String, Value>,
    /// Whether a welcome mail went out.
    pub welcome_email: bool,
    /// When it confirmed its e-mail and signed in, in milliseconds, if ever.
    pub signin_ms: Option<u64>,
    /// When it was made, in milliseconds.
    pub created_ms: u64,
    /// When it was changed last, in milliseconds.
    pub updated_ms: u64,
    /// What was done to it.
    pub history: History,
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

    /// The user as it is, with or without custom fields.
    pub(crate) fn to_json(&self, with_custom_fields: bool) -> Value {
        let mut json = json!({
            "id": self.id,
            "name": self.name(),
            "isActive": self.is_active,
            "roles": self.roles,
            "permissions": [],
            "labels": self.labels,
            "billing": self.billing,
            "billingMethod": "default",
            "billingTrigger": "auto",
            "charges": [],
            "deposits": [],
            "files": [],
            "invoiceDate": 1,
            "hasItemsInStorage": self.is_active,
            "itemCounts": {},
            "created": iso(self.created_ms),
            "updated": iso(self.updated_ms),
        });
        for (field, value) in &self.texts {
            json[*field] = value.as_str().into();
        }
        if let Some(at_ms) = self.signin_ms {
            json["emailConfirmed"] = iso(at_ms).into();
            json["signinAt"] = iso(at_ms).into();
        }
        if self.disabled {
            json["disabled"] = true.into();
        }
        if with_custom_fields {
            json["customFields"] = Value::Object(self.custom_fields.clone());
        }
        for (field, value) in &self.odd {
            json[field.as_str()] = value.clone();
        }
        json
    }

    /// The user as the API shows it in `dialect`.
    pub(crate) fn on_the_wire(&self, dialect: &Dialect, with_custom_fields: bool) -> Value {
        let mut json = self.to_json(with_custom_fields);
        let Some(fields) = json.as_object_mut() else { return json };
        if let Some(address) = self.texts.get("address") {
            fields.insert("address".to_owned(), formed(address, dialect.address));
        }
        if !dialect.disabled_flag {
            fields.remove("disabled");
        }
        if dialect.unset_as_null {
            for field in TEXT_FIELDS {
                fields.entry(field).or_insert(Value::Null);
            }
        }
        json
    }
}

fn formed(address: &str, form: AddressForm) -> Value {
    match form {
        AddressForm::Text => address.into(),
        AddressForm::Formatted => json!({"formatted": address}),
        AddressForm::Lines => match address.split_once([',', '\n']) {
            Some((first, rest)) => json!({"line1": first.trim(), "line2": rest.trim()}),
            None => json!({"line1": address}),
        },
    }
}
