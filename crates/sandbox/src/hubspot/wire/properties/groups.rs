//! The headings over properties.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::routing::get;
use axum::{Extension, Json, Router};
use http::StatusCode;
use serde_json::{Value, json};

use crate::hubspot::access::Caller;
use crate::hubspot::crm::kind::Kind;
use crate::hubspot::crm::schema::{Group, GroupChange};
use crate::hubspot::desk::in_portal;
use crate::hubspot::error::ApiError;
use crate::hubspot::wire::input::read;
use crate::world::World;

/// Below `groups` of one kind.
pub(super) fn router() -> Router<Arc<World>> {
    Router::new().route("/", get(all).post(create)).route("/{name}", get(one).patch(change).delete(archive))
}

async fn one(
    State(world): State<Arc<World>>,
    caller: Caller,
    Extension(kind): Extension<Kind>,
    Path(name): Path<String>,
) -> Result<Json<Value>, ApiError> {
    caller.may(kind.schema_read_scopes())?;
    in_portal(&world, caller.portal, caller.source, |portal, _| Ok(Json(portal.schema(kind).group(&name)?)))
}

async fn change(
    State(world): State<Arc<World>>,
    caller: Caller,
    Extension(kind): Extension<Kind>,
    Path(name): Path<String>,
    body: Bytes,
) -> Result<Json<Value>, ApiError> {
    caller.may(kind.schema_write_scopes())?;
    let change: GroupChange = read(&body)?;
    in_portal(&world, caller.portal, caller.source, |portal, _| {
        Ok(Json(portal.schema_mut(kind).change_group(&name, change)?))
    })
}

async fn archive(
    State(world): State<Arc<World>>,
    caller: Caller,
    Extension(kind): Extension<Kind>,
    Path(name): Path<String>,
) -> Result<StatusCode, ApiError> {
    caller.may(kind.schema_write_scopes())?;
    in_portal(&world, caller.portal, caller.source, |portal, _| {
        portal.schema_mut(kind).archive_group(&name)?;
        Ok(StatusCode::NO_CONTENT)
    })
}

async fn all(
    State(world): State<Arc<World>>,
    caller: Caller,
    Extension(kind): Extension<Kind>,
) -> Result<Json<Value>, ApiError> {
    caller.may(kind.schema_read_scopes())?;
    in_portal(&world, caller.portal, caller.source, |portal, _| {
        Ok(Json(json!({"results": portal.schema(kind).groups()})))
    })
}

async fn create(
    State(world): State<Arc<World>>,
    caller: Caller,
    Extension(kind): Extension<Kind>,
    body: Bytes,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    caller.may(kind.schema_write_scopes())?;
    let group: Group = read(&body)?;
    in_portal(&world, caller.portal, caller.source, |portal, _| {
        Ok((StatusCode::CREATED, Json(portal.schema_mut(kind).create_group(group)?)))
    })
}
