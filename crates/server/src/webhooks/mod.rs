//! Where both providers send events.
//!
//! In this order: a body over the limit is a 413, an unknown address a 404, a signature that is not right over
//! the raw bytes a 401, what is not JSON a 400, what contradicts the install a 403. Anything else is a 200,
//! and only after what it marks is committed; where that cannot be done in time, a 503, and the provider sends
//! again. Log lines name the installation and the cause, never a body.

use std::time::Duration;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{MethodRouter, get},
};
use sync_core::{
    error::Error,
    installation::Installation,
    queue::{
        change::Mark,
        intake::{Taken, Verdict},
    },
};
use uuid::Uuid;

use crate::app::AppState;

mod hubspot;
mod storeganise;
#[cfg(test)]
mod tests;

const BODY_MAX_BYTES: usize = 256 * 1024;
/// HubSpot gives up after five seconds; this leaves time for the way.
const COMMIT_WAIT: Duration = Duration::from_secs(3);

/// The addresses, for all tenants and for each alone.
pub(crate) fn router() -> Router<AppState> {
    Router::new()
        .route("/webhooks/storeganise", probed().post(storeganise::for_all))
        .route("/webhooks/storeganise/{key}", probed().post(storeganise::for_one))
        .route("/webhooks/hubspot", probed().post(hubspot::for_all))
        .route("/webhooks/hubspot/{key}", probed().post(hubspot::for_one))
        .layer(DefaultBodyLimit::max(BODY_MAX_BYTES))
}

/// Both providers, and people, look whether an address is there. It does not tell which keys exist.
fn probed() -> MethodRouter<AppState> {
    get(async || "This address takes webhooks.\n")
}

/// Why a webhook was not taken.
#[derive(Debug)]
enum Refusal {
    UnknownKey,
    /// The signature is missing, malformed, too old or another's.
    Signature(String),
    NotJson,
    /// It contradicts what was fixed at install.
    Refused(&'static str),
    NotCommitted,
    Core(Error),
}

impl Refusal {
    /// The word counted, and logged as the cause where there is none more exact.
    fn verdict(&self) -> &'static str {
        match self {
            Self::UnknownKey => "unknown_key",
            Self::Signature(_) => "bad_signature",
            Self::NotJson => "not_json",
            Self::Refused(word) => word,
            Self::NotCommitted => "not_committed",
            Self::Core(_) => "not_decided",
        }
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::UnknownKey => StatusCode::NOT_FOUND,
            Self::Signature(_) => StatusCode::UNAUTHORIZED,
            Self::NotJson => StatusCode::BAD_REQUEST,
            Self::Refused(_) => StatusCode::FORBIDDEN,
            Self::NotCommitted | Self::Core(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    fn cause(&self) -> String {
        match self {
            Self::Signature(cause) => cause.clone(),
            Self::Core(error) => error.code(),
            other => other.verdict().to_owned(),
        }
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Core(error)
    }
}

/// The installation a key in the address names.
async fn by_key(state: &AppState, key: &str) -> Result<Installation, Refusal> {
    state.core.by_webhook_key(key).await?.ok_or(Refusal::UnknownKey)
}

/// Commits what the events ask for, and counts each. One event that is not believed does not hold up its neighbours.
async fn commit(state: &AppState, provider: &'static str, taken: Taken) -> Result<(), Refusal> {
    let mut marks: Vec<Mark> = Vec::new();
    let mut words = Vec::with_capacity(taken.verdicts.len());
    let mut refused = None;
    for verdict in taken.verdicts {
        match verdict {
            Verdict::Mark(some) => {
                marks.extend(some);
                words.push("marked");
            }
            Verdict::Ignore(word) => words.push(word),
            Verdict::Refuse(word) => refused = Some(word),
        }
    }
    match tokio::time::timeout(COMMIT_WAIT, state.committer.commit(marks, taken.heard)).await {
        Ok(true) => words.into_iter().for_each(|word| count(provider, word)),
        Ok(false) | Err(_) => return Err(Refusal::NotCommitted),
    }
    refused.map_or(Ok(()), |word| Err(Refusal::Refused(word)))
}

fn count(provider: &'static str, verdict: &'static str) {
    metrics::counter!("annex_webhook_events_total", "provider" => provider, "verdict" => verdict)
        .increment(1);
}

/// The answer, and one line in the log where a webhook was not taken.
fn answer(provider: &'static str, installation: Option<Uuid>, taken: Result<(), Refusal>) -> Response {
    let Err(refusal) = taken else { return StatusCode::OK.into_response() };
    count(provider, refusal.verdict());
    let (id, cause) = (installation.map(tracing::field::display), refusal.cause());
    tracing::warn!(provider, installation.id = id, cause, "a webhook was not taken");
    refusal.status().into_response()
}
