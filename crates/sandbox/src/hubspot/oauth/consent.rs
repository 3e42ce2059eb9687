//! The page on which a person lets the app into an account, and what comes of their answer (reference 1.1).

use std::sync::Arc;

use askama::Template;
use askama_web::WebTemplate;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::{get, post};
use axum::{Form, Router};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use url::Url;

use super::grants::Consent;
use super::pkce::Challenge;
use crate::world::World;

/// What the app asks for. The page carries it along, so that the answer can be checked just like the question.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(default)]
struct Asked {
    client_id: String,
    redirect_uri: String,
    scope: String,
    optional_scope: String,
    state: String,
    code_challenge: String,
    code_challenge_method: String,
}

/// The person's answer.
#[derive(Debug, Deserialize)]
struct Answer {
    #[serde(flatten)]
    asked: Asked,
    portal: Option<u64>,
    decision: String,
}

#[derive(Template, WebTemplate)]
#[template(path = "hubspot/consent.html")]
struct ConsentPage {
    asked: Asked,
    app_id: u64,
    wishes: Vec<String>,
    accounts: Vec<Account>,
    is_chosen: bool,
}

struct Account {
    id: u64,
    name: String,
    is_connected: bool,
}

#[derive(Template, WebTemplate)]
#[template(path = "hubspot/consent_refused.html")]
struct RefusedPage {
    why: &'static str,
}

/// The consent page, with and without an account chosen beforehand.
pub(super) fn router() -> Router<Arc<World>> {
    Router::new()
        .route("/oauth/authorize", get(ask))
        .route("/oauth/{portal}/authorize", get(ask_in_account))
        .route("/oauth/authorize/decide", post(decide))
}

async fn ask(State(world): State<Arc<World>>, Query(asked): Query<Asked>) -> Response {
    page(&world, asked, None)
}

async fn ask_in_account(
    State(world): State<Arc<World>>,
    Path(portal): Path<u64>,
    Query(asked): Query<Asked>,
) -> Response {
    page(&world, asked, Some(portal))
}

async fn decide(State(world): State<Arc<World>>, Form(answer): Form<Answer>) -> Response {
    let checked = match check(&world, &answer.asked) {
        Ok(checked) => checked,
        Err(why) => return refused(why),
    };
    let mut back = checked.redirect;
    if answer.decision == "connect" {
        let mut state = world.hubspot();
        let Some(portal) = answer.portal.and_then(|id| state.portal(id)) else {
            return refused("Choose the account that the app is to be connected to.");
        };
        let has_tool = |scope: &String| !portal.missing_tools.contains(scope);
        let optional = checked.optional_scopes.into_iter().filter(has_tool);
        let consent = Consent {
            portal: portal.id,
            redirect_url: answer.asked.redirect_uri.clone(),
            scopes: checked.scopes.into_iter().chain(optional).collect(),
            challenge: checked.challenge,
        };
        let code = state.grants.consent(consent, &world.random, world.clock.now_ms());
        back.query_pairs_mut().append_pair("code", &code);
    } else {
        back.query_pairs_mut()
            .append_pair("error", "access_denied")
            .append_pair("error_description", "The person did not connect the app");
    }
    if !answer.asked.state.is_empty() {
        back.query_pairs_mut().append_pair("state", &answer.asked.state);
    }
    Redirect::to(back.as_str()).into_response()
}

fn page(world: &World, asked: Asked, chosen: Option<u64>) -> Response {
    let checked = match check(world, &asked) {
        Ok(checked) => checked,
        Err(why) => return refused(why),
    };
    let state = world.hubspot();
    let accounts: Vec<Account> = state
        .portals()
        .filter(|portal| chosen.is_none_or(|id| id == portal.id))
        .map(|portal| Account {
            id: portal.id,
            name: portal.name.clone(),
            is_connected: portal.installation.is_some(),
        })
        .collect();
    if chosen.is_some() && accounts.is_empty() {
        return refused("You have no access to this account.");
    }
    let wishes = checked.scopes.iter().chain(&checked.optional_scopes).map(|scope| in_words(scope)).collect();
    let app_id = world.options.hubspot.app_id;
    ConsentPage { asked, app_id, wishes, accounts, is_chosen: chosen.is_some() }.into_response()
}

struct Checked {
    redirect: Url,
    scopes: Vec<String>,
    optional_scopes: Vec<String>,
    challenge: Option<Challenge>,
}

/// HubSpot shows an error instead of its page when the question does not fit the app's registration.
fn check(world: &World, asked: &Asked) -> Result<Checked, &'static str> {
    let app = &world.options.hubspot;
    if asked.client_id != app.client_id {
        return Err("There is no app with this client id.");
    }
    let redirect =
        Url::parse(&asked.redirect_uri).map_err(|_| "The redirect URL is missing or malformed.")?;
    let is_local = matches!(redirect.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    if redirect.scheme() != "https" && !(redirect.scheme() == "http" && is_local) {
        return Err("The redirect URL must be https; only a local one may be http.");
    }
    if !app.redirect_urls.is_empty() && !app.redirect_urls.contains(&asked.redirect_uri) {
        return Err("The redirect URL is not one of those registered for the app.");
    }
    let scopes: Vec<String> = asked.scope.split_whitespace().map(str::to_owned).collect();
    let is_same = scopes.len() == app.scopes.len() && app.scopes.iter().all(|scope| scopes.contains(scope));
    if !is_same {
        return Err("The scopes are not exactly those the app requires.");
    }
    let mut optional_scopes: Vec<String> =
        asked.optional_scope.split_whitespace().map(str::to_owned).collect();
    if optional_scopes.iter().any(|scope| !app.optional_scopes.contains(scope)) {
        return Err("An optional scope is not registered for the app.");
    }
    optional_scopes.retain(|scope| !app.scopes.contains(scope));
    let challenge = Challenge::read(Some(&asked.code_challenge), Some(&asked.code_challenge_method))
        .map_err(|()| "The code challenge method is unknown.")?;
    Ok(Checked { redirect, scopes, optional_scopes, challenge })
}

fn refused(why: &'static str) -> Response {
    (StatusCode::BAD_REQUEST, RefusedPage { why }).into_response()
}

/// What a scope allows, for people.
pub(in crate::hubspot) fn in_words(scope: &str) -> String {
    match scope {
        "oauth" => "Know which account this is".to_owned(),
        "crm.objects.contacts.read" => "See your contacts".to_owned(),
        "crm.objects.contacts.write" => "Create and change your contacts".to_owned(),
        "crm.schemas.contacts.write" => "Add properties to your contacts".to_owned(),
        "crm.objects.deals.write" => "Create and change your deals".to_owned(),
        "crm.objects.deals.read" => "See your deals and who they are with".to_owned(),
        other => other.to_owned(),
    }
}
