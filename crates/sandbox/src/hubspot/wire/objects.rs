//! Single records: make, read, change, archive, list, search, merge, erase.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::associations;
use super::input::{Params, read};
use crate::hubspot::access::{Caller, Searcher};
use crate::hubspot::crm::batch::Row;
use crate::hubspot::crm::kind::Kind;
use crate::hubspot::crm::search::{BODY_MAX_CHARS, Search};
use crate::hubspot::crm::view::View;
use crate::hubspot::crm::write::{Claims, text};
use crate::hubspot::desk::in_portal;
use crate::hubspot::error::ApiError;
use crate::hubspot::portal::Portal;
use crate::world::World;

const LIST_MAX: usize = 100;
const LIST_DEFAULT: usize = 10;

/// Below the records of one kind.
pub(super) fn router() -> Router<Arc<World>> {
    Router::new()
        .route("/", get(list).post(create))
        .route("/{id}", get(one).patch(update).delete(archive))
        .route("/search", post(search))
        .route("/merge", post(merge))
        .route("/gdpr-delete", post(erase))
        .route("/{id}/associations/{other}", get(associations::of_one))
}

async fn create(
    State(world): State<Arc<World>>,
    caller: Caller,
    Extension(kind): Extension<Kind>,
    body: Bytes,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    caller.may(kind.write_scopes())?;
    let row: Row = read(&body)?;
    let mut claims = Claims::of_a_writer(caller.version.obeys_the_admin());
    in_portal(&world, caller.portal, caller.source, |portal, author| {
        let plan = portal.plan_create(kind, &row.properties, &row.associations, &mut claims)?;
        let id = portal.carry_out(kind, plan, author);
        Ok((StatusCode::CREATED, Json(portal.show_written(kind, id, &row.properties))))
    })
}

async fn one(
    State(world): State<Arc<World>>,
    caller: Caller,
    Extension(kind): Extension<Kind>,
    Path(id): Path<String>,
    params: Params,
) -> Result<Json<Value>, ApiError> {
    caller.may(kind.read_scopes())?;
    let view = params.view(kind)?;
    in_portal(&world, caller.portal, caller.source, |portal, _| {
        let record = match params.archived() {
            true => id.parse().ok().and_then(|id| portal.store(kind).exact(id)).filter(|r| r.archived),
            false => portal.live(kind, find(portal, kind, &id, params.one("idProperty"))?),
        };
        let record = record.ok_or_else(|| ApiError::no_record(&id))?;
        Ok(Json(portal.show(kind, record, &view)))
    })
}

async fn update(
    State(world): State<Arc<World>>,
    caller: Caller,
    Extension(kind): Extension<Kind>,
    Path(id): Path<String>,
    params: Params,
    body: Bytes,
) -> Result<Json<Value>, ApiError> {
    caller.may(kind.write_scopes())?;
    let row: Row = read(&body)?;
    let mut claims = Claims::of_a_writer(caller.version.obeys_the_admin());
    in_portal(&world, caller.portal, caller.source, |portal, author| {
        let id = find(portal, kind, &id, params.one("idProperty"))?;
        let plan = portal.plan_update(kind, id, &row.properties, &mut claims)?;
        portal.carry_out(kind, plan, author);
        Ok(Json(portal.show_written(kind, id, &row.properties)))
    })
}

async fn archive(
    State(world): State<Arc<World>>,
    caller: Caller,
    Extension(kind): Extension<Kind>,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    caller.may(kind.write_scopes())?;
    in_portal(&world, caller.portal, caller.source, |portal, author| {
        // What is gone already is as archived as asked for.
        if let Some(id) = portal.resolve(kind, &id) {
            portal.check_unlocked(kind, id)?;
            portal.archive(kind, id, author);
        }
        Ok(StatusCode::NO_CONTENT)
    })
}

async fn list(
    State(world): State<Arc<World>>,
    caller: Caller,
    Extension(kind): Extension<Kind>,
    params: Params,
) -> Result<Json<Value>, ApiError> {
    caller.may(kind.read_scopes())?;
    let limit =
        params.number("limit")?.map_or(LIST_DEFAULT, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
    let after = params.number("after")?.unwrap_or(0);
    if limit > LIST_MAX {
        return Err(ApiError::invalid(format!("Invalid limit {limit}: the maximum is {LIST_MAX}")));
    }
    let view = params.view(kind)?;
    in_portal(&world, caller.portal, caller.source, |portal, _| {
        let mut records = portal.store(kind).after(after, params.archived()).peekable();
        let page: Vec<_> = records.by_ref().take(limit).collect();
        let last = page.last().map(|record| record.id.to_string());
        let has_more = records.peek().is_some();
        let shown: Vec<Value> = page.into_iter().map(|record| portal.show(kind, record, &view)).collect();
        let mut answer = json!({"results": shown});
        if let Some(last) = last.filter(|_| has_more) {
            answer["paging"] = json!({"next": {"after": last}});
        }
        Ok(Json(answer))
    })
}

async fn search(
    State(world): State<Arc<World>>,
    Searcher(caller): Searcher,
    Extension(kind): Extension<Kind>,
    body: Bytes,
) -> Result<Json<Value>, ApiError> {
    caller.may(kind.read_scopes())?;
    if String::from_utf8_lossy(&body).chars().count() > BODY_MAX_CHARS {
        return Err(ApiError::invalid(format!("A search takes no more than {BODY_MAX_CHARS} characters")));
    }
    let wanted: Search = read(&body)?;
    in_portal(&world, caller.portal, caller.source, |portal, author| {
        Ok(Json(portal.search(kind, wanted, author.at_ms)?))
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Merge {
    primary_object_id: Value,
    object_id_to_merge: Value,
}

async fn merge(
    State(world): State<Arc<World>>,
    caller: Caller,
    Extension(kind): Extension<Kind>,
    body: Bytes,
) -> Result<Json<Value>, ApiError> {
    caller.may(kind.write_scopes())?;
    let asked: Merge = read(&body)?;
    let ids = [asked.primary_object_id, asked.object_id_to_merge].map(|id| text(&id).unwrap_or_default());
    in_portal(&world, caller.portal, caller.source, |portal, author| {
        let id = portal.merge(kind, &ids[0], &ids[1], author)?;
        let record = portal.live(kind, id).ok_or_else(|| ApiError::no_record(&id.to_string()))?;
        Ok(Json(portal.show(kind, record, &View::default())))
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Erase {
    object_id: Value,
    id_property: Option<String>,
}

async fn erase(
    State(world): State<Arc<World>>,
    caller: Caller,
    Extension(kind): Extension<Kind>,
    body: Bytes,
) -> Result<StatusCode, ApiError> {
    caller.may(kind.write_scopes())?;
    let asked: Erase = read(&body)?;
    let id = text(&asked.object_id).unwrap_or_default();
    in_portal(&world, caller.portal, caller.source, |portal, author| {
        if kind != Kind::Contact {
            return Err(ApiError::invalid("Only contacts can be deleted for privacy"));
        }
        let id = find(portal, kind, &id, asked.id_property.as_deref())?;
        portal.check_unlocked(kind, id)?;
        portal.erase(id, author);
        Ok(StatusCode::NO_CONTENT)
    })
}

/// The present id of the record meant by an id, a former id, or a key.
fn find(portal: &Portal, kind: Kind, id: &str, id_property: Option<&str>) -> Result<u64, ApiError> {
    let found = match id_property {
        None | Some("hs_object_id") => portal.resolve(kind, id),
        Some(property) => portal.keyed(kind, property, id)?,
    };
    found.ok_or_else(|| ApiError::no_record(id))
}
