//! Tokens: opened only to be used, refreshed by the clock and by one replica at a time, kept sealed.

use std::time::Duration;

use hubspot::{
    crm::Portal,
    oauth::{OAuthClass, OAuthError, Tokens},
};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, EntityTrait as _, QueryFilter as _, UpdateMany, sea_query::Expr,
};
use uuid::Uuid;

use super::ConnectionState;
use crate::{
    access::audit::{Actor, Entry},
    core::Core,
    digest::fingerprint,
    error::Error,
    installation::{Installation, Scope},
    queue::lease::micros,
    storage::entity::connection,
};

pub(super) const REFRESH: &str = "hubspot.refresh_token";
pub(super) const ACCESS: &str = "hubspot.access_token";
/// An access token this close to its end is renewed before it is used: a refused call costs us at HubSpot.
const RENEW_BEFORE_END: Duration = Duration::from_secs(120);
/// How long a refresh is waited for before somebody else does it: longer than a request to HubSpot may take.
const CLAIM: Duration = Duration::from_secs(40);
/// How often whoever waits for another's refresh looks.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// A way to a portal, and what was held when it was opened.
#[derive(Debug)]
pub(crate) struct Access {
    /// The way.
    pub portal: Portal,
    /// What opened it.
    pub grant: Grant,
}

/// By which of its tokens a connection was used: what becomes known of one must not be held against a later one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Grant {
    authorised_at: i64,
    access_sealed: Option<Vec<u8>>,
}

/// What stood when a new token was asked for.
struct Asked {
    at: i64,
    claim: Option<Uuid>,
    is_under_way: bool,
}

impl Asked {
    /// Whether the token was refreshed since. A refresher that failed says so, and one that died leaves its claim behind.
    fn is_answered_by(&self, row: &connection::Model) -> bool {
        let is_over = row.refresh_until.is_none() && row.refresh_failed_at.is_none();
        let is_new = self.is_under_way || row.refresh_claim != self.claim;
        row.state == ConnectionState::Active.word() && is_over && is_new
    }
}

impl Core {
    /// The way to an installation's portal, with an access token that is good for a while yet.
    ///
    /// # Errors
    /// [`Error::NeedsAuthorisation`] where there is no connection or access was lost; the provider's error
    /// where the token cannot be renewed just now.
    pub(crate) async fn portal(&self, scope: Scope) -> Result<Portal, Error> {
        Ok(self.access(scope).await?.portal)
    }

    /// The same, with what opened it.
    ///
    /// # Errors
    /// As [`Core::portal`].
    pub(crate) async fn access(&self, scope: Scope) -> Result<Access, Error> {
        let mut row = self.connection_row(scope).await?;
        let asked = self.asked(&row);
        loop {
            // However short a new token lives, it is as good as any.
            let is_good = row.access_expires_at > Some(self.now_micros() + micros(RENEW_BEFORE_END))
                || asked.is_answered_by(&row);
            let sealed = row.access_sealed.as_ref().filter(|_| is_good);
            if let Some(sealed) = sealed {
                let token = self.data_key(scope).await?.open(ACCESS, sealed)?;
                let portal = Portal::new(self.hubspot().http.clone(), token, self.budget(row.portal_id));
                let grant = Grant { authorised_at: row.authorised_at, access_sealed: row.access_sealed };
                return Ok(Access { portal, grant });
            }
            self.refresh_once(scope, &row, &asked).await?;
            row = self.connection_row(scope).await?;
        }
    }

    /// Refreshes the token for real, because somebody wants to know whether it works.
    ///
    /// # Errors
    /// [`Error::NeedsAuthorisation`] where there is no connection or access was lost; the provider's error
    /// where the token cannot be renewed just now.
    pub async fn check_connection(&self, installation: &Installation, by: &Actor) -> Result<(), Error> {
        let checked = self.check(installation.scope()).await;
        let answer = checked.as_ref().map_or_else(Error::code, |()| "works".to_owned());
        let entry = Entry::about(by, installation.id, "connection.checked").with(answer);
        self.audit(self.db().writer(), &entry).await?;
        checked
    }

    async fn check(&self, scope: Scope) -> Result<(), Error> {
        let mut row = self.connection_row(scope).await?;
        let asked = self.asked(&row);
        while !asked.is_answered_by(&row) {
            self.refresh_once(scope, &row, &asked).await?;
            row = self.connection_row(scope).await?;
        }
        Ok(())
    }

    fn asked(&self, row: &connection::Model) -> Asked {
        let at = self.now_micros();
        Asked { at, claim: row.refresh_claim, is_under_way: row.refresh_until > Some(at) }
    }

    /// Refreshes a token, or waits a little for whoever does; the connection is to be read again afterwards. Of all that
    /// want it, here and in other replicas, one asks HubSpot; the others share what comes of it.
    async fn refresh_once(&self, scope: Scope, row: &connection::Model, asked: &Asked) -> Result<(), Error> {
        let usable = row.state == ConnectionState::Active.word();
        let Some(sealed) = row.refresh_sealed.as_ref().filter(|_| usable) else {
            return Err(Error::NeedsAuthorisation);
        };
        if row.refresh_failed_at > Some(asked.at) {
            return Err(Error::NotRenewed(row.refresh_failure.clone().unwrap_or_default()));
        }
        if row.refresh_until > Some(self.now_micros()) {
            tokio::time::sleep(LOOK_EVERY).await;
            return Ok(());
        }
        let Some(claim) = self.claim_refresh(scope, row.refresh_claim).await? else { return Ok(()) };
        let refresh = self.data_key(scope).await?.open(REFRESH, sealed)?;
        let refreshed = self.hubspot().app.refresh(&self.hubspot().http, &refresh).await;
        let result = refreshed.as_ref().map_or_else(OAuthError::code, |_| "ok".to_owned());
        metrics::counter!("annex_token_refreshes_total", "result" => result).increment(1);
        match refreshed {
            Ok(tokens) => self.keep_tokens(scope, claim, &tokens).await,
            Err(error) => self.note_refusal(scope, claim, error).await,
        }
    }

