//! What an app may know about the account it is in.

use std::sync::Arc;

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::hubspot::access::Caller;
use crate::hubspot::error::ApiError;
use crate::world::World;

/// Account details.
pub(super) fn router() -> Router<Arc<World>> {
    Router::new().route("/details", get(details))
}

async fn details(State(world): State<Arc<World>>, caller: Caller) -> Result<Json<Value>, ApiError> {
    caller.may(&["oauth"])?;
    Ok(Json(json!({
        "portalId": caller.portal,
        "accountType": "STANDARD",
        "timeZone": "Europe/London",
        "utcOffset": "+00:00",
        "utcOffsetMilliseconds": 0,
        "companyCurrency": "GBP",
        "additionalCurrencies": [],
        "uiDomain": world.base_url.split_once("://").map_or("", |(_, authority)| authority),
        "dataHostingLocation": "na1",
    })))
}
