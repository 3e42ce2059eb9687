//! `addons/{id}`: an add-on reads itself and writes its own custom fields. It sees no other.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use serde_json::Value;

use super::input::Body;
use crate::{
    storeganise::{auth::Caller, change, error::ApiError},
    world::World,
};

/// `GET addons/{id}`.
pub(super) async fn show(
    State(world): State<Arc<World>>,
    caller: Caller,
    Path((_, id)): Path<(String, String)>,
) -> Result<Json<Value>, ApiError> {
    own(&caller, &id)?;
    change(&world, &caller.code, |business| Ok(Json(business.addon_mut(&id)?.to_json())))
}

/// `PUT addons/{id}`.
pub(super) async fn update(
    State(world): State<Arc<World>>,
    caller: Caller,
    Path((_, id)): Path<(String, String)>,
    Body(body): Body,
) -> Result<Json<Value>, ApiError> {
    own(&caller, &id)?;
    change(&world, &caller.code, |business| {
        if !business.dialect.addon_fields_writable {
            return Err(ApiError::forbidden("Updating an add-on needs the manager role"));
        }
        let undefined = business.dialect.undefined_custom_field;
        let addon = business.addon_mut(&id)?;
        addon.merge(&body, undefined, world.clock.now_ms())?;
        Ok(Json(addon.to_json()))
    })
}

fn own(caller: &Caller, id: &str) -> Result<(), ApiError> {
    if caller.addon_id == id { Ok(()) } else { Err(ApiError::missing("Add-on not found")) }
}
