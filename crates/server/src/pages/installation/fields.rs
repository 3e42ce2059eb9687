//! The custom fields that are kept the same: a row for each, with what both sides have to choose from, what does not fit, and
//! what trying them on real records came to, before anything is saved. It works without a script.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    Form,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use sync_core::{
    core::Core,
    error::Error,
    installation::Installation,
    mapping::{
        Direction, Kind, Misfit,
        lint::{Lint, Refused, Tried},
        offer::Offer,
    },
    merge::Side,
    settings::Settings,
};
use tower_sessions::Session;

use super::{
    fields_form::{FieldsForm, row_of},
    settings::saved,
    settings_form::{Typed, all},
};
use crate::{
    app::AppState,
    pages::{
        error::PageError,
        flash::{self, Flash},
        frame::{Frame, Notice},
        visitor::{Acting, Looking},
    },
};
use text::{filters, text};

/// Properties in the list to choose from: others can be typed.
const OFFERED_MAX: usize = 200;

#[derive(Template, WebTemplate)]
#[template(path = "pages/installation/fields.html")]
pub(super) struct FieldsPage {
    frame: Frame,
    here: String,
    business_code: String,
    form: FieldsForm,
    user_fields: Vec<Choice>,
    properties: Vec<Choice>,
    /// What to know about the lists to choose from.
    about_lists: Option<String>,
    trial: Option<Trial>,
}

/// Something to choose, with what it holds.
struct Choice {
    name: String,
    label: String,
}

/// What trying the custom fields came to.
struct Trial {
    sentence: String,
    rows: Vec<TrialRow>,
}

/// What one row came to.
struct TrialRow {
    sentence: String,
    warnings: Vec<String>,
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

pub(super) async fn show(
    State(state): State<AppState>,
    Looking { by, found }: Looking,
    notice: Notice,
) -> Result<FieldsPage, PageError> {
    let form = FieldsForm::of(&found.settings, &found.capabilities.mapping_faults);
    page(&state.core, Frame::of(&by, notice), found, form).await
}

/// Saves the rows, tries them, or gives one more, as the button says.
pub(super) async fn change(
    State(state): State<AppState>,
    Acting { by, found }: Acting,
    session: Session,
    Form(typed): Form<Typed>,
) -> Result<Response, PageError> {
    let core = &state.core;
    let frame = Frame::of(&by, Notice::none());
    let act = all(&typed, "act").next().unwrap_or("save");
    if act == "row" {
        return Ok(page(core, frame, found, FieldsForm::of_typed(&typed, 2)).await?.into_response());
    }
    let form = FieldsForm::of_typed(&typed, 1);
    let wanted = Settings { custom_fields: form.read(), ..found.settings.clone() };
    if act == "try" {
        return match Box::pin(core.lint_settings(found.id, &wanted, &by.actor())).await {
            Ok(lint) => {
                let page = page(core, frame, found, form).await?;
                Ok(FieldsPage { trial: Some(Trial::of(lint)), ..page }.into_response())
            }
            Err(error) => refused(core, frame, found, form, error).await,
        };
    }
    match Box::pin(core.change_settings(found.id, &wanted, &by.actor())).await {
        Ok(warnings) => {
            let here = format!("/installations/{}/fields", found.id);
            Ok(flash::back(&session, &here, Ok(saved(&warnings))).await?.into_response())
        }
        Err(error) => refused(core, frame, found, form, error).await,
    }
}

/// The page, with what both sides have to choose from; where they cannot be asked, names are typed.
async fn page(
    core: &Core,
    frame: Frame,
    found: Installation,
    form: FieldsForm,
) -> Result<FieldsPage, PageError> {
    let (offer, about_lists) = match Box::pin(core.mapping_offer(&found)).await {
        Ok(offer) => (Some(offer), None),
        Err(error) => {
            // Whether it is to be authorised once more or for the first time is said where that is done.
            let why = match error {
                Error::NeedsAuthorisation => text!("fields-hubspot-is-not-authorised").to_owned(),
                error => flash::in_words(error)?,
            };
            (None, Some(text!("fields-what-there-is-to", why)))
        }
    };
    let (user_fields, properties, more) = offer.map(choices).unwrap_or_default();
    Ok(FieldsPage {
        frame,
        here: format!("/installations/{}", found.id),
        business_code: found.business_code,
        form,
        user_fields,
        properties,
        about_lists: about_lists.or(more),
        trial: None,
    })
}

/// The two lists, and what is said where one is too long.
fn choices(offer: Offer) -> (Vec<Choice>, Vec<Choice>, Option<String>) {
    let choice = |name: String, label: &str, kind: Kind| {
        let label =
            if label.is_empty() { kind.article().to_owned() } else { format!("{label}: {}", kind.article()) };
        Choice { name, label }
    };
    let user_fields = offer.user_fields.into_iter().map(|(code, kind)| choice(code, "", kind)).collect();
    let all = offer.properties.len();
    let shown = offer.properties.into_iter().take(OFFERED_MAX);
    let properties: Vec<Choice> =
        shown.map(|property| choice(property.name, &property.label, property.kind)).collect();
    let more =
        (all > properties.len()).then(|| text!("fields-of-properties-the-first", all, shown = OFFERED_MAX));
    (user_fields, properties, more)
}

/// The form again, with what was typed and with what is wrong: at its place, or above where a provider is at fault.
async fn refused(
    core: &Core,
    frame: Frame,
    found: Installation,
    mut form: FieldsForm,
    error: Error,
) -> Result<Response, PageError> {
    let (status, text) = match error {
        Error::InvalidInputs(problems) => {
            form.refuse(problems);
            (StatusCode::UNPROCESSABLE_ENTITY, text!("fields-nothing-is-saved-yet").to_owned())
        }
        error @ Error::NeedsAuthorisation => {
            let text = text!("fields-custom-fields-are-checked", error = flash::in_words(error)?);
            (StatusCode::CONFLICT, text)
        }
        error => {
            (StatusCode::BAD_GATEWAY, text!("fields-nothing-is-saved-error", error = flash::in_words(error)?))
        }
    };
    let flash = Some(Flash { is_problem: true, text });
    let page = page(core, Frame { flash, ..frame }, found, form).await?;
    Ok((status, page).into_response())
}

impl FieldsPage {
    /// What trying the row at this place came to.
    fn tried(&self, row: usize) -> Option<&TrialRow> {
        self.trial.as_ref()?.rows.get(row)
    }

