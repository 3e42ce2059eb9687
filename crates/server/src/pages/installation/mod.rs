//! One installation, for staff: its state and three steps, what can be done with it, its settings, and what
//! happened to its records.

use axum::{
    Extension, Router,
    routing::{get, post},
};

pub(super) use status::{addons_page, not_prepared};

use crate::app::AppState;

mod action;
mod activity;
mod brake;
mod conflicts;
mod fields;
mod fields_form;
mod history;
mod link_code;
mod live;
mod person;
mod records;
mod run;
mod settings;
mod settings_form;
mod show;
mod status;
mod steps;
mod work;

pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route("/installations/{id}", get(show::show))
        .route("/installations/{id}/authorisation-link.svg", get(link_code::picture))
        .route("/installations/{id}/live", get(live::live).layer(Extension(live::places())))
        .route("/installations/{id}/settings", get(settings::show).post(settings::change))
        .route("/installations/{id}/fields", get(fields::show).post(fields::change))
        .route("/installations/{id}/activity", get(activity::show))
        .route("/installations/{id}/person", get(person::show).post(person::find))
        .route("/installations/{id}/conflicts", get(conflicts::list))
        .route("/installations/{id}/conflicts/{user}", get(conflicts::show).post(conflicts::decide))
        .route("/installations/{id}/brake", get(brake::show))
        .route("/installations/{id}/brake/release", post(brake::release))
        .route("/installations/{id}/brake/drop", post(brake::drop_all))
        .route("/installations/{id}/log", get(history::log))
        .route("/installations/{id}/runs", get(history::runs).post(work::begin_run))
        .route("/installations/{id}/runs/{run}", get(run::show))
        .route("/installations/{id}/runs/{run}/cancel", post(run::cancel))
        .route("/installations/{id}/runs/{run}/preview.csv", get(run::rows))
        .route("/installations/{id}/check", post(work::check_connection))
        .route("/installations/{id}/ask-storeganise", post(work::ask_storeganise))
        .route("/installations/{id}/replay", post(work::replay))
        .route("/installations/{id}/replay-all", post(work::replay_all))
        .route("/installations/{id}/replay-cause", post(work::replay_cause))
        // Whatever changes the installation itself: asked about first, then done.
        .route("/installations/{id}/{action}", get(action::ask).post(action::perform))
}
