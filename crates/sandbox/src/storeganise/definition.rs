//! Definitions of custom fields: which codes each kind of record may have. There is no API for them: an install script
//! makes them, or a person on the portal's page.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::error::ApiError;

/// The kinds of records that have custom fields; only users are simulated.
pub(crate) const OWNERS: [&str; 7] =
    ["user", "unit", "site", "unitType", "invoice", "unitRental", "business"];
/// The types of fields that are known to exist.
pub(crate) const TYPES: [&str; 2] = ["string", "boolean"];

/// The definition of one custom field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Definition {
    /// The kind of record that has it.
    pub owner: String,
    /// Its code, which names it on the wire.
    pub code: String,
    /// Its type.
    pub kind: String,
    /// Its English title.
    pub title: String,
}

/// The definitions of one business, by owner and code.
#[derive(Debug, Default)]
pub(crate) struct Definitions(BTreeMap<String, BTreeMap<String, Definition>>);

impl Definition {
    /// A text field of users.
    pub(crate) fn text_of_user(code: &str, title: &str) -> Self {
        let (owner, kind) = ("user".to_owned(), "string".to_owned());
        Self { owner, code: code.to_owned(), kind, title: title.to_owned() }
    }

    /// The definition as JSON.
    pub(crate) fn to_json(&self) -> Value {
        json!({"owner": self.owner, "code": self.code, "type": self.kind, "title": {"en": self.title}})
    }

    fn check(&self) -> Result<(), ApiError> {
        for (name, value, known) in [("owner", &self.owner, &OWNERS[..]), ("type", &self.kind, &TYPES)] {
            if !known.contains(&value.as_str()) {
                return Err(ApiError::invalid(format!("{name} must be one of {}", known.join(", "))));
            }
        }
        let speakable = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
        if self.code.is_empty() || !self.code.bytes().all(speakable) {
            return Err(ApiError::invalid("code must be letters, digits, _ and -"));
        }
        Ok(())
    }
}

impl Definitions {
    /// Makes a definition, or leaves the one that is there as it is.
    ///
    /// # Errors
    ///
    /// The owner or the type is unknown, or the code cannot be a name.
    pub(crate) fn ensure(&mut self, new: Definition) -> Result<&Definition, ApiError> {
        new.check()?;
        let of_owner = self.0.entry(new.owner.clone()).or_default();
        Ok(of_owner.entry(new.code.clone()).or_insert(new))
    }

    /// Takes a definition away.
    ///
    /// # Errors
    ///
    /// There may be none.
    pub(crate) fn remove(&mut self, owner: &str, code: &str) -> Result<(), ApiError> {
        let removed = self.0.get_mut(owner).and_then(|of_owner| of_owner.remove(code));
        removed.map(drop).ok_or_else(|| ApiError::missing("No such custom field"))
    }

    /// All definitions.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Definition> {
        self.0.values().flat_map(BTreeMap::values)
    }

    /// The codes that users may have.
    pub(crate) fn of_users(&self) -> impl Iterator<Item = &String> {
        self.0.get("user").into_iter().flat_map(BTreeMap::keys)
    }

    /// Whether users may have this code.
    pub(crate) fn has(&self, code: &str) -> bool {
        self.0.get("user").is_some_and(|of_users| of_users.contains_key(code))
    }
}
