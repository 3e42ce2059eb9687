//! An installation's life: accept, enable, pause, disable, check, disconnect, and its authorisation link.

use axum::extract::State;
use secrecy::ExposeSecret as _;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{
    caller::StaffCaller,
    extract::{Json, Path},
    installations::{InstallationBody, body},
    problem::Problem,
    wire::named,
};
use crate::app::AppState;

/// What a business's admin opens to authorise HubSpot. Whoever holds it may do that: hand it on with care.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AuthorisationLink {
    /// The link; the one issued before no longer works.
    link: String,
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(accept))
        .routes(routes!(enable))
        .routes(routes!(pause))
        .routes(routes!(disable))
        .routes(routes!(check))
        .routes(routes!(disconnect))
        .routes(routes!(issue_link))
}

type Now = Result<Json<InstallationBody>, Problem>;

/// Accept an installation that Storeganise announced.
#[utoipa::path(post, path = "/installations/{id}/accept", tag = "life", params(("id" = Uuid, Path)),
    responses((status = 200, body = InstallationBody), (status = 409, body = Problem)))]
async fn accept(caller: StaffCaller, State(state): State<AppState>, Path(id): Path<Uuid>) -> Now {
    state.core.accept(id, &caller.actor()).await?;
    Ok(Json(body(&state, id).await?))
}

/// Enable an installation: work begins as soon as HubSpot is authorised.
#[utoipa::path(post, path = "/installations/{id}/enable", tag = "life", params(("id" = Uuid, Path)),
    responses((status = 200, body = InstallationBody), (status = 409, body = Problem)))]
async fn enable(caller: StaffCaller, State(state): State<AppState>, Path(id): Path<Uuid>) -> Now {
    state.core.enable(id, &caller.actor()).await?;
    Ok(Json(body(&state, id).await?))
}

/// Pause an installation: nothing is sent any more, changes keep collecting.
#[utoipa::path(post, path = "/installations/{id}/pause", tag = "life", params(("id" = Uuid, Path)),
    responses((status = 200, body = InstallationBody), (status = 409, body = Problem)))]
async fn pause(caller: StaffCaller, State(state): State<AppState>, Path(id): Path<Uuid>) -> Now {
    state.core.pause(id, &caller.actor()).await?;
    Ok(Json(body(&state, id).await?))
}

/// Disable an installation: nothing is sent and nothing collects; links and connection are kept.
#[utoipa::path(post, path = "/installations/{id}/disable", tag = "life", params(("id" = Uuid, Path)),
    responses((status = 200, body = InstallationBody), (status = 409, body = Problem)))]
async fn disable(caller: StaffCaller, State(state): State<AppState>, Path(id): Path<Uuid>) -> Now {
    state.core.disable(id, &caller.actor()).await?;
    Ok(Json(body(&state, id).await?))
}

/// Ask both providers for real: the add-on's state at Storeganise, then a refresh of the HubSpot token.
#[utoipa::path(post, path = "/installations/{id}/check", tag = "life", params(("id" = Uuid, Path)),
    responses((status = 200, body = InstallationBody), (status = 409, body = Problem),
        (status = 502, body = Problem)))]
async fn check(caller: StaffCaller, State(state): State<AppState>, Path(id): Path<Uuid>) -> Now {
    let found = state.core.poll_addon(&named(&state, id).await?).await?;
    state.core.check_connection(&found, &caller.actor()).await?;
    Ok(Json(body(&state, id).await?))
}

/// Disconnect an installation from HubSpot; connecting the same account again resumes where it stopped.
#[utoipa::path(post, path = "/installations/{id}/disconnect", tag = "life", params(("id" = Uuid, Path)),
    responses((status = 200, body = InstallationBody), (status = 404, body = Problem)))]
async fn disconnect(caller: StaffCaller, State(state): State<AppState>, Path(id): Path<Uuid>) -> Now {
    state.core.disconnect(id, &caller.actor()).await?;
    Ok(Json(body(&state, id).await?))
}

/// Issue a new authorisation link; the former one stops working.
#[utoipa::path(post, path = "/installations/{id}/authorisation-link", tag = "life",
    params(("id" = Uuid, Path)),
    responses((status = 200, body = AuthorisationLink), (status = 404, body = Problem)))]
async fn issue_link(
    caller: StaffCaller,
    State(state): State<AppState>,
    Path(id): Path<Uuid>,
) -> Result<Json<AuthorisationLink>, Problem> {
    let link = state.core.new_authorisation_link(id, &caller.actor()).await?;
    Ok(Json(AuthorisationLink { link: link.expose_secret().to_owned() }))
}
