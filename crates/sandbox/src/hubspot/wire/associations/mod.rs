//! Which contacts a deal is with, and the other way round: a thousand at a time, one record's, and the labels
//! they may carry. Contacts and deals among themselves and other kinds are not simulated.

mod batch;
mod label;
mod single;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::{Value, json};

pub(super) use single::{labelled as of_one_labelled, of_one, typed as of_one_typed};

use super::unsimulated::not_simulated;
use crate::hubspot::access::Caller;
use crate::hubspot::crm::kind::Kind;
use crate::hubspot::crm::record::Record;
use crate::hubspot::crm::write::text;
use crate::hubspot::error::ApiError;
use crate::hubspot::portal::Portal;
use crate::world::World;

/// The most associations of one record in one answer.
const PAGE_MAX: usize = 500;

/// Between two kinds, below the version.
pub(super) fn router() -> Router<Arc<World>> {
    Router::new()
        .route("/{from}/{to}/batch/read", post(batch::read_all))
        .route("/{from}/{to}/batch/create", post(batch::create))
        .route("/{from}/{to}/batch/associate/default", post(batch::create_default))
        .route("/{from}/{to}/batch/archive", post(batch::archive))
        .route("/{from}/{to}/batch/labels/archive", post(batch::archive_labels))
        .route("/{from}/{to}/labels", get(label::all).post(label::create).fallback(not_simulated))
}

/// A record as rows name it.
#[derive(Deserialize)]
struct Ref {
    id: Value,
}

impl Ref {
    fn id(&self) -> String {
        text(&self.id).unwrap_or_default()
    }
}

/// The kind that a path leads from.
fn pair(from: &str, to: &str) -> Result<Kind, ApiError> {
    match (Kind::named(from), Kind::named(to)) {
        (Some(from), Some(to)) if from != to => Ok(from),
        _ => Err(ApiError::not_simulated(&format!("associations from {from} to {to}"))),
    }
}

fn may_read(caller: &Caller, kind: Kind) -> Result<(), ApiError> {
    caller.may(&[kind.read_scopes(), kind.other().read_scopes()].concat())
}

/// HubSpot lists the scopes of these calls as alternatives: either kind's will do.
fn may_write(caller: &Caller, kind: Kind) -> Result<(), ApiError> {
    caller.may(&[kind.write_scopes(), kind.other().write_scopes()].concat())
}

fn present(portal: &Portal, kind: Kind, id: &str) -> Result<u64, ApiError> {
    portal.resolve(kind, id).ok_or_else(|| ApiError::no_record(id))
}

/// Which of the records that one is tied to, and how their ids are written.
#[derive(Clone, Copy)]
struct PageOf {
    after: u64,
    limit: usize,
    ids_are_text: bool,
}

/// One page of what a record is tied to, with the types, and where the next page begins.
fn page(portal: &Portal, kind: Kind, record: &Record, wanted: PageOf) -> (Vec<Value>, Option<String>) {
    let mut ids = portal.tied(kind, record, wanted.after).peekable();
    let page: Vec<u64> = ids.by_ref().take(wanted.limit).collect();
    let next = page.last().filter(|_| ids.peek().is_some()).map(u64::to_string);
    // The documentation shows this id as a number, the published clients of the numbered paths have it as text.
    let shown = |to: u64| if wanted.ids_are_text { json!(to.to_string()) } else { json!(to) };
    let show =
        |to| json!({"toObjectId": shown(to), "associationTypes": portal.types_between(kind, record.id, to)});
    (page.into_iter().map(show).collect(), next)
}

/// Two records tied in HubSpot's own way, told in both directions.
fn both_ways(kind: Kind, from: u64, to: u64) -> [Value; 2] {
    [(kind, from, to), (kind.other(), to, from)].map(|(kind, from, to)| {
        json!({
            "from": {"id": from.to_string()}, "to": {"id": to.to_string()},
            "associationSpec": {
                "associationCategory": "HUBSPOT_DEFINED",
                "associationTypeId": kind.association_type_id(),
            },
        })
    })
}

/// Two records and the labels between them.
fn labels_json(portal: &Portal, kind: Kind, from: u64, to: u64) -> Value {
    json!({
        "fromObjectTypeId": kind.type_id(), "fromObjectId": from.to_string(),
        "toObjectTypeId": kind.other().type_id(), "toObjectId": to.to_string(),
        "labels": portal.labels_between(kind, from, to),
    })
}
