//! Notices: what the business was told by a task at Storeganise, and whether that task is closed.

use axum::extract::State;
use serde::Serialize;
use sync_core::notices::NoticeRow;
use time::OffsetDateTime;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{
    caller::Caller,
    extract::{Json, Path, Query},
    problem::Problem,
    wire::{List, Paging, moment, named},
};
use crate::{app::AppState, words};

/// Something that needs a person, told to the business by one task.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NoticeBody {
    /// Its id; newer ones sort later.
    id: Uuid,
    /// What is amiss, as a code.
    cause: String,
    /// What is amiss and what to do.
    text: String,
    /// `to_file`, `filed`, `not_filed` (we gave up, or do not know), `to_close`, `closed`, or `left_open`: the cause is
    /// over, and Storeganise did not let us close the task.
    state: String,
    /// Records it was about when it was opened; 0 where it is about the installation as a whole.
    records: u64,
    /// When it was opened.
    #[serde(with = "time::serde::rfc3339")]
    opened_at: OffsetDateTime,
    /// When Storeganise took the task.
    #[serde(with = "time::serde::rfc3339::option")]
    filed_at: Option<OffsetDateTime>,
    /// The task at Storeganise.
    task_id: Option<String>,
    /// When the cause was over.
    #[serde(with = "time::serde::rfc3339::option")]
    closed_at: Option<OffsetDateTime>,
    /// When Storeganise closed the task.
    #[serde(with = "time::serde::rfc3339::option")]
    task_closed_at: Option<OffsetDateTime>,
    /// When filing or closing the task is tried next.
    #[serde(with = "time::serde::rfc3339::option")]
    next_try_at: Option<OffsetDateTime>,
    /// Why the last try came to nothing, as a code.
    problem: Option<String>,
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list))
}

/// List what the business was told, the newest first.
#[utoipa::path(get, path = "/installations/{id}/notices", operation_id = "list_notices", tag = "activity",
    params(("id" = Uuid, Path), Paging),
    responses((status = 200, body = List<NoticeBody>), (status = 404, body = Problem)))]
async fn list(
    _caller: Caller,
    State(state): State<AppState>,
    Path(id): Path<Uuid>,
    Query(paging): Query<Paging>,
) -> Result<Json<List<NoticeBody>>, Problem> {
    let scope = named(&state, id).await?.scope();
    let page = state.core.notices(scope, paging.cursor.as_deref(), paging.limit()).await?;
    Ok(Json(List::of(page, NoticeBody::of)))
}

impl NoticeBody {
    fn of(row: NoticeRow) -> Self {
        Self {
            id: row.id,
            text: words::explain(&row.cause).text(),
            state: row.state().word().to_owned(),
            records: row.records,
            opened_at: moment(row.opened_at),
            filed_at: row.filed_at.map(moment),
            closed_at: row.closed_at.map(moment),
            task_closed_at: row.task_closed_at.map(moment),
            next_try_at: row.next_try_at.map(moment),
            cause: row.cause,
            task_id: row.task_id,
            problem: row.problem,
        }
    }
}
