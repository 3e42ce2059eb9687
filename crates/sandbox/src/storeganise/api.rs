//! The admin API as an add-on calls it, below `/{business}/api/v1/admin`.

use std::{collections::HashMap, sync::Arc};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, Query, State},
    http::StatusCode,
    routing::{any, get, post},
};
use serde_json::{Map, Value, json};

use super::{
    auth::Caller,
    change,
    error::ApiError,
    patch::Patch,
    query::{self, wants_custom_fields},
};
use crate::{clock::iso, world::World};

type Parameters = Query<HashMap<String, String>>;

/// All routes of the API.
pub(crate) fn router() -> Router<Arc<World>> {
    Router::new()
        .route("/{business}/api/v1/admin/addons/{id}", get(addon).put(update_addon))
        .route("/{business}/api/v1/admin/users", get(users).post(create_user))
        .route("/{business}/api/v1/admin/users/{id}", get(user).put(update_user))
        .route("/{business}/api/v1/admin/jobs", post(create_job))
        .route("/{business}/api/{*rest}", any(unknown))
}

async fn addon(
    State(world): State<Arc<World>>,
    caller: Caller,
    Path((_, id)): Path<(String, String)>,
) -> Result<Json<Value>, ApiError> {
    own(&caller, &id)?;
    change(&world, &caller.code, |business| Ok(Json(business.addon_mut(&id)?.to_json())))
}

async fn update_addon(
    State(world): State<Arc<World>>,
    caller: Caller,
    Path((_, id)): Path<(String, String)>,
    body: Bytes,
) -> Result<Json<Value>, ApiError> {
    own(&caller, &id)?;
    let body = object(&body)?;
    change(&world, &caller.code, |business| {
        let addon = business.addon_mut(&id)?;
        addon.merge(&body, world.clock.now_ms())?;
        Ok(Json(addon.to_json()))
    })
}

async fn users(
    State(world): State<Arc<World>>,
    caller: Caller,
    Query(parameters): Parameters,
) -> Result<Json<Vec<Value>>, ApiError> {
    let query = query::Query::read(&parameters)?;
    let state = world.storeganise();
    let page = query.page(state.business(&caller.code)?);
    Ok(Json(page.into_iter().map(|user| user.to_json(query.custom_fields)).collect()))
}

async fn user(
    State(world): State<Arc<World>>,
    caller: Caller,
    Path((_, id)): Path<(String, String)>,
    Query(parameters): Parameters,
) -> Result<Json<Value>, ApiError> {
    let state = world.storeganise();
    let user = state.business(&caller.code)?.user(&id)?;
    Ok(Json(user.to_json(wants_custom_fields(&parameters))))
}

async fn create_user(
    State(world): State<Arc<World>>,
    caller: Caller,
    Query(parameters): Parameters,
    body: Bytes,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let patch = Patch::read(&object(&body)?)?;
    change(&world, &caller.code, |business| {
        let user = business.create(&patch, &world.clock)?;
        Ok((StatusCode::CREATED, Json(user.to_json(wants_custom_fields(&parameters)))))
    })
}

async fn update_user(
    State(world): State<Arc<World>>,
    caller: Caller,
    Path((_, id)): Path<(String, String)>,
    Query(parameters): Parameters,
    body: Bytes,
) -> Result<Json<Value>, ApiError> {
    let patch = Patch::read(&object(&body)?)?;
    change(&world, &caller.code, |business| {
        business.update(&id, &patch, &world.clock)?;
        Ok(Json(business.user(&id)?.to_json(wants_custom_fields(&parameters))))
    })
}

async fn create_job(
    State(world): State<Arc<World>>,
    caller: Caller,
    body: Bytes,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let body = object(&body)?;
    if body.get("type").and_then(Value::as_str) != Some("task") {
        return Err(ApiError::invalid("type must be task"));
    }
    let data =
        body.get("data").and_then(Value::as_object).ok_or_else(|| ApiError::invalid("data is required"))?;
    if data.get("title").and_then(Value::as_str).is_none_or(str::is_empty) {
        return Err(ApiError::invalid("data.title is required"));
    }
    change(&world, &caller.code, |business| {
        let now = iso(world.clock.now_ms());
        let owner = body.get("ownerId").cloned().unwrap_or_default();
        let task = json!({
            "id": business.ids.next(), "type": "task", "ownerId": owner, "state": "open", "data": data,
            "addonId": caller.addon_id, "created": now, "updated": now,
        });
        business.tasks.push(task.clone());
        Ok((StatusCode::CREATED, Json(task)))
    })
}

async fn unknown() -> ApiError {
    ApiError::missing("No such address")
}

/// An add-on sees only itself.
fn own(caller: &Caller, id: &str) -> Result<(), ApiError> {
    if caller.addon_id == id { Ok(()) } else { Err(ApiError::missing("Add-on not found")) }
}

fn object(body: &[u8]) -> Result<Map<String, Value>, ApiError> {
    serde_json::from_slice(body).map_err(|_| ApiError::invalid("The body must be a JSON object"))
}
