//! HubSpot as tests and demos steer it, below `/_sandbox/hubspot`: accounts, and what a person does in them.

mod access;
mod conditions;
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
        .merge(access::router())
        .merge(conditions::router())
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

fn portal_json(portal: &Portal) -> Value {
    use super::crm::kind::Kind;
    json!({
        "id": portal.id,
        "name": portal.name,
        "pipelines": portal.pipelines.iter().enumerate().map(|(place, p)| p.to_json(place, 0)).collect::<Vec<_>>(),
        "contacts": portal.store(Kind::Contact).live_count(),
        "deals": portal.store(Kind::Deal).live_count(),
        "requests_per_window": portal.requests.max(),
        "requests_per_day": portal.daily.max(),
        "search_lag_ms": portal.search_lag_ms,
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
