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

use super::{Head, Problem, encoded, filters};
use crate::{
    clock::iso,
    storeganise::{
        business::Business,
        change,
        definition::Definition,
        error::ApiError,
        history::Change,
        patch::{Patch, plain},
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
    welcome_email: bool,
    created: String,
    updated: String,
    signed_in: String,
    history: Vec<Entry>,
    fields: Vec<Field>,
    custom_fields: Vec<Field>,
    problem: String,
}

struct Field {
    name: String,
    title: String,
    value: String,
    required: bool,
    shape: Shape,
}

/// What a field is typed into.
#[derive(PartialEq)]
enum Shape {
    Line,
    Lines,
    Truth,
}

/// One change of the user.
struct Entry {
    at: String,
    by: String,
    title: &'static str,
    changed: Vec<Changed>,
}

struct Changed {
    key: String,
    from: String,
    to: String,
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
        let fields = without_untouched(typed(fields_of_form(&form), business), business.user(&id)?);
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
    change(&world, &code, |business| business.disable(&id, &world.clock).map(|_| ()))?;
    Ok(Redirect::to(&format!("/{code}/admin/users/{id}")))
}

/// `POST /{business}/admin/users/{id}/enable`.
pub(super) async fn enable(
    State(world): State<Arc<World>>,
    Path((code, id)): Path<(String, String)>,
) -> Result<Redirect, Problem> {
    change(&world, &code, |business| business.enable(&id, &world.clock).map(|_| ()))?;
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

/// The truth values among the custom fields are no texts.
fn typed(mut fields: Map<String, Value>, business: &Business) -> Map<String, Value> {
    let Some(Value::Object(custom)) = fields.get_mut("customFields") else { return fields };
    let truths = business.definitions.all().filter(|definition| is_truth(definition));
    for definition in truths {
        if let Some(value) = custom.get_mut(&definition.code) {
            *value = value.as_str().and_then(|text| text.parse().ok()).map_or(Value::Null, Value::Bool);
        }
    }
    fields
}

/// An incomplete user can be saved as long as nobody touches what is missing, and a custom field that shows no text
/// stays what it is until it shows something else.
fn without_untouched(mut fields: Map<String, Value>, user: &User) -> Map<String, Value> {
    fields.retain(|name, value| !value.is_null() || user.texts.contains_key(name.as_str()));
    if let Some(Value::Object(custom)) = fields.get_mut("customFields") {
        let shown = |value: Option<&Value>| plain(value.filter(|value| !value.is_null()));
        custom.retain(|code, value| shown(Some(value)) != shown(user.custom_fields.get(code)));
    }
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
        welcome_email: user.welcome_email,
        created: iso(user.created_ms),
        updated: iso(user.updated_ms),
        signed_in: user.signin_ms.map(iso).unwrap_or_default(),
        history: user.history.newest_first().map(Entry::of).collect(),
        fields: TEXT_FIELDS.iter().map(|name| field(user, name)).collect(),
        custom_fields: custom(business, user),
        problem,
    })
}

fn field(user: &User, name: &str) -> Field {
    Field {
        name: name.to_owned(),
        title: name.to_owned(),
        value: user.text(name).to_owned(),
        required: REQUIRED_FIELDS.contains(&name) && user.texts.contains_key(name),
        shape: if name == "address" { Shape::Lines } else { Shape::Line },
    }
}

fn custom(business: &Business, user: &User) -> Vec<Field> {
    let of_users = business.definitions.all().filter(|definition| definition.owner == "user");
    let field = |definition: &Definition| Field {
        name: format!("{CUSTOM}{}", definition.code),
        title: definition.title.clone(),
        value: plain(user.custom_fields.get(&definition.code)),
        required: false,
        shape: if is_truth(definition) { Shape::Truth } else { Shape::Line },
    };
    of_users.map(field).collect()
}

fn is_truth(definition: &Definition) -> bool {
    definition.owner == "user" && definition.kind == "boolean"
}

impl Entry {
    fn of(change: &Change) -> Self {
        let changed = change.changed.iter();
        Self {
            at: iso(change.at_ms),
            by: change.by.name(),
            title: change.title,
            changed: changed
                .map(|c| Changed { key: c.key.clone(), from: c.from.clone(), to: c.to.clone() })
                .collect(),
        }
    }
}
