//! What an account is like: its admin's rules, its limits, how slow its search is, what is locked, and whether it
//! is being moved.

use std::sync::Arc;

use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::routing::post;
use axum::{Json, Router};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::control::Refused;
use crate::hubspot::crm::kind::Kind;
use crate::hubspot::crm::rules::Conditional;
use crate::hubspot::desk::{PERSON, in_portal};
use crate::hubspot::error::ApiError;
use crate::hubspot::limit::Plan;
use crate::hubspot::portal::Portal;
use crate::world::World;

/// Below `/{portal}`.
pub(super) fn router() -> Router<Arc<World>> {
    Router::new()
        .route("/{portal}/rules", post(rules))
        .route("/{portal}/limits", post(limits))
        .route("/{portal}/search-lag", post(search_lag))
        .route("/{portal}/migration", post(migration))
        .route("/{portal}/contacts/{id}/lock", post(lock_contact))
        .route("/{portal}/deals/{id}/lock", post(lock_deal))
}

type Asked<T> = Result<Json<T>, JsonRejection>;

/// All rules of the admin, in place of those before.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rules {
    /// What every contact must have.
    #[serde(default)]
    required: Vec<String>,
    /// What a contact must have because of something else.
    #[serde(default)]
    conditional: Vec<Conditional>,
    /// Whether phone numbers must have their international form.
    #[serde(default)]
    phone_validation: bool,
    /// Whether one bad row refuses its whole batch, trace ids or not.
    #[serde(default)]
    all_or_nothing: bool,
}

async fn rules(
    State(world): State<Arc<World>>,
    Path(portal): Path<u64>,
    asked: Asked<Rules>,
) -> Result<StatusCode, Refused> {
    let Json(asked) = asked?;
    change(&world, portal, |portal| {
        portal.required = asked.required;
        portal.conditional = asked.conditional;
        portal.phone_validation = asked.phone_validation;
        portal.all_or_nothing = asked.all_or_nothing;
    })
}

/// A plan, or numbers; a number goes before the plan.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Limits {
    plan: Option<Plan>,
    /// Unchanged when it is missing.
    per_window: Option<usize>,
    /// Searches in a second; unchanged when it is missing.
    searches: Option<usize>,
    /// Without limit when it is missing.
    daily: Option<usize>,
}

async fn limits(
    State(world): State<Arc<World>>,
    Path(portal): Path<u64>,
    asked: Asked<Limits>,
) -> Result<Json<Value>, Refused> {
    let Json(Limits { plan, per_window, searches, daily }) = asked?;
    in_portal(&world, portal, PERSON, |portal, _| {
        let per_window = per_window.or(plan.map(Plan::per_window)).unwrap_or(portal.requests.max());
        portal.requests.resize(per_window);
        portal.searches.resize(searches.unwrap_or(portal.searches.max()));
        portal.daily.set(daily.or(plan.and_then(Plan::daily)));
        Ok(Json(json!({
            "per_window": portal.requests.max(),
            "searches": portal.searches.max(),
            "daily": portal.daily.max(),
        })))
    })
    .map_err(Refused::from)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Span {
    ms: u64,
}

/// From now on changes take this long to be found.
async fn search_lag(
    State(world): State<Arc<World>>,
    Path(portal): Path<u64>,
    asked: Asked<Span>,
) -> Result<StatusCode, Refused> {
    let Json(asked) = asked?;
    change(&world, portal, |portal| portal.set_search_lag(asked.ms))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Migration {
    retry_after_s: Option<u64>,
}

/// From now on every call is refused, or none any more.
async fn migration(
    State(world): State<Arc<World>>,
    Path(portal): Path<u64>,
    asked: Asked<Migration>,
) -> Result<StatusCode, Refused> {
    let Json(asked) = asked?;
    change(&world, portal, |portal| portal.migrate(asked.retry_after_s))
}

async fn lock_contact(
    State(world): State<Arc<World>>,
    Path((portal, id)): Path<(u64, String)>,
    asked: Asked<Span>,
) -> Result<StatusCode, Refused> {
    lock(&world, portal, Kind::Contact, &id, asked?.0.ms)
}

async fn lock_deal(
    State(world): State<Arc<World>>,
    Path((portal, id)): Path<(u64, String)>,
    asked: Asked<Span>,
) -> Result<StatusCode, Refused> {
    lock(&world, portal, Kind::Deal, &id, asked?.0.ms)
}

fn lock(world: &Arc<World>, portal: u64, kind: Kind, id: &str, for_ms: u64) -> Result<StatusCode, Refused> {
    in_portal(world, portal, PERSON, |portal, author| {
        let id = portal.resolve(kind, id).ok_or_else(|| ApiError::no_record(id))?;
        portal.lock(kind, id, author.at_ms.saturating_add(for_ms));
        Ok(StatusCode::NO_CONTENT)
    })
    .map_err(Refused::from)
}

fn change(world: &Arc<World>, portal: u64, work: impl FnOnce(&mut Portal)) -> Result<StatusCode, Refused> {
    in_portal(world, portal, PERSON, |portal, _| {
        work(portal);
        Ok(StatusCode::NO_CONTENT)
    })
    .map_err(Refused::from)
}
