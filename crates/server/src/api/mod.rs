//! The JSON API under `/api/v1`, for programs with a bearer token.
//!
//! One file per resource, each with its wire types and its routes; `caller` says who may, `problem` how a
//! refusal looks. The description is made from the same routes and needs no token.

use axum::{
    Json, Router,
    http::StatusCode,
    middleware::from_fn,
    routing::{any, get},
};
use utoipa::{
    Modify, OpenApi,
    openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
};
use utoipa_axum::router::OpenApiRouter;

use self::problem::Problem;
use crate::{app::AppState, layers};

pub(crate) mod caller;
mod extract;
mod problem;
mod wire;

mod audit;
mod brake;
mod changes;
mod conflicts;
mod explain;
mod failures;
mod installations;
mod life;
mod lint;
mod notices;
mod outcomes;
mod previews;
mod runs;
mod settings;

#[cfg(test)]
mod tests;

#[derive(OpenApi)]
#[openapi(
    info(title = "Annex", description = "The HubSpot add-on platform for Storeganise, for programs."),
    servers((url = "/api/v1")),
    security(("token" = [])),
    components(schemas(Problem)),
    modifiers(&Token)
)]
struct Description;

/// How a caller shows who it is.
struct Token;

impl Modify for Token {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("Made by `annex token create`. A viewer looks, staff also change things."))
            .build();
        let components = openapi.components.get_or_insert_default();
        components.add_security_scheme("token", SecurityScheme::Http(scheme));
    }
}

/// Everything under `/api`. What is not there, or fails, is answered with a problem.
pub(crate) fn router() -> Router<AppState> {
    let (v1, description) = OpenApiRouter::with_openapi(Description::openapi())
        .merge(installations::routes())
        .merge(life::routes())
        .merge(settings::routes())
        .merge(changes::routes())
        .merge(brake::routes())
        .merge(conflicts::routes())
        .merge(outcomes::routes())
        .merge(failures::routes())
        .merge(explain::routes())
        .merge(notices::routes())
        .merge(runs::routes())
        .merge(previews::routes())
        .merge(audit::routes())
        .split_for_parts();
    let v1 = v1.route("/openapi.json", get(move || std::future::ready(Json(description.clone()))));
    // `nest` leaves out the address that ends with its slash.
    let api = Router::new()
        .nest("/api", Router::new().nest("/v1", v1).fallback(async || StatusCode::NOT_FOUND))
        .route("/api/", any(async || StatusCode::NOT_FOUND));
    layers::bounded(api).layer(from_fn(problem::dress))
}
