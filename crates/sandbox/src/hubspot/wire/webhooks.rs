//! The app's webhook settings and subscriptions (reference 5.1 and 0.2). They belong to the developer, not to an
//! account: `?hapikey=` carries the developer's key, as HubSpot's published clients send it, or `Bearer` the same
//! key in the place of a developer's token. The journal is not simulated.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{FromRequestParts, Path, State};
use axum::routing::{get, post};
use axum::{Json, RequestPartsExt as _, Router};
use http::request::Parts;
use http::{StatusCode, header};
use serde::Deserialize;
use serde_json::{Value, json};
use subtle::ConstantTimeEq as _;

use super::input::{Params, read};
use crate::clock;
use crate::hubspot::crm::batch::{BATCH_MAX, check_size};
use crate::hubspot::crm::write::text;
use crate::hubspot::error::ApiError;
use crate::hubspot::outbox::settle;
use crate::hubspot::subscription::{Book, NewSubscription, SettingsInput, Subscription};
use crate::provider::Provider;
use crate::world::World;

/// Where the settings are, by version.
const ROOTS: [&str; 3] =
    ["/webhooks/v3/{appId}", "/webhooks/2026-03/{appId}", "/app-webhooks/2026-09/{appId}"];

/// The settings and the subscriptions, on every version's path.
pub(super) fn router() -> Router<Arc<World>> {
    let routes = Router::new()
        .route("/settings", get(settings).put(configure).delete(clear))
        .route("/subscriptions", get(list).post(create))
        .route("/subscriptions/batch/update", post(update_batch))
        .route("/subscriptions/{subscriptionId}", get(one).patch(update).delete(remove));
    ROOTS.into_iter().fold(Router::new(), |router, root| router.nest(root, routes.clone()))
}

/// The app's developer, as whom a call comes.
struct Developer;

impl FromRequestParts<Arc<World>> for Developer {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, world: &Arc<World>) -> Result<Self, ApiError> {
        let Ok(params) = Params::from_request_parts(parts, world).await;
        let bearer = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let bearer = bearer.and_then(|value| value.strip_prefix("Bearer "));
        let key = params.one("hapikey").or(bearer).ok_or_else(ApiError::unauthenticated)?;
        let app = &world.options.hubspot;
        if !bool::from(key.as_bytes().ct_eq(app.developer_api_key.as_bytes())) {
            return Err(ApiError::unknown_key());
        }
        let Ok(Path(path)) = parts.extract::<Path<BTreeMap<String, String>>>().await else {
            return Err(ApiError::not_found("There is no such app"));
        };
        let app_id = path.get("appId").map(String::as_str).unwrap_or_default();
        if app_id.parse() != Ok(app.app_id) {
            return Err(ApiError::not_found(&format!("There is no app with the ID {app_id}")));
        }
        Ok(Self)
    }
}

/// Does something with the book and puts in force what can be.
fn in_book<T>(
    world: &World,
    work: impl FnOnce(&mut Book, u64) -> Result<T, ApiError>,
) -> Result<T, ApiError> {
    let mut state = world.hubspot();
    settle(world, &mut state);
    let done = work(&mut state.book, world.clock.now_ms());
    settle(world, &mut state);
    done
}

async fn settings(State(world): State<Arc<World>>, _: Developer) -> Result<Json<Value>, ApiError> {
    in_book(&world, |book, _| shown_settings(&world, book))
}

async fn configure(
    State(world): State<Arc<World>>,
    _: Developer,
    body: Bytes,
) -> Result<Json<Value>, ApiError> {
    let input: SettingsInput = read(&body)?;
    in_book(&world, |book, now_ms| {
        book.configure(input, now_ms)?;
        shown_settings(&world, book)
    })
}

async fn clear(State(world): State<Arc<World>>, _: Developer) -> Result<StatusCode, ApiError> {
    in_book(&world, |book, now_ms| {
        book.clear(now_ms);
        Ok(StatusCode::NO_CONTENT)
    })
}

async fn list(State(world): State<Arc<World>>, _: Developer) -> Result<Json<Value>, ApiError> {
    in_book(&world, |book, _| {
        let all: Vec<Value> = book.all().iter().map(Subscription::to_json).collect();
        Ok(Json(json!({"results": all})))
    })
}

async fn create(
    State(world): State<Arc<World>>,
    _: Developer,
    body: Bytes,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let input: NewSubscription = read(&body)?;
    in_book(&world, |book, now_ms| Ok((StatusCode::CREATED, Json(book.create(&input, now_ms)?.to_json()))))
}

async fn one(
    State(world): State<Arc<World>>,
    _: Developer,
    Path((_, id)): Path<(String, String)>,
) -> Result<Json<Value>, ApiError> {
    in_book(&world, |book, _| Ok(Json(book.one(&id)?.to_json())))
}

#[derive(Deserialize)]
struct Update {
    active: Option<bool>,
}

async fn update(
    State(world): State<Arc<World>>,
    _: Developer,
    Path((_, id)): Path<(String, String)>,
    body: Bytes,
) -> Result<Json<Value>, ApiError> {
    let input: Update = read(&body)?;
    in_book(&world, |book, now_ms| Ok(Json(book.activate(&id, input.active, now_ms)?.to_json())))
}

async fn remove(
    State(world): State<Arc<World>>,
    _: Developer,
    Path((_, id)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    in_book(&world, |book, now_ms| book.remove(&id, now_ms).map(|()| StatusCode::NO_CONTENT))
}

#[derive(Deserialize)]
struct Updates {
    inputs: Vec<UpdateRow>,
}

#[derive(Deserialize)]
struct UpdateRow {
    id: Value,
    active: bool,
}

async fn update_batch(
    State(world): State<Arc<World>>,
    _: Developer,
    body: Bytes,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let Updates { inputs } = read(&body)?;
    check_size(inputs.len(), BATCH_MAX)?;
    in_book(&world, |book, now_ms| {
        let (mut results, mut errors) = (Vec::new(), Vec::new());
        for row in inputs {
            match book.activate(&text(&row.id).unwrap_or_default(), Some(row.active), now_ms) {
                Ok(subscription) => results.push(subscription.to_json()),
                Err(error) => errors.push(error.row(None)),
            }
        }
        let at = clock::iso(now_ms);
        let mut answer =
            json!({"status": "COMPLETE", "results": results, "startedAt": at, "completedAt": at});
        if errors.is_empty() {
            return Ok((StatusCode::OK, Json(answer)));
        }
        answer["numErrors"] = errors.len().into();
        answer["errors"] = errors.into();
        Ok((StatusCode::MULTI_STATUS, Json(answer)))
    })
}

fn shown_settings(world: &World, book: &Book) -> Result<Json<Value>, ApiError> {
    book.settings(world.webhook_url(Provider::Hubspot).as_deref()).map(Json)
}
