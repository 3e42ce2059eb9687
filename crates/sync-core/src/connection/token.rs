//! Tokens: opened only to be used, refreshed by the clock, kept sealed.

use std::time::Duration;

use hubspot::{
    crm::Portal,
    oauth::{OAuthClass, Tokens},
};
use sea_orm::{ActiveValue::Set, EntityTrait as _};
use secrecy::SecretString;

use super::ConnectionState;
use crate::{
    access::audit::{Actor, Entry},
    core::Core,
    digest::fingerprint,
    error::Error,
    installation::{Installation, Scope},
    storage::entity::connection,
};

pub(super) const REFRESH: &str = "hubspot.refresh_token";
pub(super) const ACCESS: &str = "hubspot.access_token";
/// An access token this close to its end is renewed before it is used: a refused call costs us at HubSpot.
const RENEW_BEFORE_END: Duration = Duration::from_secs(120);

impl Core {
    /// The way to an installation's portal, with an access token that is good for a while yet.
    ///
    /// # Errors
    /// [`Error::NeedsAuthorisation`] where there is no connection or access was lost; the provider's error
    /// where the token cannot be renewed just now.
    pub(crate) async fn portal(&self, scope: Scope) -> Result<Portal, Error> {
        let row = self.connection_row(scope).await?;
        let now = self.now_micros();
        let still_good = row.access_expires_at.is_some_and(|end| end > now + micros(RENEW_BEFORE_END));
        let access = match (&row.access_sealed, still_good) {
            (Some(sealed), true) => self.data_key(scope).await?.open(ACCESS, sealed)?,
            _ => self.refresh(scope, &row).await?,
        };
        Ok(Portal::new(self.hubspot().http.clone(), access, self.budget(row.portal_id)))
    }

    /// Refreshes the token for real, because somebody wants to know whether it works.
    ///
    /// # Errors
    /// [`Error::NeedsAuthorisation`] where there is no connection or access was lost; the provider's error
    /// where the token cannot be renewed just now.
    pub async fn check_connection(&self, installation: &Installation, by: &Actor) -> Result<(), Error> {
        let row = self.connection_row(installation.scope()).await?;
        let checked = self.refresh(installation.scope(), &row).await;
        let answer = checked.as_ref().map_or_else(Error::code, |_| "works".to_owned());
        let entry = Entry::about(by, installation.id, "connection.checked").with(answer);
        self.audit(self.db().writer(), &entry).await?;
        checked.map(|_| ())
    }

    /// Forgets the access token HubSpot has just refused; the next call renews it.
    pub(crate) async fn forget_access_token(&self, scope: Scope) -> Result<(), Error> {
        let row = connection::ActiveModel {
            installation_id: Set(scope.id()),
            access_sealed: Set(None),
            access_expires_at: Set(None),
            ..Default::default()
        };
        connection::Entity::update(row).exec(self.db().writer()).await?;
        Ok(())
    }

    /// Notes that access was lost: changes keep collecting, work stops until HubSpot is authorised again.
    pub(crate) async fn note_access_lost(&self, scope: Scope, cause: &str) -> Result<(), Error> {
        tracing::warn!(installation.id = %scope.id(), cause, "HubSpot must be authorised again");
        let row = connection::ActiveModel {
            installation_id: Set(scope.id()),
            state: Set(ConnectionState::NeedsAuthorisation.word().to_owned()),
            access_sealed: Set(None),
            access_expires_at: Set(None),
            lost_at: Set(Some(self.now_micros())),
            lost_reason: Set(Some(cause.to_owned())),
            ..Default::default()
        };
        connection::Entity::update(row).exec(self.db().writer()).await?;
        Ok(())
    }

    async fn connection_row(&self, scope: Scope) -> Result<connection::Model, Error> {
        let found = connection::Entity::find_by_id(scope.id()).one(self.db().reader()).await?;
        found.ok_or(Error::NeedsAuthorisation)
    }

    async fn refresh(&self, scope: Scope, row: &connection::Model) -> Result<SecretString, Error> {
        let usable = row.state == ConnectionState::Active.word();
        let Some(sealed) = row.refresh_sealed.as_ref().filter(|_| usable) else {
            return Err(Error::NeedsAuthorisation);
        };
        let refresh = self.data_key(scope).await?.open(REFRESH, sealed)?;
        let refreshed = self.hubspot().app.refresh(&self.hubspot().http, &refresh).await;
        let result = refreshed.as_ref().map_or_else(hubspot::oauth::OAuthError::code, |_| "ok".to_owned());
        metrics::counter!("annex_token_refreshes_total", "result" => result).increment(1);
        match refreshed {
            Ok(tokens) => {
                self.keep_tokens(scope, &tokens).await?;
                Ok(tokens.access)
            }
            Err(error) if error.class() == OAuthClass::Revoked => {
                self.note_access_lost(scope, &error.code()).await?;
                Err(Error::NeedsAuthorisation)
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn keep_tokens(&self, scope: Scope, tokens: &Tokens) -> Result<(), Error> {
        let mut row = self.sealed_tokens(scope, tokens).await?;
        row.refreshed_at = Set(Some(self.now_micros()));
        connection::Entity::update(row).exec(self.db().writer()).await?;
        Ok(())
    }

    /// The token columns of a connection, sealed.
    pub(super) async fn sealed_tokens(
        &self,
        scope: Scope,
        tokens: &Tokens,
    ) -> Result<connection::ActiveModel, Error> {
        let key = self.data_key(scope).await?;
        Ok(connection::ActiveModel {
            installation_id: Set(scope.id()),
            refresh_sealed: Set(Some(key.seal(REFRESH, &tokens.refresh, self.random()))),
            refresh_fingerprint: Set(Some(fingerprint(&tokens.refresh))),
            access_sealed: Set(Some(key.seal(ACCESS, &tokens.access, self.random()))),
            access_expires_at: Set(Some(self.now_micros() + micros(tokens.expires_in))),
            ..Default::default()
        })
    }
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX / 4)
}
