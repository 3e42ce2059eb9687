//! Pending changes of an installation, and doing one again by hand.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use sync_core::{queue::change::Subject, views::activity::ChangeRow};
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{
    caller::{Caller, StaffCaller},
    extract::{Json, Path, Query},
    problem::Problem,
    wire::{List, Paging, moment, named},
};
use crate::app::AppState;

/// A record that is to be looked at again.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChangeBody {
    /// What it is: `user`, `contact`, `deal`, `mirror`, `erasure` or `sweep`.
    subject: String,
    /// Its id at its provider; empty for the sweep.
    subject_id: String,
    /// How often it was marked.
    generation: i64,
    /// When it is due.
    #[serde(with = "time::serde::rfc3339")]
    due_at: OffsetDateTime,
    /// Failed attempts so far.
    attempts: u32,
    /// Who marked it last: `webhook`, `sweep`, `person` or `sync`.
    origin: String,
    /// When it was marked last.
    #[serde(with = "time::serde::rfc3339")]
    marked_at: OffsetDateTime,
    /// When it was parked after too many attempts; null while it is tried by itself.
    #[serde(with = "time::serde::rfc3339::option")]
    parked_at: Option<OffsetDateTime>,
    /// Why the last attempt failed, as a code.
    cause: Option<String>,
}

/// Which changes to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Filter {
    /// `true` for those that need a person, `false` for those that are tried by themselves; both where it is
    /// left out.
    parked: Option<bool>,
}

/// What to do again: one record, named by `subject` and `subject_id`, or everything that is parked.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Replay {
    /// `user`, `contact`, `deal`, `mirror` or `sweep`.
    subject: Option<String>,
    /// The record's id at its provider; left out for the sweep.
    subject_id: Option<String>,
    /// Everything that is parked, up to 10,000 records.
    #[serde(default)]
    all_parked: bool,
    /// For a user whose contact was deleted in HubSpot, or merged into another user's: find or make another contact
    /// for it, which never happens by itself.
    #[serde(default)]
    make_contact: bool,
}

/// How much will be done again.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Replayed {
    /// The number of records.
    replayed: u64,
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(replay))
}

/// List pending changes.
#[utoipa::path(get, path = "/installations/{id}/changes", operation_id = "list_changes", tag = "activity",
    params(("id" = Uuid, Path), Filter, Paging),
    responses((status = 200, body = List<ChangeBody>), (status = 404, body = Problem)))]
async fn list(
    _caller: Caller,
    State(state): State<AppState>,
    Path(id): Path<Uuid>,
    Query(filter): Query<Filter>,
    Query(paging): Query<Paging>,
) -> Result<Json<List<ChangeBody>>, Problem> {
    let scope = named(&state, id).await?.scope();
    let page = state.core.changes(scope, filter.parked, paging.cursor.as_deref(), paging.limit()).await?;
    Ok(Json(List::of(page, ChangeBody::of)))
}

/// Look at a record again, or at everything that is parked.
#[utoipa::path(post, path = "/installations/{id}/changes/replay", operation_id = "replay_changes", tag = "activity",
    params(("id" = Uuid, Path)), request_body = Replay,
    responses((status = 200, body = Replayed), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn replay(
    caller: StaffCaller,
    State(state): State<AppState>,
    Path(id): Path<Uuid>,
    Json(wanted): Json<Replay>,
) -> Result<Json<Replayed>, Problem> {
    let scope = named(&state, id).await?.scope();
    let replayed = match (&wanted.subject, wanted.all_parked) {
        (Some(word), false) if wanted.make_contact => {
            let user_id = wanted.subject_id.unwrap_or_default();
            if subject_named(word)? != Subject::User {
                return Err(Problem::invalid("make_contact", "A contact is made for a user."));
            }
            state.core.make_contact(scope, &user_id, &caller.actor()).await?;
            1
        }
        (None, true) => state.core.replay_parked(scope, &caller.actor()).await?,
        (Some(word), false) => {
            let subject = subject_named(word)?;
            let subject_id = wanted.subject_id.unwrap_or_default();
            state.core.replay(scope, subject, &subject_id, &caller.actor()).await?;
            1
        }
        _ => return Err(Problem::invalid("subject", "Give either subject and subject_id, or all_parked.")),
    };
    Ok(Json(Replayed { replayed }))
}

fn subject_named(word: &str) -> Result<Subject, Problem> {
    Subject::from_word(word)
        .filter(|subject| *subject != Subject::Erasure)
        .ok_or_else(|| Problem::invalid("subject", "A subject is user, contact, deal, mirror or sweep."))
}

impl ChangeBody {
    pub(super) fn of(row: ChangeRow) -> Self {
        Self {
            subject: row.subject.word().to_owned(),
            subject_id: row.subject_id,
            generation: row.generation,
            due_at: moment(row.due_at),
            attempts: row.attempts,
            origin: row.origin,
            marked_at: moment(row.marked_at),
            parked_at: row.parked_at.map(moment),
            cause: row.cause,
        }
    }
}
