//! The types of association between two kinds: HubSpot's own, and the labels people made. Changing and deleting
//! labels is not simulated.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use serde_json::{Value, json};

use super::{may_read, pair};
use crate::hubspot::access::Caller;
use crate::hubspot::crm::association::NewLabel;
use crate::hubspot::desk::in_portal;
use crate::hubspot::error::ApiError;
use crate::hubspot::wire::input::read;
use crate::world::World;

/// Lists the types.
pub(super) async fn all(
    State(world): State<Arc<World>>,
    caller: Caller,
    Path((from, to)): Path<(String, String)>,
) -> Result<Json<Value>, ApiError> {
    let kind = pair(&from, &to)?;
    may_read(&caller, kind)?;
    in_portal(&world, caller.portal, caller.source, |portal, _| {
        Ok(Json(json!({"results": portal.association_types(kind)})))
    })
}

/// Makes a label.
pub(super) async fn create(
    State(world): State<Arc<World>>,
    caller: Caller,
    Path((from, to)): Path<(String, String)>,
    body: Bytes,
) -> Result<Json<Value>, ApiError> {
    let kind = pair(&from, &to)?;
    caller.may(&[kind.schema_write_scopes(), kind.other().schema_write_scopes()].concat())?;
    let asked: NewLabel = read(&body)?;
    in_portal(&world, caller.portal, caller.source, |portal, _| {
        Ok(Json(json!({"results": portal.create_label(kind, asked)?})))
    })
}
