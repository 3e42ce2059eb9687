//! The recycle bin of contacts and that of deals, where a record lies until it is restored. HubSpot empties it
//! after ninety days; the sandbox does not.

use std::sync::Arc;

use askama::Template;
use askama_web::WebTemplate;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Extension, Router};
use serde::Deserialize;

use super::contacts::full_name;
use super::fields::page_of;
use super::moment::Moment;
use super::slice::{Start, slice};
use super::{Head, Id, go, in_account, present};
use crate::hubspot::crm::kind::Kind;
use crate::hubspot::crm::record::Record;
use crate::hubspot::error::ApiError;
use crate::world::World;

/// The bins, and the ways in and out.
pub(super) fn router() -> Router<Arc<World>> {
    let mut router = Router::new();
    for kind in [Kind::Contact, Kind::Deal] {
        let path = format!("/hubspot/{{portal}}/{}", kind.plural());
        let routes = Router::new()
            .route(&format!("{path}/bin"), get(page))
            .route(&format!("{path}/{{id}}/delete"), post(delete))
            .route(&format!("{path}/{{id}}/restore"), post(restore))
            .layer(Extension(kind));
        router = router.merge(routes);
    }
    router
}

#[derive(Template, WebTemplate)]
#[template(path = "hubspot/bin.html")]
struct Bin {
    head: Head,
    kind: Kind,
    rows: Vec<Row>,
    newer: Option<u64>,
    older: Option<u64>,
    is_cut: bool,
    search: &'static str,
}

struct Row {
    id: u64,
    name: String,
    modified: Moment,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Wanted {
    before: String,
    after: String,
    done: String,
}

async fn page(
    State(world): State<Arc<World>>,
    Extension(kind): Extension<Kind>,
    Path(account): Path<Id>,
    Query(wanted): Query<Wanted>,
) -> Response {
    in_account(&world, account, "", |portal, author| {
        let start = Start::read(&wanted.before, &wanted.after);
        let slice = slice(portal.store(kind), true, start, |_| true);
        let row = |record: &Record| Row {
            id: record.id,
            name: match kind {
                Kind::Contact => full_name(record),
                Kind::Deal => record.stored("dealname").unwrap_or("(no name)").to_owned(),
            },
            modified: Moment::of(record.modified_ms, author.at_ms),
        };
        Ok(Bin {
            head: Head::of(portal, kind.plural()).after(&wanted.done),
            kind,
            newer: slice.newer,
            older: slice.older,
            is_cut: slice.is_cut,
            search: "",
            rows: slice.records.into_iter().map(row).collect(),
        })
    })
}

async fn delete(
    State(world): State<Arc<World>>,
    Extension(kind): Extension<Kind>,
    Path((account, id)): Path<(Id, Id)>,
) -> Response {
    in_account(&world, account, &page_of(kind, id), |portal, author| {
        let id = present(portal, kind, id)?;
        portal.archive(kind, id, author);
        Ok(go(account, &format!("/{}/bin", kind.plural()), "deleted"))
    })
}

async fn restore(
    State(world): State<Arc<World>>,
    Extension(kind): Extension<Kind>,
    Path((account, id)): Path<(Id, Id)>,
) -> Response {
    in_account(&world, account, &format!("/{}/bin", kind.plural()), |portal, author| {
        if !portal.restore(kind, id.0, author) {
            return Err(ApiError::invalid(
                "The record is not in the recycle bin, or another record has its e-mail address or another of its \
                 unique values by now.",
            ));
        }
        Ok(go(account, &page_of(kind, id), "restored"))
    })
}
