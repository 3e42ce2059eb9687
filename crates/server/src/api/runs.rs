//! Runs: sweeps over an installation's records.

use axum::{extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use sync_core::views::runs::{RunKind, RunRow};
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
    /// `backfill` for every user, `reconcile` for what changed since the last sweep.
    kind: String,
    /// `running` or `finished`.
    state: String,
    /// Records seen so far.
    seen: u64,
    /// Records marked to be looked at again.
    marked: u64,
    /// When it began.
    #[serde(with = "time::serde::rfc3339")]
    started_at: OffsetDateTime,
    /// When it ended.
    #[serde(with = "time::serde::rfc3339::option")]
    finished_at: Option<OffsetDateTime>,
}

/// Which run to begin.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewRun {
    /// `backfill` or `reconcile`.
    kind: String,
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list, begin))
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

/// Begin a run; it goes on by itself, and the list shows how far it is.
#[utoipa::path(post, path = "/installations/{id}/runs", operation_id = "begin_run", tag = "runs", params(("id" = Uuid, Path)),
    request_body = NewRun, responses((status = 202), (status = 409, body = Problem),
        (status = 422, body = Problem)))]
async fn begin(
    caller: StaffCaller,
    State(state): State<AppState>,
    Path(id): Path<Uuid>,
    Json(new): Json<NewRun>,
) -> Result<StatusCode, Problem> {
    let kind = RunKind::from_word(&new.kind)
        .ok_or_else(|| Problem::invalid("kind", "A run is a backfill or a reconcile."))?;
    state.core.begin_run(&named(&state, id).await?, kind, &caller.actor()).await?;
    Ok(StatusCode::ACCEPTED)
}

impl RunBody {
    fn of(row: &RunRow) -> Self {
        Self {
            id: row.id,
            kind: row.kind.word().to_owned(),
            state: row.state.word().to_owned(),
            seen: row.seen,
            marked: row.marked,
            started_at: moment(row.started_at),
            finished_at: row.finished_at.map(moment),
        }
    }
}
