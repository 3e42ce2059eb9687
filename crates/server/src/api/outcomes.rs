//! Outcomes: what the sync of each record did, the newest first.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use sync_core::{
    queue::outcome::Action,
    views::activity::{DayRow, OutcomeFilter, OutcomeRow},
};
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{
    caller::Caller,
    extract::{Json, Path, Query},
    problem::Problem,
    wire::{List, Paging, moment, named},
};
use crate::app::AppState;

/// What the sync of one record did. It names fields, never values.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OutcomeBody {
    /// Its id; newer ones sort later.
    id: Uuid,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    at: OffsetDateTime,
    /// What was looked at: `user`, `contact`, `deal`, `mirror`, `erasure` or `sweep`.
    subject: String,
    /// Its id at its provider.
    subject_id: String,
    /// `created`, `updated`, `unchanged`, `skipped`, `erased`, `conflicted` or `failed`.
    action: String,
    /// Why, as a code.
    reason: Option<String>,
    /// The fields written, or in the way.
    fields: Vec<String>,
    /// The Storeganise user concerned.
    user_id: Option<String>,
    /// The HubSpot contact concerned.
    contact_id: Option<String>,
    /// The HubSpot deal concerned.
    deal_id: Option<String>,
    /// HubSpot's own code for a refusal, such as `INVALID_EMAIL`.
    provider_code: Option<String>,
    /// HubSpot's own id of a refusal, for its support.
    correlation_id: Option<String>,
}

/// Which outcomes to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Filter {
    /// Only these actions, with commas between them.
    action: Option<String>,
    /// Only those that concern this user, contact or deal.
    record: Option<String>,
}

/// A page of outcomes.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OutcomeList {
    /// The rows.
    items: Vec<OutcomeBody>,
    /// The cursor of the next page; null on the last one.
    next: Option<String>,
    /// From when on outcomes are kept one by one; before that there are only daily counts. Null where nothing was
    /// thinned yet.
    #[serde(with = "time::serde::rfc3339::option")]
    kept_since: Option<OffsetDateTime>,
}

/// How many outcomes of a kind a day had, of those that are no longer kept.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DayBody {
    /// The day (UTC), as `YYYY-MM-DD`.
    day: String,
    /// `created`, `updated`, `unchanged`, `skipped`, `conflicted` or `failed`.
    action: String,
    /// Why, as a code.
    reason: Option<String>,
    /// How often.
    count: u64,
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(days))
}

/// List outcomes, the newest first.
#[utoipa::path(get, path = "/installations/{id}/outcomes", operation_id = "list_outcomes", tag = "activity",
    params(("id" = Uuid, Path), Filter, Paging),
    responses((status = 200, body = OutcomeList), (status = 404, body = Problem)))]
async fn list(
    _caller: Caller,
    State(state): State<AppState>,
    Path(id): Path<Uuid>,
    Query(filter): Query<Filter>,
    Query(paging): Query<Paging>,
) -> Result<Json<OutcomeList>, Problem> {
    let scope = named(&state, id).await?.scope();
    let filter = filter.checked()?;
    let page = state.core.outcomes(scope, &filter, paging.cursor.as_deref(), paging.limit()).await?;
    let kept_since = state.core.outcomes_kept_since(scope).await?.map(moment);
    let List { items, next } = List::of(page, OutcomeBody::of);
    Ok(Json(OutcomeList { items, next, kept_since }))
}

/// Count the outcomes that are no longer kept, by day, the newest day first.
#[utoipa::path(get, path = "/installations/{id}/outcomes/days", operation_id = "list_outcome_days", tag = "activity",
    params(("id" = Uuid, Path), Paging),
    responses((status = 200, body = List<DayBody>), (status = 404, body = Problem)))]
async fn days(
    _caller: Caller,
    State(state): State<AppState>,
    Path(id): Path<Uuid>,
    Query(paging): Query<Paging>,
) -> Result<Json<List<DayBody>>, Problem> {
    let scope = named(&state, id).await?.scope();
    let page = state.core.outcome_days(scope, paging.cursor.as_deref(), paging.limit()).await?;
    Ok(Json(List::of(page, DayBody::of)))
}

impl DayBody {
    fn of(row: DayRow) -> Self {
        Self {
            day: moment(row.day).date().to_string(),
            action: row.action.word().to_owned(),
            reason: row.reason,
            count: row.count,
        }
    }
}

impl Filter {
    fn checked(self) -> Result<OutcomeFilter, Problem> {
        let words = self.action.as_deref().unwrap_or_default().split(',').map(str::trim);
        let actions = words.filter(|word| !word.is_empty()).map(action_named).collect::<Result<_, _>>()?;
        Ok(OutcomeFilter { actions, record: self.record.filter(|record| !record.is_empty()) })
    }
}

fn action_named(word: &str) -> Result<Action, Problem> {
    Action::from_word(word).ok_or_else(|| {
        Problem::invalid(
            "action",
            "An action is created, updated, unchanged, skipped, erased, conflicted or failed.",
        )
    })
}

impl OutcomeBody {
    pub(super) fn of(row: OutcomeRow) -> Self {
        Self {
            id: row.id,
            at: moment(row.at),
            subject: row.subject.word().to_owned(),
            subject_id: row.subject_id,
            action: row.action.word().to_owned(),
            reason: row.reason,
            fields: row.fields,
            user_id: row.user_id,
            contact_id: row.contact_id,
            deal_id: row.deal_id,
            provider_code: row.provider_code,
            correlation_id: row.correlation_id,
        }
    }
}
