//! Installations: list, install, show, remove.

use axum::{extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use sync_core::{
    connection::Connection,
    health::{Cause, Health},
    installation,
    views::{
        fleet::{Backlog, Summary},
        overview::{FleetFilter, Order},
    },
};
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{
    caller::{Caller, StaffCaller},
    extract::{Json, Path, Query},
    problem::Problem,
    wire::{List, Paging, moment},
};
use crate::{app::AppState, words};

/// The add-on put into one business.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct InstallationBody {
    /// Its id here.
    id: Uuid,
    /// The business's code at Storeganise.
    business_code: String,
    /// Its id at Storeganise.
    addon_id: String,
    /// The business's API address, fixed at install.
    api_url: String,
    /// What staff chose here: `pending`, `installed`, `enabled`, `paused` or `disabled`.
    state: String,
    /// What Storeganise last said of the add-on.
    addon_state: Option<String>,
    /// How it is: `healthy`, `working`, `degraded`, `needs_authorisation` or `stopped`.
    health: String,
    /// By what contacts are found before they are linked: `storeganise_user_id`, or `email` where the HubSpot account
    /// has no unique property for us; null while that is not known.
    contact_key: Option<String>,
    /// Why it is not simply healthy, the gravest first.
    health_causes: Vec<HealthCause>,
    /// The authorised HubSpot account; null where none was ever authorised.
    connection: Option<ConnectionBody>,
    /// What waits.
    backlog: BacklogBody,
    /// Where both providers send its events.
    webhooks: WebhookAddresses,
    /// When the last event for it arrived.
    #[serde(with = "time::serde::rfc3339::option")]
    last_event_at: Option<OffsetDateTime>,
    /// When a record last came to an end that was no failure.
    #[serde(with = "time::serde::rfc3339::option")]
    last_success_at: Option<OffsetDateTime>,
    /// Records that were refused or could not be done in the last 24 hours.
    failed_last_day: u64,
    /// When it was made here.
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
}

/// Why an installation is not simply healthy.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HealthCause {
    /// The cause as a word: `not_accepted`, `not_enabled`, `paused`, `disabled`, `disabled_at_storeganise`,
    /// `paused_at_storeganise`, `never_authorised`, `access_lost`, `no_unique_property`, `brake_held`, `parked`,
    /// `conflicts`, `held` or `at_work`.
    cause: String,
    /// What it means and what to do.
    text: String,
}

/// An authorised HubSpot account. Tokens are never sent.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ConnectionBody {
    /// The HubSpot account.
    portal_id: i64,
    /// `active` or `needs_authorisation`.
    state: String,
    /// The scopes HubSpot granted.
    scopes: Vec<String>,
    /// Four digits of the refresh token's digest; null where no token is held.
    refresh_token_fingerprint: Option<String>,
    /// When it was authorised.
    #[serde(with = "time::serde::rfc3339")]
    authorised_at: OffsetDateTime,
    /// When the refresh token last worked.
    #[serde(with = "time::serde::rfc3339::option")]
    refreshed_at: Option<OffsetDateTime>,
    /// Why access was lost, as a cause code.
    lost_reason: Option<String>,
}

/// What waits to be worked.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BacklogBody {
    /// Changes that will be worked by themselves.
    waiting: u64,
    /// Changes that failed too often and need a person.
    parked: u64,
    /// Records held back because too many would change at once: see the installation's `brake`.
    braked: u64,
    /// Pairs whose conflict a person has to decide.
    conflicts: u64,
    /// Why nothing is worked just now, as a cause code.
    held: Option<String>,
    /// Until when nothing is worked.
    #[serde(with = "time::serde::rfc3339::option")]
    held_until: Option<OffsetDateTime>,
}

/// Where the providers send events to.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WebhookAddresses {
    /// For the add-on at Storeganise.
    storeganise: String,
    /// For the app at HubSpot, which has one address for all its accounts.
    hubspot: String,
}

/// Which installations to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Filter {
    /// Only those in this state.
    state: Option<String>,
    /// Only those in this health.
    health: Option<String>,
    /// Only those for which a person has to do something.
    #[serde(default)]
    needs_a_person: bool,
    /// Only those whose business code or add-on id contains this.
    search: Option<String>,
    /// What comes first: `business` (by code, where none is asked for), `needs_a_person`, `waiting`, `failed`, `last_event`
    /// or `last_success` (the longest ago first).
    order: Option<String>,
}

/// What to install.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewInstallation {
    /// The business's code at Storeganise, such as `acme`.
    business_code: String,
    /// The add-on's id, from the business's Add-ons page.
    addon_id: String,
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list, install)).routes(routes!(show, remove))
}

/// List installations.
#[utoipa::path(get, path = "/installations", operation_id = "list_installations", tag = "installations", params(Filter, Paging),
    responses((status = 200, body = List<InstallationBody>), (status = 401, body = Problem)))]
