//! Installed add-ons: install, change what only Storeganise may change, uninstall.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use serde::Deserialize;
use serde_json::Value;

use super::{Answer, Body};
use crate::{
    control::Refused,
    storeganise::{
        addon::{Addon, AddonState},
        change,
        event::api_url,
    },
    world::World,
};

/// What to change of an add-on; an empty text stands for the platform's own.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct AddonChange {
    state: Option<AddonState>,
    webhook_url: Option<String>,
    api_key: Option<String>,
    signature_secret: Option<String>,
}

/// `GET /{business}/addons`.
pub(super) async fn list(State(world): State<Arc<World>>, Path(code): Path<String>) -> Answer {
    let state = world.storeganise();
    let addons = state.business(&code)?.addons.iter();
    Ok(Json(addons.map(|addon| addon_json(&world, &code, addon)).collect()))
}

/// `POST /{business}/addons`.
pub(super) async fn install(State(world): State<Arc<World>>, Path(code): Path<String>) -> Answer {
    Ok(change(&world, &code, |business| Ok(Json(addon_json(&world, &code, business.install(&world.clock)))))?)
}

/// `PUT /{business}/addons/{id}`.
pub(super) async fn update(
    State(world): State<Arc<World>>,
    Path((code, id)): Path<(String, String)>,
    body: Body<AddonChange>,
) -> Answer {
    let wish = body?.0;
    Ok(change(&world, &code, |business| {
        let addon = business.addon_mut(&id)?;
        addon.state = wish.state.unwrap_or(addon.state);
        for (own, wished) in [
            (&mut addon.webhook_url, wish.webhook_url),
            (&mut addon.api_key, wish.api_key),
            (&mut addon.signature_secret, wish.signature_secret),
        ] {
            if let Some(wished) = wished {
                *own = Some(wished).filter(|text| !text.is_empty());
            }
        }
        addon.updated_ms = world.clock.after(addon.updated_ms);
        Ok(Json(addon_json(&world, &code, addon)))
    })?)
}

/// `DELETE /{business}/addons/{id}`.
pub(super) async fn uninstall(
    State(world): State<Arc<World>>,
    Path((code, id)): Path<(String, String)>,
) -> Result<StatusCode, Refused> {
    change(&world, &code, |business| business.uninstall(&id))?;
    Ok(StatusCode::NO_CONTENT)
}

fn addon_json(world: &World, code: &str, addon: &Addon) -> Value {
    let mut json = addon.to_json();
    json["businessCode"] = code.into();
    json["apiUrl"] = api_url(world, code).into();
    json["webhookUrl"] = addon.webhook_url.as_deref().into();
    json["apiKey"] = addon.api_key.as_deref().into();
    json["signatureSecret"] = addon.signature_secret.as_deref().into();
    json
}
