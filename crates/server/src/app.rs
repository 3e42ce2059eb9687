//! The web application: what every handler is given, and the router put together.
//!
//! Handlers stand in `pages`, `api` and `webhooks`; what all answers have in common stands in `layers`.

use std::sync::Arc;

use axum::{Router, extract::DefaultBodyLimit};
use sync_core::{core::Core, queue::committer::Committer};
use tower_http::csrf::CsrfLayer;

use crate::{api, config::Config, layers, pages, webhooks};

pub mod probes;
pub mod watched;

use probes::Readiness;
use watched::Metrics;

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
    pub metrics: Metrics,
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
    layers::bounded(probes::router().merge(watched::router()))
}

#[cfg(test)]
mod tests;
