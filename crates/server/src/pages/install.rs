//! Installing the add-on for a business: two values, checked at Storeganise before anything is made.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    Form, Router,
    extract::{Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};
use serde::Deserialize;
use sync_core::error::Error;
use tower_sessions::Session;

use super::{
    error::PageError,
    flash,
    frame::{Frame, Notice},
    visitor::ActingStaff,
};
use crate::app::AppState;
use text::{filters, text};

pub(super) fn router() -> Router<AppState> {
    Router::new().route("/installations/new", get(show).post(install))
}

#[derive(Template, WebTemplate)]
#[template(path = "pages/install.html")]
struct InstallPage {
    frame: Frame,
    typed: Typed,
    problem: Option<String>,
    business_code_problem: Option<String>,
    addon_id_problem: Option<String>,
}

/// What the form holds; it may be given in the address, too, so that a link can fill it in.
#[derive(Deserialize)]
struct Typed {
    #[serde(default)]
    business_code: String,
    #[serde(default)]
    addon_id: String,
}

async fn show(ActingStaff(staff): ActingStaff, notice: Notice, Query(typed): Query<Typed>) -> InstallPage {
    page(Frame::of_staff(&staff, notice), typed)
}

async fn install(
    State(state): State<AppState>,
    staff: ActingStaff,
    session: Session,
    notice: Notice,
    Form(typed): Form<Typed>,
) -> Result<Response, PageError> {
    let error = match state.core.install(&typed.business_code, &typed.addon_id, &staff.actor()).await {
        Ok(made) => {
            let done = text!("install-the-add-on-is", business_code = made.business_code);
            let to = format!("/installations/{}", made.id);
            return Ok(flash::back(&session, &to, Ok(done)).await?.into_response());
        }
        Err(error) => error,
    };
    let mut page = page(Frame::of_staff(&staff.0, notice), typed);
    match error {
        Error::Invalid { field: "business_code", message } => page.business_code_problem = Some(message),
        Error::Invalid { field: "addon_id", message } => page.addon_id_problem = Some(message),
        error => page.problem = Some(flash::in_words(error)?),
    }
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}

fn page(frame: Frame, typed: Typed) -> InstallPage {
    InstallPage { frame, typed, problem: None, business_code_problem: None, addon_id_problem: None }
}
