//! What HubSpot has and the sandbox has not: 501 with a line that says so, never a friendly 200. A path that is
//! simulated for another method is 405.

use std::sync::Arc;

use axum::Router;
use axum::extract::OriginalUri;
use axum::routing::any;
use http::Method;

use crate::hubspot::error::ApiError;
use crate::world::World;

/// HubSpot's areas, as paths begin in them. `/webhooks` and `/app-webhooks` answer for themselves.
pub(crate) const AREAS: [&str; 19] = [
    "account-info",
    "appinstalls",
    "automation",
    "broadcast",
    "business-units",
    "cms",
    "communication-preferences",
    "conversations",
    "crm",
    "crm-objects",
    "email",
    "events",
    "files",
    "forms",
    "integrations",
    "marketing",
    "scheduler",
    "settings",
    "webhooks-journal",
];

/// Everything below HubSpot's areas that no other route answers.
pub(in crate::hubspot) fn router() -> Router<Arc<World>> {
    // Beside the account in the path of the consent page no other wildcard can stand.
    let oauth = Router::new()
        .route("/oauth/{portal}", any(not_simulated))
        .route("/oauth/{portal}/{*rest}", any(not_simulated));
    AREAS.iter().fold(oauth, |router, area| router.route(&format!("/{area}/{{*rest}}"), any(not_simulated)))
}

/// 501 with the method and the path.
pub(super) async fn not_simulated(method: Method, OriginalUri(uri): OriginalUri) -> ApiError {
    ApiError::not_simulated(&format!("{method} {}", uri.path()))
}

/// 405 in HubSpot's envelope.
pub(in crate::hubspot) async fn method_not_allowed(method: Method) -> ApiError {
    ApiError::method_not_allowed(&method)
}
