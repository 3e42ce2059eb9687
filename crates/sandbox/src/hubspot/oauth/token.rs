//! The token endpoint: a code for tokens, and a refresh token for a new access token (reference 1.2). App-level
//! tokens open nothing but the webhooks journal, and neither is simulated.

use std::sync::Arc;

use axum::extract::State;
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};

use super::form::Sent;
use super::grants::{Redemption, Tokens};
use super::token_error::TokenError;
use crate::hubspot::desk::PERSON_ID;
use crate::hubspot::portal::Installation;
use crate::hubspot::state::State as Hubspot;
use crate::hubspot::wire::Version;
use crate::world::World;

/// The dated endpoints, and the numbered ones.
pub(super) fn router() -> Router<Arc<World>> {
    let paths = Version::ALL.map(|version| format!("{}/token", version.service("oauth")));
    let numbered = Router::new().route("/oauth/v1/token", post(token_v1));
    paths.iter().fold(numbered, |router, path| router.route(path, post(token)))
}

async fn token(State(world): State<Arc<World>>, sent: Sent) -> Result<Json<Value>, TokenError> {
    match sent.field("grant_type") {
        Some("client_credentials") => {
            check_client(&world, &sent)?;
            Err(TokenError::NotSimulated)
        }
        _ => grant(&world, &sent),
    }
}

/// App-level tokens came with the dated paths.
async fn token_v1(State(world): State<Arc<World>>, sent: Sent) -> Result<Json<Value>, TokenError> {
    grant(&world, &sent)
}

fn grant(world: &World, sent: &Sent) -> Result<Json<Value>, TokenError> {
    let mut state = world.hubspot();
    let tokens = match sent.field("grant_type") {
        Some("authorization_code") => {
            check_client(world, sent)?;
            redeem(world, &mut state, sent)?
        }
        Some("refresh_token") => {
            check_client(world, sent)?;
            refresh(world, &mut state, sent)?
        }
        _ => return Err(TokenError::GrantType),
    };
    Ok(Json(json!({
        "token_type": "bearer", "token_use": "access_token",
        "access_token": tokens.access, "refresh_token": tokens.refresh,
        "expires_in": state.grants.token_life_s(),
        "hub_id": tokens.portal, "user_id": PERSON_ID, "scopes": tokens.scopes,
    })))
}

fn redeem(world: &World, state: &mut Hubspot, sent: &Sent) -> Result<Tokens, TokenError> {
    let shown = Redemption {
        code: sent.field("code").ok_or(TokenError::Code)?,
        redirect_url: sent.field("redirect_uri").ok_or(TokenError::NoRedirectUrl)?,
        verifier: sent.field("code_verifier"),
    };
    let tokens = state.grants.redeem(&shown, &world.random, world.clock.now_ms())?;
    let portal = state.portal_mut(tokens.portal).ok_or(TokenError::Hub)?;
    portal.installation = Some(Installation { user_id: PERSON_ID, scopes: tokens.scopes.clone() });
    Ok(tokens)
}

fn refresh(world: &World, state: &mut Hubspot, sent: &Sent) -> Result<Tokens, TokenError> {
    let token = sent.field("refresh_token").ok_or(TokenError::RefreshToken)?;
    let (portal, granted) = state.grants.refreshable(token)?;
    let mut asked = sent.field("scope").unwrap_or_default().split_whitespace();
    if !asked.all(|scope| granted.iter().any(|known| known == scope)) {
        return Err(TokenError::Scopes);
    }
    if state.portal(portal).is_none() {
        return Err(TokenError::Hub);
    }
    state.grants.renew(token, &world.random, world.clock.now_ms())
}

/// Checks who asks.
///
/// # Errors
/// When the client's id or its secret is missing or wrong.
pub(super) fn check_client(world: &World, sent: &Sent) -> Result<(), TokenError> {
    let app = &world.options.hubspot;
    if sent.field("client_id") != Some(&app.client_id) {
        return Err(TokenError::ClientId);
    }
    if sent.field("client_secret") != Some(&app.client_secret) {
        return Err(TokenError::ClientSecret);
    }
    Ok(())
}
