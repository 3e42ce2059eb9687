//! The associations of one record: in the old, short form, and with their types.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::routing::{get, put};
use axum::{Extension, Json, Router};
use http::StatusCode;
use serde_json::{Value, json};

use super::{PAGE_MAX, PageOf, both_ways, labels_json, may_write, page, pair, present};
use crate::hubspot::access::Caller;
use crate::hubspot::crm::association::{Tie, TypeSpec};
use crate::hubspot::crm::batch::Answer;
use crate::hubspot::crm::kind::Kind;
use crate::hubspot::desk::in_portal;
use crate::hubspot::error::ApiError;
use crate::hubspot::wire::batches::reply;
use crate::hubspot::wire::input::{Params, read};
use crate::world::World;

/// The writes, below the records of one kind.
pub(in crate::hubspot::wire) fn typed() -> Router<Arc<World>> {
    Router::new()
        .route("/{id}/associations/default/{other}/{other_id}", put(associate))
        .route("/{id}/associations/{other}/{other_id}", put(label).delete(dissociate))
}

/// The read of `v4`, below the records of one kind.
pub(in crate::hubspot::wire) fn labelled() -> Router<Arc<World>> {
    Router::new().route("/{id}/associations/{other}", get(of_one_with_types))
}

/// The associations of one record, in the short form.
pub(in crate::hubspot::wire) async fn of_one(
    State(world): State<Arc<World>>,
    caller: Caller,
    Extension(kind): Extension<Kind>,
    Path((id, other)): Path<(String, String)>,
) -> Result<Json<Value>, ApiError> {
    pair(kind.plural(), &other)?;
    caller.may(kind.read_scopes())?;
    in_portal(&world, caller.portal, caller.source, |portal, _| {
        let record = portal.resolve(kind, &id).and_then(|id| portal.live(kind, id));
        let record = record.ok_or_else(|| ApiError::no_record(&id))?;
        let tied = portal.tied(kind, record, 0);
        let shown = tied.map(|id| json!({"id": id.to_string(), "type": kind.association_name()}));
        Ok(Json(json!({"results": shown.collect::<Vec<_>>()})))
    })
}

async fn of_one_with_types(
    State(world): State<Arc<World>>,
    caller: Caller,
    Extension(kind): Extension<Kind>,
    Path((id, other)): Path<(String, String)>,
    params: Params,
) -> Result<Json<Value>, ApiError> {
    pair(kind.plural(), &other)?;
    caller.may(kind.read_scopes())?;
    let limit = params.number("limit")?.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(PAGE_MAX);
    if limit > PAGE_MAX {
        return Err(ApiError::invalid(format!("Invalid limit {limit}: the maximum is {PAGE_MAX}")));
    }
    let after = params.number("after")?.unwrap_or(0);
    let wanted = PageOf { after, limit, ids_are_text: caller.version.ids_are_text() };
    in_portal(&world, caller.portal, caller.source, |portal, _| {
        let record = portal.resolve(kind, &id).and_then(|id| portal.live(kind, id));
        let record = record.ok_or_else(|| ApiError::no_record(&id))?;
        let (results, next) = page(portal, kind, record, wanted);
        let mut answer = json!({"results": results});
        if let Some(next) = next {
            answer["paging"] = json!({"next": {"after": next}});
        }
        Ok(Json(answer))
    })
}

/// Ties two records in HubSpot's own way.
async fn associate(
    State(world): State<Arc<World>>,
    caller: Caller,
    Extension(kind): Extension<Kind>,
    Path((id, other, other_id)): Path<(String, String, String)>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    pair(kind.plural(), &other)?;
    may_write(&caller, kind)?;
    in_portal(&world, caller.portal, caller.source, |portal, author| {
        let from = present(portal, kind, &id)?;
        let to = present(portal, kind.other(), &other_id)?;
        portal.tie(kind, from, &Tie { to, labels: BTreeSet::new() }, author);
        let answer = Answer { results: both_ways(kind, from, to).into(), ..Answer::default() };
        Ok(reply(StatusCode::OK, answer, author.at_ms))
    })
}

/// Ties two records with labels.
async fn label(
    State(world): State<Arc<World>>,
    caller: Caller,
    Extension(kind): Extension<Kind>,
    Path((id, other, other_id)): Path<(String, String, String)>,
    body: Bytes,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    pair(kind.plural(), &other)?;
    may_write(&caller, kind)?;
    let types: Vec<TypeSpec> = read(&body)?;
    in_portal(&world, caller.portal, caller.source, |portal, author| {
        let from = present(portal, kind, &id)?;
        let to = present(portal, kind.other(), &other_id)?;
        let labels = portal.labels_meant(kind, &types)?;
        portal.tie(kind, from, &Tie { to, labels }, author);
        Ok((StatusCode::CREATED, Json(labels_json(portal, kind, from, to))))
    })
}

/// Ends every association of two records; there may be none.
async fn dissociate(
    State(world): State<Arc<World>>,
    caller: Caller,
    Extension(kind): Extension<Kind>,
    Path((id, other, other_id)): Path<(String, String, String)>,
) -> Result<StatusCode, ApiError> {
    pair(kind.plural(), &other)?;
    may_write(&caller, kind)?;
    in_portal(&world, caller.portal, caller.source, |portal, author| {
        let ends = (portal.resolve(kind, &id), portal.resolve(kind.other(), &other_id));
        if let (Some(from), Some(to)) = ends {
            portal.untie(kind, from, to, author);
        }
        Ok(StatusCode::NO_CONTENT)
    })
}
