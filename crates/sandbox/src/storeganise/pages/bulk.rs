//! The bulk update of the Users page: one field, of all customers, of those a search found, or of those that are ticked.

use std::sync::Arc;

use axum::{
    Form,
    extract::{Path, State},
    response::Redirect,
};
use serde_json::Map;

use super::{Problem, users::back};
use crate::{
    storeganise::{
        bulk::{Bulk, bulk},
        error::ApiError,
        query::matches,
    },
    world::World,
};

/// The form as it was filled in; `id` may be there many times.
struct Filled(Vec<(String, String)>);

/// `POST /{business}/admin/users/bulk`.
pub(super) async fn update(
    State(world): State<Arc<World>>,
    Path(code): Path<String>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Redirect, Problem> {
    let form = Filled(pairs);
    let mut wish = Bulk { ids: chosen(&world, &code, &form)?, ..Bulk::default() };
    let (field, value) = (form.required("field")?.to_owned(), form.required("value")?.to_owned());
    match form.required("how")? {
        "append" => drop(wish.suffix.insert(field, value)),
        "set" => wish.set = Map::from_iter([(field, value.into())]),
        _ => return Err(ApiError::invalid("how must be set or append").into()),
    }
    let updated = bulk(&world, &code, &wish)?;
    let noun = if updated == 1 { "user was" } else { "users were" };
    Ok(back(&code, &format!("{updated} {noun} updated.")))
}

/// The ids of whom the form means; nothing stands for all customers.
fn chosen(world: &World, code: &str, form: &Filled) -> Result<Option<Vec<String>>, ApiError> {
    let ids: Vec<String> = match form.get("whom").unwrap_or("all") {
        "all" => return Ok(None),
        "found" => {
            let search = form.get("search").unwrap_or_default().trim();
            let state = world.storeganise();
            let business = state.business(code)?;
            let found = business.users().iter().filter(|user| matches(user, search, business));
            found.map(|user| user.id.clone()).collect()
        }
        "ticked" => form.0.iter().filter(|(name, _)| name == "id").map(|(_, id)| id.clone()).collect(),
        _ => return Err(ApiError::invalid("whom must be all, found or ticked")),
    };
    if ids.is_empty() {
        return Err(ApiError::invalid("Nobody was chosen. Tick users in the list, or search for some"));
    }
    Ok(Some(ids))
}

impl Filled {
    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(named, _)| named == name).map(|(_, value)| value.as_str())
    }

    fn required(&self, name: &str) -> Result<&str, ApiError> {
        self.get(name).ok_or_else(|| ApiError::invalid(format!("{name} is required")))
    }
}
