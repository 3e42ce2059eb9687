//! `/metrics`: what happened is counted where it happens; how things stand is looked at when somebody asks.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{Router, extract::State, routing::get};
use metrics_exporter_prometheus::PrometheusHandle;
use uuid::Uuid;

use super::AppState;
use crate::api::caller::Caller;

/// Renders the metrics of this process; clones share it.
#[derive(Clone)]
pub struct Metrics {
    handle: PrometheusHandle,
    /// Installations that were shown to have something due: once it is done they are shown with nothing.
    shown: Arc<Mutex<HashSet<Uuid>>>,
}

impl Metrics {
    /// Renders what `handle` collects.
    #[must_use]
    pub fn new(handle: PrometheusHandle) -> Self {
        Self { handle, shown: Arc::default() }
    }

    /// All of them as Prometheus reads them.
    #[must_use]
    pub fn render(&self) -> String {
        self.handle.render()
    }
}

pub(super) fn router() -> Router<AppState> {
    Router::new().route("/metrics", get(metrics))
}

/// Prometheus text. It takes an API token of any role: behind a proxy on the same machine every peer is
/// loopback, so where a request comes from proves nothing.
async fn metrics(_caller: Caller, State(state): State<AppState>) -> String {
    by_health(&state).await;
    by_lane(&state).await;
    if state.config.metrics_per_business {
        by_installation(&state).await;
    }
    metrics::gauge!("annex_commit_lag_seconds").set(state.committer.lag().as_secs_f64());
    metrics::gauge!("annex_commit_waiting").set(state.committer.waiting() as f64);
    state.metrics.render()
}

async fn by_health(state: &AppState) {
    match state.core.overview().await {
        Ok(overview) => {
            for (health, count) in overview.census() {
                metrics::gauge!("annex_installations", "health" => health.word()).set(count as f64);
            }
        }
        Err(error) => tracing::warn!(cause = error.code(), "installations could not be counted by health"),
    }
}

async fn by_lane(state: &AppState) {
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
}

async fn by_installation(state: &AppState) {
    let waiting = match state.core.waiting_by_installation().await {
        Ok(waiting) => waiting,
        Err(error) => {
            tracing::warn!(cause = error.code(), "what waits could not be counted by installation");
            return;
        }
    };
    let now: HashSet<Uuid> = waiting.iter().map(|row| row.installation).collect();
    let mut shown = state.metrics.shown.lock().unwrap_or_else(PoisonError::into_inner);
    for done in shown.difference(&now) {
        show(*done, 0.0, 0.0);
    }
    for row in waiting {
        show(row.installation, row.changes as f64, row.oldest.as_secs_f64());
    }
    shown.extend(now);
}

fn show(installation: Uuid, changes: f64, oldest: f64) {
    let installation = installation.to_string();
    metrics::gauge!("annex_installation_changes_due", "installation" => installation.clone()).set(changes);
    metrics::gauge!("annex_installation_oldest_change_due_seconds", "installation" => installation)
        .set(oldest);
}
