//! A connection: the HubSpot account an installation was authorised for.
//!
//! `authorise` makes one, `token` keeps it usable, `setup` prepares the portal, `leave` ends it.

use sea_orm::EntityTrait as _;

use crate::{core::Core, error::Error, installation::Scope, storage::entity::connection};

pub mod authorise;
pub mod leave;
pub mod setup;
pub mod token;

/// Whether a connection can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConnectionState {
    /// HubSpot answers to our token.
    Active,
    /// Access was lost: revoked, uninstalled, or scopes are missing. Changes keep collecting.
    NeedsAuthorisation,
}

impl ConnectionState {
    /// The word stored, shown and sent in the JSON API.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::NeedsAuthorisation => "needs_authorisation",
        }
    }

    /// Reads the word back.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Active, Self::NeedsAuthorisation].into_iter().find(|state| state.word() == word)
    }
}

/// A connection as it may be shown. Tokens are not in it.
#[derive(Debug, Clone)]
pub struct Connection {
    /// The HubSpot account.
    pub portal_id: i64,
    /// Where people see that account, such as `app.hubspot.com`.
    pub ui_domain: Option<String>,
    /// Whether it can be used.
    pub state: ConnectionState,
    /// The scopes HubSpot granted.
    pub scopes: Vec<String>,
    /// Four digits of the refresh token's digest; none where no token is held.
    pub refresh_fingerprint: Option<String>,
    /// When it was authorised, in microseconds since 1970.
    pub authorised_at: i64,
    /// When the refresh token last worked.
    pub refreshed_at: Option<i64>,
    /// When access was lost.
    pub lost_at: Option<i64>,
    /// Why access was lost, as a cause code.
    pub lost_reason: Option<String>,
}

impl Connection {
    pub(crate) fn from_row(row: connection::Model) -> Result<Self, Error> {
        Ok(Self {
            portal_id: row.portal_id,
            ui_domain: row.ui_domain,
            state: ConnectionState::from_word(&row.state).ok_or(Error::Corrupt("connection state"))?,
            scopes: row.scopes.split_whitespace().map(str::to_owned).collect(),
            refresh_fingerprint: row.refresh_fingerprint,
            authorised_at: row.authorised_at,
            refreshed_at: row.refreshed_at,
            lost_at: row.lost_at,
            lost_reason: row.lost_reason,
        })
    }
}

impl Core {
    /// The installation's connection, if it was ever authorised.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn connection(&self, scope: Scope) -> Result<Option<Connection>, Error> {
        let found = connection::Entity::find_by_id(scope.id()).one(self.db().reader()).await?;
        found.map(Connection::from_row).transpose()
    }
}
