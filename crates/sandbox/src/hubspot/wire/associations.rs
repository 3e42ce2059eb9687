//! Which contacts a deal is with, and the other way round. Labels and other kinds are not simulated.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::routing::post;
use axum::{Extension, Json, Router};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::batches::reply;
use super::input::read;
use crate::hubspot::access::Caller;
use crate::hubspot::crm::batch::{Answer, check_size};
use crate::hubspot::crm::kind::Kind;
use crate::hubspot::crm::record::Record;
use crate::hubspot::crm::view::associated;
use crate::hubspot::crm::write::text;
use crate::hubspot::desk::in_portal;
use crate::hubspot::error::ApiError;
use crate::world::World;

const BATCH_READ_MAX: usize = 1_000;

/// The batch calls, below the version.
pub(super) fn router() -> Router<Arc<World>> {
    Router::new().route("/{from}/{to}/batch/read", post(read_batch))
}

#[derive(Deserialize)]
struct From {
    inputs: Vec<Id>,
}

#[derive(Deserialize)]
struct Id {
    id: Value,
}

async fn read_batch(
    State(world): State<Arc<World>>,
    caller: Caller,
    Path((from, to)): Path<(String, String)>,
    body: Bytes,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let kind = pair(&from, &to)?;
    caller.may(&[kind.read_scopes(), kind.other().read_scopes()].concat())?;
    let asked: From = read(&body)?;
    check_size(asked.inputs.len(), BATCH_READ_MAX)?;
    in_portal(&world, caller.portal, caller.source, |portal, author| {
        let mut answer = Answer::default();
        for id in asked.inputs.iter().filter_map(|input| text(&input.id)) {
            let record = portal.resolve(kind, &id).and_then(|id| portal.live(kind, id));
            match record.filter(|record| !record.associated.is_empty()) {
                Some(record) => answer.results.push(row(kind, &id, record)),
                None => answer.errors.push(none_found(kind, &id)),
            }
        }
        Ok(reply(StatusCode::OK, answer, author.at_ms))
    })
}

/// The associations of one record, in the short form.
pub(super) async fn of_one(
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
        Ok(Json(json!({"results": associated(kind, record)})))
    })
}

/// Ties two records with the default association.
pub(super) async fn associate(
    State(world): State<Arc<World>>,
    caller: Caller,
    Extension(kind): Extension<Kind>,
    Path((id, other, other_id)): Path<(String, String, String)>,
) -> Result<Json<Value>, ApiError> {
    pair(kind.plural(), &other)?;
    caller.may(kind.write_scopes())?;
    in_portal(&world, caller.portal, caller.source, |portal, author| {
        let from = portal.resolve(kind, &id).ok_or_else(|| ApiError::no_record(&id))?;
        let to = portal.resolve(kind.other(), &other_id).ok_or_else(|| ApiError::no_record(&other_id))?;
        let (deal, contact) = if kind == Kind::Deal { (from, to) } else { (to, from) };
        portal.associate(deal, contact, author);
        let tie = |kind: Kind, from: u64, to: u64| {
            json!({
                "from": {"id": from.to_string()}, "to": {"id": to.to_string()},
                "associationSpec": {
                    "associationCategory": "HUBSPOT_DEFINED",
                    "associationTypeId": kind.association_type_id(),
                },
            })
        };
        Ok(Json(json!({
            "status": "COMPLETE",
            "results": [tie(kind, from, to), tie(kind.other(), to, from)],
        })))
    })
}

fn pair(from: &str, to: &str) -> Result<Kind, ApiError> {
    match (Kind::named(from), Kind::named(to)) {
        (Some(from), Some(to)) if from != to => Ok(from),
        _ => Err(ApiError::invalid(format!("There are no associations from {from} to {to}"))),
    }
}

fn row(kind: Kind, id: &str, record: &Record) -> Value {
    let to = record.associated.iter().map(|to| {
        json!({
            "toObjectId": to,
            "associationTypes": [{
                "category": "HUBSPOT_DEFINED", "typeId": kind.association_type_id(), "label": null,
            }],
        })
    });
    json!({"from": {"id": id}, "to": to.collect::<Vec<_>>()})
}

fn none_found(kind: Kind, id: &str) -> Value {
    json!({
        "status": "error",
        "category": "OBJECT_NOT_FOUND",
        "subCategory": "crm.associations.NO_ASSOCIATIONS_FOUND",
        "message": format!("No {} is associated with {} {id}.", kind.other().singular(), kind.singular()),
        "context": {
            "fromObjectId": [id], "fromObjectType": [kind.type_id()], "toObjectType": [kind.other().type_id()],
        },
    })
}
