//! What a request wants to change about a user: read and checked first, then merged field by field.
//! Fields that nobody named stay; null or empty clears; unknown fields are ignored.

use serde_json::{Map, Value};

use super::{
    definition::Definitions,
    error::ApiError,
    history::{Author, Changed},
    user::{TEXT_FIELDS, User},
};
use crate::dialect::{Required, Undefined};

/// The longest address that mail can go to, in characters, and the longest part before its at sign.
const EMAIL_MAX: (usize, usize) = (254, 64);

/// A checked wish to change a user.
#[derive(Debug, Default)]
pub(crate) struct Patch {
    /// Whose wish it is.
    pub by: Author,
    texts: Vec<(&'static str, Option<String>)>,
    custom_fields: Option<Map<String, Value>>,
    roles: Option<Vec<String>>,
    labels: Option<Vec<String>>,
    is_active: Option<bool>,
    billing: Option<Option<Value>>,
    has_password: bool,
}

/// How custom fields are written.
#[derive(Debug)]
pub(crate) struct FieldRules<'a> {
    /// What is defined.
    pub defined: &'a Definitions,
    /// What becomes of the rest.
    pub undefined: Undefined,
    /// Whether what is not named goes.
    pub replace: bool,
}

impl Patch {
    /// Reads the fields of `body`, as a person's wish.
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
        patch.custom_fields = object(body, "customFields")?.flatten();
        patch.billing = object(body, "billing")?.map(|billing| billing.map(Value::Object));
        patch.roles = texts(body, "roles")?;
        patch.labels = texts(body, "labels")?;
        patch.is_active = match body.get("isActive") {
            None | Some(Value::Null) => None,
            Some(Value::Bool(active)) => Some(*active),
            Some(_) => return Err(ApiError::invalid("isActive must be true or false")),
        };
        patch.has_password = match body.get("password") {
            None | Some(Value::Null) => false,
            Some(Value::String(password)) => !password.is_empty(),
            Some(_) => return Err(ApiError::invalid("password must be a string")),
        };
        Ok(patch)
    }

    /// The same wish, made by an add-on.
    pub(crate) fn by_addon(self, id: &str) -> Self {
        Self { by: Author::Addon(id.to_owned()), ..self }
    }

    /// The e-mail it would set, if any.
    pub(crate) fn email(&self) -> Option<&str> {
        self.named("email")?
    }

    /// The language it would set, if any.
    pub(crate) fn language(&self) -> Option<&str> {
        self.named("language")?
    }

    /// Refuses to clear a required field; for a new user (`all`), also to leave one out.
    ///
    /// # Errors
    ///
    /// Names the field that is required.
    pub(crate) fn check_required(&self, required: &[Required], all: bool) -> Result<(), ApiError> {
        for field in required.iter().copied() {
            let missing = match self.named(field.field()) {
                _ if field == Required::Password => all && !self.has_password,
                Some(value) => value.is_none(),
                None => all,
            };
            if missing {
                return Err(ApiError::invalid(format!("{} is required", field.field())));
            }
        }
        Ok(())
    }

    /// Refuses values without a definition where they are not simply left out.
    ///
    /// # Errors
    ///
    /// Names the custom field that is not defined.
    pub(crate) fn check_fields(&self, rules: &FieldRules<'_>) -> Result<(), ApiError> {
        let mut codes = self.custom_fields.iter().flat_map(Map::keys);
        match codes.find(|code| rules.undefined == Undefined::Rejected && !rules.defined.has(code)) {
            Some(code) => Err(ApiError::invalid(format!("customFields.{code} is not defined"))),
            None => Ok(()),
        }
    }

    /// Merges into `user` and says what changed beside how it pays.
    pub(crate) fn merge_into(&self, user: &mut User, rules: &FieldRules<'_>) -> Vec<Changed> {
        let mut changed = Vec::new();
        for (field, value) in &self.texts {
            if user.texts.get(field) != value.as_ref() {
                let old = match value {
                    Some(text) => user.texts.insert(field, text.clone()),
                    None => user.texts.remove(field),
                };
                let (from, to) = (old.unwrap_or_default(), value.clone().unwrap_or_default());
                changed.push(Changed { key: (*field).to_owned(), from, to });
            }
        }
        self.merge_fields(user, rules, &mut changed);
        replace("roles", &mut user.roles, self.roles.as_ref(), &mut changed);
        replace("labels", &mut user.labels, self.labels.as_ref(), &mut changed);
        replace("isActive", &mut user.is_active, self.is_active.as_ref(), &mut changed);
        changed
    }

    /// Merges how the user pays, and says whether that changed.
    pub(crate) fn merge_billing(&self, user: &mut User) -> bool {
        match &self.billing {
            Some(billing) if *billing != user.billing => {
                user.billing.clone_from(billing);
                true
            }
            _ => false,
        }
    }

    fn merge_fields(&self, user: &mut User, rules: &FieldRules<'_>, changed: &mut Vec<Changed>) {
        let Some(named) = &self.custom_fields else { return };
        let mut wish: Vec<(&str, Option<&Value>)> = named
            .iter()
            .filter(|(code, _)| rules.undefined == Undefined::Stored || rules.defined.has(code))
            .map(|(code, value)| (code.as_str(), Some(value).filter(|v| !v.is_null())))
            .collect();
        let gone: Vec<String> =
            user.custom_fields.keys().filter(|code| !named.contains_key(*code)).cloned().collect();
        if rules.replace {
            wish.extend(gone.iter().map(|code| (code.as_str(), None)));
        }
        for (code, value) in wish {
            if user.custom_fields.get(code) != value {
                let old = match value {
                    Some(value) => user.custom_fields.insert(code.to_owned(), value.clone()),
                    None => user.custom_fields.remove(code),
                };
                let (from, to) = (plain(old.as_ref()), plain(value));
                changed.push(Changed { key: format!("customFields.{code}"), from, to });
            }
        }
    }

    /// What it says of a text field: nothing, to clear it, or a text.
    fn named(&self, field: &str) -> Option<Option<&str>> {
        self.texts.iter().find(|(name, _)| *name == field).map(|(_, value)| value.as_deref())
    }
}

