//! The table `lease`: the claim on an installation's work.

use sea_orm::entity::prelude::*;

/// The claim on an installation's work.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "lease")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub installation_id: Uuid,
    pub owner: Option<String>,
    pub until: i64,
    pub epoch: i64,
    pub ready_at: Option<i64>,
    pub hold_until: i64,
    pub hold_cause: Option<String>,
    pub hold_count: i32,
    pub succeeded_at: Option<i64>,
}

/// The tables are joined by hand, within one installation.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
