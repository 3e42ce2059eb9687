//! The token endpoints: exchange, refresh, introspection, revocation; and the app taking itself out of an account.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{delete, post};
use axum::{Form, Json, Router};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::grants::{Meaning, Redemption, Tokens};
use super::token_error::TokenError;
use crate::hubspot::access::Caller;
use crate::hubspot::desk::PERSON_ID;
use crate::hubspot::error::ApiError;
use crate::hubspot::portal::Installation;
use crate::world::World;

/// The form of all token calls; who sends what is told by `grant_type`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct TokenForm {
    grant_type: String,
    client_id: String,
    client_secret: String,
    code: String,
    redirect_uri: String,
    code_verifier: Option<String>,
    refresh_token: String,
    token: String,
}

/// The dated endpoints.
pub(super) fn router() -> Router<Arc<World>> {
    Router::new()
        .route("/oauth/2026-09/token", post(token))
        .route("/oauth/2026-09/token/introspect", post(introspect))
        .route("/oauth/2026-09/token/revoke", post(revoke))
        .route("/appinstalls/2026-09/external-install", delete(uninstall))
}

async fn token(
    State(world): State<Arc<World>>,
    Form(form): Form<TokenForm>,
) -> Result<Json<Value>, TokenError> {
    check_client(&world, &form)?;
    let now_ms = world.clock.now_ms();
    let mut state = world.hubspot();
    let tokens = match form.grant_type.as_str() {
        "authorization_code" => {
            let shown = Redemption {
                code: &form.code,
                redirect_url: &form.redirect_uri,
                verifier: form.code_verifier.as_deref(),
            };
            let tokens = state.grants.redeem(&shown, &world.random, now_ms)?;
            if let Some(portal) = state.portal_mut(tokens.portal) {
                let scopes = tokens.scopes.clone();
                portal.installation = Some(Installation { user_id: PERSON_ID, scopes });
            }
            tokens
        }
        "refresh_token" => state.grants.renew(&form.refresh_token, &world.random, now_ms)?,
        _ => return Err(TokenError::GrantType),
    };
    Ok(Json(token_json(&tokens, state.grants.token_life_s())))
}

async fn introspect(
    State(world): State<Arc<World>>,
    Form(form): Form<TokenForm>,
) -> Result<Json<Value>, TokenError> {
    check_client(&world, &form)?;
    let now_ms = world.clock.now_ms();
    let state = world.hubspot();
    Ok(Json(match state.grants.meaning(&form.token, now_ms) {
        None => json!({"active": false}),
        Some(meaning) => meaning_json(&world, &form.token, meaning, now_ms),
    }))
}

async fn revoke(
    State(world): State<Arc<World>>,
    Form(form): Form<TokenForm>,
) -> Result<Json<Value>, TokenError> {
    check_client(&world, &form)?;
    world.hubspot().grants.revoke(&form.token);
    Ok(Json(json!({})))
}

async fn uninstall(State(world): State<Arc<World>>, caller: Caller) -> Result<Response, ApiError> {
    caller.may(&["oauth"])?;
    world.hubspot().uninstall(caller.portal);
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn check_client(world: &World, form: &TokenForm) -> Result<(), TokenError> {
    let app = &world.options.hubspot;
    if form.client_id != app.client_id {
        return Err(TokenError::ClientId);
    }
    if form.client_secret != app.client_secret {
        return Err(TokenError::ClientSecret);
    }
    Ok(())
}

fn token_json(tokens: &Tokens, life_s: u64) -> Value {
    json!({
        "token_type": "bearer", "token_use": "access_token",
        "access_token": tokens.access, "refresh_token": tokens.refresh, "expires_in": life_s,
        "hub_id": tokens.portal, "user_id": PERSON_ID, "scopes": tokens.scopes,
    })
}

fn meaning_json(world: &World, token: &str, meaning: &Meaning, now_ms: u64) -> Value {
    let app = &world.options.hubspot;
    let mut shown = json!({
        "active": true, "token": token, "token_type": "Bearer", "hub_id": meaning.portal,
        "user_id": PERSON_ID, "user": format!("admin@{}.example.com", meaning.portal),
        "hub_domain": format!("{}.example.com", meaning.portal),
        "client_id": app.client_id, "app_id": app.app_id, "scopes": meaning.scopes,
        "is_private_distribution": false,
    });
    match meaning.expires_ms {
        Some(expires_ms) => {
            shown["token_use"] = "access_token".into();
            shown["expires_in"] = (expires_ms.saturating_sub(now_ms) / 1000).into();
            shown["signed_access_token"] = json!({
                "hubId": meaning.portal, "userId": PERSON_ID, "appId": app.app_id,
                "expiresAt": expires_ms, "hublet": "na1", "isUserLevel": false,
                "isPrivateDistribution": false, "scopes": "",
            });
        }
        None => shown["token_use"] = "refresh_token".into(),
    }
    shown
}
