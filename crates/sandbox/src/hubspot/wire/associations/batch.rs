//! Associations in batches: up to 1,000 records to read, up to 2,000 pairs to write. A pair of which one record is
//! missing is an error among the results; a type that does not exist refuses the whole batch.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use http::StatusCode;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{PAGE_MAX, PageOf, Ref, both_ways, labels_json, may_read, may_write, page, pair, present};
use crate::hubspot::access::Caller;
use crate::hubspot::crm::association::{Tie, TypeSpec};
use crate::hubspot::crm::batch::{Answer, check_size};
use crate::hubspot::crm::kind::Kind;
use crate::hubspot::crm::write::text;
use crate::hubspot::desk::in_portal;
use crate::hubspot::error::ApiError;
use crate::hubspot::portal::Portal;
use crate::hubspot::wire::batches::reply;
use crate::hubspot::wire::input::read;
use crate::world::World;

const READ_MAX: usize = 1_000;
const WRITE_MAX: usize = 2_000;

type Reply = Result<(StatusCode, Json<Value>), ApiError>;
type Kinds = Path<(String, String)>;

#[derive(Deserialize)]
struct Rows<T> {
    inputs: Vec<T>,
}

/// A record whose associations are wanted, perhaps not from the first one on.
#[derive(Deserialize)]
struct Wanted {
    id: Value,
    after: Option<Value>,
}

/// Two records, and in which ways they are meant.
#[derive(Deserialize)]
struct Pair {
    from: Ref,
    to: Ref,
    #[serde(default)]
    types: Vec<TypeSpec>,
}

/// One record and those it is to be taken from.
#[derive(Deserialize)]
struct Parting {
    from: Ref,
    to: Vec<Ref>,
}

/// Reads what records are tied to; a lonely record is an error among the results.
pub(super) async fn read_all(
    State(world): State<Arc<World>>,
    caller: Caller,
    Path((from, to)): Kinds,
    body: Bytes,
) -> Reply {
    let kind = pair(&from, &to)?;
    may_read(&caller, kind)?;
    let wanted: Vec<Wanted> = rows(&body, READ_MAX)?;
    in_portal(&world, caller.portal, caller.source, |portal, author| {
        let mut answer = Answer::default();
        for wanted in &wanted {
            match row(portal, kind, wanted, caller.version.ids_are_text()) {
                Some(row) => answer.results.push(row),
                None => answer.errors.push(none_found(kind, &text(&wanted.id).unwrap_or_default())),
            }
        }
        Ok(reply(StatusCode::OK, answer, author.at_ms))
    })
}

/// Ties pairs with the types that each row names.
pub(super) async fn create(
    State(world): State<Arc<World>>,
    caller: Caller,
    Path((from, to)): Kinds,
    body: Bytes,
) -> Reply {
    let kind = pair(&from, &to)?;
    may_write(&caller, kind)?;
    let pairs: Vec<Pair> = rows(&body, WRITE_MAX)?;
    in_portal(&world, caller.portal, caller.source, |portal, author| {
        let labels = pairs.iter().map(|pair| portal.labels_meant(kind, &pair.types));
        let labels: Vec<_> = labels.collect::<Result<_, _>>()?;
        let mut answer = Answer::default();
        for (pair, labels) in pairs.iter().zip(labels) {
            match ends(portal, kind, &pair.from, &pair.to) {
                Ok((from, to)) => {
                    portal.tie(kind, from, &Tie { to, labels }, author);
                    answer.results.push(labels_json(portal, kind, from, to));
                }
                Err(error) => answer.errors.push(error.row(None)),
            }
        }
        Ok(reply(StatusCode::CREATED, answer, author.at_ms))
    })
}

/// Ties pairs in HubSpot's own way.
pub(super) async fn create_default(
    State(world): State<Arc<World>>,
    caller: Caller,
    Path((from, to)): Kinds,
    body: Bytes,
) -> Reply {
    let kind = pair(&from, &to)?;
    may_write(&caller, kind)?;
    let pairs: Vec<Pair> = rows(&body, WRITE_MAX)?;
    in_portal(&world, caller.portal, caller.source, |portal, author| {
        let mut answer = Answer::default();
        for pair in &pairs {
            match ends(portal, kind, &pair.from, &pair.to) {
                Ok((from, to)) => {
                    portal.tie(kind, from, &Tie { to, labels: BTreeSet::new() }, author);
                    answer.results.extend(both_ways(kind, from, to));
                }
                Err(error) => answer.errors.push(error.row(None)),
            }
        }
        Ok(reply(StatusCode::OK, answer, author.at_ms))
    })
}

/// Ends associations with all their types; what is not there is as gone as asked for.
pub(super) async fn archive(
    State(world): State<Arc<World>>,
    caller: Caller,
    Path((from, to)): Kinds,
    body: Bytes,
) -> Result<StatusCode, ApiError> {
    let kind = pair(&from, &to)?;
    may_write(&caller, kind)?;
    let partings: Vec<Parting> = rows(&body, WRITE_MAX)?;
    in_portal(&world, caller.portal, caller.source, |portal, author| {
        for parting in &partings {
            for to in &parting.to {
                if let Ok((from, to)) = ends(portal, kind, &parting.from, to) {
                    portal.untie(kind, from, to, author);
                }
            }
        }
        Ok(StatusCode::NO_CONTENT)
    })
}

/// Takes single types from associations.
pub(super) async fn archive_labels(
    State(world): State<Arc<World>>,
    caller: Caller,
    Path((from, to)): Kinds,
    body: Bytes,
) -> Result<StatusCode, ApiError> {
    let kind = pair(&from, &to)?;
    may_write(&caller, kind)?;
    let pairs: Vec<Pair> = rows(&body, WRITE_MAX)?;
    in_portal(&world, caller.portal, caller.source, |portal, author| {
        for pair in &pairs {
            portal.labels_meant(kind, &pair.types)?;
        }
        for pair in &pairs {
            if let Ok(ends) = ends(portal, kind, &pair.from, &pair.to) {
                portal.take_types(kind, ends, &pair.types, author)?;
            }
        }
        Ok(StatusCode::NO_CONTENT)
    })
}

fn rows<T: DeserializeOwned>(body: &Bytes, max: usize) -> Result<Vec<T>, ApiError> {
    let rows: Rows<T> = read(body)?;
    check_size(rows.inputs.len(), max)?;
    Ok(rows.inputs)
}

fn ends(portal: &Portal, kind: Kind, from: &Ref, to: &Ref) -> Result<(u64, u64), ApiError> {
    Ok((present(portal, kind, &from.id())?, present(portal, kind.other(), &to.id())?))
}

fn row(portal: &Portal, kind: Kind, wanted: &Wanted, ids_are_text: bool) -> Option<Value> {
    let id = text(&wanted.id).unwrap_or_default();
    let after = wanted.after.as_ref().and_then(text).and_then(|after| after.parse().ok()).unwrap_or(0);
    let record = portal.resolve(kind, &id).and_then(|id| portal.live(kind, id))?;
    let (to, next) = page(portal, kind, record, PageOf { after, limit: PAGE_MAX, ids_are_text });
    if to.is_empty() {
        return None;
    }
    let mut row = json!({"from": {"id": id}, "to": to});
    if let Some(next) = next {
        row["paging"] = json!({"next": {"after": next}});
    }
    Some(row)
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
