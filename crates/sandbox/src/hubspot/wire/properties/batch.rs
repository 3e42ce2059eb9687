//! Property definitions up to a hundred at a time: a bad row is an error among the results.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;
use axum::{Extension, Json, Router};
use http::StatusCode;
use serde::Deserialize;
use serde_json::Value;

use crate::hubspot::access::Caller;
use crate::hubspot::crm::batch::{Answer, BATCH_MAX, check_size};
use crate::hubspot::crm::definition::{Definition, PropertyInput};
use crate::hubspot::crm::kind::Kind;
use crate::hubspot::desk::in_portal;
use crate::hubspot::error::ApiError;
use crate::hubspot::wire::batches::reply;
use crate::hubspot::wire::input::read;
use crate::world::World;

type Reply = Result<(StatusCode, Json<Value>), ApiError>;

/// Below `batch` of one kind.
pub(super) fn router() -> Router<Arc<World>> {
    Router::new()
        .route("/read", post(read_all))
        .route("/create", post(create))
        .route("/archive", post(archive))
}

#[derive(Deserialize)]
struct Names {
    inputs: Vec<Name>,
    #[serde(default)]
    archived: bool,
}

#[derive(Deserialize)]
struct Name {
    name: String,
}

#[derive(Deserialize)]
struct New {
    inputs: Vec<PropertyInput>,
}

async fn read_all(
    State(world): State<Arc<World>>,
    caller: Caller,
    Extension(kind): Extension<Kind>,
    body: Bytes,
) -> Reply {
    caller.may(kind.schema_read_scopes())?;
    let asked: Names = read(&body)?;
    check_size(asked.inputs.len(), BATCH_MAX)?;
    in_portal(&world, caller.portal, caller.source, |portal, author| {
        let schema = portal.schema(kind);
        let found = asked.inputs.iter().map(|input| schema.find(&input.name, asked.archived));
        Ok(reply(StatusCode::OK, gathered(found.map(|found| found.map(Definition::to_json))), author.at_ms))
    })
}

async fn create(
    State(world): State<Arc<World>>,
    caller: Caller,
    Extension(kind): Extension<Kind>,
    body: Bytes,
) -> Reply {
    caller.may(kind.schema_write_scopes())?;
    let asked: New = read(&body)?;
    check_size(asked.inputs.len(), BATCH_MAX)?;
    in_portal(&world, caller.portal, caller.source, |portal, author| {
        let schema = portal.schema_mut(kind);
        let made = asked.inputs.into_iter().map(|input| Ok(schema.create(input, author.at_ms)?.to_json()));
        Ok(reply(StatusCode::CREATED, gathered(made), author.at_ms))
    })
}

/// Archives what is there; what is not is as archived as asked for.
async fn archive(
    State(world): State<Arc<World>>,
    caller: Caller,
    Extension(kind): Extension<Kind>,
    body: Bytes,
) -> Result<StatusCode, ApiError> {
    caller.may(kind.schema_write_scopes())?;
    let asked: Names = read(&body)?;
    check_size(asked.inputs.len(), BATCH_MAX)?;
    in_portal(&world, caller.portal, caller.source, |portal, author| {
        for input in &asked.inputs {
            match portal.archive_property(kind, &input.name, author.at_ms) {
                Err(error) if error.status() != StatusCode::NOT_FOUND => return Err(error),
                _ => {}
            }
        }
        Ok(StatusCode::NO_CONTENT)
    })
}

fn gathered(rows: impl Iterator<Item = Result<Value, ApiError>>) -> Answer {
    let mut answer = Answer::default();
    for row in rows {
        match row {
            Ok(shown) => answer.results.push(shown),
            Err(error) => answer.errors.push(error.row(None)),
        }
    }
    answer
}
