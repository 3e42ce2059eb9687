//! Users as a person edits them: one by one, in bulk, or made by the hundred. They are shown as they are, whatever
//! the dialect.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Answer, Body};
use crate::{
    storeganise::{
        bulk::{Bulk, bulk},
        change,
        patch::Patch,
        people::Mix,
        user::User,
    },
    world::World,
};

/// How many users to make.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Count {
    count: usize,
}

/// `GET /{business}/users`.
pub(super) async fn list(State(world): State<Arc<World>>, Path(code): Path<String>) -> Answer {
    let state = world.storeganise();
    Ok(Json(state.business(&code)?.users().iter().map(full).collect()))
}

/// `GET /{business}/users/{id}`, where an e-mail may stand for the id.
pub(super) async fn show(
    State(world): State<Arc<World>>,
    Path((code, id)): Path<(String, String)>,
) -> Answer {
    let state = world.storeganise();
    Ok(Json(full(state.business(&code)?.user(&id)?)))
}

/// `POST /{business}/users`.
pub(super) async fn create(
    State(world): State<Arc<World>>,
    Path(code): Path<String>,
    body: Body<Map<String, Value>>,
) -> Answer {
    let patch = Patch::read(&body?.0)?;
    Ok(change(&world, &code, |business| Ok(Json(full(business.create(&patch, &world.clock)?))))?)
}

/// `PUT /{business}/users/{id}`.
pub(super) async fn update(
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

/// `POST /{business}/users/{id}/disable`.
pub(super) async fn disable(
    State(world): State<Arc<World>>,
    Path((code, id)): Path<(String, String)>,
) -> Answer {
    Ok(change(&world, &code, |business| Ok(Json(full(business.disable(&id, &world.clock)?))))?)
}

/// `POST /{business}/users/{id}/enable`.
pub(super) async fn enable(
    State(world): State<Arc<World>>,
    Path((code, id)): Path<(String, String)>,
) -> Answer {
    Ok(change(&world, &code, |business| Ok(Json(full(business.enable(&id, &world.clock)?))))?)
}

/// `POST /{business}/users/{id}/oddly`: the API answers about this user in a shape that nobody expects.
pub(super) async fn show_oddly(
    State(world): State<Arc<World>>,
    Path((code, id)): Path<(String, String)>,
    body: Body<Map<String, Value>>,
) -> Answer {
    let odd = body?.0;
    Ok(change(&world, &code, |business| Ok(Json(full(business.show_oddly(&id, odd)?))))?)
}

/// `POST /{business}/users/bulk`.
pub(super) async fn bulk_update(
    State(world): State<Arc<World>>,
    Path(code): Path<String>,
    body: Body<Bulk>,
) -> Answer {
    let updated = bulk(&world, &code, &body?.0)?;
    Ok(Json(json!({"updated": updated})))
}

/// `POST /{business}/users/seed`.
pub(super) async fn seed(
    State(world): State<Arc<World>>,
    Path(code): Path<String>,
    body: Body<Count>,
) -> Answer {
    let count = body?.0.count;
    let now_ms = world.clock.now_ms();
    Ok(change(&world, &code, |business| {
        business.generate(count, Mix::Customers, |_| now_ms);
        Ok(Json(json!({"created": count})))
    })?)
}

fn full(user: &User) -> Value {
    let mut json = user.to_json(true);
    if user.welcome_email {
        json["welcomeEmail"] = true.into();
    }
    json
}