    /// Forgets the access token HubSpot has just refused, unless it was replaced meanwhile; the next call renews it.
    pub(crate) async fn forget_access_token(&self, scope: Scope, refused: &Grant) -> Result<(), Error> {
        connection::Entity::update_many()
            .col_expr(connection::Column::AccessSealed, Expr::value(Option::<Vec<u8>>::None))
            .col_expr(connection::Column::AccessExpiresAt, Expr::value(Option::<i64>::None))
            .filter(connection::Column::InstallationId.eq(scope.id()))
            .filter(connection::Column::AccessSealed.eq(refused.access_sealed.clone()))
            .exec(self.db().writer())
            .await?;
        Ok(())
    }

    /// Notes that access was lost, unless HubSpot was authorised anew meanwhile: changes keep collecting, work stops until
    /// it is.
    pub(crate) async fn note_access_lost(&self, scope: Scope, by: &Grant, cause: &str) -> Result<(), Error> {
        let lost = self.access_lost(scope, cause);
        lost.filter(connection::Column::AuthorisedAt.eq(by.authorised_at)).exec(self.db().writer()).await?;
        Ok(())
    }

    pub(crate) fn access_lost(&self, scope: Scope, cause: &str) -> UpdateMany<connection::Entity> {
        tracing::warn!(installation.id = %scope.id(), cause, "HubSpot must be authorised again");
        connection::Entity::update_many()
            .col_expr(connection::Column::State, Expr::value(ConnectionState::NeedsAuthorisation.word()))
            .col_expr(connection::Column::AccessSealed, Expr::value(Option::<Vec<u8>>::None))
            .col_expr(connection::Column::AccessExpiresAt, Expr::value(Option::<i64>::None))
            .col_expr(connection::Column::LostAt, Expr::value(self.now_micros()))
            .col_expr(connection::Column::LostReason, Expr::value(cause))
            .filter(connection::Column::InstallationId.eq(scope.id()))
    }

    async fn connection_row(&self, scope: Scope) -> Result<connection::Model, Error> {
        let found = connection::Entity::find_by_id(scope.id()).one(self.db().reader()).await?;
        found.ok_or(Error::NeedsAuthorisation)
    }

    /// Claims the refresh of a token; none where somebody else has done so since the connection was read.
    async fn claim_refresh(&self, scope: Scope, seen: Option<Uuid>) -> Result<Option<Uuid>, Error> {
        let now = self.now_micros();
        let claim = self.random().uuid(self.clock().now());
        let unchanged = match seen {
            Some(seen) => connection::Column::RefreshClaim.eq(seen),
            None => connection::Column::RefreshClaim.is_null(),
        };
        let claimed = connection::Entity::update_many()
            .col_expr(connection::Column::RefreshClaim, Expr::value(claim))
            .col_expr(connection::Column::RefreshUntil, Expr::value(now + micros(CLAIM)))
            .filter(connection::Column::InstallationId.eq(scope.id()))
            .filter(unchanged)
            .exec(self.db().writer())
            .await?;
        Ok((claimed.rows_affected == 1).then_some(claim))
    }

    /// Writes refreshed tokens down where the claim still stands; otherwise what stands is newer.
    async fn keep_tokens(&self, scope: Scope, claim: Uuid, tokens: &Tokens) -> Result<(), Error> {
        let mut row = self.sealed_tokens(scope, tokens).await?;
        row.refreshed_at = Set(Some(self.now_micros()));
        row.refresh_until = Set(None);
        row.refresh_failed_at = Set(None);
        row.refresh_failure = Set(None);
        connection::Entity::update_many()
            .set(row)
            .filter(connection::Column::InstallationId.eq(scope.id()))
            .filter(connection::Column::RefreshClaim.eq(claim))
            .exec(self.db().writer())
            .await?;
        Ok(())
    }

    /// Notes why a token was not refreshed, where the claim still stands, and reports it. Otherwise it was about a token
    /// that does not count any more.
    async fn note_refusal(&self, scope: Scope, claim: Uuid, error: OAuthError) -> Result<(), Error> {
        let is_over = error.class() == OAuthClass::Revoked;
        let noted = if is_over {
            self.access_lost(scope, &error.code())
        } else {
            connection::Entity::update_many()
                .col_expr(connection::Column::RefreshFailedAt, Expr::value(self.now_micros()))
                .col_expr(connection::Column::RefreshFailure, Expr::value(error.code()))
                .filter(connection::Column::InstallationId.eq(scope.id()))
        };
        let noted = noted
            .col_expr(connection::Column::RefreshUntil, Expr::value(Option::<i64>::None))
            .filter(connection::Column::RefreshClaim.eq(claim))
            .exec(self.db().writer())
            .await?;
        match (noted.rows_affected, is_over) {
            (0, _) => Ok(()),
            (_, true) => Err(Error::NeedsAuthorisation),
            (_, false) => Err(error.into()),
        }
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
