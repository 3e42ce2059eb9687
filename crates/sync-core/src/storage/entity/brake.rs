//! The table `brake`: a run or a burst that was stopped because it would change too much.

use sea_orm::entity::prelude::*;

/// A run or a burst that was stopped because it would change too much.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "brake")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub installation_id: Uuid,
    pub state: String,
    pub would_change: i64,
    pub linked: i64,
    pub run_id: Option<Uuid>,
    pub held_at: i64,
    pub decided_at: Option<i64>,
}

/// The tables are joined by hand, within one installation.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
