//! Who is asking: `Authorization: Addon {addonId}|{apiKey}`. A handler that takes a [`Caller`] cannot run for a stranger.

use std::{collections::HashMap, sync::Arc};

use axum::{
    extract::{FromRequestParts, Path},
    http::{header, request::Parts},
};
use subtle::ConstantTimeEq as _;

use super::{addon::AddonState, error::ApiError};
use crate::world::World;

/// An add-on that may use the API of the business in the path.
#[derive(Debug)]
pub(crate) struct Caller {
    /// The business.
    pub code: String,
    /// The add-on.
    pub addon_id: String,
}

impl FromRequestParts<Arc<World>> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, world: &Arc<World>) -> Result<Self, ApiError> {
        let Path(path) = Path::<HashMap<String, String>>::from_request_parts(parts, world)
            .await
            .map_err(|_| ApiError::missing("No such address"))?;
        let code = path.get("business").cloned().unwrap_or_default();
        let state = world.storeganise();
        let business = state.business(&code)?;
        let value = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let (addon_id, key) = value
            .and_then(|value| value.strip_prefix("Addon "))
            .and_then(|rest| rest.split_once('|'))
            .ok_or_else(|| ApiError::unauthorised("Missing or malformed add-on authorization"))?;
        if !bool::from(key.as_bytes().ct_eq(world.options.storeganise.api_key.as_bytes())) {
            return Err(ApiError::unauthorised("Unknown API key"));
        }
        match business.addons.iter().find(|addon| addon.id == addon_id) {
            Some(addon) if addon.state == AddonState::Disabled => {
                Err(ApiError::forbidden("The add-on is disabled"))
            }
            Some(addon) => Ok(Self { addon_id: addon.id.clone(), code }),
            None if state.is_installed(addon_id) => {
                Err(ApiError::forbidden("The add-on belongs to another business"))
            }
            None => Err(ApiError::unauthorised("Unknown add-on")),
        }
    }
}
