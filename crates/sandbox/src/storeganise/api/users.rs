//! `users`: list, read by id or e-mail, make, and change in part.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use serde_json::Value;

use super::input::{Asked, Body};
use crate::{
    dialect::Shown,
    storeganise::{
        auth::Caller,
        business::Business,
        change,
        error::ApiError,
        patch::Patch,
        query::{Query, wants_custom_fields},
    },
    world::World,
};

/// `GET users`.
pub(super) async fn list(
    State(world): State<Arc<World>>,
    caller: Caller,
    Asked(parameters): Asked,
) -> Result<Json<Value>, ApiError> {
    let state = world.storeganise();
    let business = state.business(&caller.code)?;
    let query = Query::read(&parameters, &business.dialect)?;
    let page = query.page(business).into_iter();
    let rows = page.map(|user| user.on_the_wire(&business.dialect, query.custom_fields)).collect();
    Ok(Json(business.dialect.list_wrapper.around("users", rows)))
}

/// `GET users/{id}`, where an e-mail may stand for the id.
pub(super) async fn show(
    State(world): State<Arc<World>>,
    caller: Caller,
    Path((_, id)): Path<(String, String)>,
    Asked(parameters): Asked,
) -> Result<Json<Value>, ApiError> {
    let state = world.storeganise();
    let business = state.business(&caller.code)?;
    let user = if business.dialect.get_by_email { business.user(&id) } else { business.user_by_id(&id) };
    Ok(Json(user?.on_the_wire(&business.dialect, wants_custom_fields(&parameters))))
}

/// `POST users`.
pub(super) async fn create(
    State(world): State<Arc<World>>,
    caller: Caller,
    Asked(parameters): Asked,
    Body(body): Body,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let patch = Patch::read(&body)?.by_addon(&caller.addon_id);
    change(&world, &caller.code, |business| {
        let id = business.create(&patch, &world.clock)?.id.clone();
        let status = if business.dialect.create_status == 200 { StatusCode::OK } else { StatusCode::CREATED };
        Ok((status, written(business, &id, wants_custom_fields(&parameters))?))
    })
}

/// `PUT users/{id}`.
pub(super) async fn update(
    State(world): State<Arc<World>>,
    caller: Caller,
    Path((_, id)): Path<(String, String)>,
    Asked(parameters): Asked,
    Body(body): Body,
) -> Result<Json<Value>, ApiError> {
    let patch = Patch::read(&body)?.by_addon(&caller.addon_id);
    change(&world, &caller.code, |business| {
        business.update(&id, &patch, &world.clock)?;
        written(business, &id, wants_custom_fields(&parameters))
    })
}

/// A user as it is answered to a write.
fn written(business: &Business, id: &str, is_included: bool) -> Result<Json<Value>, ApiError> {
    let with_custom_fields = match business.dialect.write_answer_custom_fields {
        Shown::IfIncluded => is_included,
        Shown::Always => true,
        Shown::Never => false,
    };
    Ok(Json(business.user_by_id(id)?.on_the_wire(&business.dialect, with_custom_fields)))
}
