//! Leaving HubSpot: uninstall, revoke, delete the tokens. What HubSpot does not answer does not stop us.

use sea_orm::{ColumnTrait as _, EntityTrait as _, PaginatorTrait as _, QueryFilter as _, sea_query::Expr};
use uuid::Uuid;

use super::token::REFRESH;
use crate::{
    access::audit::{Actor, Entry},
    core::Core,
    error::Error,
    installation::Installation,
    queue::lease,
    storage::entity::{connection, installation},
};

impl Core {
    /// Disconnects an installation from its portal. Links and baselines are kept: connecting the same portal
    /// again resumes where it stopped.
    ///
    /// # Errors
    /// There is no such installation, or the database does not answer.
    pub async fn disconnect(&self, id: Uuid, by: &Actor) -> Result<(), Error> {
        let found = self.installation(id).await?;
        self.leave_hubspot(&found).await;
        let known = self.known_portal(&found).await?;
        let transaction = self.db().begin().await?;
        lease::lock(&transaction, found.scope()).await?;
        // Its link goes on to renew that portal and no other one.
        installation::Entity::update_many()
            .col_expr(installation::Column::PortalId, Expr::value(known))
            .filter(installation::Column::Id.eq(id))
            .exec(&transaction)
            .await?;
        connection::Entity::delete_by_id(id).exec(&transaction).await?;
        self.audit(&transaction, &Entry::about(by, id, "connection.disconnected")).await?;
        Ok(transaction.commit().await?)
    }

    /// Uninstalls the app from the portal and revokes the token, as far as HubSpot answers.
    pub(crate) async fn leave_hubspot(&self, installation: &Installation) {
        if let Err(error) = self.try_to_leave(installation).await {
            tracing::warn!(
                installation.id = %installation.id,
                cause = error.code(),
                "HubSpot was not told that we left; our tokens are deleted all the same"
            );
        }
    }

    async fn try_to_leave(&self, installation: &Installation) -> Result<(), Error> {
        let scope = installation.scope();
        let found = connection::Entity::find_by_id(scope.id()).one(self.db().reader()).await?;
        let Some(row) = found else { return Ok(()) };
        let Some(sealed) = row.refresh_sealed else { return Ok(()) };
        if self.is_shared(row.portal_id).await? {
            // Both calls concern the account as a whole: not while another installation uses it.
            return Ok(());
        }
        self.portal(scope).await?.uninstall().await?;
        let refresh = self.data_key(scope).await?.open(REFRESH, &sealed)?;
        self.hubspot().app.revoke(&self.hubspot().http, &refresh).await?;
        Ok(())
    }

    async fn is_shared(&self, portal_id: i64) -> Result<bool, Error> {
        let installations = connection::Entity::find()
            .filter(connection::Column::PortalId.eq(portal_id))
            .count(self.db().reader())
            .await?;
        Ok(installations > 1)
    }
}
