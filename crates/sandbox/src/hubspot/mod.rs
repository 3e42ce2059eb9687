//! HubSpot, simulated on the wire: OAuth, contacts and deals, properties, pipelines, associations, limits and
//! webhooks, on the dated paths and on the numbered ones, beside the few pages a person needs.
//!
//! `crm` is what one portal holds and the rules for it, without HTTP; `portal` and `state` hold it; `desk` is the
//! only way in. `oauth` and `wire` are what the app sees, `subscription`, `event` and `outbox` what it hears,
//! `pages` and `control` what people and tests see. Companies, tickets, lists and the webhooks journal are not
//! simulated, and their paths say so.

mod access;
mod condition;
mod control;
mod creates;
mod crm;
mod desk;
mod error;
mod event;
mod fault;
mod limit;
mod oauth;
mod outbox;
mod pages;
mod portal;
mod seed;
mod signature;
mod state;
mod subscription;
mod wire;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::{Router, middleware};

pub(crate) use access::portal_of;
pub(crate) use control::router as control;
pub(crate) use fault::{expired_token, refusal};
pub(crate) use seed::{enlarge, seed};
pub(crate) use state::State;
pub(crate) use wire::AREAS;

use crate::world::World;

/// Everything HubSpot answers: the API with its limits told, OAuth, and the pages.
pub(crate) fn router() -> Router<Arc<World>> {
    let api = wire::router().layer(middleware::from_fn(access::tell_limits));
    let api = api.layer(middleware::from_fn(access::refuse_long_uris));
    api.merge(oauth::router()).merge(pages::router()).merge(wire::unsimulated())
}

/// The hub id and the name of every account.
pub(crate) fn portals(world: &World) -> Vec<(u64, String)> {
    world.hubspot().portals().map(|portal| (portal.id, portal.name.clone())).collect()
}
