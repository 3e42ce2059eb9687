//! The pages: what staff and tenant admins see. Each page's handler stands beside its template struct, and
//! `templates/pages` has the same tree.
//!
//! A page asks the core and shows what it says; it holds no query and no rule of its own. Every change is a
//! POST that answers with a redirect and one sentence about what happened. Nothing here needs a script.

use axum::{Router, middleware};

use crate::app::AppState;
use text::language;

mod assets;
mod error;
mod flash;
mod frame;
mod moment;
mod shown;
mod visit;
mod visitor;

mod sign_in;
mod throttle;

mod access;
mod account;
mod audit;
mod businesses;
mod day;
mod failures;
mod install;
mod install_many;
mod installation;

mod tenant;

#[cfg(test)]
mod tests;

/// All pages and what they are made of.
pub fn router() -> Router<AppState> {
    Router::new()
        .merge(sign_in::router())
        .merge(businesses::router())
        .merge(failures::router())
        .merge(audit::router())
        .merge(access::router())
        .merge(account::router())
        .merge(install::router())
        .merge(install_many::router())
        .merge(installation::router())
        .merge(tenant::router())
        .merge(assets::router())
        .fallback(error::not_found)
        .layer(middleware::from_fn(error::finish))
        .layer(middleware::from_fn(language::choose))
}
