//! An installation's settings.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use sync_core::{merge::Policy, settings::Settings};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{
    caller::{Caller, StaffCaller},
    extract::{Json, Path},
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
    /// Whether an edit of a linked contact is written to its user.
    contact_edits: bool,
    /// Whether a won deal may create a user that does not exist yet.
    create_users: bool,
    /// Requests per second to Storeganise, 0.1 to 200.
    storeganise_requests_per_second: f64,
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

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(show, change))
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
    responses((status = 200, body = SettingsBody), (status = 422, body = Problem)))]
async fn change(
    caller: StaffCaller,
    State(state): State<AppState>,
    Path(id): Path<Uuid>,
    Json(wanted): Json<SettingsBody>,
) -> Result<Json<SettingsBody>, Problem> {
    let current = named(&state, id).await?.settings;
    state.core.change_settings(id, &wanted.onto(current), &caller.actor()).await?;
    Ok(Json(named(&state, id).await?.settings.into()))
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
            storeganise_requests_per_second: settings.storeganise_requests_per_second,
        }
    }
}

impl SettingsBody {
    /// These settings put over the current ones.
    fn onto(self, current: Settings) -> Settings {
        Settings {
            conflict_policy: match self.conflict_policy {
                ConflictPolicy::StoreganiseWins => Policy::StoreganiseWins,
                ConflictPolicy::HubspotWins => Policy::HubspotWins,
                ConflictPolicy::NewestWins => Policy::NewestWins,
            },
            default_country: self.default_country,
            contact_edits: self.contact_edits,
            create_users: self.create_users,
            storeganise_requests_per_second: self.storeganise_requests_per_second,
            ..current
        }
    }
}
