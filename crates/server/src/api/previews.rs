//! What a preview found: counts, examples with the values of both sides as they are now, and every record by its
//! ids.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use serde::Serialize;
use sync_core::{
    merge::Side,
    preview::{examples::Example, report::SideCounts},
};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{
    caller::Caller,
    extract::{Json, Path},
    problem::Problem,
    runs::RunBody,
    wire::named,
};
use crate::{app::AppState, preview_csv};

/// What a preview found.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PreviewBody {
    /// The preview itself; while it goes on, the counts grow.
    run: RunBody,
    /// What would happen to contacts.
    contact: CountsBody,
    /// What would happen to users.
    user: CountsBody,
    /// Why records would be left alone or handled in part, the most frequent first.
    reasons: Vec<ReasonBody>,
}

/// What would happen to one side's records.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CountsBody {
    /// Records made.
    created: u64,
    /// Records changed.
    updated: u64,
    /// Records that are as they should be.
    unchanged: u64,
    /// Records that are not synced, for a reason.
    skipped: u64,
    /// Records for a person to decide about.
    conflicted: u64,
    /// Records that cannot be done.
    failed: u64,
    /// Of all these, records of which a field would be refused; the rest of the record goes on.
    refused: u64,
}

/// A reason and how often it is given.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReasonBody {
    /// The reason, as a code.
    reason: String,
    /// Records it is given for.
    records: u64,
}

/// Examples of what a preview found.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ExamplesBody {
    /// Up to ten of each action on each side.
    items: Vec<ExampleBody>,
}

/// A record as it is and as it would be.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ExampleBody {
    /// The side it is an example of: `contact` or `user`.
    side: &'static str,
    /// What would happen there: `created`, `updated`, `conflicted`, `skipped` or `failed`.
    action: &'static str,
    /// The user concerned.
    user_id: Option<String>,
    /// The contact concerned; null where one would be made.
    contact_id: Option<String>,
    /// The deal concerned.
    deal_id: Option<String>,
    /// Why, as a code.
    reason: Option<String>,
    /// Fields that would be refused.
    refused: Vec<String>,
    /// The fields that would be written, with their values.
    fields: Vec<FieldBody>,
}

/// A field's value as it is and as it would be.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FieldBody {
    /// Its name on the side that would be written.
    field: String,
    /// Its value now, read a moment ago; null where it is blank.
    now: Option<String>,
    /// What it would become; null where it would be cleared, or is not known before it is done.
    then: Option<String>,
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(show)).routes(routes!(examples)).routes(routes!(rows))
}

/// Show what a preview found.
#[utoipa::path(get, path = "/installations/{id}/runs/{run}/preview", operation_id = "show_preview", tag = "runs",
    params(("id" = Uuid, Path), ("run" = Uuid, Path)),
    responses((status = 200, body = PreviewBody), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn show(
    _caller: Caller,
    State(state): State<AppState>,
    Path((id, run)): Path<(Uuid, Uuid)>,
) -> Result<Json<PreviewBody>, Problem> {
    let report = state.core.preview_report(named(&state, id).await?.scope(), run).await?;
    Ok(Json(PreviewBody {
        run: RunBody::of(&report.run),
        contact: report.contact.into(),
        user: report.user.into(),
        reasons: report.reasons.into_iter().map(|(reason, records)| ReasonBody { reason, records }).collect(),
    }))
}

/// Show examples of what a preview found; both sides are read for it now, and nothing of it is stored.
#[utoipa::path(get, path = "/installations/{id}/runs/{run}/preview/examples", operation_id = "show_preview_examples",
    tag = "runs", params(("id" = Uuid, Path), ("run" = Uuid, Path)),
    responses((status = 200, body = ExamplesBody), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 502, body = Problem)))]
async fn examples(
    _caller: Caller,
    State(state): State<AppState>,
    Path((id, run)): Path<(Uuid, Uuid)>,
) -> Result<Json<ExamplesBody>, Problem> {
    let found = state.core.preview_examples(&named(&state, id).await?, run).await?;
    Ok(Json(ExamplesBody { items: found.into_iter().map(Into::into).collect() }))
}

/// Every record of a preview as CSV: ids, actions and names of fields.
#[utoipa::path(get, path = "/installations/{id}/runs/{run}/preview.csv", operation_id = "list_preview_records",
    tag = "runs", params(("id" = Uuid, Path), ("run" = Uuid, Path)),
    responses((status = 200, content_type = "text/csv", body = String), (status = 404, body = Problem),
        (status = 409, body = Problem)))]
async fn rows(
    _caller: Caller,
    State(state): State<AppState>,
    Path((id, run)): Path<(Uuid, Uuid)>,
) -> Result<Response, Problem> {
    let scope = named(&state, id).await?.scope();
    Ok(preview_csv::answer(Arc::clone(&state.core), scope, run).await?)
}

impl From<SideCounts> for CountsBody {
    fn from(counts: SideCounts) -> Self {
        let SideCounts { created, updated, unchanged, skipped, conflicted, failed, refused } = counts;
        Self { created, updated, unchanged, skipped, conflicted, failed, refused }
    }
}

impl From<Example> for ExampleBody {
    fn from(example: Example) -> Self {
        let (side, refused) = match example.side {
            Side::Contact => ("contact", example.row.contact.refused),
            Side::User => ("user", example.row.user.refused),
        };
        let fields = example.fields.into_iter();
        Self {
            side,
            action: example.action.word(),
            user_id: example.row.user_id,
            contact_id: example.row.contact_id,
            deal_id: example.row.deal_id,
            reason: example.row.reason,
            refused,
            fields: fields.map(|f| FieldBody { field: f.field, now: f.now, then: f.then }).collect(),
        }
    }
}
