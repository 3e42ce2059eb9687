//! How long somebody who was let in stays in: visits of staff can be ended together, and tokens of the JSON API run out.

use sea_orm_migration::{prelude::*, schema::*};

/// Adds the number of the visits, and the end of a token.
#[derive(Debug, DeriveMigrationName)]
pub struct Migration;

#[derive(DeriveIden)]
enum Staff {
    Table,
    /// Each visit notes the number it began under; a higher one ends it.
    Visits,
}

#[derive(DeriveIden)]
enum ApiToken {
    Table,
    /// When it stops being good; never where it is null.
    ExpiresAt,
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let visits = big_integer(Staff::Visits).default(0).take();
        manager.alter_table(Table::alter().table(Staff::Table).add_column(visits).to_owned()).await?;
        let expiry = big_integer_null(ApiToken::ExpiresAt);
        manager.alter_table(Table::alter().table(ApiToken::Table).add_column(expiry).to_owned()).await
    }
}
