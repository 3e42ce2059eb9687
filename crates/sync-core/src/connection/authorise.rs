//! Authorise: the tenant admin comes back from HubSpot with a code; it becomes a connection.
//!
//! A leaked link must not move a business's customers to a stranger's portal: once a portal is connected, only
//! that one can be renewed, unless staff allowed another within the last 24 hours.

use hubspot::{
    crm::Portal,
    oauth::{OAuthClass, SCOPES, Tokens},
};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, DbErr, EntityTrait as _, QueryFilter as _, sea_query::Expr,
    sea_query::OnConflict,
};
use text::text;

use super::{Connection, ConnectionState};
use crate::{
    access::audit::{Actor, Entry},
    core::Core,
    digest::fingerprint,
    error::Error,
    installation::{Installation, addon::TOKEN_FIELD},
    queue::{
        change::{Mark, Origin, Subject},
        lease::make_ready,
    },
    storage::entity::{connection, installation},
};

/// Why a consent did not become a connection, each with what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum AuthoriseError {
    /// The code is used up, too old or unknown.
    #[error("HubSpot no longer knows this authorisation. Begin again from the authorisation link.")]
    StartAgain,
    /// Another portal is connected already, or was the last one.
    #[error(
        "This business belongs to the HubSpot account {connected}, and you chose {chosen}. Choose the \
         account {connected}, or ask Storeganise to allow another one."
    )]
    OtherPortal {
        /// The account that was connected last.
        connected: i64,
        /// The account that was chosen.
        chosen: i64,
    },
    /// HubSpot granted less than was asked for.
    #[error(
        "HubSpot did not grant everything that is needed (missing: {0}). The person who authorises must be a \
         Super Admin or may install marketplace apps."
    )]
    MissingScopes(String),
    /// Anything else.
    #[error(transparent)]
    Other(#[from] Error),
}

impl From<DbErr> for AuthoriseError {
    fn from(error: DbErr) -> Self {
        Self::Other(error.into())
    }
}

impl Core {
    /// Turns a consent's code into a connection, prepares the portal, and fills the add-on's status field.
    ///
    /// # Errors
    /// See [`AuthoriseError`].
    pub async fn finish_authorisation(
        &self,
        installation: &Installation,
        code: &str,
        by: &Actor,
    ) -> Result<Connection, AuthoriseError> {
        let tokens = match self.hubspot().app.exchange(&self.hubspot().http, code).await {
            Ok(tokens) => tokens,
            Err(error) if matches!(error.class(), OAuthClass::StartAgain | OAuthClass::Revoked) => {
                return Err(AuthoriseError::StartAgain);
            }
            Err(error) => return Err(Error::from(error).into()),
        };
        let missing: Vec<&str> = SCOPES
            .into_iter()
            .filter(|scope| !tokens.scopes.iter().any(|granted| granted == scope))
            .collect();
        if !missing.is_empty() && !tokens.scopes.is_empty() {
            return Err(AuthoriseError::MissingScopes(missing.join(", ")));
        }
        let portal_id = self.portal_of(&tokens).await?;
        let known = self.known_portal(installation).await?;
        self.check_portal(known, installation.other_portal_until, portal_id)?;
        let portal = Portal::new(self.hubspot().http.clone(), tokens.access.clone(), self.budget(portal_id));
        let ui_domain = portal.account().await.map_err(Error::from)?.ui_domain;
        self.keep_connection(installation, portal_id, ui_domain, &tokens, by).await?;
        self.prepare_portal(installation, &portal).await?;
        let status = format!("connected to {portal_id}, token …{}", fingerprint(&tokens.refresh));
        self.write_addon_field(installation, TOKEN_FIELD, &status).await?;
        self.mark(&[Mark::new(installation.scope(), Subject::Sweep, "", Origin::Person)]).await?;
        let kept = self.connection(installation.scope()).await?;
        Ok(kept.ok_or(Error::Corrupt("connection"))?)
    }

