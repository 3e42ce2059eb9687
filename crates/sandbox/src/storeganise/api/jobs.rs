//! `jobs`: of all that the real one has, tasks alone.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use serde_json::Value;

use super::input::{Asked, Body};
use crate::{
    storeganise::{
        auth::Caller,
        change,
        error::ApiError,
        query::{Rows, updated_from_ms},
        task::Wish,
    },
    world::World,
};

/// `GET jobs`, oldest first, of one `type` or `state` if the address names it.
pub(super) async fn list(
    State(world): State<Arc<World>>,
    caller: Caller,
    Asked(parameters): Asked,
) -> Result<Json<Value>, ApiError> {
    let state = world.storeganise();
    let business = state.business(&caller.code)?;
    let rows = Rows::read(&parameters, &business.dialect)?;
    let from_ms = updated_from_ms(&parameters, &business.dialect)?.unwrap_or_default();
    let is_named = |name: &str, value: &str| parameters.get(name).is_none_or(|named| named == value);
    let meant = business.tasks.iter().filter(|task| {
        is_named("type", "task") && is_named("state", task.state) && task.updated_ms >= from_ms
    });
    let rows = rows.of(meant.map(|task| task.to_json()));
    Ok(Json(business.dialect.list_wrapper.around("jobs", rows)))
}

/// `GET jobs/{id}`.
pub(super) async fn show(
    State(world): State<Arc<World>>,
    caller: Caller,
    Path((_, id)): Path<(String, String)>,
) -> Result<Json<Value>, ApiError> {
    change(&world, &caller.code, |business| Ok(Json(business.task_mut(&id)?.to_json())))
}

/// `POST jobs`.
pub(super) async fn create(
    State(world): State<Arc<World>>,
    caller: Caller,
    Body(body): Body,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let wish = Wish::read(&body)?;
    change(&world, &caller.code, |business| {
        let task = business.file(wish, &caller.addon_id, world.clock.now_ms())?;
        Ok((StatusCode::CREATED, Json(task.to_json())))
    })
}

/// `PUT jobs/{id}`.
pub(super) async fn update(
    State(world): State<Arc<World>>,
    caller: Caller,
    Path((_, id)): Path<(String, String)>,
    Body(body): Body,
) -> Result<Json<Value>, ApiError> {
    change(&world, &caller.code, |business| {
        let task = business.task_mut(&id)?;
        task.change(&body, world.clock.now_ms())?;
        Ok(Json(task.to_json()))
    })
}
