//! How long codes and tokens live, what an account lacks, and its end.

use std::sync::Arc;

use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::routing::{delete, post};
use axum::{Json, Router};
use http::StatusCode;
use serde::Deserialize;

use crate::control::Refused;
use crate::hubspot::desk::{PERSON, in_portal};
use crate::world::World;

/// Below `/_sandbox/hubspot`.
pub(super) fn router() -> Router<Arc<World>> {
    Router::new()
        .route("/token-life", post(token_life))
        .route("/code-life", post(code_life))
        .route("/{portal}/expire", post(expire))
        .route("/{portal}/missing-tools", post(missing_tools))
        .route("/{portal}", delete(close))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Life {
    s: u64,
}

/// Access tokens made from now on live this long.
async fn token_life(
    State(world): State<Arc<World>>,
    asked: Result<Json<Life>, JsonRejection>,
) -> Result<StatusCode, Refused> {
    let Json(life) = asked?;
    world.hubspot().grants.set_lives(None, Some(life.s));
    Ok(StatusCode::NO_CONTENT)
}

/// A code may lie this long before it is redeemed.
async fn code_life(
    State(world): State<Arc<World>>,
    asked: Result<Json<Life>, JsonRejection>,
) -> Result<StatusCode, Refused> {
    let Json(life) = asked?;
    world.hubspot().grants.set_lives(Some(life.s), None);
    Ok(StatusCode::NO_CONTENT)
}

/// The access tokens of an account have expired; its refresh tokens stand.
async fn expire(State(world): State<Arc<World>>, Path(portal): Path<u64>) -> StatusCode {
    let now_ms = world.clock.now_ms();
    world.hubspot().grants.expire(portal, now_ms);
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MissingTools {
    scopes: Vec<String>,
}

/// The account has no tool for these scopes: where they are optional, they are left out without a word.
async fn missing_tools(
    State(world): State<Arc<World>>,
    Path(portal): Path<u64>,
    asked: Result<Json<MissingTools>, JsonRejection>,
) -> Result<StatusCode, Refused> {
    let Json(asked) = asked?;
    in_portal(&world, portal, PERSON, |portal, _| {
        portal.missing_tools = asked.scopes;
        Ok(StatusCode::NO_CONTENT)
    })
    .map_err(Refused::from)
}

/// The account is closed for good, with all that was in it.
async fn close(State(world): State<Arc<World>>, Path(portal): Path<u64>) -> Result<StatusCode, Refused> {
    match world.hubspot().close(portal) {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(Refused::Missing(format!("there is no portal {portal}"))),
    }
}
