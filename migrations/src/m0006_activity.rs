//! What the pages say of a day without counting its outcomes: records by the hour, when work last went well, and which
//! events were last heard of.

use sea_orm_migration::{prelude::*, schema::*};

use crate::m0001_tenancy::to_installation;

/// Adds the counts and times.
#[derive(Debug, DeriveMigrationName)]
pub struct Migration;

#[derive(DeriveIden)]
enum ActivityHour {
    Table,
    InstallationId,
    /// Hours since 1970.
    Hour,
    /// Records that came to an end: written, in order already, or left out for a reason.
    Worked,
    /// Records that were refused or could not be done.
    Failed,
}

#[derive(DeriveIden)]
enum Heard {
    Table,
    InstallationId,
    /// The provider's own word for the event, such as `user.updated`; one word for all that we do not know.
    Event,
    /// When it was last received; of several in a minute the first.
    At,
}

#[derive(DeriveIden)]
enum Lease {
    Table,
    /// When a record last came to an end that was no failure.
    SucceededAt,
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let succeeded = big_integer_null(Lease::SucceededAt);
        manager.alter_table(Table::alter().table(Lease::Table).add_column(succeeded).to_owned()).await?;
        manager.create_table(activity_hour()).await?;
        manager.create_table(heard()).await?;
        // The fleet is looked over by the hour, whoever it is.
        let mut recent = Index::create();
        recent
            .name("activity_recent")
            .table(ActivityHour::Table)
            .col(ActivityHour::Hour)
            .col(ActivityHour::InstallationId);
        manager.create_index(recent).await
    }
}

fn activity_hour() -> TableCreateStatement {
    Table::create()
        .table(ActivityHour::Table)
        .col(uuid(ActivityHour::InstallationId))
        .col(big_integer(ActivityHour::Hour))
        .col(big_integer(ActivityHour::Worked))
        .col(big_integer(ActivityHour::Failed))
        .primary_key(Index::create().col(ActivityHour::InstallationId).col(ActivityHour::Hour))
        .foreign_key(&mut to_installation(ActivityHour::InstallationId))
        .to_owned()
}

fn heard() -> TableCreateStatement {
    Table::create()
        .table(Heard::Table)
        .col(uuid(Heard::InstallationId))
        .col(text(Heard::Event))
        .col(big_integer(Heard::At))
        .primary_key(Index::create().col(Heard::InstallationId).col(Heard::Event))
        .foreign_key(&mut to_installation(Heard::InstallationId))
        .to_owned()
}
