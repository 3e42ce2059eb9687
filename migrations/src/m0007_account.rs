//! Which HubSpot account a business is tied to: it stays so when that account is disconnected, so that an old link in other
//! hands cannot bring the business's customers to a stranger's account.

use sea_orm_migration::{prelude::*, schema::*};

/// Adds the account, and notes it for whoever is connected.
#[derive(Debug, DeriveMigrationName)]
pub struct Migration;

#[derive(DeriveIden)]
enum Installation {
    Table,
    /// The account that was connected last; another one needs the leave of staff.
    PortalId,
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let portal = big_integer_null(Installation::PortalId);
        manager.alter_table(Table::alter().table(Installation::Table).add_column(portal).to_owned()).await?;
        let noted = "UPDATE installation SET portal_id = \
                     (SELECT portal_id FROM connection WHERE connection.installation_id = installation.id)";
        manager.get_connection().execute_unprepared(noted).await?;
        Ok(())
    }
}
