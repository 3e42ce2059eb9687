//! Deal pipelines, to read only.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::hubspot::access::Caller;
use crate::hubspot::crm::kind::Kind;
use crate::hubspot::desk::in_portal;
use crate::hubspot::error::ApiError;
use crate::world::World;

/// All pipelines, and one.
pub(super) fn router() -> Router<Arc<World>> {
    Router::new().route("/", get(all)).route("/{pipeline}", get(one))
}

async fn all(State(world): State<Arc<World>>, caller: Caller) -> Result<Json<Value>, ApiError> {
    let pipelines = shown(&world, &caller)?;
    Ok(Json(json!({"results": pipelines})))
}

async fn one(
    State(world): State<Arc<World>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let found = shown(&world, &caller)?.into_iter().find(|pipeline| pipeline["id"] == id.as_str());
    found.map(Json).ok_or_else(|| ApiError::not_found(&format!("Pipeline {id} does not exist")))
}

fn shown(world: &Arc<World>, caller: &Caller) -> Result<Vec<Value>, ApiError> {
    caller.may(Kind::Deal.schema_read_scopes())?;
    in_portal(world, caller.portal, caller.source, |portal, _| {
        let pipelines = portal.pipelines.iter().enumerate();
        Ok(pipelines.map(|(place, pipeline)| pipeline.to_json(place, portal.opened_ms)).collect())
    })
}
