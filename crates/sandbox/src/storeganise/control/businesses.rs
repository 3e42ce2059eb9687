//! Businesses, how they behave where that is an open question, their daily hour, and the tasks filed in them.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Answer, Body};
use crate::{
    control::Refused,
    storeganise::{
        OWN_FIELDS,
        addon::AddonState,
        business::Business,
        change,
        event::{Happening, api_url},
    },
    world::World,
};

/// A business to be made.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct NewBusiness {
    code: String,
    name: Option<String>,
    custom_fields: Option<Vec<String>>,
}

/// `GET /`.
pub(super) async fn list(State(world): State<Arc<World>>) -> Json<Value> {
    let state = world.storeganise();
    Json(state.businesses().map(|business| business_json(&world, business)).collect())
}

/// `POST /`.
pub(super) async fn found(State(world): State<Arc<World>>, body: Body<NewBusiness>) -> Answer {
    let new = body?.0;
    let own_fields = || OWN_FIELDS.map(str::to_owned).to_vec();
    let fields = new.custom_fields.unwrap_or_else(own_fields);
    let mut state = world.storeganise();
    let business = state.found(&new.code, new.name.as_deref().unwrap_or(&new.code), &fields)?;
    Ok(Json(business_json(&world, business)))
}

/// `GET /dialect`: that of businesses still to be made.
pub(super) async fn dialect_of_all(State(world): State<Arc<World>>) -> Json<Value> {
    Json(json!(world.storeganise().dialect))
}

/// `PUT /dialect`: for the businesses there are and those to come.
pub(super) async fn set_dialect_of_all(
    State(world): State<Arc<World>>,
    body: Body<Map<String, Value>>,
) -> Answer {
    let wish = body?.0;
    let mut state = world.storeganise();
    state.dialect.change(&wish).map_err(Refused::Bad)?;
    for business in state.businesses.values_mut() {
        business.dialect.change(&wish).map_err(Refused::Bad)?;
    }
    Ok(Json(json!(state.dialect)))
}

/// `GET /{business}/dialect`.
pub(super) async fn dialect(State(world): State<Arc<World>>, Path(code): Path<String>) -> Answer {
    Ok(Json(json!(world.storeganise().business(&code)?.dialect)))
}

/// `PUT /{business}/dialect`.
pub(super) async fn set_dialect(
    State(world): State<Arc<World>>,
    Path(code): Path<String>,
    body: Body<Map<String, Value>>,
) -> Answer {
    let wish = body?.0;
    let mut state = world.storeganise();
    let dialect = &mut state.business_mut(&code)?.dialect;
    dialect.change(&wish).map_err(Refused::Bad)?;
    Ok(Json(json!(dialect)))
}

/// `POST /{business}/daily-event`: answers with how many add-ons are told.
pub(super) async fn daily_event(State(world): State<Arc<World>>, Path(code): Path<String>) -> Answer {
    Ok(change(&world, &code, |business| {
        let enabled = business.addons.iter().filter(|addon| addon.state == AddonState::Enabled).count();
        let told = if business.dialect.daily_event { enabled } else { 0 };
        if told > 0 {
            business.happenings.push(Happening::daily(world.clock.now_ms()));
        }
        Ok(Json(json!({"told": told})))
    })?)
}

/// `GET /{business}/tasks`.
pub(super) async fn tasks(State(world): State<Arc<World>>, Path(code): Path<String>) -> Answer {
    let state = world.storeganise();
    Ok(Json(state.business(&code)?.tasks.iter().map(|task| task.to_json()).collect()))
}

fn business_json(world: &World, business: &Business) -> Value {
    json!({
        "code": business.code,
        "name": business.name,
        "apiUrl": api_url(world, &business.code),
        "users": business.users().len(),
        "customFields": business.definitions.of_users().collect::<Vec<_>>(),
    })
}
