//! The first page of an account: what is in it, and whether the app is connected.

use std::sync::Arc;

use askama::Template;
use askama_web::WebTemplate;
use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::get;

use super::count::total;
use super::{Head, Id, in_account};
use crate::hubspot::crm::kind::Kind;
use crate::world::World;

/// The account's page.
pub(super) fn router() -> Router<Arc<World>> {
    Router::new().route("/hubspot/{portal}", get(page))
}

#[derive(Template, WebTemplate)]
#[template(path = "hubspot/overview.html")]
struct Overview {
    head: Head,
    is_connected: bool,
    contacts: String,
    deals: String,
    pipelines: usize,
    app_id: u64,
}

async fn page(State(world): State<Arc<World>>, Path(account): Path<Id>) -> Response {
    in_account(&world, account, "", |portal, _| {
        Ok(Overview {
            head: Head::of(portal, "overview"),
            is_connected: portal.installation.is_some(),
            contacts: total(portal, Kind::Contact),
            deals: total(portal, Kind::Deal),
            pipelines: portal.pipelines.len(),
            app_id: world.options.hubspot.app_id,
        })
    })
}
