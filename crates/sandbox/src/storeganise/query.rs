//! Which users a list request means: pages, `updatedAfter`, `search` and `ids`.

use std::collections::HashMap;

use serde_json::Value;

use super::{business::Business, error::ApiError, user::User};
use crate::{clock::parse_iso, dialect::Dialect};

/// How many ids one request may name.
const IDS_MAX: usize = 50;
/// The keys of `search=key:value` beside custom field codes.
const SEARCH_KEYS: [&str; 5] = ["address", "area", "companyName", "phone", "phone2"];

/// The part of a list that a request asks for.
#[derive(Debug)]
pub(crate) struct Rows {
    limit: usize,
    offset: usize,
}

/// A list request as it was understood.
#[derive(Debug)]
pub(crate) struct Query {
    rows: Rows,
    updated_from_ms: Option<u64>,
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
    pub(crate) fn read(parameters: &HashMap<String, String>, dialect: &Dialect) -> Result<Self, ApiError> {
        let ids: Option<Vec<String>> =
            parameters.get("ids").map(|ids| ids.split(',').map(|id| id.trim().to_owned()).collect());
        if ids.as_ref().is_some_and(|ids| ids.len() > IDS_MAX) {
            return Err(ApiError::invalid(format!("ids may name at most {IDS_MAX} users")));
        }
        Ok(Self {
            rows: Rows::read(parameters, dialect)?,
            updated_from_ms: updated_from_ms(parameters, dialect)?,
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
            self.updated_from_ms.is_none_or(|from_ms| user.updated_ms >= from_ms)
                && self.search.as_ref().is_none_or(|text| matches(user, text, business))
        });
        self.rows.of(meant)
    }
}

impl Rows {
    /// Reads `limit` and `offset`.
    ///
    /// # Errors
    ///
    /// Names the one that is no whole number.
    pub(crate) fn read(parameters: &HashMap<String, String>, dialect: &Dialect) -> Result<Self, ApiError> {
        let limit = number(parameters, "limit", dialect.list_limit_default)?;
        let offset = number(parameters, "offset", 0)?;
        let repeats = dialect.list_repeats;
        Ok(Self { limit: limit.min(dialect.list_limit_max), offset: offset.saturating_sub(repeats) })
    }

    /// Cuts that part out of a list.
    pub(crate) fn of<T>(&self, list: impl Iterator<Item = T>) -> Vec<T> {
        list.skip(self.offset).take(self.limit).collect()
    }
}

/// The first time that `updatedAfter` means, in milliseconds, if it is named.
pub(crate) fn updated_from_ms(
    parameters: &HashMap<String, String>,
    dialect: &Dialect,
) -> Result<Option<u64>, ApiError> {
    let Some(text) = parameters.get("updatedAfter") else { return Ok(None) };
    let at_ms = parse_iso(text).ok_or_else(|| ApiError::invalid("updatedAfter must be an ISO 8601 date"))?;
    Ok(Some(if dialect.updated_after_inclusive { at_ms } else { at_ms + 1 }))
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
        if business.definitions.has(key) {
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
