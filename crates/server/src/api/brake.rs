//! The brake of an installation: what is held back because too much would change at once, and what to do with it.

use axum::extract::State;
use serde::Serialize;
use sync_core::brake::decide::HeldRow;
use time::OffsetDateTime;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{
    caller::{Caller, StaffCaller},
    extract::{Json, Path, Query},
    problem::Problem,
    wire::{Paging, moment, named},
};
use crate::app::AppState;

/// Where the brake stands, and a page of what it holds back.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BrakeBody {
    /// `off`; `counting` until it is known how many records would change; `held` until a person decides; `passed`
    /// where they were few enough; `released` or `dropped` by a person.
    state: String,
    /// Records that wait.
    would_change: u64,
    /// Linked records in all, when that was counted.
    linked: u64,
    /// The run that was stopped; null for a burst of events.
    run_id: Option<Uuid>,
    /// When it began to hold back.
    #[serde(with = "time::serde::rfc3339::option")]
    since: Option<OffsetDateTime>,
    /// When a person decided.
    #[serde(with = "time::serde::rfc3339::option")]
    decided_at: Option<OffsetDateTime>,
    /// What is held back.
    items: Vec<HeldBody>,
    /// The cursor of the next page; null on the last one.
    next: Option<String>,
}

/// A record that is held back.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HeldBody {
    /// What was looked at: `user`, or `deal` for a won deal.
    subject: String,
    /// Its id at its provider.
    subject_id: String,
    /// The user that would be changed, or whose contact.
    user_id: String,
    /// The names of the fields that would be written.
    fields: Vec<String>,
}

/// What a decision was about.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BrakeDecided {
    /// The number of records.
    records: u64,
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(show)).routes(routes!(release)).routes(routes!(drop_all))
}

/// Show what is held back because too many linked records would change at once.
#[utoipa::path(get, path = "/installations/{id}/brake", operation_id = "show_brake", tag = "brake",
    params(("id" = Uuid, Path), Paging),
    responses((status = 200, body = BrakeBody), (status = 404, body = Problem)))]
async fn show(
    _caller: Caller,
    State(state): State<AppState>,
    Path(id): Path<Uuid>,
    Query(paging): Query<Paging>,
) -> Result<Json<BrakeBody>, Problem> {
    let scope = named(&state, id).await?.scope();
    let page = state.core.held_rows(scope, paging.cursor.as_deref(), paging.limit()).await?;
    let brake = state.core.brake(scope).await?;
    Ok(Json(BrakeBody {
        state: brake.state.word().to_owned(),
        would_change: brake.would_change,
        linked: brake.linked,
        run_id: brake.run_id,
        since: brake.since.map(moment),
        decided_at: brake.decided_at.map(moment),
        items: page.items.into_iter().map(HeldBody::of).collect(),
        next: page.next,
    }))
}

/// Let everything that is held back go on: each record is decided again from what both sides hold by then.
#[utoipa::path(post, path = "/installations/{id}/brake/release", operation_id = "release_brake", tag = "brake",
    params(("id" = Uuid, Path)),
    responses((status = 200, body = BrakeDecided), (status = 409, body = Problem)))]
async fn release(
    caller: StaffCaller,
    State(state): State<AppState>,
    Path(id): Path<Uuid>,
) -> Result<Json<BrakeDecided>, Problem> {
    let scope = named(&state, id).await?.scope();
    Ok(Json(BrakeDecided { records: state.core.release_brake(scope, &caller.actor()).await? }))
}

/// Drop everything that is held back: nothing is written. The next edit of such a record brings the rest along.
#[utoipa::path(post, path = "/installations/{id}/brake/drop", operation_id = "drop_brake", tag = "brake",
    params(("id" = Uuid, Path)),
    responses((status = 200, body = BrakeDecided), (status = 409, body = Problem)))]
async fn drop_all(
    caller: StaffCaller,
    State(state): State<AppState>,
    Path(id): Path<Uuid>,
) -> Result<Json<BrakeDecided>, Problem> {
    let scope = named(&state, id).await?.scope();
    Ok(Json(BrakeDecided { records: state.core.drop_brake(scope, &caller.actor()).await? }))
}

impl HeldBody {
    fn of(row: HeldRow) -> Self {
        Self {
            subject: row.subject.word().to_owned(),
            subject_id: row.subject_id,
            user_id: row.user_id,
            fields: row.fields,
        }
    }
}