async fn list(
    _caller: Caller,
    State(state): State<AppState>,
    Query(filter): Query<Filter>,
    Query(paging): Query<Paging>,
) -> Result<Json<List<InstallationBody>>, Problem> {
    let wanted = filter.state.as_deref().map(state_named).transpose()?;
    let health = filter.health.as_deref().map(health_named).transpose()?;
    let order = filter.order.as_deref().map(order_named).transpose()?.unwrap_or_default();
    let needs_a_person = filter.needs_a_person;
    let filter = FleetFilter { state: wanted, health, needs_a_person, search: filter.search, order };
    let page = state.core.installations(&filter, paging.cursor.as_deref(), paging.limit()).await?;
    Ok(Json(List::of(page, |summary| InstallationBody::of(summary, &state))))
}

/// Install the add-on for a business, after asking Storeganise whether both fit.
#[utoipa::path(post, path = "/installations", tag = "installations", request_body = NewInstallation,
    responses((status = 201, body = InstallationBody), (status = 409, body = Problem),
        (status = 422, body = Problem), (status = 502, body = Problem)))]
async fn install(
    caller: StaffCaller,
    State(state): State<AppState>,
    Json(new): Json<NewInstallation>,
) -> Result<(StatusCode, Json<InstallationBody>), Problem> {
    let made = state.core.install(&new.business_code, &new.addon_id, &caller.actor()).await?;
    Ok((StatusCode::CREATED, Json(body(&state, made.id).await?)))
}

/// Show an installation.
#[utoipa::path(get, path = "/installations/{id}", operation_id = "show_installation", tag = "installations", params(("id" = Uuid, Path)),
    responses((status = 200, body = InstallationBody), (status = 404, body = Problem)))]
async fn show(
    _caller: Caller,
    State(state): State<AppState>,
    Path(id): Path<Uuid>,
) -> Result<Json<InstallationBody>, Problem> {
    Ok(Json(body(&state, id).await?))
}

/// Remove an installation and everything we hold of it; records on both sides stay as they are.
#[utoipa::path(delete, path = "/installations/{id}", operation_id = "remove_installation", tag = "installations", params(("id" = Uuid, Path)),
    responses((status = 204), (status = 404, body = Problem)))]
async fn remove(
    caller: StaffCaller,
    State(state): State<AppState>,
    Path(id): Path<Uuid>,
) -> Result<StatusCode, Problem> {
    state.core.remove(id, &caller.actor()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The installation as it is now.
pub(super) async fn body(state: &AppState, id: Uuid) -> Result<InstallationBody, Problem> {
    Ok(InstallationBody::of(state.core.summary(id).await?, state))
}

fn state_named(word: &str) -> Result<installation::State, Problem> {
    installation::State::from_word(word).ok_or_else(|| {
        Problem::invalid("state", "A state is pending, installed, enabled, paused or disabled.")
    })
}

fn health_named(word: &str) -> Result<Health, Problem> {
    Health::from_word(word).ok_or_else(|| {
        Problem::invalid("health", "A health is healthy, working, degraded, needs_authorisation or stopped.")
    })
}

fn order_named(word: &str) -> Result<Order, Problem> {
    Order::from_word(word).ok_or_else(|| {
        let words = Order::ALL.map(Order::word).join(", ");
        Problem::invalid("order", format!("An order is one of these: {words}."))
    })
}

impl InstallationBody {
    fn of(summary: Summary, state: &AppState) -> Self {
        let assessment = summary.assessment();
        let found = summary.installation;
        let base_url = &state.config.base_url;
        Self {
            id: found.id,
            business_code: found.business_code,
            addon_id: found.addon_id,
            api_url: found.api_url,
            state: found.state.word().to_owned(),
            addon_state: found.addon_state,
            contact_key: found.capabilities.contact_key().map(|key| key.word().to_owned()),
            health: assessment.health.word().to_owned(),
            health_causes: assessment.causes.into_iter().map(HealthCause::of).collect(),
            connection: summary.connection.map(ConnectionBody::of),
            backlog: BacklogBody::of(summary.backlog),
            webhooks: WebhookAddresses {
                storeganise: format!("{base_url}/webhooks/storeganise/{}", found.webhook_key),
                hubspot: format!("{base_url}/webhooks/hubspot"),
            },
            last_event_at: summary.last_event.map(moment),
            last_success_at: summary.succeeded_at.map(moment),
            failed_last_day: summary.day.failed(),
            created_at: moment(found.created_at),
        }
    }
}

impl HealthCause {
    pub(super) fn of(cause: Cause) -> Self {
        Self { cause: cause.word().to_owned(), text: words::health_cause(cause).to_owned() }
    }
}

impl ConnectionBody {
    fn of(found: Connection) -> Self {
        Self {
            portal_id: found.portal_id,
            state: found.state.word().to_owned(),
            scopes: found.scopes,
            refresh_token_fingerprint: found.refresh_fingerprint,
            authorised_at: moment(found.authorised_at),
            refreshed_at: found.refreshed_at.map(moment),
            lost_reason: found.lost_reason,
        }
    }
}

impl BacklogBody {
    fn of(found: Backlog) -> Self {
        Self {
            waiting: found.waiting,
            parked: found.parked,
            braked: found.braked,
            conflicts: found.conflicts,
            held: found.held,
            held_until: found.held_until.map(moment),
        }
    }
}