    /// The portal a token is for: the token's own word, else HubSpot is asked.
    async fn portal_of(&self, tokens: &Tokens) -> Result<i64, Error> {
        if let Some(portal_id) = tokens.portal_id {
            return Ok(portal_id);
        }
        let asked = self.hubspot().app.introspect_access(&self.hubspot().http, &tokens.access).await?;
        asked.portal_id.ok_or_else(|| Error::NotNow(text!("refused-hubspot-did-not-say").to_owned()))
    }

    /// The portal a business is connected to, or was last: the one that its link renews.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn known_portal(&self, installation: &Installation) -> Result<Option<i64>, Error> {
        let connected = self.connection(installation.scope()).await?;
        Ok(connected.map(|known| known.portal_id).or(installation.portal_id))
    }

    /// A link that came into other hands must not bring a business's customers to a stranger's portal: once one was
    /// connected, the link renews that one, and another one needs the leave of staff.
    fn check_portal(
        &self,
        known: Option<i64>,
        other_until: Option<i64>,
        chosen: i64,
    ) -> Result<(), AuthoriseError> {
        let is_allowed = other_until.is_some_and(|until| until > self.now_micros());
        match known {
            Some(connected) if connected != chosen && !is_allowed => {
                Err(AuthoriseError::OtherPortal { connected, chosen })
            }
            _ => Ok(()),
        }
    }

    async fn keep_connection(
        &self,
        installation: &Installation,
        portal_id: i64,
        ui_domain: Option<String>,
        tokens: &Tokens,
        by: &Actor,
    ) -> Result<(), AuthoriseError> {
        let now = self.now_micros();
        let scope = installation.scope();
        let mut row = self.sealed_tokens(scope, tokens).await?;
        row.portal_id = Set(portal_id);
        row.ui_domain = Set(ui_domain);
        row.state = Set(ConnectionState::Active.word().to_owned());
        row.scopes = Set(tokens.scopes.join(" "));
        row.authorised_at = Set(now);
        row.refreshed_at = Set(Some(now));
        row.lost_at = Set(None);
        row.lost_reason = Set(None);
        // Whoever still refreshes the token that was there before must not write it over this one.
        row.refresh_claim = Set(Some(self.random().uuid(self.clock().now())));
        row.refresh_until = Set(None);
        row.refresh_failed_at = Set(None);
        row.refresh_failure = Set(None);
        let everything = [
            connection::Column::PortalId,
            connection::Column::UiDomain,
            connection::Column::State,
            connection::Column::Scopes,
            connection::Column::RefreshSealed,
            connection::Column::RefreshFingerprint,
            connection::Column::AccessSealed,
            connection::Column::AccessExpiresAt,
            connection::Column::AuthorisedAt,
            connection::Column::RefreshedAt,
            connection::Column::LostAt,
            connection::Column::LostReason,
            connection::Column::RefreshClaim,
            connection::Column::RefreshUntil,
            connection::Column::RefreshFailedAt,
            connection::Column::RefreshFailure,
        ];
        let renewed =
            OnConflict::column(connection::Column::InstallationId).update_columns(everything).to_owned();
        let transaction = self.db().begin().await?;
        // What collected while there was no access is ready now. It locks the lease's row, so that of two accounts chosen
        // at once the second one finds the first one's.
        make_ready(&transaction, scope, now).await?;
        let found =
            installation::Entity::find_by_id(scope.id()).one(&transaction).await?.ok_or(Error::NotFound)?;
        // A replica of the version before connects without noting which account it was.
        let connected = connection::Entity::find_by_id(scope.id()).one(&transaction).await?;
        let known = connected.map(|row| row.portal_id).or(found.portal_id);
        self.check_portal(known, found.other_portal_until, portal_id)?;
        connection::Entity::insert(row).on_conflict(renewed).exec_without_returning(&transaction).await?;
        installation::Entity::update_many()
            .col_expr(installation::Column::PortalId, Expr::value(portal_id))
            .col_expr(installation::Column::OtherPortalUntil, Expr::value(Option::<i64>::None))
            .filter(installation::Column::Id.eq(installation.id))
            .exec(&transaction)
            .await?;
        let entry = Entry::about(by, installation.id, "connection.authorised").with(portal_id.to_string());
        self.audit(&transaction, &entry).await?;
        Ok(transaction.commit().await?)
    }
}
