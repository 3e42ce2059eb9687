//! The audit log of one installation.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use sync_core::{access::audit::Line, views::PAGE_MAX};
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{
    caller::Caller,
    extract::{Json, Path, Query},
    problem::Problem,
    wire::{List, moment, named},
};
use crate::app::AppState;

/// Lines shown where no limit is named.
const LINES_DEFAULT: u64 = 50;

/// One action of a person or a program.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AuditLine {
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    at: OffsetDateTime,
    /// Who.
    actor: String,
    /// What, as a dotted word.
    action: String,
    /// Ids or names that belong to it.
    detail: String,
}

/// How many lines to show.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Length {
    /// Lines at most, 1 to 200; 50 where it is left out.
    limit: Option<u64>,
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list))
}

/// List the newest lines of an installation's audit log.
#[utoipa::path(get, path = "/installations/{id}/audit", operation_id = "list_audit_lines", tag = "activity", params(("id" = Uuid, Path), Length),
    responses((status = 200, body = List<AuditLine>), (status = 404, body = Problem)))]
async fn list(
    _caller: Caller,
    State(state): State<AppState>,
    Path(id): Path<Uuid>,
    Query(length): Query<Length>,
) -> Result<Json<List<AuditLine>>, Problem> {
    let scope = named(&state, id).await?.scope();
    let limit = length.limit.unwrap_or(LINES_DEFAULT).clamp(1, PAGE_MAX);
    let lines = state.core.audit_lines(scope, limit).await?;
    Ok(Json(List { items: lines.into_iter().map(AuditLine::of).collect(), next: None }))
}

impl AuditLine {
    fn of(line: Line) -> Self {
        Self { at: moment(line.at), actor: line.actor, action: line.action, detail: line.detail }
    }
}
