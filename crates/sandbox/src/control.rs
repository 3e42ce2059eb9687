//! What tests, benchmarks and the demo steer the sandbox with, below `/_sandbox`. No provider has any of this.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, State, rejection::JsonRejection},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{any, get, post},
};
use serde_json::{Value, json};

use crate::{faults::Rule, hubspot, latency::Setting, storeganise, world::World};

/// A bulk update may name 50 000 ids.
const BODY_MAX_BYTES: usize = 32 * 1024 * 1024;

/// Why a control call was refused.
#[derive(Debug)]
pub(crate) enum Refused {
    /// The call makes no sense.
    Bad(String),
    /// What it is about does not exist.
    Missing(String),
}

/// All control routes.
pub(crate) fn router() -> Router<Arc<World>> {
    Router::new()
        .route("/_sandbox/stats", get(stats))
        .route("/_sandbox/stats/reset", post(reset_stats))
        .route("/_sandbox/quiet", get(quiet))
        .route("/_sandbox/faults", post(faults))
        .route("/_sandbox/latency", post(latency))
        .route("/_sandbox/reset", post(reset))
        .nest("/_sandbox/storeganise", storeganise::control())
        .nest("/_sandbox/hubspot", hubspot::control())
        .route("/_sandbox/{*rest}", any(unknown))
        .layer(DefaultBodyLimit::max(BODY_MAX_BYTES))
}

async fn stats(State(world): State<Arc<World>>) -> Json<Value> {
    let mut stats = world.stats.snapshot();
    stats["webhooks"] = world.delivery.snapshot();
    Json(stats)
}

async fn reset_stats(State(world): State<Arc<World>>) -> StatusCode {
    world.stats.reset();
    world.delivery.reset();
    StatusCode::NO_CONTENT
}

async fn quiet(State(world): State<Arc<World>>) -> Json<Value> {
    Json(json!({
        "webhooks_pending": world.delivery.pending(),
        "requests_in_flight": world.stats.requests_in_flight(),
    }))
}

async fn faults(
    State(world): State<Arc<World>>,
    rules: Result<Json<Vec<Rule>>, JsonRejection>,
) -> Result<StatusCode, Refused> {
    world.faults.set(rules?.0).map_err(Refused::Bad)?;
    Ok(StatusCode::NO_CONTENT)
}

async fn latency(
    State(world): State<Arc<World>>,
    setting: Result<Json<Setting>, JsonRejection>,
) -> Result<Json<Setting>, Refused> {
    Ok(Json(world.latency.set(setting?.0)))
}

async fn reset(State(world): State<Arc<World>>) -> StatusCode {
    world.reset();
    StatusCode::NO_CONTENT
}

async fn unknown() -> Refused {
    Refused::Missing("no such control call; README.md lists them".to_owned())
}

impl From<JsonRejection> for Refused {
    fn from(rejection: JsonRejection) -> Self {
        Self::Bad(rejection.body_text())
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let (status, why) = match self {
            Self::Bad(why) => (StatusCode::BAD_REQUEST, why),
            Self::Missing(why) => (StatusCode::NOT_FOUND, why),
        };
        (status, Json(json!({"error": why}))).into_response()
    }
}
