//! The table `preview_row`: what a preview found of one record.

use sea_orm::entity::prelude::*;

/// What a preview found of one record.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "preview_row")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub run_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub number: i64,
    pub installation_id: Uuid,
    pub side: String,
    pub user_id: Option<String>,
    pub contact_id: Option<String>,
    pub action: String,
    pub fields: String,
    pub reason: Option<String>,
}

/// The tables are joined by hand, within one installation.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
