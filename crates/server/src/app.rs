//! The web application: what every handler is given, and the router put together.
//!
//! Handlers stand in `pages`, `api` and `webhooks`; what all answers have in common stands in `layers`.

use std::sync::Arc;

use axum::{
    Router,
    extract::{DefaultBodyLimit, State},
    routing::get,
};
use metrics_exporter_prometheus::PrometheusHandle;
use sync_core::{core::Core, queue::committer::Committer};
use tower_http::csrf::CsrfLayer;

use crate::{
    api::{self, caller::Caller},
    config::Config,
    layers, pages, webhooks,
};

pub mod probes;

use probes::Readiness;

/// A form or a JSON body of ours is far below this.
const BODY_MAX_BYTES: usize = 64 * 1024;

/// What every handler is given; cheap to clone.
#[derive(Clone)]
pub struct AppState {
    /// Everything true for all tenants.
    pub core: Arc<Core>,
    /// Where webhooks hand over what they marked.
    pub committer: Committer,
    /// How this process is set up.
    pub config: Arc<Config>,
    /// Renders the metrics of this process.
    pub metrics: PrometheusHandle,
    /// Whether this process wants to be sent requests.
    pub readiness: Readiness,
}

/// The whole application. The cross-site check covers the pages only: webhooks are signed and the API takes
/// no cookie.
pub fn router(state: &AppState) -> Router {
    let pages = layers::bounded(pages::router())
        .layer(DefaultBodyLimit::max(BODY_MAX_BYTES))
        .layer(CsrfLayer::new().with_rejection_response(|_| layers::from_elsewhere()))
        .layer(layers::sessions(&state.core));
    let app = Router::new()
        .merge(pages)
        .merge(api::router().layer(DefaultBodyLimit::max(BODY_MAX_BYTES)))
        .merge(layers::bounded(webhooks::router()))
        .merge(operations())
        .with_state(state.clone());
    layers::around(app, state)
}

/// What a process answers that only works.
pub fn router_of_workers(state: &AppState) -> Router {
    layers::around(operations().with_state(state.clone()), state)
}

/// What whoever operates the service asks.
fn operations() -> Router<AppState> {
    layers::bounded(probes::router().route("/metrics", get(metrics)))
}

/// Prometheus text. It takes an API token of any role: behind a proxy on the same machine every peer is
/// loopback, so where a request comes from proves nothing.
async fn metrics(_caller: Caller, State(state): State<AppState>) -> String {
    match state.core.health_census().await {
        Ok(census) => {
            for (health, count) in census {
                // A gauge is a float; no fleet is so large that it would be rounded.
                let count = u32::try_from(count).unwrap_or(u32::MAX);
                metrics::gauge!("annex_installations", "health" => health.word()).set(f64::from(count));
            }
        }
        Err(error) => tracing::warn!(cause = error.code(), "installations could not be counted by health"),
    }
    match state.core.waiting().await {
        Ok(lanes) => {
            for waiting in lanes {
                let lane = waiting.lane.word();
                metrics::gauge!("annex_changes_due", "lane" => lane).set(waiting.changes as f64);
                let oldest = waiting.oldest.as_secs_f64();
                metrics::gauge!("annex_oldest_change_due_seconds", "lane" => lane).set(oldest);
            }
        }
        Err(error) => tracing::warn!(cause = error.code(), "what waits could not be counted"),
    }
    state.metrics.render()
}

#[cfg(test)]
mod tests;
