//! Definitions of custom fields, as an install script makes them.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use serde::Deserialize;

use super::{Answer, Body};
use crate::{
    control::Refused,
    storeganise::{change, definition::Definition},
    world::World,
};

/// A definition to be made; without a title, the code is the title.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewField {
    owner: String,
    code: String,
    r#type: String,
    title: Option<Title>,
}

/// A title in English, alone or by language.
#[derive(Deserialize)]
#[serde(untagged)]
enum Title {
    Plain(String),
    Localised { en: String },
}

/// `GET /{business}/custom-fields`.
pub(super) async fn list(State(world): State<Arc<World>>, Path(code): Path<String>) -> Answer {
    let state = world.storeganise();
    Ok(Json(state.business(&code)?.definitions.all().map(Definition::to_json).collect()))
}

/// `POST /{business}/custom-fields`: a second time changes nothing.
pub(super) async fn define(
    State(world): State<Arc<World>>,
    Path(code): Path<String>,
    body: Body<NewField>,
) -> Answer {
    let NewField { owner, code: field, r#type: kind, title } = body?.0;
    let title = match title {
        Some(Title::Plain(title) | Title::Localised { en: title }) => title,
        None => field.clone(),
    };
    let new = Definition { owner, code: field, kind, title };
    Ok(change(&world, &code, |business| Ok(Json(business.definitions.ensure(new)?.to_json())))?)
}

/// `DELETE /{business}/custom-fields/{owner}/{code}`.
pub(super) async fn undefine(
    State(world): State<Arc<World>>,
    Path((business_code, owner, code)): Path<(String, String, String)>,
) -> Result<StatusCode, Refused> {
    change(&world, &business_code, |business| business.undefine(&owner, &code))?;
    Ok(StatusCode::NO_CONTENT)
}
