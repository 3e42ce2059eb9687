//! An installation's settings: show, change as a whole, and try on real records before they are changed.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use sync_core::{
    mapping::{Direction, Kind, Mapping, check::Warning},
    merge::Policy,
    settings::Settings,
};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{
    caller::{Caller, StaffCaller},
    extract::{Json, Path},
    lint::LintBody,
    problem::Problem,
    wire::named,
};
use crate::app::AppState;

/// What can be chosen for an installation. A change names all of it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SettingsBody {
    /// Who wins where both sides changed to different values.
    conflict_policy: ConflictPolicy,
    /// ISO 3166-1 alpha-2 code for phone numbers written without a country; null for none.
    #[schema(example = "GB")]
    default_country: Option<String>,
    /// Whether an edit of a linked contact is written to its user. Switched on, what differs on a contact by then
    /// counts as edited and is written when the record is next looked at.
    contact_edits: bool,
    /// Whether a won deal may create a user that does not exist yet.
    create_users: bool,
    /// Whether a won deal's data goes into its user's custom fields.
    deal_data: bool,
    /// Whether the contact's id goes into the user's custom field.
    mirrors: bool,
    /// Whether the business gets a task at Storeganise when something needs a person.
    failure_tasks: bool,
    /// Days that outcomes are kept, 1 to 400.
    #[schema(minimum = 1, maximum = 400)]
    outcome_days: u32,
    /// The share of linked records, 1 to 100 percent, above which a run or a burst of changes stops and asks a
    /// person; 100 never asks.
    #[schema(minimum = 1, maximum = 100)]
    brake_percent: u32,
    /// Requests per second to Storeganise, 0.1 to 200.
    #[schema(minimum = 0.1, maximum = 200)]
    storeganise_requests_per_second: f64,
    /// Custom fields of users that are kept the same as contact properties, 30 at most. New and changed ones are
    /// checked against both sides before they are saved.
    #[schema(max_items = 30)]
    custom_fields: Vec<FieldMapping>,
}

/// A custom field of users and the contact property it is kept the same as.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FieldMapping {
    /// The custom field's code at Storeganise.
    #[schema(example = "gateCode")]
    user_field: String,
    /// The property's internal name at HubSpot.
    #[schema(example = "gate_code")]
    contact_property: String,
    /// What its values are.
    kind: FieldKind,
    /// Which way it goes.
    direction: FieldDirection,
}

/// What the values of a mapped field are.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FieldKind {
    /// Any text.
    Text,
    /// A decimal number.
    Number,
    /// Yes or no.
    Boolean,
    /// A day.
    Date,
    /// One of the property's options.
    Choice,
}

/// Which way a mapped field goes.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FieldDirection {
    /// Users to contacts.
    ToContact,
    /// Contacts to users: on won deals, and on edits where `contact_edits` is on.
    ToUser,
    /// Both ways.
    Both,
}

/// Who wins a conflict.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::enum_variant_names, reason = "the words of the API")]
pub(crate) enum ConflictPolicy {
    /// The user's value is written to the contact.
    StoreganiseWins,
    /// The contact's value is written to the user.
    HubspotWins,
    /// The value that was written last wins; where that is not known, a person decides.
    NewestWins,
}

/// Settings as they were saved, with what to know about them.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SavedSettings {
    #[serde(flatten)]
    settings: SettingsBody,
    /// What to know about the mappings; left out where there is nothing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<SettingWarning>,
}

/// Something to know about a setting that did not keep it from being taken.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SettingWarning {
    /// The input it is about, such as `custom_fields[2].user_field`.
    field: String,
    /// What to know.
    message: String,
}

/// Which settings to try.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Trial {
    /// The settings as they are wanted; those that are saved where it is null or left out.
    settings: Option<SettingsBody>,
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(show, change)).routes(routes!(lint))
}

/// Show an installation's settings.
#[utoipa::path(get, path = "/installations/{id}/settings", operation_id = "show_settings", tag = "settings", params(("id" = Uuid, Path)),
    responses((status = 200, body = SettingsBody), (status = 404, body = Problem)))]
async fn show(
    _caller: Caller,
    State(state): State<AppState>,
    Path(id): Path<Uuid>,
) -> Result<Json<SettingsBody>, Problem> {
    Ok(Json(named(&state, id).await?.settings.into()))
}

/// Change an installation's settings.
#[utoipa::path(put, path = "/installations/{id}/settings", operation_id = "change_settings", tag = "settings", params(("id" = Uuid, Path)),
    request_body = SettingsBody,
    responses((status = 200, body = SavedSettings), (status = 409, body = Problem),
        (status = 422, body = Problem), (status = 502, body = Problem)))]
