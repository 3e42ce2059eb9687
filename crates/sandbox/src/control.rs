//! What tests, benchmarks and the demo steer the sandbox with, below `/_sandbox`. No provider has any of this.
//! The calls are listed in `catalogue`; those that stand in for a person are with their provider.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{
        DefaultBodyLimit, Query, State,
        rejection::{JsonRejection, QueryRejection},
    },
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{any, get, post},
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    catalogue::{CHAPTERS, Chapter},
    faults::Schedule,
    hubspot, index,
    latency::{InForce, Setting},
    seed, storeganise,
    world::World,
};

/// What every path answers that is no call.
pub(crate) const UNKNOWN_CALL: &str = "no such control call; GET /_sandbox/ lists them";
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
        .route("/_sandbox", get(index::about))
        .route("/_sandbox/", get(index::about))
        .route("/_sandbox/catalogue", get(catalogue))
        .route("/_sandbox/stats", get(stats))
        .route("/_sandbox/stats/reset", post(reset_stats))
        .route("/_sandbox/trace", get(trace))
        .route("/_sandbox/trace/reset", post(reset_trace))
        .route("/_sandbox/quiet", get(quiet))
        .route("/_sandbox/faults", get(rules).post(faults))
        .route("/_sandbox/latency", get(lateness).post(latency))
        .route("/_sandbox/seed", post(seed::seed))
        .route("/_sandbox/reset", post(reset))
        .nest("/_sandbox/storeganise", storeganise::control())
        .nest("/_sandbox/hubspot", hubspot::control())
        .route("/_sandbox/{*rest}", any(unknown))
        .layer(DefaultBodyLimit::max(BODY_MAX_BYTES))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StatsQuery {
    window_ms: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TraceQuery {
    limit: Option<usize>,
}

async fn catalogue() -> Json<[Chapter; 4]> {
    Json(CHAPTERS)
}

async fn stats(
    State(world): State<Arc<World>>,
    query: Result<Query<StatsQuery>, QueryRejection>,
) -> Result<Json<Value>, Refused> {
    let mut stats = world.stats.snapshot();
    stats["webhooks"] = world.delivery.snapshot();
    match query?.0.window_ms {
        None => {}
        Some(0) => return Err(Refused::Bad("window_ms must be at least 1".to_owned())),
        Some(window_ms) => stats["windows"]["asked"] = world.stats.windows_of(window_ms),
    }
    Ok(Json(stats))
}

async fn reset_stats(State(world): State<Arc<World>>) -> StatusCode {
    world.stats.reset();
    world.delivery.reset();
    StatusCode::NO_CONTENT
}

async fn trace(
    State(world): State<Arc<World>>,
    query: Result<Query<TraceQuery>, QueryRejection>,
) -> Result<Json<Value>, Refused> {
    Ok(Json(world.trace.show(query?.0.limit.unwrap_or(usize::MAX))))
}

async fn reset_trace(State(world): State<Arc<World>>) -> StatusCode {
    world.trace.clear();
    StatusCode::NO_CONTENT
}

async fn quiet(State(world): State<Arc<World>>) -> Json<Value> {
    Json(json!({
        "webhooks_pending": world.delivery.pending(),
        "requests_in_flight": world.stats.requests_in_flight(),
    }))
}

async fn rules(State(world): State<Arc<World>>) -> Json<Value> {
    Json(world.faults.snapshot())
}

/// A plain list of rules, or the rules and their seed.
async fn faults(
    State(world): State<Arc<World>>,
    body: Result<Json<Value>, JsonRejection>,
) -> Result<StatusCode, Refused> {
    let schedule = match body?.0 {
        rules @ Value::Array(_) => json!({"rules": rules}),
        schedule => schedule,
    };
    let schedule: Schedule =
        serde_json::from_value(schedule).map_err(|error| Refused::Bad(error.to_string()))?;
    world.faults.schedule(schedule).map_err(Refused::Bad)?;
    Ok(StatusCode::NO_CONTENT)
}

async fn lateness(State(world): State<Arc<World>>) -> Json<InForce> {
    Json(world.latency.in_force())
}

async fn latency(
    State(world): State<Arc<World>>,
    setting: Result<Json<Setting>, JsonRejection>,
) -> Result<Json<InForce>, Refused> {
    world.latency.set(setting?.0).map(Json).map_err(Refused::Bad)
}

async fn reset(State(world): State<Arc<World>>) -> StatusCode {
    world.reset();
    StatusCode::NO_CONTENT
}

async fn unknown() -> Refused {
    Refused::Missing(UNKNOWN_CALL.to_owned())
}

impl From<JsonRejection> for Refused {
    fn from(rejection: JsonRejection) -> Self {
        Self::Bad(rejection.body_text())
    }
}

impl From<QueryRejection> for Refused {
    fn from(rejection: QueryRejection) -> Self {
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
