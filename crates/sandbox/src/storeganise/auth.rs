//! Who is asking: `Authorization: Addon {addonId}|{apiKey}`. A handler that takes a [`Caller`] cannot run for a stranger.

use std::{collections::HashMap, sync::Arc};

use axum::{
    extract::{FromRequestParts, Path},
    http::{header, request::Parts},
};
use subtle::ConstantTimeEq as _;

use super::{
    State,
    addon::{Addon, AddonState},
    business::Business,
    error::ApiError,
};
use crate::world::World;

/// What a key that asks too often is told to wait, in seconds: the window is over then.
const RETRY_AFTER_S: u64 = 1;

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
        let mut state = world.storeganise();
        state.business(&code)?;
        let value = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let (addon_id, key) = value
            .and_then(|value| value.strip_prefix("Addon "))
            .and_then(|rest| rest.split_once('|'))
            .ok_or_else(|| ApiError::unauthorised("Missing or malformed add-on authorization"))?;
        check_key(&state, world, &code, (addon_id, key))?;
        let business = state.business_mut(&code)?;
        admit(business, addon_id, world.clock.now_ms())?;
        Ok(Self { addon_id: addon_id.to_owned(), code })
    }
}

/// Refuses a key that is not that of the add-on, and an add-on that is not of this business.
fn check_key(state: &State, world: &World, code: &str, (id, key): (&str, &str)) -> Result<(), ApiError> {
    let business = state.business(code)?;
    let here = business.addons.iter().find(|addon| addon.id == id);
    // The others are looked through only for a better refusal.
    let anywhere = here.or_else(|| state.addon(id));
    let own_key = anywhere.and_then(|addon| addon.api_key.as_ref());
    let expected = own_key.unwrap_or(&world.options.storeganise.api_key);
    if !bool::from(key.as_bytes().ct_eq(expected.as_bytes())) {
        return Err(ApiError::unauthorised("Unknown API key"));
    }
    match (here, anywhere) {
        (Some(_), _) => Ok(()),
        (None, Some(_)) => Err(ApiError::forbidden("The add-on belongs to another business")),
        (None, None) => {
            Err(ApiError::unauthorised("Unknown add-on").with_status(business.dialect.unknown_addon_status))
        }
    }
}

/// Refuses an add-on whose state forbids it, or that asks too often.
fn admit(business: &mut Business, addon_id: &str, now_ms: u64) -> Result<(), ApiError> {
    let enabled_may_call = business.dialect.enabled_may_call;
    let limit = business.dialect.rate_limit_per_s;
    let retry_after_s = business.dialect.retry_after.then_some(RETRY_AFTER_S);
    let addon: &mut Addon = business.addon_mut(addon_id)?;
    match addon.state {
        AddonState::Disabled => return Err(ApiError::forbidden("The add-on is disabled")),
        AddonState::Enabled if !enabled_may_call => {
            return Err(ApiError::forbidden("The add-on is enabled and may not use the API"));
        }
        _ => {}
    }
    match limit {
        Some(limit) if !addon.admits(limit, now_ms) => Err(ApiError::too_many(retry_after_s)),
        _ => Ok(()),
    }
}
