//! The table `link`: the lasting pair of a user and a contact.

use sea_orm::entity::prelude::*;

/// The lasting pair of a user and a contact.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "link")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub installation_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: String,
    pub contact_id: String,
    pub baseline: String,
    pub baseline_version: String,
    pub mirrored_contact_id: Option<String>,
    pub user_updated: Option<i64>,
    pub created_at: i64,
    pub synced_at: i64,
    pub flips: Option<String>,
    pub intended: Option<String>,
    pub gone_at: Option<i64>,
    pub gone_because: Option<String>,
    pub changed_at: Option<i64>,
}

/// The tables are joined by hand, within one installation.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