/// A value as a person reads it; empty where there is none.
pub(crate) fn plain(value: Option<&Value>) -> String {
    match value {
        None => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

fn replace<T: Clone + PartialEq + serde::Serialize>(
    name: &str,
    old: &mut T,
    new: Option<&T>,
    changed: &mut Vec<Changed>,
) {
    if let Some(new) = new.filter(|new| **new != *old) {
        let (from, to) = (as_text(old), as_text(new));
        changed.push(Changed { key: name.to_owned(), from, to });
        *old = new.clone();
    }
}

fn as_text(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("lists of texts and truth values can be written")
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

/// Nothing where `field` is not named, and nothing within where it is null.
fn object(body: &Map<String, Value>, field: &str) -> Result<Option<Option<Map<String, Value>>>, ApiError> {
    match body.get(field) {
        None => Ok(None),
        Some(Value::Null) => Ok(Some(None)),
        Some(Value::Object(fields)) => Ok(Some(Some(fields.clone()))),
        Some(_) => Err(ApiError::invalid(format!("{field} must be an object"))),
    }
}

fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else { return false };
    !local.is_empty()
        && text.chars().count() <= EMAIL_MAX.0
        && local.chars().count() <= EMAIL_MAX.1
        && !domain.contains('@')
        && domain.split('.').count() > 1
        && domain.split('.').all(|label| !label.is_empty())
        && !text.chars().any(|c| c.is_whitespace() || c.is_control())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_needs_one_at_sign_and_a_domain_and_has_a_longest_length() {
        let (longest, longer) =
            (format!("{}@example.com", "a".repeat(64)), format!("{}@example.com", "a".repeat(65)));
        let (deep, deeper) = ("b.".repeat(122) + "example", "b.".repeat(123) + "example");
        for good in ["a@example.com", "ä.b+c@sub.example.org", &longest, &format!("a@{deep}")] {
            assert!(is_email(good), "{good}");
        }
        for bad in [
            "",
            "a",
            "@example.com",
            "a@",
            "a@example",
            "a@b@example.com",
            "a b@example.com",
            "a@x..y",
            &longer,
            &format!("a@{deeper}"),
        ] {
            assert!(!is_email(bad), "{bad}");
        }
    }
}
