//! Businesses, their installations, the connected HubSpot account, data keys and leases.

use sea_orm_migration::{prelude::*, schema::*};

/// Makes the tables a tenant stands on.
#[derive(Debug, DeriveMigrationName)]
pub struct Migration;

#[derive(DeriveIden)]
enum Business {
    Table,
    Id,
    Code,
    CreatedAt,
}

#[derive(DeriveIden)]
enum Installation {
    Table,
    Id,
    BusinessId,
    AddonId,
    ApiUrl,
    WebhookKey,
    /// What staff chose here.
    State,
    /// What Storeganise last said of the add-on.
    AddonState,
    AddonCheckedAt,
    /// Digest by which an authorisation link is found.
    LinkDigest,
    /// The same link, sealed, so that staff can be shown it again.
    LinkSealed,
    LinkIssuedAt,
    /// A Storeganise key of this installation's own, sealed; otherwise the platform's is used.
    StoreganiseKeySealed,
    /// Settings as JSON, see `sync_core::installation::Settings`.
    Settings,
    /// What was found out of both remote systems' dialects, as JSON.
    Capabilities,
    /// Until when staff allow another portal than the one that was connected.
    OtherPortalUntil,
    /// How far the sweep over users has come; empty until the first one has ended.
    UsersCursor,
    /// How far the sweep over won deals has come.
    DealsCursor,
    LastEventAt,
    CreatedAt,
    ChangedAt,
}

#[derive(DeriveIden)]
enum Connection {
    Table,
    InstallationId,
    PortalId,
    UiDomain,
    State,
    Scopes,
    RefreshSealed,
    RefreshFingerprint,
    AccessSealed,
    AccessExpiresAt,
    AuthorisedAt,
    RefreshedAt,
    LostAt,
    LostReason,
}

#[derive(DeriveIden)]
enum DataKey {
    Table,
    InstallationId,
    MasterKeyId,
    Sealed,
    CreatedAt,
}

#[derive(DeriveIden)]
enum Lease {
    Table,
    InstallationId,
    Owner,
    Until,
    Epoch,
    /// The earliest due time of the installation's changes.
    ReadyAt,
    /// Not before this time, whatever is due: a provider that is down or asked for patience.
    HoldUntil,
    /// Why the installation is held, as a cause code.
    HoldCause,
    /// How many times in a row it was held: the next hold is longer.
    HoldCount,
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(business()).await?;
        manager.create_table(installation()).await?;
        manager.create_table(connection()).await?;
        manager.create_table(data_key()).await?;
        manager.create_table(lease()).await?;
        manager
            .create_index(
                Index::create()
                    .name("connection_portal")
                    .table(Connection::Table)
                    .col(Connection::PortalId)
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create().name("lease_ready").table(Lease::Table).col(Lease::ReadyAt).to_owned(),
            )
            .await
    }
}

fn business() -> TableCreateStatement {
    Table::create()
        .table(Business::Table)
        .col(uuid(Business::Id).primary_key())
        .col(text(Business::Code).unique_key())
        .col(big_integer(Business::CreatedAt))
        .to_owned()
}

fn installation() -> TableCreateStatement {
    Table::create()
        .table(Installation::Table)
        .col(uuid(Installation::Id).primary_key())
        .col(uuid(Installation::BusinessId))
        .col(text(Installation::AddonId).unique_key())
        .col(text(Installation::ApiUrl))
        .col(text(Installation::WebhookKey).unique_key())
        .col(text(Installation::State))
        .col(text_null(Installation::AddonState))
        .col(big_integer_null(Installation::AddonCheckedAt))
        .col(text_null(Installation::LinkDigest).unique_key())
        .col(blob_null(Installation::LinkSealed))
        .col(big_integer_null(Installation::LinkIssuedAt))
        .col(blob_null(Installation::StoreganiseKeySealed))
        .col(text(Installation::Settings))
        .col(text(Installation::Capabilities))
        .col(big_integer_null(Installation::OtherPortalUntil))
        .col(big_integer_null(Installation::UsersCursor))
        .col(big_integer_null(Installation::DealsCursor))
        .col(big_integer_null(Installation::LastEventAt))
        .col(big_integer(Installation::CreatedAt))
        .col(big_integer(Installation::ChangedAt))
        .foreign_key(
            ForeignKey::create().from_col(Installation::BusinessId).to(Business::Table, Business::Id),
        )
        .to_owned()
}

fn connection() -> TableCreateStatement {
    Table::create()
        .table(Connection::Table)
        .col(uuid(Connection::InstallationId).primary_key())
        .col(big_integer(Connection::PortalId))
        .col(text_null(Connection::UiDomain))
        .col(text(Connection::State))
        .col(text(Connection::Scopes))
        .col(blob_null(Connection::RefreshSealed))
        .col(text_null(Connection::RefreshFingerprint))
        .col(blob_null(Connection::AccessSealed))
        .col(big_integer_null(Connection::AccessExpiresAt))
        .col(big_integer(Connection::AuthorisedAt))
        .col(big_integer_null(Connection::RefreshedAt))
        .col(big_integer_null(Connection::LostAt))
        .col(text_null(Connection::LostReason))
        .foreign_key(&mut to_installation(Connection::InstallationId))
        .to_owned()
}

fn data_key() -> TableCreateStatement {
    Table::create()
        .table(DataKey::Table)
        .col(uuid(DataKey::InstallationId).primary_key())
        .col(text(DataKey::MasterKeyId))
        .col(blob(DataKey::Sealed))
        .col(big_integer(DataKey::CreatedAt))
        .foreign_key(&mut to_installation(DataKey::InstallationId))
        .to_owned()
}

fn lease() -> TableCreateStatement {
    Table::create()
        .table(Lease::Table)
        .col(uuid(Lease::InstallationId).primary_key())
        .col(text_null(Lease::Owner))
        .col(big_integer(Lease::Until))
        .col(big_integer(Lease::Epoch))
        .col(big_integer_null(Lease::ReadyAt))
        .col(big_integer(Lease::HoldUntil))
        .col(text_null(Lease::HoldCause))
        .col(integer(Lease::HoldCount))
        .foreign_key(&mut to_installation(Lease::InstallationId))
        .to_owned()
}

/// Every row of an installation goes when the installation goes.
pub(crate) fn to_installation(from: impl IntoIden) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .from_col(from)
        .to(Installation::Table, Installation::Id)
        .on_delete(ForeignKeyAction::Cascade)
        .to_owned()
}
