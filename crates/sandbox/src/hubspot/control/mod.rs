//! HubSpot as tests and demos steer it, below `/_sandbox/hubspot`: accounts, and what a person does in them.

mod ledger;
mod properties;
mod records;

use std::sync::Arc;

use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::crm::pipeline::Pipeline;
use super::desk::{PERSON, in_portal};
use super::error::ApiError;
use super::portal::Portal;
use crate::control::Refused;
use crate::world::World;

/// All control routes of HubSpot.
pub(crate) fn router() -> Router<Arc<World>> {
    Router::new()
        .route("/portals", get(portals).post(open))
        .route("/revoke/{portal}", post(revoke))
        .route("/{portal}/ledger", get(ledger::show))
        .route("/{portal}/rules", post(rules))
        .route("/{portal}/search-lag", post(search_lag))
        .merge(properties::router())
        .merge(records::router())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewPortal {
    id: u64,
    name: String,
    /// Whether a second pipeline with numeric stage ids is wanted; it is, unless said otherwise.
    #[serde(default = "yes")]
    custom_pipeline: bool,
}

fn yes() -> bool {
    true
}

async fn open(
    State(world): State<Arc<World>>,
    asked: Result<Json<NewPortal>, JsonRejection>,
) -> Result<(StatusCode, Json<Value>), Refused> {
    let Json(asked) = asked?;
    let mut portal = Portal::new(asked.id, &asked.name, &world.options, world.clock.now_ms());
    if asked.custom_pipeline {
        portal.pipelines.push(Pipeline::move_ins());
    }
    let shown = portal_json(&portal);
    match world.hubspot().open(portal) {
        true => Ok((StatusCode::CREATED, Json(shown))),
        false => Err(Refused::Bad(format!("there is a portal {} already", asked.id))),
    }
}

async fn portals(State(world): State<Arc<World>>) -> Json<Value> {
    Json(world.hubspot().portals().map(portal_json).collect())
}

/// The customer takes the app out of their account: no event tells it, the next refresh does.
async fn revoke(State(world): State<Arc<World>>, Path(portal): Path<u64>) -> Result<Json<Value>, Refused> {
    let mut state = world.hubspot();
    let was_installed = state.uninstall(portal);
    match state.portal(portal) {
        Some(_) => Ok(Json(json!({"was_installed": was_installed}))),
        None => Err(Refused::Missing(format!("there is no portal {portal}"))),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rules {
    required: Vec<String>,
}

/// The account's admin requires properties of every contact.
async fn rules(
    State(world): State<Arc<World>>,
    Path(portal): Path<u64>,
    asked: Result<Json<Rules>, JsonRejection>,
) -> Result<StatusCode, Refused> {
    let Json(asked) = asked?;
    in_portal(&world, portal, PERSON, |portal, _| {
        portal.required = asked.required;
        Ok(StatusCode::NO_CONTENT)
    })
    .map_err(Refused::from)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SearchLag {
    ms: u64,
}

/// From now on changes take this long to be found.
async fn search_lag(
    State(world): State<Arc<World>>,
    Path(portal): Path<u64>,
    asked: Result<Json<SearchLag>, JsonRejection>,
) -> Result<StatusCode, Refused> {
    let Json(asked) = asked?;
    in_portal(&world, portal, PERSON, |portal, _| {
        portal.search_lag_ms = asked.ms;
        Ok(StatusCode::NO_CONTENT)
    })
    .map_err(Refused::from)
}

fn portal_json(portal: &Portal) -> Value {
    use super::crm::kind::Kind;
    json!({
        "id": portal.id,
        "name": portal.name,
        "pipelines": portal.pipelines.iter().enumerate().map(|(place, p)| p.to_json(place, 0)).collect::<Vec<_>>(),
        "contacts": portal.store(Kind::Contact).live().count(),
        "deals": portal.store(Kind::Deal).live().count(),
        "installed": portal.installation.is_some(),
        "scopes": portal.installation.as_ref().map(|app| &app.scopes),
        "installed_by": portal.installation.as_ref().map(|app| app.user_id),
    })
}

impl From<ApiError> for Refused {
    fn from(error: ApiError) -> Self {
        let message = error.message().to_owned();
        match error.status() {
            StatusCode::NOT_FOUND => Self::Missing(message),
            _ => Self::Bad(message),
        }
    }
}
