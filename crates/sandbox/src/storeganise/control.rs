//! What a test or a demo does in place of a person at the Storeganise portal, below `/_sandbox/storeganise`.

use std::{collections::HashMap, sync::Arc};

use axum::{
    Json, Router,
    extract::{Path, State, rejection::JsonRejection},
    http::StatusCode,
    routing::{delete, get, post},
};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    OWN_FIELDS, addon::Addon, addon::AddonState, business::Business, change, error::ApiError, event::api_url,
    patch::Patch, people::Mix, user::User,
};
use crate::{control::Refused, world::World};

type Body<T> = Result<Json<T>, JsonRejection>;
type Answer = Result<Json<Value>, Refused>;

/// A change of many users at once, as a portal's spreadsheet makes it: each is told as an event of its own.
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

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct NewBusiness {
    code: String,
    name: Option<String>,
    custom_fields: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct AddonChange {
    state: Option<AddonState>,
    webhook_url: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Count {
    count: usize,
}

/// All control routes of this side.
pub(crate) fn control() -> Router<Arc<World>> {
    Router::new()
        .route("/", get(businesses).post(found))
        .route("/{business}/addons", get(addons).post(install))
        .route("/{business}/addons/{id}", delete(uninstall).put(change_addon))
        .route("/{business}/users", get(users).post(create_user))
        .route("/{business}/users/bulk", post(bulk_update))
        .route("/{business}/users/seed", post(seed_users))
        .route("/{business}/users/{id}", get(user).put(update_user))
        .route("/{business}/users/{id}/disable", post(disable_user))
        .route("/{business}/users/{id}/enable", post(enable_user))
        .route("/{business}/users/{id}/oddly", post(show_oddly))
        .route("/{business}/rules", post(rules))
        .route("/{business}/tasks", get(tasks))
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

async fn businesses(State(world): State<Arc<World>>) -> Json<Value> {
    let state = world.storeganise();
    Json(state.businesses().map(|business| business_json(&world, business)).collect())
}

async fn found(State(world): State<Arc<World>>, body: Body<NewBusiness>) -> Answer {
    let new = body?.0;
    let own_fields = || OWN_FIELDS.map(str::to_owned).to_vec();
    let fields = new.custom_fields.unwrap_or_else(own_fields);
    let mut state = world.storeganise();
    let business = state.found(&new.code, new.name.as_deref().unwrap_or(&new.code), &fields)?;
    Ok(Json(business_json(&world, business)))
}

async fn addons(State(world): State<Arc<World>>, Path(code): Path<String>) -> Answer {
    let state = world.storeganise();
    let addons = state.business(&code)?.addons.iter();
    Ok(Json(addons.map(|addon| addon_json(&world, &code, addon)).collect()))
}

async fn install(State(world): State<Arc<World>>, Path(code): Path<String>) -> Answer {
    Ok(change(&world, &code, |business| Ok(Json(addon_json(&world, &code, business.install(&world.clock)))))?)
}

async fn change_addon(
    State(world): State<Arc<World>>,
    Path((code, id)): Path<(String, String)>,
    body: Body<AddonChange>,
) -> Answer {
    let wish = body?.0;
    Ok(change(&world, &code, |business| {
        let addon = business.addon_mut(&id)?;
        addon.state = wish.state.unwrap_or(addon.state);
        addon.webhook_url = wish.webhook_url.or(addon.webhook_url.take());
        addon.updated_ms = world.clock.after(addon.updated_ms);
        Ok(Json(addon_json(&world, &code, addon)))
    })?)
}

async fn uninstall(
    State(world): State<Arc<World>>,
    Path((code, id)): Path<(String, String)>,
) -> Result<StatusCode, Refused> {
    change(&world, &code, |business| {
        business.addon_mut(&id)?;
        business.addons.retain(|addon| addon.id != id);
        Ok(())
    })?;
    Ok(StatusCode::NO_CONTENT)
}

async fn users(State(world): State<Arc<World>>, Path(code): Path<String>) -> Answer {
    let state = world.storeganise();
    Ok(Json(state.business(&code)?.users().iter().map(full).collect()))
}

async fn user(State(world): State<Arc<World>>, Path((code, id)): Path<(String, String)>) -> Answer {
    let state = world.storeganise();
    Ok(Json(full(state.business(&code)?.user(&id)?)))
}

async fn create_user(
    State(world): State<Arc<World>>,
    Path(code): Path<String>,
    body: Body<Map<String, Value>>,
) -> Answer {
    let patch = Patch::read(&body?.0)?;
    Ok(change(&world, &code, |business| Ok(Json(full(business.create(&patch, &world.clock)?))))?)
}

async fn update_user(
    State(world): State<Arc<World>>,
    Path((code, id)): Path<(String, String)>,
    body: Body<Map<String, Value>>,
) -> Answer {
    let patch = Patch::read(&body?.0)?;
    Ok(change(&world, &code, |business| {
        business.update(&id, &patch, &world.clock)?;
        Ok(Json(full(business.user(&id)?)))
    })?)
}

async fn disable_user(State(world): State<Arc<World>>, Path((code, id)): Path<(String, String)>) -> Answer {
    Ok(change(&world, &code, |business| Ok(Json(full(business.set_disabled(&id, true, &world.clock)?))))?)
}

async fn enable_user(State(world): State<Arc<World>>, Path((code, id)): Path<(String, String)>) -> Answer {
    Ok(change(&world, &code, |business| Ok(Json(full(business.set_disabled(&id, false, &world.clock)?))))?)
}

/// The API answers about this user in a shape that nobody expects.
async fn show_oddly(
    State(world): State<Arc<World>>,
    Path((code, id)): Path<(String, String)>,
    body: Body<Map<String, Value>>,
) -> Answer {
    let odd = body?.0;
    Ok(change(&world, &code, |business| Ok(Json(full(business.show_oddly(&id, odd)?))))?)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rules {
    shared_emails: bool,
}

/// Whether two users may have one e-mail: that Storeganise does not let them is not known for certain.
async fn rules(State(world): State<Arc<World>>, Path(code): Path<String>, body: Body<Rules>) -> Answer {
    let shared_emails = body?.0.shared_emails;
    Ok(change(&world, &code, |business| {
        business.shared_emails = shared_emails;
        Ok(Json(json!({ "shared_emails": shared_emails })))
    })?)
}

async fn bulk_update(State(world): State<Arc<World>>, Path(code): Path<String>, body: Body<Bulk>) -> Answer {
    let updated = bulk(&world, &code, &body?.0)?;
    Ok(Json(json!({"updated": updated})))
}

async fn seed_users(State(world): State<Arc<World>>, Path(code): Path<String>, body: Body<Count>) -> Answer {
    let count = body?.0.count;
    let now_ms = world.clock.now_ms();
    Ok(change(&world, &code, |business| {
        business.generate(count, Mix::Customers, |_| now_ms);
        Ok(Json(json!({"created": count})))
    })?)
}

async fn tasks(State(world): State<Arc<World>>, Path(code): Path<String>) -> Answer {
    let state = world.storeganise();
    Ok(Json(state.business(&code)?.tasks.iter().cloned().collect()))
}

fn full(user: &User) -> Value {
    user.to_json(true)
}

fn business_json(world: &World, business: &Business) -> Value {
    json!({
        "code": business.code,
        "name": business.name,
        "apiUrl": api_url(world, &business.code),
        "users": business.users().len(),
        "customFields": business.defined(),
    })
}

fn addon_json(world: &World, code: &str, addon: &Addon) -> Value {
    let mut json = addon.to_json();
    json["businessCode"] = code.into();
    json["apiUrl"] = api_url(world, code).into();
    json["webhookUrl"] = addon.webhook_url.as_deref().into();
    json
}
