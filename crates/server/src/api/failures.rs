//! What failed for good, by its cause, and doing all of one cause again: of one installation, or of all of them.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use sync_core::{
    installation::Scope,
    views::failures::{Extent, Failure},
};
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{
    caller::{Caller, StaffCaller},
    extract::{Json, Query},
    problem::Problem,
    wire::{moment, named},
};
use crate::{app::AppState, words};

/// Records that failed too often for one cause.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FailureBody {
    /// The cause, as a code.
    cause: String,
    /// What it means and what to do.
    text: String,
    /// Installations it is found in.
    installations: u64,
    /// Records.
    records: u64,
    /// When the first of them was given up.
    #[serde(with = "time::serde::rfc3339")]
    since: OffsetDateTime,
}

/// What failed, most records first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Failures {
    /// One for each cause.
    items: Vec<FailureBody>,
}

/// Whose failures to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Filter {
    /// Only those of this installation; of all where it is left out.
    installation: Option<Uuid>,
}

/// What to do again.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReplayCause {
    /// The cause, as it is listed.
    cause: String,
    /// `one` for the record that was given up last, `all` for all of them, 10,000 at most in one call.
    extent: String,
    /// Only in this installation; in all where it is left out.
    installation: Option<Uuid>,
}

/// What is done again.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReplayedCause {
    /// In how many installations.
    installations: u64,
    /// How many records.
    records: u64,
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(replay))
}

/// List what failed for good, by its cause.
#[utoipa::path(get, path = "/failures", operation_id = "list_failures", tag = "failures", params(Filter),
    responses((status = 200, body = Failures), (status = 404, body = Problem)))]
async fn list(
    _caller: Caller,
    State(state): State<AppState>,
    Query(filter): Query<Filter>,
) -> Result<Json<Failures>, Problem> {
    let found = state.core.failures(scope(&state, filter.installation).await?).await?;
    Ok(Json(Failures { items: found.into_iter().map(FailureBody::of).collect() }))
}

/// Do again what failed for one cause.
#[utoipa::path(post, path = "/failures/replay", operation_id = "replay_failures", tag = "failures",
    request_body = ReplayCause, responses((status = 200, body = ReplayedCause), (status = 404, body = Problem),
        (status = 422, body = Problem)))]
async fn replay(
    caller: StaffCaller,
    State(state): State<AppState>,
    Json(wanted): Json<ReplayCause>,
) -> Result<Json<ReplayedCause>, Problem> {
    let extent = match wanted.extent.as_str() {
        "one" => Extent::One,
        "all" => Extent::All,
        _ => return Err(Problem::invalid("extent", "An extent is one or all.")),
    };
    let scope = scope(&state, wanted.installation).await?;
    let replayed = state.core.replay_cause(scope, &wanted.cause, extent, &caller.actor()).await?;
    Ok(Json(ReplayedCause { installations: replayed.installations, records: replayed.records }))
}

async fn scope(state: &AppState, installation: Option<Uuid>) -> Result<Option<Scope>, Problem> {
    match installation {
        Some(id) => Ok(Some(named(state, id).await?.scope())),
        None => Ok(None),
    }
}

impl FailureBody {
    fn of(failure: Failure) -> Self {
        Self {
            text: words::explain(&failure.cause).text(),
            cause: failure.cause,
            installations: failure.installations,
            records: failure.records,
            since: moment(failure.since),
        }
    }
}
