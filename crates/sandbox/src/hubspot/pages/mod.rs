//! HubSpot as a person clicks through it: an account with its contacts and deals, and one contact with its history.

mod contact;
mod portal;

use std::sync::Arc;

use askama::Template;
use askama_web::WebTemplate;
use axum::Router;
use axum::extract::Path;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::get;

use super::error::ApiError;
use crate::world::World;

/// All pages.
pub(super) fn router() -> Router<Arc<World>> {
    Router::new()
        .merge(portal::router())
        .merge(contact::router())
        .route("/contacts/{portal}/record/0-1/{id}", get(record))
}

/// HubSpot's own address of a contact, which other systems link to.
async fn record(Path((portal, id)): Path<(u64, String)>) -> Redirect {
    Redirect::to(&format!("/hubspot/{portal}/contacts/{id}"))
}

#[derive(Template, WebTemplate)]
#[template(path = "hubspot/refused.html")]
struct Refused<'a> {
    why: &'a str,
}

fn refused(error: &ApiError) -> Response {
    (error.status(), Refused { why: error.message() }).into_response()
}
