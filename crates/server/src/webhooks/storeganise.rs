//! Events of Storeganise, signed with the add-on's secret over the raw body.

use ::storeganise::{
    event::Event,
    signature::{self, HEADER},
};
use axum::{
    body::Bytes,
    extract::{Path, State},
    http::HeaderMap,
    response::Response,
};
use sync_core::installation::Installation;

use super::{Refusal, answer, by_key, commit};
use crate::app::AppState;

const PROVIDER: &str = "storeganise";

/// The address for all tenants: the event names its add-on.
pub(super) async fn for_all(State(state): State<AppState>, headers: HeaderMap, body: Bytes) -> Response {
    answer(PROVIDER, None, take(&state, None, &headers, &body).await)
}

/// The address of one tenant.
pub(super) async fn for_one(
    State(state): State<AppState>,
    Path(key): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let found = match by_key(&state, &key).await {
        Ok(found) => found,
        Err(refusal) => return answer(PROVIDER, None, Err(refusal)),
    };
    answer(PROVIDER, Some(found.id), take(&state, Some(&found), &headers, &body).await)
}

async fn take(
    state: &AppState,
    only: Option<&Installation>,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<(), Refusal> {
    let given = headers.get(HEADER).and_then(|value| value.to_str().ok());
    signature::verify(body, given, &state.config.storeganise.signature_secrets)
        .map_err(|error| Refusal::Signature(error.to_string()))?;
    let event = Event::parse(body).map_err(|_| Refusal::NotJson)?;
    commit(state, PROVIDER, state.core.storeganise_event(&event, only).await?).await
}
