//! Refreshing a token is claimed, so that of all replicas one does it.

use sea_orm_migration::{prelude::*, schema::*};

/// Adds the claim to a connection.
#[derive(Debug, DeriveMigrationName)]
pub struct Migration;

#[derive(DeriveIden)]
enum Connection {
    Table,
    /// Who refreshes the token, or did last: a new one for each refresh and each authorisation.
    RefreshClaim,
    /// Until when nobody else does; none where nobody does.
    RefreshUntil,
    /// When a refresh last failed.
    RefreshFailedAt,
    /// Why, as a cause code.
    RefreshFailure,
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let columns = [
            uuid_null(Connection::RefreshClaim),
            big_integer_null(Connection::RefreshUntil),
            big_integer_null(Connection::RefreshFailedAt),
            text_null(Connection::RefreshFailure),
        ];
        // SQLite takes one column a statement.
        for column in columns {
            manager
                .alter_table(Table::alter().table(Connection::Table).add_column(column).to_owned())
                .await?;
        }
        Ok(())
    }
}
