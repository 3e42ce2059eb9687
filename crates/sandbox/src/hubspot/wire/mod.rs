//! The CRM API on the wire: the same handlers on the dated paths and on the numbered ones, all put together here.
//! What HubSpot has beyond that is in `unsimulated`.

mod account;
mod associations;
mod batches;
mod input;
mod objects;
mod pipelines;
mod properties;
mod unsimulated;
mod version;
mod webhooks;

use std::sync::Arc;

use axum::{Extension, Router};

pub(crate) use unsimulated::AREAS;
pub(super) use unsimulated::{method_not_allowed, router as unsimulated};
pub(super) use version::Version;

use super::crm::kind::Kind;
use crate::world::World;

/// Every kind with the names that paths carry for it.
const KINDS: [(Kind, [&str; 2]); 2] = [(Kind::Contact, ["contacts", "0-1"]), (Kind::Deal, ["deals", "0-3"])];

/// Everything an app calls with its access token.
pub(super) fn router() -> Router<Arc<World>> {
    let families = Version::ALL.into_iter().map(family);
    let routes = families.fold(labelled_on_v4(), Router::merge).merge(webhooks::router());
    routes.method_not_allowed_fallback(method_not_allowed)
}

fn family(version: Version) -> Router<Arc<World>> {
    let mut router = Router::new()
        .nest(&version.service("account-info"), account::router())
        .nest(&version.crm("associations"), associations::router());
    for (kind, names) in KINDS {
        for name in names {
            let below = |part: &str| format!("{}/{name}", version.crm(part));
            router = router
                .nest(&below("objects"), of(kind, records(version)))
                .nest(&format!("{}/batch", below("objects")), of(kind, batches::router()))
                .nest(&below("properties"), of(kind, properties::router()));
            if kind == Kind::Deal {
                router = router.nest(&below("pipelines"), pipelines::router());
            }
        }
    }
    router.layer(Extension(version))
}

/// The numbered records have their typed associations under `v4`, the dated ones have them at hand.
fn records(version: Version) -> Router<Arc<World>> {
    match version {
        Version::Numbered => objects::router(),
        _ => objects::router().merge(associations::of_one_typed()),
    }
}

fn labelled_on_v4() -> Router<Arc<World>> {
    let routes = KINDS.into_iter().flat_map(|(kind, names)| names.map(|name| (kind, name)));
    routes.fold(Router::new(), |router, (kind, name)| {
        let typed = associations::of_one_typed().merge(associations::of_one_labelled());
        router.nest(&format!("/crm/v4/objects/{name}"), of(kind, typed).layer(Extension(Version::Numbered)))
    })
}

fn of(kind: Kind, routes: Router<Arc<World>>) -> Router<Arc<World>> {
    routes.layer(Extension(kind))
}
