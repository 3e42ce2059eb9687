//! The pages of the Storeganise portal that a demo needs: users, bulk update, add-ons, tasks and custom fields.
//! They change things through the same functions as the API; nobody has to sign in.

mod addons;
mod bulk;
mod fields;
mod tasks;
mod user;
mod users;

use std::sync::Arc;

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    Router,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::{business::Business, error::ApiError};
use crate::world::World;

/// All pages.
pub(crate) fn router() -> Router<Arc<World>> {
    Router::new()
        .route("/{business}/admin", get(users::list))
        .route("/{business}/admin/users", get(users::list).post(users::create))
        .route("/{business}/admin/users/bulk", post(bulk::update))
        .route("/{business}/admin/users/{id}", get(user::show).post(user::save))
        .route("/{business}/admin/users/{id}/disable", post(user::disable))
        .route("/{business}/admin/users/{id}/enable", post(user::enable))
        .route("/{business}/admin/tasks", get(tasks::list))
        .route("/{business}/admin/tasks/{id}/close", post(tasks::close))
        .route("/{business}/admin/settings/custom-fields", get(fields::list).post(fields::define))
        .route("/{business}/admin/settings/custom-fields/remove", post(fields::remove))
        .route("/{business}/admin/addons", get(addons::show).post(addons::install))
        .route("/{business}/admin/addons/{id}", post(addons::change_state))
        .route("/{business}/admin/addons/{id}/uninstall", post(addons::uninstall))
}

/// What every page says of its business.
struct Head {
    code: String,
    name: String,
    open_tasks: usize,
}

/// A page that says why something could not be done.
#[derive(Template, WebTemplate)]
#[template(path = "storeganise/refused.html")]
struct Refused {
    message: String,
}

impl Head {
    fn of(business: &Business) -> Self {
        let open_tasks = business.tasks.iter().filter(|task| task.is_open()).count();
        Self { code: business.code.clone(), name: business.name.clone(), open_tasks }
    }
}

impl From<ApiError> for Problem {
    fn from(error: ApiError) -> Self {
        Self { status: error.status, message: error.message }
    }
}

/// Why a page cannot be shown.
struct Problem {
    status: StatusCode,
    message: String,
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        (self.status, Refused { message: self.message }).into_response()
    }
}

/// What the templates write in a way of their own.
mod filters {
    /// A time as it is written on the wire, to the minute and with a space: `2026-01-01 09:30`.
    #[askama::filter_fn]
    pub(super) fn minute(time: &str, _: &dyn askama::Values) -> askama::Result<String> {
        Ok(time.chars().take(16).map(|c| if c == 'T' { ' ' } else { c }).collect())
    }
}

/// One value in a query string.
fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}
