//! An installation's settings: a form that keeps what was typed and says at each row and input what does not fit,
//! and a way to try the custom fields on real records first. It works without a script.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    Form,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use sync_core::{
    error::Error,
    installation::Installation,
    mapping::{
        Misfit,
        lint::{Lint, Refused, Tried},
    },
    merge::Side,
};
use tower_sessions::Session;

use super::settings_form::{SettingsForm, Typed};
use crate::{
    app::AppState,
    pages::{
        error::PageError,
        flash::{self, Flash},
        frame::{Frame, Notice},
        shown::{counted, grouped},
        visitor::{Acting, Looking, Visitor},
    },
};

#[derive(Template, WebTemplate)]
#[template(path = "pages/installation/settings.html")]
pub(super) struct SettingsPage {
    frame: Frame,
    here: String,
    business_code: String,
    settings: SettingsForm,
    trial: Option<Trial>,
}

/// What trying the custom fields came to.
struct Trial {
    sentence: String,
    rows: Vec<TrialRow>,
    warnings: Vec<String>,
}

struct TrialRow {
    name: String,
    to_contact: String,
    to_user: String,
    conflicts: String,
    unchanged: String,
    left_out: Vec<LeftOut>,
}

/// Values that would be left out, with some of them.
struct LeftOut {
    sentence: String,
    examples: Vec<Example>,
}

struct Example {
    user_id: String,
    contact_id: Option<String>,
    value: String,
}

pub(super) async fn show(Looking { by, found }: Looking, notice: Notice) -> SettingsPage {
    let form = SettingsForm::of(&found.settings, &found.capabilities.mapping_faults);
    page(Frame::of(&by, notice), found, form)
}

pub(super) async fn change(
    State(state): State<AppState>,
    Acting { by, found }: Acting,
    session: Session,
    Form(typed): Form<Typed>,
) -> Result<Response, PageError> {
    let typed = own(&by, typed);
    let frame = Frame::of(&by, Notice::none());
    if typed.iter().any(|(name, value)| (name.as_str(), value.as_str()) == ("act", "row")) {
        let form = SettingsForm::of_typed(&typed, &found.settings, 2);
        return Ok(page(frame, found, form).into_response());
    }
    let form = SettingsForm::of_typed(&typed, &found.settings, 1);
    match Box::pin(state.core.change_settings(found.id, &form.read(), &by.actor())).await {
        Ok(warnings) => {
            let mut done = "The settings are saved. They count from the next change on.".to_owned();
            for warning in warnings {
                done = format!("{done} {}", warning.message);
            }
            let here = format!("/installations/{}", found.id);
            Ok(flash::back(&session, &here, Ok(done)).await?.into_response())
        }
        Err(error) => refused(frame, found, form, error),
    }
}

pub(super) async fn lint(
    State(state): State<AppState>,
    Acting { by, found }: Acting,
    Form(typed): Form<Typed>,
) -> Result<Response, PageError> {
    let typed = own(&by, typed);
    let frame = Frame::of(&by, Notice::none());
    let form = SettingsForm::of_typed(&typed, &found.settings, 1);
    match Box::pin(state.core.lint_settings(found.id, &form.read(), &by.actor())).await {
        Ok(lint) => {
            let page = SettingsPage { trial: Some(Trial::of(lint)), ..page(frame, found, form) };
            Ok(page.into_response())
        }
        Err(error) => refused(frame, found, form, error),
    }
}

/// What this visitor may say: how fast Storeganise is asked is Storeganise's own matter.
fn own(by: &Visitor, mut typed: Typed) -> Typed {
    typed.retain(|(name, _)| by.is_staff() || name != "storeganise_requests_per_second");
    typed
}

fn page(frame: Frame, found: Installation, settings: SettingsForm) -> SettingsPage {
    let here = format!("/installations/{}", found.id);
    SettingsPage { frame, here, business_code: found.business_code, settings, trial: None }
}

/// The form again, with what was typed and with what is wrong: at its place, or above where a provider is at fault.
fn refused(
    frame: Frame,
    found: Installation,
    mut form: SettingsForm,
    error: Error,
) -> Result<Response, PageError> {
    let (status, text) = match error {
        Error::InvalidInputs(problems) => {
            form.refuse(problems);
            (
                StatusCode::UNPROCESSABLE_ENTITY,
                "Nothing is saved yet: see what does not fit below.".to_owned(),
            )
        }
        error @ Error::NeedsAuthorisation => {
            let text = format!("Custom fields are checked at HubSpot. {}", flash::in_words(error)?);
            (StatusCode::CONFLICT, text)
        }
        error => (StatusCode::BAD_GATEWAY, format!("Nothing is saved. {}", flash::in_words(error)?)),
    };
    let flash = Some(Flash { is_problem: true, text });
    Ok((status, page(Frame { flash, ..frame }, found, form)).into_response())
}

impl Trial {
    fn of(lint: Lint) -> Self {
        let users = counted(lint.users, "user", "users");
        let contacts = counted(lint.contacts, "linked contact", "linked contacts");
        Self {
            sentence: format!("Tried on the newest {users} and their {contacts}. Nothing was written."),
            rows: lint.mappings.into_iter().map(TrialRow::of).collect(),
            warnings: lint.warnings.into_iter().map(|warning| warning.message).collect(),
        }
    }
}

impl TrialRow {
    fn of(tried: Tried) -> Self {
        let kind = tried.mapping.kind.article();
        Self {
            name: format!("{} · {}", tried.mapping.user_field, tried.mapping.contact_property),
            to_contact: grouped(tried.to_contact),
            to_user: grouped(tried.to_user),
            conflicts: grouped(tried.conflicts),
            unchanged: grouped(tried.unchanged),
            left_out: tried.misfits.into_iter().map(|refused| LeftOut::of(refused, kind)).collect(),
        }
    }
}

impl LeftOut {
    fn of(refused: Refused, kind: &str) -> Self {
        let (one, many) = match refused.side {
            Side::User => ("user has a value that is", "users have a value that is"),
            Side::Contact => ("contact has a value that is", "contacts have a value that is"),
        };
        let why = match refused.why {
            Misfit::NotOfKind => format!("not {kind}"),
            Misfit::NotAnOption => "no option of the property".to_owned(),
            Misfit::TooLong => "longer than the other side keeps".to_owned(),
        };
        let examples = refused.examples.into_iter().map(|example| Example {
            user_id: example.user_id,
            contact_id: example.contact_id,
            value: example.value,
        });
        Self {
            sentence: format!("{} {why}", counted(refused.count, one, many)),
            examples: examples.collect(),
        }
    }
}
