//! The pages of a tenant admin: from the authorisation link to HubSpot and back. There is no account to make;
//! the link, and then the session, stand for one installation.

use axum::{
    Router,
    extract::FromRequestParts,
    http::request::Parts,
    routing::{get, post},
};
use serde::{Deserialize, Serialize};
use sync_core::installation::{Installation, State};
use tower_sessions::Session;
use uuid::Uuid;

use super::error::PageError;
use crate::app::AppState;

mod callback;
mod connect;
mod connected;
mod halted;

/// Where the session keeps an authorisation that is under way.
const UNDER_WAY_KEY: &str = "authorisation";
/// Where the session keeps the installation its holder may see.
const TENANT_KEY: &str = "tenant";

pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route("/connect/{token}", get(connect::show))
        .route("/connect/{token}/start", post(connect::start))
        .route("/connect/{token}/enter", post(connect::enter))
        .route("/oauth/hubspot/callback", get(callback::come_back))
        .route("/connected", get(connected::show))
        .route("/connected/check", post(connected::check))
}

/// What a session was opened for: one installation, through the link issued at this time. A link that is
/// issued anew ends the sessions of the one before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Pass {
    installation: Uuid,
    link_issued_at: i64,
}

/// An authorisation that is under way at HubSpot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct UnderWay {
    pass: Pass,
    state: String,
    /// A preview is to be made as soon as HubSpot is connected.
    #[serde(default)]
    preview: bool,
}

/// The installation whose authorisation link this session came in by.
#[derive(Debug)]
struct TenantInstallation(Installation);

impl Pass {
    /// The pass of whoever holds the installation's present link.
    fn of(found: &Installation) -> Option<Self> {
        let link_issued_at = found.link_issued_at?;
        Some(Self { installation: found.id, link_issued_at })
    }

    /// The installation that this session may see, if any.
    pub(super) async fn of_session(
        session: &Session,
        state: &AppState,
    ) -> Result<Option<Installation>, PageError> {
        match session.get::<Self>(TENANT_KEY).await? {
            Some(pass) => pass.installation(state).await,
            None => Ok(None),
        }
    }

    /// Lets this session in. It gets a new id: one that somebody planted before is worth nothing after.
    async fn let_in(&self, session: &Session) -> Result<(), PageError> {
        session.cycle_id().await?;
        Ok(session.insert(TENANT_KEY, self).await?)
    }

    /// The installation, as long as it is there and its link is still the same.
    async fn installation(&self, state: &AppState) -> Result<Option<Installation>, PageError> {
        match state.core.installation(self.installation).await {
            Ok(found) if found.link_issued_at == Some(self.link_issued_at) => Ok(Some(found)),
            Ok(_) | Err(sync_core::error::Error::NotFound) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

impl FromRequestParts<AppState> for TenantInstallation {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, PageError> {
        let session = Session::from_request_parts(parts, state).await.map_err(PageError::of_session)?;
        Pass::of_session(&session, state).await?.map(Self).ok_or(PageError::NoTenant)
    }
}

/// Whether staff have switched the installation on, so that its business may authorise.
fn may_be_authorised(found: &Installation) -> bool {
    matches!(found.state, State::Enabled | State::Paused)
}
