//! An installation's settings: a form that keeps what was typed and says at each input what does not fit. It works
//! without a script.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    Form,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use sync_core::{error::Error, installation::Installation, mapping::check::Warning};
use tower_sessions::Session;

use super::settings_form::{SettingsForm, Typed};
use crate::{
    app::AppState,
    pages::{
        error::PageError,
        flash::{self, Flash},
        frame::{Frame, Notice},
        visitor::{Acting, Looking, Visitor},
    },
};
use text::{filters, text};

#[derive(Template, WebTemplate)]
#[template(path = "pages/installation/settings.html")]
pub(super) struct SettingsPage {
    frame: Frame,
    here: String,
    business_code: String,
    settings: SettingsForm,
}

pub(super) async fn show(Looking { by, found }: Looking, notice: Notice) -> SettingsPage {
    let form = SettingsForm::of(&found.settings);
    page(Frame::of(&by, notice), found, form)
}

pub(super) async fn change(
    State(state): State<AppState>,
    Acting { by, found }: Acting,
    session: Session,
    Form(typed): Form<Typed>,
) -> Result<Response, PageError> {
    let mut form = SettingsForm::of_typed(&own(&by, typed), &found.settings);
    let wanted = form.read(&found.settings);
    let error = match Box::pin(state.core.change_settings(found.id, &wanted, &by.actor())).await {
        Ok(warnings) => {
            let here = format!("/installations/{}", found.id);
            return Ok(flash::back(&session, &here, Ok(saved(&warnings))).await?.into_response());
        }
        Err(error) => error,
    };
    let (status, text) = match error {
        Error::InvalidInputs(problems) => {
            form.refuse(problems);
            (StatusCode::UNPROCESSABLE_ENTITY, text!("settings-nothing-is-saved-yet").to_owned())
        }
        error => (
            StatusCode::BAD_GATEWAY,
            text!("settings-nothing-is-saved-error", error = flash::in_words(error)?),
        ),
    };
    let frame = Frame { flash: Some(Flash { is_problem: true, text }), ..Frame::of(&by, Notice::none()) };
    Ok((status, page(frame, found, form)).into_response())
}

/// What is said once settings are saved.
pub(super) fn saved(warnings: &[Warning]) -> String {
    let done = text!("settings-the-settings-are-saved").to_owned();
    warnings.iter().fold(done, |done, warning| format!("{done} {}", warning.message))
}

/// What this visitor may say: how fast Storeganise is asked is Storeganise's own matter.
fn own(by: &Visitor, mut typed: Typed) -> Typed {
    typed.retain(|(name, _)| by.is_staff() || name != "storeganise_requests_per_second");
    typed
}

fn page(frame: Frame, found: Installation, settings: SettingsForm) -> SettingsPage {
    let here = format!("/installations/{}", found.id);
    SettingsPage { frame, here, business_code: found.business_code, settings }
}
