//! An installation: the add-on put into one business, and everything that belongs to it.
//!
//! `install` makes one, `life` moves it through its states, `settings`
//! changes what was chosen for it, `link` is how its admin gets in, `addon` is what
//! we read and write of the add-on's record at Storeganise.

use sea_orm::EntityTrait as _;
use storeganise::client::Account;
use uuid::Uuid;

use crate::{
    core::Core,
    error::Error,
    settings::{Capabilities, Settings},
    storage::entity,
    vault::{DataKey, WrappedKey},
};

pub mod abandon;
pub mod addon;
pub mod install;
pub mod keys;
pub mod life;
pub mod link;
pub mod settings;

/// The right to read and write the rows of one installation. It is made from an installation that was found
/// for somebody who may see it, or from a lease on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Scope(Uuid);

impl Scope {
    pub(crate) fn new(installation: Uuid) -> Self {
        Self(installation)
    }

    /// The installation's id.
    #[must_use]
    pub fn id(self) -> Uuid {
        self.0
    }
}

/// What staff chose for an installation here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// A signed event announced it; staff have not accepted it yet.
    Pending,
    /// Accepted, not enabled yet.
    Installed,
    /// At work, as far as the add-on's own state and the connection allow.
    Enabled,
    /// Nothing is sent; changes collect.
    Paused,
    /// Nothing is sent and nothing collects.
    Disabled,
}

impl State {
    /// The word stored, shown and sent in the JSON API.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Installed => "installed",
            Self::Enabled => "enabled",
            Self::Paused => "paused",
            Self::Disabled => "disabled",
        }
    }

    /// Reads the word back.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Pending, Self::Installed, Self::Enabled, Self::Paused, Self::Disabled]
            .into_iter()
            .find(|state| state.word() == word)
    }
}

/// An installation as the core and its callers see it.
#[derive(Debug, Clone)]
pub struct Installation {
    /// Its id here.
    pub id: Uuid,
    /// The business's code at Storeganise, such as `acme`.
    pub business_code: String,
    /// Its id at Storeganise.
    pub addon_id: String,
    /// The business's API address, fixed at install.
    pub api_url: String,
    /// The last part of its own webhook addresses.
    pub webhook_key: String,
    /// What staff chose here.
    pub state: State,
    /// What Storeganise last said of the add-on: `paused`, `enabled`, `disabled` or a word we do not know.
    pub addon_state: Option<String>,
    /// When Storeganise last said it, in microseconds since 1970.
    pub addon_checked_at: Option<i64>,
    /// When the present authorisation link was issued.
    pub link_issued_at: Option<i64>,
    /// Its settings.
    pub settings: Settings,
    /// What was found out about its accounts.
    pub capabilities: Capabilities,
    /// The portal it is tied to: the one that was connected last, whether it still is or not.
    pub portal_id: Option<i64>,
    /// Until when another portal may be connected.
    pub other_portal_until: Option<i64>,
    /// How far the sweep over users has come.
    pub users_cursor: Option<i64>,
    /// How far the sweep over won deals has come.
    pub deals_cursor: Option<i64>,
    /// When the last webhook for it arrived.
    pub last_event_at: Option<i64>,
    /// When it was made here.
    pub created_at: i64,
}

impl Installation {
    /// The right to its rows.
    #[must_use]
    pub fn scope(&self) -> Scope {
        Scope(self.id)
    }

    /// Whether both the staff's choice and the add-on's own state let work be done.
    #[must_use]
    pub fn may_work(&self) -> bool {
        self.state == State::Enabled && self.addon_state.as_deref() == Some("enabled")
    }

    pub(crate) fn from_row(row: entity::installation::Model, business_code: String) -> Result<Self, Error> {
        Ok(Self {
            id: row.id,
            business_code,
            addon_id: row.addon_id,
            api_url: row.api_url,
            webhook_key: row.webhook_key,
            state: State::from_word(&row.state).ok_or(Error::Corrupt("state"))?,
            addon_state: row.addon_state,
            addon_checked_at: row.addon_checked_at,
            link_issued_at: row.link_issued_at,
            settings: serde_json::from_str(&row.settings).map_err(|_| Error::Corrupt("settings"))?,
            capabilities: serde_json::from_str(&row.capabilities)
                .map_err(|_| Error::Corrupt("capabilities"))?,
            portal_id: row.portal_id,
            other_portal_until: row.other_portal_until,
            users_cursor: row.users_cursor,
            deals_cursor: row.deals_cursor,
            last_event_at: row.last_event_at,
            created_at: row.created_at,
        })
    }
}

impl Core {
    /// Finds an installation by its id.
    ///
    /// # Errors
    /// [`Error::NotFound`] where there is none.
    pub async fn installation(&self, id: Uuid) -> Result<Installation, Error> {
        let found = entity::installation::Entity::find_by_id(id).one(self.db().reader()).await?;
        self.with_business(found.ok_or(Error::NotFound)?).await
    }

    pub(crate) async fn with_business(
        &self,
        row: entity::installation::Model,
    ) -> Result<Installation, Error> {
        let business = entity::business::Entity::find_by_id(row.business_id).one(self.db().reader()).await?;
        let business = business.ok_or(Error::Corrupt("business"))?;
        Installation::from_row(row, business.code)
    }

    /// The way to this installation's Storeganise account, at its own pace.
    pub(crate) async fn account(&self, installation: &Installation) -> Result<Account, Error> {
        let platform = self.storeganise();
        let api_url = storeganise::api_url::ApiUrl::parse(&installation.api_url, &platform.hosts)
            .map_err(|error| Error::NotNow(error.to_string()))?;
        let pace = self.pace(installation.id, &installation.settings);
        let key = platform.key.clone();
        Ok(Account::new(platform.http.clone(), api_url, installation.addon_id.clone(), key, pace))
    }

    /// Opens an installation's data key.
    pub(crate) async fn data_key(&self, scope: Scope) -> Result<DataKey, Error> {
        let found = entity::data_key::Entity::find_by_id(scope.id()).one(self.db().reader()).await?;
        let row = found.ok_or(Error::Corrupt("data key"))?;
        let wrapped = WrappedKey { master_key_id: row.master_key_id, sealed: row.sealed };
        Ok(self.parts.master_keys.unwrap_data_key(scope.id(), &wrapped)?)
    }
}
