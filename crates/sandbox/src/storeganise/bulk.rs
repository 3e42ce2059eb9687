//! A change of many users at once, as a portal's spreadsheet makes it: each is told as an event of its own.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{business::Business, change, error::ApiError, patch::Patch};
use crate::world::World;

/// What to change, and of whom.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Bulk {
    /// Whom; without it, everybody who is not staff.
    pub ids: Option<Vec<String>>,
    /// Fields to set; `{n}` in a text stands for the number of the row, from 1.
    #[serde(default)]
    pub set: Map<String, Value>,
    /// Texts to put behind what stands in a field.
    #[serde(default)]
    pub suffix: HashMap<String, String>,
}

/// Makes a bulk change and answers with how many users it changed. It stops at the first user that cannot be
/// changed, and leaves those before it changed.
///
/// # Errors
///
/// Names the user that cannot be changed.
pub(crate) fn bulk(world: &World, code: &str, bulk: &Bulk) -> Result<usize, ApiError> {
    change(world, code, |business| {
        let customers =
            || business.users().iter().filter(|u| u.roles.is_empty()).map(|u| u.id.clone()).collect();
        let ids: Vec<String> = bulk.ids.clone().unwrap_or_else(customers);
        let mut changed = 0;
        for (n, id) in ids.iter().enumerate() {
            let patch = row(business, id, n + 1, bulk)?;
            let done = business.update(id, &patch, &world.clock);
            changed += usize::from(
                done.map_err(|e| ApiError { message: format!("user {id}: {}", e.message), ..e })?,
            );
        }
        Ok(changed)
    })
}

fn row(business: &Business, id: &str, n: usize, bulk: &Bulk) -> Result<Patch, ApiError> {
    let user = business.user(id)?;
    let mut body = numbered(&bulk.set, n);
    for (field, suffix) in &bulk.suffix {
        body.insert(field.clone(), format!("{}{suffix}", user.text(field)).into());
    }
    Patch::read(&body)
}

fn numbered(fields: &Map<String, Value>, n: usize) -> Map<String, Value> {
    let value = |value: &Value| match value {
        Value::String(text) => text.replace("{n}", &n.to_string()).into(),
        Value::Object(inner) => Value::Object(numbered(inner, n)),
        other => other.clone(),
    };
    fields.iter().map(|(field, v)| (field.clone(), value(v))).collect()
}
