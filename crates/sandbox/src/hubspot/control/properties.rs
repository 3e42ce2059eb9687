//! Contact properties as an admin of the account makes, changes and archives them in HubSpot's settings.

use std::sync::Arc;

use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::routing::{post, put};
use axum::{Json, Router};
use http::StatusCode;
use serde_json::Value;

use crate::control::Refused;
use crate::hubspot::crm::definition::PropertyInput;
use crate::hubspot::crm::kind::Kind;
use crate::hubspot::desk::{PERSON, in_portal};
use crate::world::World;

/// Below `/{portal}`.
pub(super) fn router() -> Router<Arc<World>> {
    Router::new()
        .route("/{portal}/properties", post(create))
        .route("/{portal}/properties/{name}", put(change).delete(archive))
}

async fn create(
    State(world): State<Arc<World>>,
    Path(portal): Path<u64>,
    asked: Result<Json<PropertyInput>, JsonRejection>,
) -> Result<(StatusCode, Json<Value>), Refused> {
    let Json(asked) = asked?;
    in_portal(&world, portal, PERSON, |portal, author| {
        let made = portal.schema_mut(Kind::Contact).create(asked, author.at_ms)?;
        Ok((StatusCode::CREATED, Json(made.to_json())))
    })
    .map_err(Refused::from)
}

async fn change(
    State(world): State<Arc<World>>,
    Path((portal, name)): Path<(u64, String)>,
    asked: Result<Json<PropertyInput>, JsonRejection>,
) -> Result<Json<Value>, Refused> {
    let Json(asked) = asked?;
    in_portal(&world, portal, PERSON, |portal, author| {
        Ok(Json(portal.schema_mut(Kind::Contact).change(&name, asked, author.at_ms)?.to_json()))
    })
    .map_err(Refused::from)
}

async fn archive(
    State(world): State<Arc<World>>,
    Path((portal, name)): Path<(u64, String)>,
) -> Result<StatusCode, Refused> {
    in_portal(&world, portal, PERSON, |portal, author| {
        portal.schema_mut(Kind::Contact).archive(&name, author.at_ms)?;
        Ok(StatusCode::NO_CONTENT)
    })
    .map_err(Refused::from)
}
