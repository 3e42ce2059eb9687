//! Who may use the pages and the API, and what they did.

use sea_orm_migration::{prelude::*, schema::*};

/// Makes the tables of access.
#[derive(Debug, DeriveMigrationName)]
pub struct Migration;

#[derive(DeriveIden)]
enum Staff {
    Table,
    Id,
    Login,
    PasswordHash,
    Role,
    CreatedAt,
    DisabledAt,
}

#[derive(DeriveIden)]
enum Session {
    Table,
    /// SHA-256 of the cookie's id: who reads the table cannot sign in with it.
    IdDigest,
    Data,
    ExpiresAt,
}

#[derive(DeriveIden)]
enum ApiToken {
    Table,
    Id,
    Name,
    Digest,
    Role,
    CreatedAt,
    LastUsedAt,
    RevokedAt,
}

#[derive(DeriveIden)]
enum AuditEntry {
    Table,
    Id,
    At,
    Actor,
    InstallationId,
    Action,
    Detail,
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [staff(), session(), api_token(), audit_entry()] {
            manager.create_table(table).await?;
        }
        let mut session_expiry = Index::create();
        session_expiry.name("session_expiry").table(Session::Table).col(Session::ExpiresAt);
        manager.create_index(session_expiry).await?;
        let mut audit_latest = Index::create();
        audit_latest
            .name("audit_latest")
            .table(AuditEntry::Table)
            .col(AuditEntry::InstallationId)
            .col(AuditEntry::Id);
        manager.create_index(audit_latest).await
    }
}

fn staff() -> TableCreateStatement {
    Table::create()
        .table(Staff::Table)
        .col(uuid(Staff::Id).primary_key())
        .col(text(Staff::Login).unique_key())
        .col(text(Staff::PasswordHash))
        .col(text(Staff::Role))
        .col(big_integer(Staff::CreatedAt))
        .col(big_integer_null(Staff::DisabledAt))
        .to_owned()
}

fn session() -> TableCreateStatement {
    Table::create()
        .table(Session::Table)
        .col(text(Session::IdDigest).primary_key())
        .col(text(Session::Data))
        .col(big_integer(Session::ExpiresAt))
        .to_owned()
}

fn api_token() -> TableCreateStatement {
    Table::create()
        .table(ApiToken::Table)
        .col(uuid(ApiToken::Id).primary_key())
        .col(text(ApiToken::Name))
        .col(text(ApiToken::Digest).unique_key())
        .col(text(ApiToken::Role))
        .col(big_integer(ApiToken::CreatedAt))
        .col(big_integer_null(ApiToken::LastUsedAt))
        .col(big_integer_null(ApiToken::RevokedAt))
        .to_owned()
}

fn audit_entry() -> TableCreateStatement {
    Table::create()
        .table(AuditEntry::Table)
        .col(uuid(AuditEntry::Id).primary_key())
        .col(big_integer(AuditEntry::At))
        .col(text(AuditEntry::Actor))
        .col(uuid_null(AuditEntry::InstallationId))
        .col(text(AuditEntry::Action))
        .col(text(AuditEntry::Detail))
        .to_owned()
}
