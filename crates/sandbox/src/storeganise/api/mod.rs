//! The admin API as an add-on calls it, below `/{business}/api/v1/admin`. What the real one has and this one has not
//! is answered with 501, never with something friendly.

mod addons;
mod input;
mod jobs;
mod places;
mod users;

use std::sync::Arc;

use axum::{
    Router,
    extract::{OriginalUri, Request, State},
    http::{Method, Uri},
    middleware::{self, Next},
    response::Response,
    routing::{any, get},
};

use super::{auth::Caller, error::ApiError};
use crate::world::World;

/// All routes of the API.
pub(crate) fn router(world: &Arc<World>) -> Router<Arc<World>> {
    Router::new()
        .route("/{business}/api/v1/admin/addons/{id}", get(addons::show).put(addons::update))
        .route("/{business}/api/v1/admin/users", get(users::list).post(users::create))
        .route("/{business}/api/v1/admin/users/{id}", get(users::show).put(users::update))
        .route("/{business}/api/v1/admin/jobs", get(jobs::list).post(jobs::create))
        .route("/{business}/api/v1/admin/jobs/{id}", get(jobs::show).put(jobs::update))
        .route("/{business}/api/v1/admin/settings", get(places::settings))
        .route("/{business}/api/v1/admin/sites", get(places::sites))
        .route("/{business}/api/v1/admin/sites/{id}", get(places::site))
        .route("/{business}/api/{*rest}", any(not_simulated))
        .method_not_allowed_fallback(not_simulated)
        .layer(middleware::from_fn_with_state(Arc::clone(world), in_the_dialect))
}

/// Says that the sandbox has no such call: to strangers of the admin API only that they are strangers.
async fn not_simulated(
    State(world): State<Arc<World>>,
    caller: Result<Caller, ApiError>,
    method: Method,
    OriginalUri(uri): OriginalUri,
) -> ApiError {
    let (code, path) = divided(&uri);
    if let Err(missing) = world.storeganise().business(code) {
        return missing;
    }
    match caller {
        Err(refusal) if path.starts_with("/v1/admin/") => refusal,
        // Records are changed with PUT alone (reference 3.2): this is no gap of the sandbox.
        _ if method == Method::PATCH => ApiError::missing("No such address"),
        _ => ApiError::not_simulated(&format!("{method} {path}")),
    }
}

/// Gives refusals the body that the business's dialect chooses.
async fn in_the_dialect(State(world): State<Arc<World>>, request: Request, next: Next) -> Response {
    let uri = request.uri().clone();
    let response = next.run(request).await;
    let Some(refusal) = response.extensions().get::<ApiError>() else { return response };
    let form = world.storeganise().business(divided(&uri).0).map(|business| business.dialect.error_body);
    match form {
        Ok(form) => refusal.clone().in_form(form),
        Err(_) => response,
    }
}

/// The business's code, and the path below its API.
fn divided(uri: &Uri) -> (&str, &str) {
    uri.path().trim_start_matches('/').split_once("/api").unwrap_or_default()
}
