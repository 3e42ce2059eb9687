//! What a test or a demo does in place of a person at the Storeganise portal, below `/_sandbox/storeganise`.

mod addons;
mod businesses;
mod fields;
mod users;

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::rejection::JsonRejection,
    routing::{delete, get, post},
};
use serde_json::Value;

use crate::{control::Refused, world::World};

type Body<T> = Result<Json<T>, JsonRejection>;
type Answer = Result<Json<Value>, Refused>;

/// All control routes of this side.
pub(crate) fn control() -> Router<Arc<World>> {
    Router::new()
        .route("/", get(businesses::list).post(businesses::found))
        .route("/dialect", get(businesses::dialect_of_all).put(businesses::set_dialect_of_all))
        .route("/{business}/dialect", get(businesses::dialect).put(businesses::set_dialect))
        .route("/{business}/daily-event", post(businesses::daily_event))
        .route("/{business}/tasks", get(businesses::tasks))
        .route("/{business}/addons", get(addons::list).post(addons::install))
        .route("/{business}/addons/{id}", delete(addons::uninstall).put(addons::update))
        .route("/{business}/custom-fields", get(fields::list).post(fields::define))
        .route("/{business}/custom-fields/{owner}/{code}", delete(fields::undefine))
        .route("/{business}/users", get(users::list).post(users::create))
        .route("/{business}/users/bulk", post(users::bulk_update))
        .route("/{business}/users/seed", post(users::seed))
        .route("/{business}/users/{id}", get(users::show).put(users::update))
        .route("/{business}/users/{id}/disable", post(users::disable))
        .route("/{business}/users/{id}/enable", post(users::enable))
        .route("/{business}/users/{id}/oddly", post(users::show_oddly))
}
