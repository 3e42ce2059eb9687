//! OAuth: the consent page a person sees, and the token endpoints the app calls (reference section 1).

pub(super) mod consent;
mod form;
pub(super) mod grants;
mod inspect;
mod pkce;
mod token;
mod token_error;

use std::sync::Arc;

use axum::Router;

use super::wire::method_not_allowed;
use crate::world::World;

/// The consent page and the token endpoints.
pub(super) fn router() -> Router<Arc<World>> {
    let called = token::router().merge(inspect::router()).method_not_allowed_fallback(method_not_allowed);
    called.merge(consent::router())
}
