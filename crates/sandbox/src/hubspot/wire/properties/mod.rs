//! Property definitions, one by one (reference section 3); their groups and batches of them lie below.

mod batch;
mod groups;

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::routing::get;
use axum::{Extension, Json, Router};
use http::StatusCode;
use serde_json::{Value, json};

use super::input::{Params, read};
use crate::hubspot::access::Caller;
use crate::hubspot::crm::definition::{Definition, PropertyInput};
use crate::hubspot::crm::kind::Kind;
use crate::hubspot::desk::in_portal;
use crate::hubspot::error::ApiError;
use crate::world::World;

/// Below the definitions of one kind.
pub(super) fn router() -> Router<Arc<World>> {
    Router::new()
        .route("/", get(all).post(create))
        .route("/{name}", get(one).patch(change).delete(archive))
        .nest("/groups", groups::router())
        .nest("/batch", batch::router())
}

async fn all(
    State(world): State<Arc<World>>,
    caller: Caller,
    Extension(kind): Extension<Kind>,
    params: Params,
) -> Result<Json<Value>, ApiError> {
    caller.may(kind.schema_read_scopes())?;
    in_portal(&world, caller.portal, caller.source, |portal, _| {
        let shown: Vec<Value> = portal.schema(kind).all(params.archived()).map(Definition::to_json).collect();
        Ok(Json(json!({"results": shown})))
    })
}

async fn one(
    State(world): State<Arc<World>>,
    caller: Caller,
    Extension(kind): Extension<Kind>,
    Path(name): Path<String>,
    params: Params,
) -> Result<Json<Value>, ApiError> {
    caller.may(kind.schema_read_scopes())?;
    in_portal(&world, caller.portal, caller.source, |portal, _| {
        Ok(Json(portal.schema(kind).find(&name, params.archived())?.to_json()))
    })
}

async fn create(
    State(world): State<Arc<World>>,
    caller: Caller,
    Extension(kind): Extension<Kind>,
    body: Bytes,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    caller.may(kind.schema_write_scopes())?;
    let input: PropertyInput = read(&body)?;
    in_portal(&world, caller.portal, caller.source, |portal, author| {
        let made = portal.schema_mut(kind).create(input, author.at_ms)?;
        Ok((StatusCode::CREATED, Json(made.to_json())))
    })
}

async fn change(
    State(world): State<Arc<World>>,
    caller: Caller,
    Extension(kind): Extension<Kind>,
    Path(name): Path<String>,
    body: Bytes,
) -> Result<Json<Value>, ApiError> {
    caller.may(kind.schema_write_scopes())?;
    let input: PropertyInput = read(&body)?;
    in_portal(&world, caller.portal, caller.source, |portal, author| {
        Ok(Json(portal.schema_mut(kind).change(&name, input, author.at_ms)?.to_json()))
    })
}

async fn archive(
    State(world): State<Arc<World>>,
    caller: Caller,
    Extension(kind): Extension<Kind>,
    Path(name): Path<String>,
) -> Result<StatusCode, ApiError> {
    caller.may(kind.schema_write_scopes())?;
    in_portal(&world, caller.portal, caller.source, |portal, author| {
        portal.archive_property(kind, &name, author.at_ms)?;
        Ok(StatusCode::NO_CONTENT)
    })
}
