//! Deal pipelines and their stages, to read only: making and changing them is not simulated.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

use super::unsimulated::not_simulated;
use crate::hubspot::access::Caller;
use crate::hubspot::crm::kind::Kind;
use crate::hubspot::crm::pipeline::Pipeline;
use crate::hubspot::desk::in_portal;
use crate::hubspot::error::ApiError;
use crate::world::World;

/// All pipelines, one, its stages, and one of these.
pub(super) fn router() -> Router<Arc<World>> {
    Router::new()
        .route("/", get(all).fallback(not_simulated))
        .route("/{pipeline}", get(one).fallback(not_simulated))
        .route("/{pipeline}/stages", get(stages).fallback(not_simulated))
        .route("/{pipeline}/stages/{stage}", get(stage).fallback(not_simulated))
}

async fn all(State(world): State<Arc<World>>, caller: Caller) -> Result<Json<Value>, ApiError> {
    shown(&world, &caller, |pipelines, at_ms| {
        let shown = pipelines.iter().enumerate().map(|(place, pipeline)| pipeline.to_json(place, at_ms));
        Ok(json!({"results": shown.collect::<Vec<_>>()}))
    })
}

async fn one(
    State(world): State<Arc<World>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    shown(&world, &caller, |pipelines, at_ms| {
        let (place, pipeline) = found(pipelines, &id)?;
        Ok(pipeline.to_json(place, at_ms))
    })
}

async fn stages(
    State(world): State<Arc<World>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    shown(&world, &caller, |pipelines, at_ms| {
        let (_, pipeline) = found(pipelines, &id)?;
        Ok(json!({"results": pipeline.stages_json(at_ms)}))
    })
}

async fn stage(
    State(world): State<Arc<World>>,
    caller: Caller,
    Path((id, stage)): Path<(String, String)>,
) -> Result<Json<Value>, ApiError> {
    shown(&world, &caller, |pipelines, at_ms| {
        let (_, pipeline) = found(pipelines, &id)?;
        let shown = pipeline.stages_json(at_ms).into_iter().find(|shown| shown["id"] == stage.as_str());
        shown.ok_or_else(|| ApiError::not_found(&format!("Stage {stage} does not exist in pipeline {id}")))
    })
}

fn shown(
    world: &Arc<World>,
    caller: &Caller,
    show: impl FnOnce(&[Pipeline], u64) -> Result<Value, ApiError>,
) -> Result<Json<Value>, ApiError> {
    caller.may(Kind::Deal.schema_read_scopes())?;
    in_portal(world, caller.portal, caller.source, |portal, _| {
        show(&portal.pipelines, portal.opened_ms).map(Json)
    })
}

fn found<'a>(pipelines: &'a [Pipeline], id: &str) -> Result<(usize, &'a Pipeline), ApiError> {
    let found = pipelines.iter().enumerate().find(|(_, pipeline)| pipeline.id == id);
    found.ok_or_else(|| ApiError::not_found(&format!("Pipeline {id} does not exist")))
}
