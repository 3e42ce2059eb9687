//! An installation's settings: a form that keeps what was typed and names the field that does not fit.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    Form,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use sync_core::{error::Error, merge::Policy, settings::Settings};
use tower_sessions::Session;

use crate::{
    app::AppState,
    pages::{
        error::PageError,
        flash,
        frame::{Frame, Notice},
        visitor::{ActingStaff, CurrentInstallation, CurrentStaff},
    },
};

#[derive(Template, WebTemplate)]
#[template(path = "pages/installation/settings.html")]
pub(super) struct SettingsPage {
    frame: Frame,
    here: String,
    business_code: String,
    settings: SettingsForm,
}

/// The form, with what stands in it and what is wrong with it.
#[derive(Default)]
pub(super) struct SettingsForm {
    pub(super) conflict_policy: String,
    pub(super) default_country: String,
    pub(super) default_country_problem: Option<String>,
    pub(super) contact_edits: bool,
    pub(super) create_users: bool,
    pub(super) requests_per_second: String,
    pub(super) requests_per_second_problem: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Typed {
    #[serde(default)]
    conflict_policy: String,
    #[serde(default)]
    default_country: String,
    contact_edits: Option<String>,
    create_users: Option<String>,
    #[serde(default)]
    storeganise_requests_per_second: String,
}

impl SettingsForm {
    /// The form of settings as they are.
    pub(super) fn of(settings: &Settings) -> Self {
        Self {
            conflict_policy: match settings.conflict_policy {
                Policy::StoreganiseWins => "storeganise_wins",
                Policy::HubspotWins => "hubspot_wins",
                Policy::NewestWins => "newest_wins",
            }
            .to_owned(),
            default_country: settings.default_country.clone().unwrap_or_default(),
            contact_edits: settings.contact_edits,
            create_users: settings.create_users,
            requests_per_second: settings.storeganise_requests_per_second.to_string(),
            ..Self::default()
        }
    }

    fn of_typed(typed: &Typed) -> Self {
        Self {
            conflict_policy: typed.conflict_policy.clone(),
            default_country: typed.default_country.clone(),
            contact_edits: typed.contact_edits.is_some(),
            create_users: typed.create_users.is_some(),
            requests_per_second: typed.storeganise_requests_per_second.clone(),
            ..Self::default()
        }
    }
}

pub(super) async fn show(
    CurrentStaff(staff): CurrentStaff,
    CurrentInstallation(found): CurrentInstallation,
    notice: Notice,
) -> SettingsPage {
    SettingsPage {
        frame: Frame::of_staff(&staff, notice),
        here: format!("/installations/{}", found.id),
        business_code: found.business_code,
        settings: SettingsForm::of(&found.settings),
    }
}

pub(super) async fn change(
    State(state): State<AppState>,
    staff: ActingStaff,
    CurrentInstallation(found): CurrentInstallation,
    session: Session,
    Form(typed): Form<Typed>,
) -> Result<Response, PageError> {
    let changed = match read(&typed, &found.settings) {
        Ok(settings) => state.core.change_settings(found.id, &settings, &staff.actor()).await,
        Err(error) => Err(error),
    };
    let here = format!("/installations/{}", found.id);
    let mut form = SettingsForm::of_typed(&typed);
    match changed {
        Err(Error::Invalid { field: "default_country", message }) => {
            form.default_country_problem = Some(message);
        }
        Err(Error::Invalid { field: "storeganise_requests_per_second", message }) => {
            form.requests_per_second_problem = Some(message);
        }
        other => {
            let done =
                other.map(|()| "The settings are saved. They count from the next change on.".to_owned());
            return Ok(flash::back(&session, &here, done).await?.into_response());
        }
    }
    let frame = Frame::of_staff(&staff.0, Notice::none());
    let page = SettingsPage { frame, here, business_code: found.business_code, settings: form };
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}

/// The settings as typed; what the form does not show stays as it is.
fn read(typed: &Typed, current: &Settings) -> Result<Settings, Error> {
    let country = typed.default_country.trim().to_uppercase();
    let per_second = typed.storeganise_requests_per_second.trim().replace(',', ".");
    let per_second = per_second.parse().map_err(|_| Error::Invalid {
        field: "storeganise_requests_per_second",
        message: "Requests per second to Storeganise are a number from 0.1 to 200.".to_owned(),
    })?;
    Ok(Settings {
        conflict_policy: match typed.conflict_policy.as_str() {
            "hubspot_wins" => Policy::HubspotWins,
            "newest_wins" => Policy::NewestWins,
            _ => Policy::StoreganiseWins,
        },
        default_country: (!country.is_empty()).then_some(country),
        contact_edits: typed.contact_edits.is_some(),
        create_users: typed.create_users.is_some(),
        storeganise_requests_per_second: per_second,
        ..current.clone()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(country: &str, per_second: &str) -> Typed {
        Typed {
            conflict_policy: "hubspot_wins".to_owned(),
            default_country: country.to_owned(),
            contact_edits: Some("on".to_owned()),
            create_users: None,
            storeganise_requests_per_second: per_second.to_owned(),
        }
    }

    #[test]
    fn what_is_typed_is_read_as_it_is_meant() {
        let read = read(&typed(" gb ", "1,5"), &Settings::default()).unwrap();
        let expected = Settings {
            conflict_policy: Policy::HubspotWins,
            default_country: Some("GB".to_owned()),
            contact_edits: true,
            create_users: false,
            storeganise_requests_per_second: 1.5,
            ..Settings::default()
        };
        assert_eq!(read, expected);
    }

    #[test]
    fn what_is_no_number_is_refused_by_its_field_and_no_country_is_none() {
        let error = read(&typed("", "fast"), &Settings::default()).unwrap_err();
        assert!(matches!(error, Error::Invalid { field: "storeganise_requests_per_second", .. }));
        assert_eq!(read(&typed(" ", "2"), &Settings::default()).unwrap().default_country, None);
    }
}