    /// The kinds of values to choose from.
    fn kinds(&self) -> [(&'static str, &'static str); 5] {
        Kind::ALL.map(|kind| (kind.word(), kind.article()))
    }

    /// The directions to choose from.
    fn directions(&self) -> [(&'static str, &'static str); 3] {
        [Direction::ToContact, Direction::ToUser, Direction::Both].map(|direction| {
            let words = match direction {
                Direction::ToContact => text!("fields-to-contact"),
                Direction::ToUser => text!("fields-to-user"),
                Direction::Both => text!("fields-both-ways"),
            };
            (direction.word(), words)
        })
    }
}

impl Trial {
    fn of(lint: Lint) -> Self {
        let mut rows: Vec<TrialRow> = lint.mappings.into_iter().map(TrialRow::of).collect();
        for warning in lint.warnings {
            if let Some(row) = row_of(&warning.field).and_then(|index| rows.get_mut(index)) {
                row.warnings.push(warning.message);
            }
        }
        Self {
            sentence: text!("fields-tried-on-the-newest", users = lint.users, contacts = lint.contacts),
            rows,
        }
    }
}

impl TrialRow {
    fn of(tried: Tried) -> Self {
        let kind = tried.mapping.kind.article();
        Self {
            sentence: text!(
                "fields-would-be-written",
                contacts = tried.to_contact,
                users = tried.to_user,
                conflicts = tried.conflicts,
                unchanged = tried.unchanged,
            ),
            warnings: Vec::new(),
            left_out: tried.misfits.into_iter().map(|refused| LeftOut::of(refused, kind)).collect(),
        }
    }
}

impl LeftOut {
    fn of(refused: Refused, kind: &str) -> Self {
        let why = match refused.why {
            Misfit::NotOfKind => text!("fields-not-kind", kind),
            Misfit::NotAnOption => text!("fields-no-option-of-the").to_owned(),
            Misfit::TooLong => text!("fields-longer-than-the-other").to_owned(),
        };
        let examples = refused.examples.into_iter().map(|example| Example {
            user_id: example.user_id,
            contact_id: example.contact_id,
            value: example.value,
        });
        Self {
            sentence: match refused.side {
                Side::User => text!("fields-users-have", count = refused.count, why),
                Side::Contact => text!("fields-contacts-have", count = refused.count, why),
            },
            examples: examples.collect(),
        }
    }
}
