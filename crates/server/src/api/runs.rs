//! Runs: sweeps over an installation's records. What a preview found is `previews`' matter.

use axum::{extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use sync_core::views::runs::{Progress, RunKind, RunRow, Tally};
use time::OffsetDateTime;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{
    caller::{Caller, StaffCaller},
    extract::{Json, Path, Query},
    problem::Problem,
    wire::{List, Paging, moment, named},
};
use crate::app::AppState;

/// A sweep over an installation's records.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RunBody {
    /// Its id; newer ones sort later.
    id: Uuid,
    /// `backfill` for every user, `reconcile` for what changed since the last sweep, `preview` for what a backfill
    /// would do.
    kind: String,
    /// `running`, `finished`, `cancelled` or `failed`.
    state: String,
    /// Records seen so far.
    seen: u64,
    /// Records marked to be looked at again.
    marked: u64,
    /// What came of those it alone asked for; all zero for a preview, which has a report.
    outcomes: TallyBody,
    /// What a reconcile found and had to write: each is an event that was lost, or a fault.
    drift: u64,
    /// How far it is; null once it is over.
    progress: Option<ProgressBody>,
    /// When it began.
    #[serde(with = "time::serde::rfc3339")]
    started_at: OffsetDateTime,
    /// When it ended.
    #[serde(with = "time::serde::rfc3339::option")]
    finished_at: Option<OffsetDateTime>,
    /// Why it failed, as a code.
    reason: Option<String>,
}

/// What came of the records of a run.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TallyBody {
    /// A record was made on the other side.
    created: u64,
    /// The other side's record was changed.
    updated: u64,
    /// Both sides agreed already.
    unchanged: u64,
    /// It is not synced, for a reason.
    skipped: u64,
    /// A person has to decide.
    conflicted: u64,
    /// It was refused.
    failed: u64,
}

/// How far a run is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProgressBody {
    /// Records done with.
    done: u64,
    /// Records there are; null while they are still being counted.
    total: Option<u64>,
    /// Records a minute; null while there is no pace yet.
    per_minute: Option<f64>,
    /// Seconds until it is over, at that pace.
    remaining_seconds: Option<u64>,
}

/// Which run to begin.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewRun {
    /// `backfill`, `reconcile` or `preview`.
    kind: String,
}

/// A run that was begun.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Begun {
    /// Its id; null where nothing may be synced, so that only the add-on's state is asked for.
    id: Option<Uuid>,
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list, begin)).routes(routes!(show)).routes(routes!(cancel))
}

/// List runs, the newest first.
#[utoipa::path(get, path = "/installations/{id}/runs", operation_id = "list_runs", tag = "runs", params(("id" = Uuid, Path), Paging),
    responses((status = 200, body = List<RunBody>), (status = 404, body = Problem)))]
async fn list(
    _caller: Caller,
    State(state): State<AppState>,
    Path(id): Path<Uuid>,
    Query(paging): Query<Paging>,
) -> Result<Json<List<RunBody>>, Problem> {
    let scope = named(&state, id).await?.scope();
    let page = state.core.runs(scope, paging.cursor.as_deref(), paging.limit()).await?;
    Ok(Json(List::of(page, |row| RunBody::of(&row))))
}

/// Begin a run; it goes on by itself, and shows how far it is.
#[utoipa::path(post, path = "/installations/{id}/runs", operation_id = "begin_run", tag = "runs", params(("id" = Uuid, Path)),
    request_body = NewRun, responses((status = 202, body = Begun), (status = 409, body = Problem),
        (status = 422, body = Problem)))]
async fn begin(
    caller: StaffCaller,
    State(state): State<AppState>,
    Path(id): Path<Uuid>,
    Json(new): Json<NewRun>,
) -> Result<(StatusCode, Json<Begun>), Problem> {
    let kind = RunKind::from_word(&new.kind)
        .ok_or_else(|| Problem::invalid("kind", "A run is a backfill, a reconcile or a preview."))?;
    let id = state.core.begin_run(&named(&state, id).await?, kind, &caller.actor()).await?;
    Ok((StatusCode::ACCEPTED, Json(Begun { id })))
}

/// Show a run and how far it is.
#[utoipa::path(get, path = "/installations/{id}/runs/{run}", operation_id = "show_run", tag = "runs",
    params(("id" = Uuid, Path), ("run" = Uuid, Path)),
    responses((status = 200, body = RunBody), (status = 404, body = Problem)))]
async fn show(
    _caller: Caller,
    State(state): State<AppState>,
    Path((id, run)): Path<(Uuid, Uuid)>,
) -> Result<Json<RunBody>, Problem> {
    let scope = named(&state, id).await?.scope();
    Ok(Json(RunBody::of(&state.core.run(scope, run).await?)))
}

/// Cancel a run: what it alone asked for and nobody has worked is dropped, what is done stays done.
#[utoipa::path(post, path = "/installations/{id}/runs/{run}/cancel", operation_id = "cancel_run", tag = "runs",
    params(("id" = Uuid, Path), ("run" = Uuid, Path)),
    responses((status = 200, body = RunBody), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn cancel(
    caller: StaffCaller,
    State(state): State<AppState>,
    Path((id, run)): Path<(Uuid, Uuid)>,
) -> Result<Json<RunBody>, Problem> {
    let installation = named(&state, id).await?;
    state.core.cancel_run(&installation, run, &caller.actor()).await?;
    Ok(Json(RunBody::of(&state.core.run(installation.scope(), run).await?)))
}

impl RunBody {
    pub(super) fn of(row: &RunRow) -> Self {
        Self {
            id: row.id,
            kind: row.kind.word().to_owned(),
            state: row.state.word().to_owned(),
            seen: row.seen,
            marked: row.marked,
            outcomes: row.outcomes.into(),
            drift: row.drift(),
            progress: row.progress.map(Into::into),
            started_at: moment(row.started_at),
            finished_at: row.finished_at.map(moment),
            reason: row.reason.clone(),
        }
    }
}

impl From<Tally> for TallyBody {
    fn from(tally: Tally) -> Self {
        let Tally { created, updated, unchanged, skipped, conflicted, failed } = tally;
        Self { created, updated, unchanged, skipped, conflicted, failed }
    }
}

impl From<Progress> for ProgressBody {
    fn from(progress: Progress) -> Self {
        let Progress { done, total, per_minute, remaining_seconds } = progress;
        Self { done, total, per_minute, remaining_seconds }
    }
}
