//! OAuth: the consent page a person sees, and the token endpoint the app calls (reference section 1).

pub(super) mod consent;
pub(super) mod grants;
mod pkce;
mod token;
mod token_error;

use std::sync::Arc;

use axum::Router;

use crate::world::World;

/// The consent page and the token endpoints.
pub(super) fn router() -> Router<Arc<World>> {
    Router::new().merge(consent::router()).merge(token::router())
}