async fn change(
    caller: StaffCaller,
    State(state): State<AppState>,
    Path(id): Path<Uuid>,
    Json(wanted): Json<SettingsBody>,
) -> Result<Json<SavedSettings>, Problem> {
    let warnings = Box::pin(state.core.change_settings(id, &wanted.into(), &caller.actor())).await?;
    let settings = named(&state, id).await?.settings.into();
    Ok(Json(SavedSettings { settings, warnings: warnings.into_iter().map(SettingWarning::from).collect() }))
}

/// Try the mappings of settings on the newest 200 users and their contacts, and write nothing.
#[utoipa::path(post, path = "/installations/{id}/settings/lint", operation_id = "lint_settings", tag = "settings", params(("id" = Uuid, Path)),
    request_body = Trial,
    responses((status = 200, body = LintBody), (status = 409, body = Problem),
        (status = 422, body = Problem), (status = 502, body = Problem)))]
async fn lint(
    caller: StaffCaller,
    State(state): State<AppState>,
    Path(id): Path<Uuid>,
    Json(trial): Json<Trial>,
) -> Result<Json<LintBody>, Problem> {
    let wanted = match trial.settings {
        Some(wanted) => wanted.into(),
        None => named(&state, id).await?.settings,
    };
    let lint = Box::pin(state.core.lint_settings(id, &wanted, &caller.actor())).await?;
    Ok(Json(LintBody::of(lint)))
}

impl From<Settings> for SettingsBody {
    fn from(settings: Settings) -> Self {
        Self {
            conflict_policy: match settings.conflict_policy {
                Policy::StoreganiseWins => ConflictPolicy::StoreganiseWins,
                Policy::HubspotWins => ConflictPolicy::HubspotWins,
                Policy::NewestWins => ConflictPolicy::NewestWins,
            },
            default_country: settings.default_country,
            contact_edits: settings.contact_edits,
            create_users: settings.create_users,
            deal_data: settings.deal_data,
            mirrors: settings.mirrors,
            failure_tasks: settings.failure_tasks,
            outcome_days: settings.outcome_days,
            brake_percent: settings.brake_percent,
            storeganise_requests_per_second: settings.storeganise_requests_per_second,
            custom_fields: settings.custom_fields.iter().map(FieldMapping::of).collect(),
        }
    }
}

impl From<SettingsBody> for Settings {
    /// The options of choices are HubSpot's matter and not the caller's.
    fn from(body: SettingsBody) -> Self {
        Self {
            conflict_policy: match body.conflict_policy {
                ConflictPolicy::StoreganiseWins => Policy::StoreganiseWins,
                ConflictPolicy::HubspotWins => Policy::HubspotWins,
                ConflictPolicy::NewestWins => Policy::NewestWins,
            },
            default_country: body.default_country,
            contact_edits: body.contact_edits,
            create_users: body.create_users,
            deal_data: body.deal_data,
            mirrors: body.mirrors,
            failure_tasks: body.failure_tasks,
            outcome_days: body.outcome_days,
            brake_percent: body.brake_percent,
            storeganise_requests_per_second: body.storeganise_requests_per_second,
            custom_fields: body.custom_fields.into_iter().map(Mapping::from).collect(),
        }
    }
}

impl FieldMapping {
    pub(super) fn of(mapping: &Mapping) -> Self {
        Self {
            user_field: mapping.user_field.clone(),
            contact_property: mapping.contact_property.clone(),
            kind: match mapping.kind {
                Kind::Text => FieldKind::Text,
                Kind::Number => FieldKind::Number,
                Kind::Boolean => FieldKind::Boolean,
                Kind::Date => FieldKind::Date,
                Kind::Choice => FieldKind::Choice,
            },
            direction: match mapping.direction {
                Direction::ToContact => FieldDirection::ToContact,
                Direction::ToUser => FieldDirection::ToUser,
                Direction::Both => FieldDirection::Both,
            },
        }
    }
}

impl From<FieldMapping> for Mapping {
    fn from(body: FieldMapping) -> Self {
        Self {
            user_field: body.user_field,
            contact_property: body.contact_property,
            kind: match body.kind {
                FieldKind::Text => Kind::Text,
                FieldKind::Number => Kind::Number,
                FieldKind::Boolean => Kind::Boolean,
                FieldKind::Date => Kind::Date,
                FieldKind::Choice => Kind::Choice,
            },
            direction: match body.direction {
                FieldDirection::ToContact => Direction::ToContact,
                FieldDirection::ToUser => Direction::ToUser,
                FieldDirection::Both => Direction::Both,
            },
            options: Vec::new(),
        }
    }
}

impl From<Warning> for SettingWarning {
    fn from(warning: Warning) -> Self {
        Self { field: warning.field, message: warning.message }
    }
}
