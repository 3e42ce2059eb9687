//! The table `activity_hour`: how many records an hour had, by how they ended.

use sea_orm::entity::prelude::*;

/// How many records an hour had, by how they ended.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "activity_hour")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub installation_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub hour: i64,
    pub worked: i64,
    pub failed: i64,
}

/// The tables are joined by hand, within one installation.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
