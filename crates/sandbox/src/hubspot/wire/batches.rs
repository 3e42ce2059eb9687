//! Records a hundred at a time.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;
use axum::{Extension, Json, Router};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::input::{Params, read};
use crate::clock;
use crate::hubspot::access::Caller;
use crate::hubspot::crm::batch::{Answer, BATCH_MAX, Row, Verb, check_size};
use crate::hubspot::crm::kind::Kind;
use crate::hubspot::crm::view::View;
use crate::hubspot::crm::write::{Claims, text};
use crate::hubspot::desk::in_portal;
use crate::hubspot::error::ApiError;
use crate::world::World;

type Reply = Result<(StatusCode, Json<Value>), ApiError>;

/// Below `batch` of one kind.
pub(super) fn router() -> Router<Arc<World>> {
    Router::new()
        .route("/create", post(create))
        .route("/update", post(update))
        .route("/upsert", post(upsert))
        .route("/read", post(read_all))
        .route("/archive", post(archive))
}

#[derive(Deserialize)]
struct Rows {
    inputs: Vec<Row>,
}

async fn create(
    State(world): State<Arc<World>>,
    caller: Caller,
    Extension(kind): Extension<Kind>,
    body: Bytes,
) -> Reply {
    write(&world, &caller, kind, Verb::Create, &body)
}

async fn update(
    State(world): State<Arc<World>>,
    caller: Caller,
    Extension(kind): Extension<Kind>,
    body: Bytes,
) -> Reply {
    write(&world, &caller, kind, Verb::Update, &body)
}

async fn upsert(
    State(world): State<Arc<World>>,
    caller: Caller,
    Extension(kind): Extension<Kind>,
    body: Bytes,
) -> Reply {
    write(&world, &caller, kind, Verb::Upsert, &body)
}

fn write(world: &Arc<World>, caller: &Caller, kind: Kind, verb: Verb, body: &Bytes) -> Reply {
    caller.may(kind.write_scopes())?;
    let rows: Rows = read(body)?;
    let (answer, at_ms) = in_portal(world, caller.portal, caller.source, |portal, author| {
        let claims = Claims::of_a_writer(caller.version.obeys_the_admin());
        Ok((portal.write_batch(kind, verb, &rows.inputs, claims, author)?, author.at_ms))
    })?;
    let complete = if verb == Verb::Create { StatusCode::CREATED } else { StatusCode::OK };
    Ok(reply(complete, answer, at_ms))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ReadRows {
    inputs: Vec<Id>,
    #[serde(default)]
    properties: Vec<String>,
    #[serde(default)]
    properties_with_history: Vec<String>,
    id_property: Option<String>,
}

#[derive(Deserialize)]
struct Id {
    id: Value,
}

async fn read_all(
    State(world): State<Arc<World>>,
    caller: Caller,
    Extension(kind): Extension<Kind>,
    params: Params,
    body: Bytes,
) -> Reply {
    caller.may(kind.read_scopes())?;
    let asked: ReadRows = read(&body)?;
    check_size(asked.inputs.len(), BATCH_MAX)?;
    let view =
        View { properties: asked.properties, history: asked.properties_with_history, associations: false };
    in_portal(&world, caller.portal, caller.source, |portal, author| {
        let (mut answer, mut missing) = (Answer::default(), Vec::new());
        for id in asked.inputs.iter().filter_map(|input| text(&input.id)) {
            let found = match asked.id_property.as_deref() {
                None | Some("hs_object_id") => portal.resolve(kind, &id),
                Some(property) => portal.keyed(kind, property, &id)?,
            };
            let found = match params.archived() {
                true => id.parse().ok().and_then(|id| portal.store(kind).exact(id)).filter(|r| r.archived),
                false => found.and_then(|id| portal.live(kind, id)),
            };
            match found {
                Some(record) => answer.results.push(portal.show(kind, record, &view)),
                None => missing.push(id),
            }
        }
        if !missing.is_empty() {
            answer.errors.push(ApiError::no_records(kind, &missing).row(None));
        }
        Ok(reply(StatusCode::OK, answer, author.at_ms))
    })
}

#[derive(Deserialize)]
struct ArchiveRows {
    inputs: Vec<Id>,
}

async fn archive(
    State(world): State<Arc<World>>,
    caller: Caller,
    Extension(kind): Extension<Kind>,
    body: Bytes,
) -> Result<StatusCode, ApiError> {
    caller.may(kind.write_scopes())?;
    let asked: ArchiveRows = read(&body)?;
    check_size(asked.inputs.len(), BATCH_MAX)?;
    in_portal(&world, caller.portal, caller.source, |portal, author| {
        let ids = asked.inputs.iter().filter_map(|input| portal.resolve(kind, &text(&input.id)?));
        let ids: Vec<u64> = ids.collect();
        ids.iter().try_for_each(|id| portal.check_unlocked(kind, *id))?;
        for id in ids {
            portal.archive(kind, id, author);
        }
        Ok(StatusCode::NO_CONTENT)
    })
}

/// A batch's answer: 207 as soon as one row was refused.
pub(super) fn reply(complete: StatusCode, answer: Answer, at_ms: u64) -> (StatusCode, Json<Value>) {
    let at = clock::iso(at_ms);
    let mut body =
        json!({"status": "COMPLETE", "results": answer.results, "startedAt": at, "completedAt": at});
    if answer.errors.is_empty() {
        return (complete, Json(body));
    }
    body["numErrors"] = answer.errors.len().into();
    body["errors"] = answer.errors.into();
    (StatusCode::MULTI_STATUS, Json(body))
}
