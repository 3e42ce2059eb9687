//! `settings` and `sites`, for reading.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use serde_json::Value;

use crate::{
    storeganise::{auth::Caller, error::ApiError, settings},
    world::World,
};

/// `GET settings`.
pub(super) async fn settings(
    State(world): State<Arc<World>>,
    caller: Caller,
) -> Result<Json<Value>, ApiError> {
    let state = world.storeganise();
    let business = state.business(&caller.code)?;
    if !business.dialect.settings_readable {
        return Err(ApiError::forbidden("Reading the settings needs the manager role"));
    }
    Ok(Json(settings::settings(business, &world.base_url)))
}

/// `GET sites`.
pub(super) async fn sites(State(world): State<Arc<World>>, caller: Caller) -> Result<Json<Value>, ApiError> {
    let state = world.storeganise();
    let business = state.business(&caller.code)?;
    Ok(Json(business.dialect.list_wrapper.around("sites", vec![settings::site(business)])))
}

/// `GET sites/{id}`, where its code may stand for the id.
pub(super) async fn site(
    State(world): State<Arc<World>>,
    caller: Caller,
    Path((_, id)): Path<(String, String)>,
) -> Result<Json<Value>, ApiError> {
    let state = world.storeganise();
    let business = state.business(&caller.code)?;
    if !settings::is_site(business, &id) {
        return Err(ApiError::missing("Site not found"));
    }
    Ok(Json(settings::site(business)))
}
