//! Connected apps: what the app may do in the account, how its tokens stand, and the button that takes it out.
//! An uninstalled app hears of it by no webhook (reference 0.1, fact 6).

use std::sync::Arc;

use askama::Template;
use askama_web::WebTemplate;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};

use super::moment::Moment;
use super::refused::refused;
use super::{Done, Head, Id, go};
use crate::hubspot::error::ApiError;
use crate::hubspot::oauth::consent::in_words;
use crate::hubspot::portal::Installation;
use crate::world::World;

/// The page and its button.
pub(super) fn router() -> Router<Arc<World>> {
    Router::new()
        .route("/hubspot/{portal}/apps", get(page))
        .route("/hubspot/{portal}/uninstall", post(uninstall))
}

#[derive(Template, WebTemplate)]
#[template(path = "hubspot/apps.html")]
struct Apps {
    head: Head,
    app_id: u64,
    installed: Option<Installed>,
}

struct Installed {
    user_id: u64,
    scopes: Vec<Scope>,
    refresh_tokens: usize,
    access: Access,
}

struct Scope {
    name: String,
    words: String,
}

enum Access {
    Never,
    Until(Moment),
    EndedAt(Moment),
}

async fn page(
    State(world): State<Arc<World>>,
    Path(account): Path<Id>,
    Query(wanted): Query<Done>,
) -> Response {
    let now_ms = world.clock.now_ms();
    let state = world.hubspot();
    let Some(portal) = state.portal(account.0) else {
        drop(state);
        return unknown(&world, account);
    };
    let (refresh_tokens, access_until_ms) = state.grants.standing(portal.id);
    let access = match access_until_ms {
        None => Access::Never,
        Some(end_ms) if end_ms > now_ms => Access::Until(Moment::of(end_ms, now_ms)),
        Some(end_ms) => Access::EndedAt(Moment::of(end_ms, now_ms)),
    };
    let installed = portal.installation.as_ref().map(|Installation { user_id, scopes }| Installed {
        user_id: *user_id,
        scopes: scopes.iter().map(|name| Scope { name: name.clone(), words: in_words(name) }).collect(),
        refresh_tokens,
        access,
    });
    let head = Head::of(portal, "apps").after(&wanted.done);
    drop(state);
    Apps { head, app_id: world.options.hubspot.app_id, installed }.into_response()
}

async fn uninstall(State(world): State<Arc<World>>, Path(account): Path<Id>) -> Response {
    let mut state = world.hubspot();
    state.uninstall(account.0);
    let is_known = state.portal(account.0).is_some();
    drop(state);
    if is_known { go(account, "/apps", "uninstalled").into_response() } else { unknown(&world, account) }
}

fn unknown(world: &World, account: Id) -> Response {
    refused(world, account, &ApiError::not_found("There is no such account"), "")
}
