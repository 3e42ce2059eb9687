//! Which users a list request means: pages, `updatedAfter`, `search` and `ids`.

use std::collections::HashMap;

use serde_json::Value;

use super::{business::Business, error::ApiError, user::User};
use crate::clock::parse_iso;

/// How many users a page has unless the request says otherwise.
const LIMIT_DEFAULT: usize = 50;
/// The longest page; a request for more gets this many.
const LIMIT_MAX: usize = 1000;
/// How many ids one request may name.
const IDS_MAX: usize = 50;
/// The keys of `search=key:value` beside custom field codes.
const SEARCH_KEYS: [&str; 5] = ["address", "area", "companyName", "phone", "phone2"];

/// A list request as it was understood.
#[derive(Debug)]
pub(crate) struct Query {
    limit: usize,
    offset: usize,
    updated_after_ms: Option<u64>,
    search: Option<String>,
    ids: Option<Vec<String>>,
    /// Whether custom fields were asked for.
    pub custom_fields: bool,
}

impl Query {
    /// Reads the parameters of a request; unknown ones are ignored.
    ///
    /// # Errors
    ///
    /// Names the parameter that cannot be understood.
    pub(crate) fn read(parameters: &HashMap<String, String>) -> Result<Self, ApiError> {
        let updated_after_ms = match parameters.get("updatedAfter") {
            None => None,
            Some(text) => Some(
                parse_iso(text).ok_or_else(|| ApiError::invalid("updatedAfter must be an ISO 8601 date"))?,
            ),
        };
        let ids: Option<Vec<String>> =
            parameters.get("ids").map(|ids| ids.split(',').map(|id| id.trim().to_owned()).collect());
        if ids.as_ref().is_some_and(|ids| ids.len() > IDS_MAX) {
            return Err(ApiError::invalid(format!("ids may name at most {IDS_MAX} users")));
        }
        Ok(Self {
            limit: number(parameters, "limit", LIMIT_DEFAULT)?.min(LIMIT_MAX),
            offset: number(parameters, "offset", 0)?,
            updated_after_ms,
            search: parameters.get("search").map(|s| s.trim().to_owned()).filter(|s| !s.is_empty()),
            ids,
            custom_fields: wants_custom_fields(parameters),
        })
    }

    /// The users it means, in the order in which they were made.
    pub(crate) fn page<'a>(&self, business: &'a Business) -> Vec<&'a User> {
        match &self.ids {
            Some(ids) => self.cut(business, business.users_by_id(ids).into_iter()),
            None => self.cut(business, business.users().iter()),
        }
    }

    fn cut<'a>(&self, business: &'a Business, users: impl Iterator<Item = &'a User>) -> Vec<&'a User> {
        let meant = users.filter(|user| {
            self.updated_after_ms.is_none_or(|after_ms| user.updated_ms > after_ms)
                && self.search.as_ref().is_none_or(|text| matches(user, text, business))
        });
        meant.skip(self.offset).take(self.limit).collect()
    }
}

/// Whether `include` names custom fields.
pub(crate) fn wants_custom_fields(parameters: &HashMap<String, String>) -> bool {
    parameters.get("include").is_some_and(|names| names.split(',').any(|name| name.trim() == "customFields"))
}

/// Whether a search text finds a user: in name or e-mail, or, as `key:value`, in one field.
pub(crate) fn matches(user: &User, text: &str, business: &Business) -> bool {
    let wanted = text.to_lowercase();
    let contains = |value: &str, wanted: &str| value.to_lowercase().contains(wanted);
    if let Some((key, value)) = text.split_once(':') {
        let value = value.trim().to_lowercase();
        if SEARCH_KEYS.contains(&key) {
            return contains(user.text(key), &value);
        }
        if business.defined().contains(key) {
            return user.custom_fields.get(key).is_some_and(|field| match field {
                Value::String(field) => contains(field, &value),
                other => contains(&other.to_string(), &value),
            });
        }
    }
    contains(&user.name(), &wanted) || contains(user.text("email"), &wanted)
}

fn number(parameters: &HashMap<String, String>, name: &str, default: usize) -> Result<usize, ApiError> {
    parameters.get(name).map_or(Ok(default), |text| {
        text.parse().map_err(|_| ApiError::invalid(format!("{name} must be a whole number")))
    })
}
