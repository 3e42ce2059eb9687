//! Links, pending changes, runs and outcomes.

use sea_orm_migration::{prelude::*, schema::*};

use crate::m0001_tenancy::to_installation;

/// Makes the tables of the sync.
#[derive(Debug, DeriveMigrationName)]
pub struct Migration;

#[derive(DeriveIden)]
enum Link {
    Table,
    InstallationId,
    UserId,
    ContactId,
    /// Field digests both sides last agreed on, as JSON.
    Baseline,
    /// The rules and settings the baseline was made under.
    BaselineVersion,
    /// The contact id that the user's custom field is known to hold.
    MirroredContactId,
    /// The user's own time of its last update, as last read.
    UserUpdated,
    CreatedAt,
    SyncedAt,
}

#[derive(DeriveIden)]
enum LinkAlias {
    Table,
    InstallationId,
    ContactId,
    UserId,
    CreatedAt,
}

#[derive(DeriveIden)]
enum Tombstone {
    Table,
    InstallationId,
    UserDigest,
    CreatedAt,
}

#[derive(DeriveIden)]
enum Change {
    Table,
    InstallationId,
    Subject,
    SubjectId,
    Generation,
    DueAt,
    Attempts,
    /// Who marked it last: a webhook, a sweep, a person.
    Origin,
    MarkedAt,
    ParkedAt,
    /// Why the last attempt failed, as a cause code.
    Cause,
}

#[derive(DeriveIden)]
enum Run {
    Table,
    Id,
    InstallationId,
    Kind,
    State,
    Cursor,
    Done,
    Total,
    Counts,
    StartedAt,
    FinishedAt,
    Reason,
}

#[derive(DeriveIden)]
enum Outcome {
    Table,
    Id,
    InstallationId,
    Subject,
    SubjectId,
    Action,
    Reason,
    Fields,
    UserId,
    ContactId,
    DealId,
    CorrelationId,
    At,
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [link(), link_alias(), tombstone(), change(), run(), outcome()] {
            manager.create_table(table).await?;
        }
        for index in indexes() {
            manager.create_index(index).await?;
        }
        Ok(())
    }
}

fn link() -> TableCreateStatement {
    Table::create()
        .table(Link::Table)
        .col(uuid(Link::InstallationId))
        .col(text(Link::UserId))
        .col(text(Link::ContactId))
        .col(text(Link::Baseline))
        .col(text(Link::BaselineVersion))
        .col(text_null(Link::MirroredContactId))
        .col(big_integer_null(Link::UserUpdated))
        .col(big_integer(Link::CreatedAt))
        .col(big_integer(Link::SyncedAt))
        .primary_key(Index::create().col(Link::InstallationId).col(Link::UserId))
        .foreign_key(&mut to_installation(Link::InstallationId))
        .to_owned()
}

fn link_alias() -> TableCreateStatement {
    Table::create()
        .table(LinkAlias::Table)
        .col(uuid(LinkAlias::InstallationId))
        .col(text(LinkAlias::ContactId))
        .col(text(LinkAlias::UserId))
        .col(big_integer(LinkAlias::CreatedAt))
        .primary_key(Index::create().col(LinkAlias::InstallationId).col(LinkAlias::ContactId))
        .foreign_key(&mut to_installation(LinkAlias::InstallationId))
        .to_owned()
}

fn tombstone() -> TableCreateStatement {
    Table::create()
        .table(Tombstone::Table)
        .col(uuid(Tombstone::InstallationId))
        .col(text(Tombstone::UserDigest))
        .col(big_integer(Tombstone::CreatedAt))
        .primary_key(Index::create().col(Tombstone::InstallationId).col(Tombstone::UserDigest))
        .foreign_key(&mut to_installation(Tombstone::InstallationId))
        .to_owned()
}

fn change() -> TableCreateStatement {
    Table::create()
        .table(Change::Table)
        .col(uuid(Change::InstallationId))
        .col(text(Change::Subject))
        .col(text(Change::SubjectId))
        .col(big_integer(Change::Generation))
        .col(big_integer(Change::DueAt))
        .col(integer(Change::Attempts))
        .col(text(Change::Origin))
        .col(big_integer(Change::MarkedAt))
        .col(big_integer_null(Change::ParkedAt))
        .col(text_null(Change::Cause))
        .primary_key(Index::create().col(Change::InstallationId).col(Change::Subject).col(Change::SubjectId))
        .foreign_key(&mut to_installation(Change::InstallationId))
        .to_owned()
}

fn run() -> TableCreateStatement {
    Table::create()
        .table(Run::Table)
        .col(uuid(Run::Id).primary_key())
        .col(uuid(Run::InstallationId))
        .col(text(Run::Kind))
        .col(text(Run::State))
        .col(text_null(Run::Cursor))
        .col(big_integer(Run::Done))
        .col(big_integer_null(Run::Total))
        .col(text(Run::Counts))
        .col(big_integer(Run::StartedAt))
        .col(big_integer_null(Run::FinishedAt))
        .col(text_null(Run::Reason))
        .foreign_key(&mut to_installation(Run::InstallationId))
        .to_owned()
}

fn outcome() -> TableCreateStatement {
    Table::create()
        .table(Outcome::Table)
        .col(uuid(Outcome::Id).primary_key())
        .col(uuid(Outcome::InstallationId))
        .col(text(Outcome::Subject))
        .col(text(Outcome::SubjectId))
        .col(text(Outcome::Action))
        .col(text_null(Outcome::Reason))
        .col(text(Outcome::Fields))
        .col(text_null(Outcome::UserId))
        .col(text_null(Outcome::ContactId))
        .col(text_null(Outcome::DealId))
        .col(text_null(Outcome::CorrelationId))
        .col(big_integer(Outcome::At))
        .foreign_key(&mut to_installation(Outcome::InstallationId))
        .to_owned()
}

fn indexes() -> Vec<IndexCreateStatement> {
    let mut link_contact = Index::create();
    link_contact
        .name("link_contact")
        .table(Link::Table)
        .col(Link::InstallationId)
        .col(Link::ContactId)
        .unique();
    let mut change_due = Index::create();
    change_due
        .name("change_due")
        .table(Change::Table)
        .col(Change::InstallationId)
        .col(Change::ParkedAt)
        .col(Change::DueAt);
    let mut run_latest = Index::create();
    run_latest.name("run_latest").table(Run::Table).col(Run::InstallationId).col(Run::Id);
    let mut outcome_latest = Index::create();
    outcome_latest.name("outcome_latest").table(Outcome::Table).col(Outcome::InstallationId).col(Outcome::Id);
    vec![link_contact, change_due, run_latest, outcome_latest]
}
