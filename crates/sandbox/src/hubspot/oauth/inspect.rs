//! What a token is for, and its end: introspection and revocation, in today's form and in that of `v1`, and the
//! app taking itself out of an account (reference 1.3 and 1.4).

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use http::StatusCode;
use serde_json::{Value, json};

use super::form::Sent;
use super::grants::Meaning;
use super::token::check_client;
use super::token_error::TokenError;
use crate::hubspot::access::Caller;
use crate::hubspot::desk::PERSON_ID;
use crate::hubspot::error::ApiError;
use crate::hubspot::wire::Version;
use crate::world::World;

/// The dated endpoints, and the numbered ones.
pub(super) fn router() -> Router<Arc<World>> {
    let numbered = Router::new()
        .route("/oauth/v1/access-tokens/{token}", get(access_v1))
        .route("/oauth/v1/refresh-tokens/{token}", get(refresh_v1).delete(revoke_v1));
    Version::ALL.into_iter().fold(numbered, |router, version| {
        let oauth = version.service("oauth");
        router
            .route(&format!("{oauth}/token/introspect"), post(introspect))
            .route(&format!("{oauth}/token/revoke"), post(revoke))
            .route(&format!("{}/external-install", version.service("appinstalls")), delete(uninstall))
    })
}

async fn introspect(State(world): State<Arc<World>>, sent: Sent) -> Result<Json<Value>, TokenError> {
    check_client(&world, &sent)?;
    let token = sent.field("token").unwrap_or_default();
    let Some(meaning) = meaning(&world, token) else { return Ok(Json(json!({"active": false}))) };
    let mut shown = shared(&world, token, &meaning);
    shown["active"] = true.into();
    shown["token_type"] = "Bearer".into();
    shown["client_id"] = world.options.hubspot.client_id.as_str().into();
    shown["is_private_distribution"] = false.into();
    shown["token_use"] = if meaning.expires_ms.is_some() { "access_token" } else { "refresh_token" }.into();
    Ok(Json(shown))
}

async fn revoke(State(world): State<Arc<World>>, sent: Sent) -> Result<Json<Value>, TokenError> {
    check_client(&world, &sent)?;
    world.hubspot().grants.revoke(sent.field("token").unwrap_or_default());
    Ok(Json(json!({})))
}

async fn uninstall(State(world): State<Arc<World>>, caller: Caller) -> Result<StatusCode, ApiError> {
    caller.may(&["oauth"])?;
    world.hubspot().uninstall(caller.portal);
    Ok(StatusCode::NO_CONTENT)
}

async fn access_v1(
    State(world): State<Arc<World>>,
    Path(token): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let meaning = meaning(&world, &token).filter(|meaning| meaning.expires_ms.is_some());
    let mut shown = shared(&world, &token, &meaning.ok_or_else(unknown)?);
    shown["token_type"] = "access".into();
    Ok(Json(shown))
}

async fn refresh_v1(
    State(world): State<Arc<World>>,
    Path(token): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let meaning = meaning(&world, &token).filter(|meaning| meaning.expires_ms.is_none());
    let mut shown = shared(&world, &token, &meaning.ok_or_else(unknown)?);
    shown["token_type"] = "refresh".into();
    shown["client_id"] = world.options.hubspot.client_id.as_str().into();
    Ok(Json(shown))
}

/// Ends the refresh token alone; the app stays installed.
async fn revoke_v1(State(world): State<Arc<World>>, Path(token): Path<String>) -> StatusCode {
    world.hubspot().grants.revoke(&token);
    StatusCode::NO_CONTENT
}

/// What a token that works is for; none works in an account that was closed.
fn meaning(world: &World, token: &str) -> Option<Meaning> {
    let state = world.hubspot();
    let meaning = state.grants.meaning(token, world.clock.now_ms())?;
    state.portal(meaning.portal).map(|_| meaning.clone())
}

/// What both forms tell of a token.
fn shared(world: &World, token: &str, meaning: &Meaning) -> Value {
    let app_id = world.options.hubspot.app_id;
    let mut shown = json!({
        "token": token, "hub_id": meaning.portal, "user_id": PERSON_ID, "app_id": app_id,
        "user": format!("admin@{}.example.com", meaning.portal),
        "hub_domain": format!("{}.example.com", meaning.portal), "scopes": meaning.scopes,
    });
    if let Some(expires_ms) = meaning.expires_ms {
        shown["expires_in"] = (expires_ms.saturating_sub(world.clock.now_ms()) / 1000).into();
        shown["signed_access_token"] = json!({
            "hubId": meaning.portal, "userId": PERSON_ID, "appId": app_id,
            "expiresAt": expires_ms, "hublet": "na1", "isUserLevel": false,
            "isPrivateDistribution": false, "scopes": "",
        });
    }
    shown
}

fn unknown() -> ApiError {
    ApiError::not_found("resource not found")
}
