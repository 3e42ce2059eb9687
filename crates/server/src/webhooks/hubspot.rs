//! Events of HubSpot, in batches, signed with the app's client secret over method, address, body and time.
//!
//! The address that is signed is the one configured: the Host header is the sender's word, or the proxy's.

use ::hubspot::{
    event::Event,
    signature::{self, SignedRequest},
};
use axum::{
    body::Bytes,
    extract::{OriginalUri, Path, State},
    http::HeaderMap,
    response::Response,
};
use sync_core::installation::Installation;

use super::{Refusal, answer, by_key, commit};
use crate::app::AppState;

const PROVIDER: &str = "hubspot";
const SIGNATURE: &str = "x-hubspot-signature-v3";
const TIMESTAMP: &str = "x-hubspot-request-timestamp";

/// A webhook as it came in.
pub(super) struct Delivery {
    uri: OriginalUri,
    headers: HeaderMap,
    body: Bytes,
}

/// The app's one address: each event goes to every installation connected to its portal.
pub(super) async fn for_all(
    State(state): State<AppState>,
    uri: OriginalUri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let delivery = Delivery { uri, headers, body };
    answer(PROVIDER, None, take(&state, None, &delivery).await)
}

/// The address of one tenant.
pub(super) async fn for_one(
    State(state): State<AppState>,
    Path(key): Path<String>,
    uri: OriginalUri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let found = match by_key(&state, &key).await {
        Ok(found) => found,
        Err(refusal) => return answer(PROVIDER, None, Err(refusal)),
    };
    let delivery = Delivery { uri, headers, body };
    answer(PROVIDER, Some(found.id), take(&state, Some(&found), &delivery).await)
}

async fn take(state: &AppState, only: Option<&Installation>, delivery: &Delivery) -> Result<(), Refusal> {
    check_signature(state, delivery)?;
    let events = Event::parse_batch(&delivery.body).map_err(|_| Refusal::NotJson)?;
    commit(state, PROVIDER, state.core.hubspot_events(&events, only).await?).await
}

fn check_signature(state: &AppState, delivery: &Delivery) -> Result<(), Refusal> {
    let header = |name| delivery.headers.get(name).and_then(|value| value.to_str().ok());
    let path = delivery.uri.path_and_query().map_or("/", |found| found.as_str());
    let url = format!("{}{path}", state.config.base_url);
    let request = SignedRequest {
        method: "POST",
        url: &url,
        body: &delivery.body,
        signature: header(SIGNATURE),
        timestamp: header(TIMESTAMP),
    };
    let now_ms = u64::try_from(state.core.clock().now().0 / 1_000).unwrap_or(0);
    signature::verify(&request, &state.config.hubspot.client_secrets, now_ms)
        .map_err(|error| Refusal::Signature(error.to_string()))
}
