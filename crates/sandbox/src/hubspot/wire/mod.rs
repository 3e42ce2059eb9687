//! The CRM API on the wire, on the dated paths. Other path families answer with the same handlers: they are
//! added where the routes are put together, in `router`.

mod account;
mod associations;
mod batches;
mod input;
mod objects;
mod pipelines;
mod properties;
mod webhooks;

use std::sync::Arc;

use axum::{Extension, Router};

use super::crm::kind::Kind;
use crate::world::World;

/// The version in every path.
const VERSION: &str = "2026-09";

/// Everything an app calls with its access token.
pub(super) fn router() -> Router<Arc<World>> {
    let mut router = Router::new()
        .nest(&format!("/account-info/{VERSION}"), account::router())
        .nest(&format!("/crm/pipelines/{VERSION}/deals"), pipelines::router());
    for (kind, names) in [(Kind::Contact, ["contacts", "0-1"]), (Kind::Deal, ["deals", "0-3"])] {
        for name in names {
            router = router
                .nest(&format!("/crm/objects/{VERSION}/{name}"), of(kind, objects::router()))
                .nest(&format!("/crm/objects/{VERSION}/{name}/batch"), of(kind, batches::router()))
                .nest(&format!("/crm/properties/{VERSION}/{name}"), of(kind, properties::router()));
        }
    }
    router.nest(&format!("/crm/associations/{VERSION}"), associations::router()).merge(webhooks::router())
}

fn of(kind: Kind, routes: Router<Arc<World>>) -> Router<Arc<World>> {
    routes.layer(Extension(kind))
}
