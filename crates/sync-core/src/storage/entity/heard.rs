//! The table `heard`: when an event of a kind was last received.

use sea_orm::entity::prelude::*;

/// When an event of a kind was last received.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "heard")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub installation_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub event: String,
    pub at: i64,
}

/// The tables are joined by hand, within one installation.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
