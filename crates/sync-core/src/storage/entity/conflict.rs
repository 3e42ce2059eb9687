//! The table `conflict`: what a person has to decide about a pair.

use sea_orm::entity::prelude::*;

/// What a person has to decide about a pair.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "conflict")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub installation_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub field: String,
    pub kind: String,
    pub contact_id: Option<String>,
    pub noticed_at: i64,
    pub choice: Option<String>,
    pub decided_at: Option<i64>,
}

/// The tables are joined by hand, within one installation.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
