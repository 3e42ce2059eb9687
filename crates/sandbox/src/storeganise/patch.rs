//! What a request wants to change about a user: read and checked first, then merged field by field.
//! Fields that nobody named stay; null or empty clears; unknown fields are ignored.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::{
    error::ApiError,
    user::{REQUIRED_FIELDS, TEXT_FIELDS, User},
};

/// A checked wish to change a user.
#[derive(Debug, Default)]
pub(crate) struct Patch {
    texts: Vec<(&'static str, Option<String>)>,
    custom_fields: Map<String, Value>,
    roles: Option<Vec<String>>,
    labels: Option<Vec<String>>,
    is_active: Option<bool>,
}

impl Patch {
    /// Reads the fields of `body`.
    ///
    /// # Errors
    ///
    /// Names the field whose value has the wrong form.
    pub(crate) fn read(body: &Map<String, Value>) -> Result<Self, ApiError> {
        let mut patch = Self::default();
        for field in TEXT_FIELDS {
            if let Some(value) = body.get(field) {
                patch.texts.push((field, text(field, value)?));
            }
        }
        match body.get("customFields") {
            None | Some(Value::Null) => {}
            Some(Value::Object(fields)) => patch.custom_fields = fields.clone(),
            Some(_) => return Err(ApiError::invalid("customFields must be an object")),
        }
        patch.roles = texts(body, "roles")?;
        patch.labels = texts(body, "labels")?;
        patch.is_active = match body.get("isActive") {
            None | Some(Value::Null) => None,
            Some(Value::Bool(active)) => Some(*active),
            Some(_) => return Err(ApiError::invalid("isActive must be true or false")),
        };
        Ok(patch)
    }

    /// The e-mail it would set, if any.
    pub(crate) fn email(&self) -> Option<&str> {
        self.texts.iter().find(|(field, _)| *field == "email")?.1.as_deref()
    }

    /// Refuses to clear a required field; for a new user (`all`), also to leave one out.
    ///
    /// # Errors
    ///
    /// Names the field that is required.
    pub(crate) fn check_required(&self, all: bool) -> Result<(), ApiError> {
        for field in REQUIRED_FIELDS {
            let missing = match self.texts.iter().find(|(name, _)| *name == field) {
                Some((_, value)) => value.is_none(),
                None => all,
            };
            if missing {
                return Err(ApiError::invalid(format!("{field} is required")));
            }
        }
        Ok(())
    }

    /// Merges into `user` and names what changed, as webhooks do. Custom fields without a definition are dropped.
    pub(crate) fn merge_into(&self, user: &mut User, defined: &BTreeSet<String>) -> Vec<String> {
        let mut changed = Vec::new();
        for (field, value) in &self.texts {
            if user.texts.get(field) != value.as_ref() {
                changed.push((*field).to_owned());
                match value {
                    Some(text) => user.texts.insert(field, text.clone()),
                    None => user.texts.remove(field),
                };
            }
        }
        for (code, value) in self.custom_fields.iter().filter(|(code, _)| defined.contains(*code)) {
            let value = Some(value).filter(|v| !v.is_null());
            if user.custom_fields.get(code) != value {
                changed.push(format!("customFields.{code}"));
                match value {
                    Some(value) => user.custom_fields.insert(code.clone(), value.clone()),
                    None => user.custom_fields.remove(code),
                };
            }
        }
        replace("roles", &mut user.roles, self.roles.as_ref(), &mut changed);
        replace("labels", &mut user.labels, self.labels.as_ref(), &mut changed);
        replace("isActive", &mut user.is_active, self.is_active.as_ref(), &mut changed);
        changed
    }
}

fn replace<T: Clone + PartialEq>(name: &str, old: &mut T, new: Option<&T>, changed: &mut Vec<String>) {
    if let Some(new) = new.filter(|new| **new != *old) {
        *old = new.clone();
        changed.push(name.to_owned());
    }
}

fn text(field: &str, value: &Value) -> Result<Option<String>, ApiError> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) if text.trim().is_empty() => Ok(None),
        Value::String(email) if field == "email" => {
            let email = email.trim();
            if !is_email(email) {
                return Err(ApiError::invalid("email is not a valid e-mail address"));
            }
            Ok(Some(email.to_owned()))
        }
        Value::String(text) => Ok(Some(text.clone())),
        _ => Err(ApiError::invalid(format!("{field} must be a string"))),
    }
}

fn texts(body: &Map<String, Value>, field: &str) -> Result<Option<Vec<String>>, ApiError> {
    match body.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => serde_json::from_value(value.clone())
            .map(Some)
            .map_err(|_| ApiError::invalid(format!("{field} must be a list of strings"))),
    }
}

fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else { return false };
    !local.is_empty()
        && !domain.contains('@')
        && domain.split('.').count() > 1
        && domain.split('.').all(|label| !label.is_empty())
        && !text.chars().any(|c| c.is_whitespace() || c.is_control())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_needs_one_at_sign_and_a_domain() {
        for good in ["a@example.com", "ä.b+c@sub.example.org"] {
            assert!(is_email(good), "{good}");
        }
        for bad in
            ["", "a", "@example.com", "a@", "a@example", "a@b@example.com", "a b@example.com", "a@x..y"]
        {
            assert!(!is_email(bad), "{bad}");
        }
    }
}
