//! The page of one user: every field in a form, saved as a person saves it in the portal.

use std::{collections::HashMap, sync::Arc};

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    Form,
    extract::{Path, State},
    response::{IntoResponse as _, Redirect, Response},
};
use serde_json::{Map, Value};

use super::{Head, Problem, encoded};
use crate::{
    clock::iso,
    storeganise::{
        business::Business,
        change,
        error::ApiError,
        patch::Patch,
        user::{REQUIRED_FIELDS, TEXT_FIELDS, User},
    },
    world::World,
};

/// What a custom field is called in the form, before its code.
const CUSTOM: &str = "customFields.";

/// The page.
#[derive(Template, WebTemplate)]
#[template(path = "storeganise/user.html")]
pub(super) struct UserPage {
    business: Head,
    id: String,
    name: String,
    roles: String,
    disabled: bool,
    created: String,
    updated: String,
    fields: Vec<Field>,
    custom_fields: Vec<Field>,
    problem: String,
}

struct Field {
    name: String,
    value: String,
    required: bool,
    long: bool,
}

/// `GET /{business}/admin/users/{id}`.
pub(super) async fn show(
    State(world): State<Arc<World>>,
    Path((code, id)): Path<(String, String)>,
) -> Result<UserPage, Problem> {
    Ok(page(&world, &code, &id, String::new())?)
}

/// `POST /{business}/admin/users/{id}`.
pub(super) async fn save(
    State(world): State<Arc<World>>,
    Path((code, id)): Path<(String, String)>,
    Form(form): Form<HashMap<String, String>>,
) -> Result<Response, Problem> {
    let saved = change(&world, &code, |business| {
        let fields = without_untouched(fields_of_form(&form), business.user(&id)?);
        business.update(&id, &Patch::read(&fields)?, &world.clock)?;
        Ok(business.user(&id)?.name())
    });
    match saved {
        Ok(name) => {
            let notice = encoded(&format!("{name} was saved."));
            Ok(Redirect::to(&format!("/{code}/admin?notice={notice}")).into_response())
        }
        Err(error) => Ok((error.status, page(&world, &code, &id, error.message)?).into_response()),
    }
}

/// `POST /{business}/admin/users/{id}/disable`.
pub(super) async fn disable(
    State(world): State<Arc<World>>,
    Path((code, id)): Path<(String, String)>,
) -> Result<Redirect, Problem> {
    change(&world, &code, |business| business.set_disabled(&id, true, &world.clock).map(|_| ()))?;
    Ok(Redirect::to(&format!("/{code}/admin/users/{id}")))
}

/// A form as the body of an API request: a blank clears, line ends are those of the API.
pub(super) fn fields_of_form(form: &HashMap<String, String>) -> Map<String, Value> {
    let value =
        |text: &str| if text.trim().is_empty() { Value::Null } else { text.replace("\r\n", "\n").into() };
    let custom =
        form.iter().filter_map(|(name, text)| Some((name.strip_prefix(CUSTOM)?.to_owned(), value(text))));
    let plain = form.iter().filter(|(name, _)| !name.starts_with(CUSTOM));
    let mut fields: Map<String, Value> = plain.map(|(name, text)| (name.clone(), value(text))).collect();
    fields.insert("customFields".to_owned(), Value::Object(custom.collect()));
    fields
}

/// An incomplete user can be saved as long as nobody touches what is missing.
fn without_untouched(mut fields: Map<String, Value>, user: &User) -> Map<String, Value> {
    fields.retain(|name, value| !value.is_null() || user.texts.contains_key(name.as_str()));
    fields
}

fn page(world: &World, code: &str, id: &str, problem: String) -> Result<UserPage, ApiError> {
    let state = world.storeganise();
    let business = state.business(code)?;
    let user = business.user(id)?;
    Ok(UserPage {
        business: Head::of(business),
        id: user.id.clone(),
        name: user.name(),
        roles: user.roles.join(", "),
        disabled: user.disabled,
        created: iso(user.created_ms),
        updated: iso(user.updated_ms),
        fields: TEXT_FIELDS.iter().map(|name| plain(user, name)).collect(),
        custom_fields: custom(business, user),
        problem,
    })
}

fn plain(user: &User, name: &str) -> Field {
    Field {
        name: name.to_owned(),
        value: user.text(name).to_owned(),
        required: REQUIRED_FIELDS.contains(&name) && user.texts.contains_key(name),
        long: name == "address",
    }
}

fn custom(business: &Business, user: &User) -> Vec<Field> {
    let field = |code: &String| Field {
        name: format!("{CUSTOM}{code}"),
        value: match user.custom_fields.get(code) {
            None => String::new(),
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
        },
        required: false,
        long: false,
    };
    business.defined().iter().map(field).collect()
}
